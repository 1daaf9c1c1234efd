// A killed run goes on where it stopped and ends with the bytes of an undisturbed one. Three moments here; twenty with
// FORGE_TEST_ALL=1 (npm run test:all).
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openWav } from '../../src/audio/wav-reader.js';
import { forge, sharedFolder, startForge, testSong, untilStderr, writeWav } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/direct-job.js';

const MOMENTS = process.env.FORGE_TEST_ALL === '1' ? 20 : 3;

/** sha256 of every delivered file (run.json holds times and is left out). */
function deliveredHashes(folder: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (!entry.isFile() || path.startsWith('.') || path === 'run.json') continue;
    hashes[path] = createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
  }
  return hashes;
}

/** Every file under its final name must be whole. */
function expectWhole(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || entry.name.includes('.partial')) continue;
    if (entry.name.endsWith('.wav')) openWav(path).close();
    if (entry.name.endsWith('.json')) JSON.parse(readFileSync(path, 'utf8'));
  }
}

describe('a run that is killed', () => {
  const cwd = temporaryFolder();
  const args = (out: string, ...more: string[]) => ['run', 'song.wav', '--out', out, '--quiet', ...more];
  let undisturbed: Record<string, string>;
  let durationMs: number;

  beforeAll(async () => {
    writeWav(join(cwd, 'song.wav'), testSong(12), 44_100);
    const startedMs = performance.now();
    const result = await forge(args('whole'), { cwd });
    durationMs = performance.now() - startedMs;
    expect(result.code, result.stderr).toBe(0);
    undisturbed = deliveredHashes(join(cwd, 'whole/song'));
    expect(Object.keys(undisturbed)).toEqual(
      expect.arrayContaining([
        'master.wav',
        'report.json',
        'report.html',
        'stems/vocals.wav',
        'stems/drums.wav',
      ]),
    );
  });

  it.each(Array.from({ length: MOMENTS }, (_, index) => index))(
    'at moment %i goes on to the same bytes, and shows no partial file meanwhile',
    async (index) => {
      // Moments spread over the run, off any regular grid.
      const fraction = ((index + 1) * 0.618034) % 1;
      const { child, done } = startForge(args('killed'), { cwd });
      await sleep(fraction * durationMs);
      child.kill('SIGKILL');
      await done;
      expectWhole(join(cwd, 'killed'));
      const again = await forge(args('killed'), { cwd });
      expect(again.code, again.stderr).toBe(0);
      expect(deliveredHashes(join(cwd, 'killed/song'))).toEqual(undisturbed);
      const left = readdirSync(join(cwd, 'killed/song'), { recursive: true }).map(String);
      expect(left.filter((name) => /partial|\.scratch|\.lock/.test(name))).toEqual([]);
    },
    120_000,
  );

  afterEach(() => rmSync(join(cwd, 'killed'), { recursive: true, force: true }));

  it('gives the same bytes with one job and with two', async () => {
    const one = await forge(args('one', '--jobs', '1'), { cwd });
    expect(one.code, one.stderr).toBe(0);
    expect(deliveredHashes(join(cwd, 'one/song'))).toEqual(undisturbed);
  });

  it('does nothing twice: a second run takes every stage from the cache', async () => {
    const again = await forge([...args('whole'), '--json'], { cwd });
    const { results } = JSON.parse(again.stdout) as {
      results: { stages: { id: string; reused: boolean }[] }[];
    };
    expect(results[0]!.stages.filter(({ reused }) => !reused)).toEqual([]);
    const changed = await forge([...args('whole'), '--json', '--set', 'master.preset=podcast'], { cwd });
    const stages = (
      JSON.parse(changed.stdout) as typeof again & {
        results: { stages: { id: string; reused: boolean }[] }[];
      }
    ).results[0]!.stages;
    expect(stages.filter(({ reused }) => !reused).map(({ id }) => id)).toEqual(['master']);
  });

  it('replays to the same hashes', async () => {
    const result = await forge(['replay', 'one/song/run.json', '--json', '--quiet'], { cwd });
    expect(result.code, result.stderr + result.stdout).toBe(0);
  });
});

const models = sharedFolder() === undefined ? undefined : join(sharedFolder()!, 'models');

describe('Ctrl-C', () => {
  it.skipIf(models === undefined)(
    'in the middle of an inference ends the process within a second (skipped where no network is at hand)',
    async () => {
      const cwd = temporaryFolder();
      writeWav(join(cwd, 'talk.wav'), testSong(120, 48_000), 48_000);
      const args = ['denoise', 'talk.wav', '--model', 'deepfilternet3', '--progress', 'json'];
      const { child, done } = startForge(args, { cwd, env: { FORGE_MODELS_DIR: models! } });
      await untilStderr(child, '"passId":"denoise"');
      await sleep(1500);
      const startedMs = performance.now();
      child.kill('SIGINT');
      const result = await done;
      expect(performance.now() - startedMs).toBeLessThan(1000);
      expect(result.signal).toBe('SIGINT');
      expect(existsSync(join(cwd, 'forge-out/talk/denoised.wav'))).toBe(false);
    },
  );

  it('ends the run within a second with 130, scratch gone, outputs whole or absent', async () => {
    const cwd = temporaryFolder();
    writeWav(join(cwd, 'song.wav'), testSong(40), 44_100);
    const { child, done } = startForge(['run', 'song.wav', '--progress', 'json'], { cwd });
    await untilStderr(child, '"step":"separate"');
    await sleep(300);
    const startedMs = performance.now();
    child.kill('SIGINT');
    const result = await done;
    expect(performance.now() - startedMs).toBeLessThan(1000);
    // A shell reports a process that ended by SIGINT as 130.
    expect(result.signal ?? (result.code === 130 ? 'SIGINT' : result.code)).toBe('SIGINT');
    expect(result.stderr).toContain('[interrupted/by-user]');
    const left = readdirSync(join(cwd, 'forge-out/song'), { recursive: true }).map(String);
    expect(left.filter((name) => /^\.scratch|\.partial|^\.lock/.test(name))).toEqual([]);
    expect(left.filter((name) => /^(master|denoised|stems|report)/.test(name))).toEqual([]);
    expect(statSync(join(cwd, 'song.wav')).size).toBeGreaterThan(0);
  });
});
