// `forge master` as a user runs it on several files: albums, several presets, forecasts, dither.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMAND_SCHEMAS } from '../../src/report/schemas.js';
import { musicLike } from '../dsp/signals.js';
import { forge, writeWav } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/direct-job.js';

const RATE_HZ = 44_100;

describe('forge master', () => {
  const cwd = temporaryFolder();

  beforeAll(() => {
    writeWav(join(cwd, 'loud.wav'), musicLike(RATE_HZ * 6, RATE_HZ, 1, 0.5), RATE_HZ);
    writeWav(join(cwd, 'quiet.wav'), musicLike(RATE_HZ * 6, RATE_HZ, 2, 0.2), RATE_HZ);
  });

  it('brings an album to its target as a whole, with one character, and tells its figures', async () => {
    const { code, stdout, stderr } = await forge(
      ['master', 'loud.wav', 'quiet.wav', '--album', '--preset', 'spotify', '--json', '--quiet'],
      { cwd },
    );
    expect(code, stderr).toBe(0);
    const printed = JSON.parse(stdout) as {
      album: {
        gainDb: number;
        choice: { character: string };
        after: { integratedLufs: number; truePeakDbtp: number };
        tracks: { before: { integratedLufs: number }; after: { integratedLufs: number } }[];
      }[];
      results: { masters: { gainDb: number; choice: { character: string } }[] }[];
    };
    COMMAND_SCHEMAS.master!.parse(printed);
    const [album] = printed.album;
    expect(Math.abs(album!.after.integratedLufs + 14)).toBeLessThanOrEqual(0.05);
    expect(album!.after.truePeakDbtp).toBeLessThanOrEqual(-1);
    for (const { masters } of printed.results) {
      expect(masters[0]!.gainDb).toBe(album!.gainDb);
      expect(masters[0]!.choice.character).toBe(album!.choice.character);
    }
    const [first, second] = album!.tracks;
    const apart = (when: 'before' | 'after') => first![when].integratedLufs - second![when].integratedLufs;
    expect(Math.abs(apart('after') - apart('before'))).toBeLessThan(1.5);

    // The report of every track tells of the whole, and a replay makes it again.
    for (const [i, name] of ['loud', 'quiet'].entries()) {
      const folder = join(cwd, 'forge-out', name);
      const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
        album: {
          trackNumber: number;
          trackCount: number;
          after: { integratedLufs: number; trackOffsetLu: number };
        }[];
      };
      COMMAND_SCHEMAS.report!.parse(report);
      const [entry] = report.album;
      expect(entry).toMatchObject({ trackNumber: i + 1, trackCount: 2 });
      expect(entry!.after.integratedLufs).toBe(album!.after.integratedLufs);
      const offsetLu = album!.tracks[i]!.after.integratedLufs - album!.after.integratedLufs;
      expect(entry!.after.trackOffsetLu).toBeCloseTo(offsetLu, 6);
      expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain(`track ${i + 1} of 2`);
    }
    const replay = await forge(['replay', 'forge-out/loud/run.json', '--json', '--quiet'], { cwd });
    expect(replay.code, replay.stdout).toBe(0);
  });

  it('foretells what it will make, and makes it', async () => {
    const args = ['master', 'loud.wav', '--preset', 'spotify,cd', '--character', 'none', '--json', '--quiet'];
    const plan = await forge([...args, '--dry-run'], { cwd });
    const { forecasts } = JSON.parse(plan.stdout) as {
      forecasts: { preset: string; integratedLufs: number; gainDb: number; willReachTarget: boolean }[];
    };
    expect(forecasts.map(({ preset }) => preset)).toEqual(['spotify', 'cd']);
    const made = await forge([...args, '--out', 'two'], { cwd });
    expect(made.code, made.stderr).toBe(0);
    const { masters } = (
      JSON.parse(made.stdout) as {
        results: { masters: { gainDb: number; after: { loudness: { integratedLufs: number } } }[] }[];
      }
    ).results[0]!;
    for (const [i, forecast] of forecasts.entries()) {
      expect(forecast.willReachTarget).toBe(true);
      expect(Math.abs(forecast.gainDb - masters[i]!.gainDb)).toBeLessThan(0.3);
      expect(Math.abs(forecast.integratedLufs - masters[i]!.after.loudness.integratedLufs)).toBeLessThan(0.1);
    }
  });

  it('takes several references, and leaves alone what lies near enough', async () => {
    const args = ['master', 'loud.wav', '--dry-run', '--reference', 'quiet.wav', '--reference', 'loud.wav'];
    const { code, stdout, stderr } = await forge(args, { cwd });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('reference=["quiet.wav","loud.wav"]');
    const first = await forge(['master', 'loud.wav', '--quiet', '--out', 'near'], { cwd });
    expect(first.code, first.stderr).toBe(0);
    const again = [
      'master',
      'near/loud/master.wav',
      '--skip-within',
      '0.2',
      '--json',
      '--quiet',
      '--out',
      'kept',
    ];
    const kept = await forge(again, { cwd });
    expect(kept.code, kept.stderr).toBe(0);
    const { masters } = (JSON.parse(kept.stdout) as { results: { masters: { chain: unknown[] }[] }[] })
      .results[0]!;
    expect(masters[0]!.chain).toEqual([]);
  });

  it('foretells a form that the target does not take, and tells the flags', async () => {
    const plan = await forge(['master', 'loud.wav', '--preset', 'netflix', '--dry-run'], { cwd });
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('netflix: another form than the target takes: sampleRateHz is 44100');
    expect(plan.stdout).toContain('--rate 48000 --depth 24');
  });

  it('plans an MP3 for acx, which takes nothing else, beside WAV for the others', async () => {
    const args = ['master', 'loud.wav', '--preset', 'spotify,acx', '--dry-run', '--json'];
    const { code, stdout, stderr } = await forge(args, { cwd });
    expect(code, stderr).toBe(0);
    const { forecasts } = JSON.parse(stdout) as {
      forecasts: {
        preset: string;
        formChecks: { rule: string; pass: boolean | null }[];
        formFlags: string;
      }[];
    };
    expect(forecasts[0]).toMatchObject({ preset: 'spotify', formChecks: [], formFlags: '' });
    expect(forecasts[1]!.formChecks.length).toBeGreaterThan(4);
    expect(forecasts[1]!.formChecks.every(({ pass }) => pass === true)).toBe(true);
    expect(stdout).toContain('master.acx.mp3');
    expect(stdout).toContain('master.spotify.wav');
  });

  it('rounds as it is told', async () => {
    const bytes: Buffer[] = [];
    for (const dither of ['off', 'tpdf', 'shaped']) {
      const args = ['master', 'quiet.wav', '--preset', 'podcast', '--character', 'none', '--depth', '16'];
      const result = await forge([...args, '--dither', dither, '--out', dither, '--quiet'], { cwd });
      expect(result.code, result.stderr).toBe(0);
      bytes.push(readFileSync(join(cwd, dither, 'quiet/master.wav')));
    }
    expect(Buffer.compare(bytes[0]!, bytes[1]!)).not.toBe(0);
    expect(Buffer.compare(bytes[1]!, bytes[2]!)).not.toBe(0);
    expect(bytes[0]!.length).toBe(bytes[2]!.length);
  });
});
