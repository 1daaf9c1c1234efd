// forge restore as a person runs it: a look that changes nothing, and a repair.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forge, jsonOf, testSong, writeWav } from '../helpers/cli.js';
import { readAll, temporaryFolder } from '../helpers/direct-job.js';

describe('forge restore', () => {
  const cwd = temporaryFolder();
  const song = testSong(3).map((samples) => samples.slice());
  for (let at = 20_000; at < 120_000; at += 25_000) song[0]![at] = song[0]![at]! + 0.8;
  writeWav(join(cwd, 'clicks.wav'), song, 44_100);

  type Answer = {
    results: { changed: boolean; clickCount: number; regions: { repair: string; channel: number }[] }[];
  };

  it('reports the places with --detect, and writes no audio', async () => {
    const result = await forge(['restore', 'clicks.wav', '--detect', '--json'], { cwd });
    expect(result.code).toBe(0);
    const [found] = jsonOf<Answer>(result).results;
    expect(found!.changed).toBe(false);
    expect(found!.clickCount).toBeGreaterThanOrEqual(3);
    expect(
      found!.regions.filter(({ repair }) => repair === 'clicks').every(({ channel }) => channel === 0),
    ).toBe(true);
    expect(readdirSync(join(cwd, 'forge-out/clicks')).filter((name) => name.endsWith('.wav'))).toEqual([]);
    const text = await forge(['restore', 'clicks.wav', '--detect'], { cwd });
    expect(text.stdout).toMatch(/restore: \d+ clicks/);
    expect(text.stdout).toMatch(/0\.45\d–0\.45\d s {2}clicks of channel 1, severity \d+\.\d dB/);
    expect((await forge(['restore', 'clicks.wav', '--detect', '-o', 'x.wav'], { cwd })).code).toBe(2);
  });

  it('mends them without', async () => {
    const result = await forge(['restore', 'clicks.wav', '-o', 'mended.wav', '--json'], { cwd });
    expect(result.code).toBe(0);
    expect(jsonOf<Answer>(result).results[0]!.changed).toBe(true);
    const [left] = readAll(join(cwd, 'mended.wav'));
    expect((await forge(['restore', 'clicks.wav'], { cwd })).code).toBe(0);
    expect(existsSync(join(cwd, 'forge-out/clicks/restored.wav'))).toBe(true);
    expect(Math.abs(left![70_000]! - song[0]![70_000]!)).toBeGreaterThan(0.4);
  });
});
