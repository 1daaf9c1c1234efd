// What the commands write, and what happens where they can't.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { openWav } from '../../src/audio/wav-reader.js';
import { COMMAND_SCHEMAS } from '../../src/report/schemas.js';
import { forge, jsonOf, startForge, testSong, untilStderr, writeWav } from '../helpers/cli.js';
import { readAll, temporaryFolder } from '../helpers/direct-job.js';

interface Result {
  readonly status: string;
  readonly folder: string;
  readonly outputs: readonly { kind: string; path: string; sha256: string }[];
  readonly error?: { code: string; message: string };
  readonly nullDb?: number;
  readonly stages?: readonly { id: string; bypassed: object }[];
}

const resultOf = (result: Awaited<ReturnType<typeof forge>>) =>
  jsonOf<{ results: Result[] }>(result).results[0]!;
const isRoot = process.getuid?.() === 0;

describe('what is written', () => {
  const cwd = temporaryFolder();
  beforeAll(() => {
    writeWav(join(cwd, 'song.wav'), testSong(4), 44_100);
  });

  it.each([
    ['analyze', ['analyze', 'song.wav']],
    ['split', ['split', 'song.wav']],
    ['denoise', ['denoise', 'song.wav']],
    ['master', ['master', 'song.wav', '--preset', 'spotify,podcast']],
    ['run', ['run', 'song.wav']],
    ['compare', ['compare', 'song.wav', 'song.wav']],
    ['presets', ['presets', 'list']],
    ['models', ['models', 'list']],
    ['doctor', ['doctor']],
    ['clean', ['clean']],
  ])('%s prints JSON that its published schema takes', async (name, args) => {
    const result = await forge([...args, '--json'], { cwd });
    expect(result.code, result.stderr).toBe(0);
    COMMAND_SCHEMAS[name]!.parse(jsonOf(result));
  });

  it('split: stems sum to the mix within −90 dB, at 24 bits', async () => {
    const result = resultOf(await forge(['split', 'song.wav', '--out', 'split', '--json'], { cwd }));
    const stems = result.outputs
      .filter(({ kind }) => kind === 'stem')
      .map(({ path }) => readAll(join(cwd, path)));
    expect(stems).toHaveLength(4);
    const mix = readAll(join(cwd, 'song.wav'));
    let difference = 0;
    let power = 0;
    for (const [channel, samples] of mix.entries()) {
      for (let i = 0; i < samples.length; i++) {
        const sum = stems.reduce((total, stem) => total + stem[channel]![i]!, 0);
        difference += (sum - samples[i]!) ** 2;
        power += samples[i]! ** 2;
      }
    }
    expect(10 * Math.log10(difference / power)).toBeLessThan(-90);
    expect(openWav(join(cwd, 'split/song/stems/vocals.wav')).info.sampleFormat).toEqual({
      kind: 'int',
      bits: 24,
    });
  });

  it('run: on clean music the mix before mastering nulls with the input to −40 dB or better', async () => {
    await forge(['run', 'song.wav', '--out', 'clean'], { cwd });
    const result = await forge(
      ['compare', 'song.wav', 'clean/song/denoised.wav', '--fail-above', '-40', '--json'],
      { cwd },
    );
    expect(result.code, result.stdout).toBe(0);
  });

  it('keeps rate, depth and length of the input, and changes them when asked', async () => {
    writeWav(join(cwd, 'hd.wav'), testSong(1, 96_000), 96_000, { kind: 'int', bits: 24 });
    expect((await forge(['denoise', 'hd.wav', '-o', 'same.wav'], { cwd })).code).toBe(0);
    const same = openWav(join(cwd, 'same.wav')).info;
    expect(same).toMatchObject({
      sampleRateHz: 96_000,
      frameCount: 96_000,
      sampleFormat: { kind: 'int', bits: 24 },
    });
    expect(
      (await forge(['denoise', 'hd.wav', '-o', 'low.wav', '--rate', '44100', '--depth', '16'], { cwd })).code,
    ).toBe(0);
    const low = openWav(join(cwd, 'low.wav')).info;
    expect(low).toMatchObject({
      sampleRateHz: 44_100,
      frameCount: 44_100,
      sampleFormat: { kind: 'int', bits: 16 },
    });
  });

  it('leaves every bit of what a stage did not touch', async () => {
    expect((await forge(['denoise', 'song.wav', '-o', 'untouched.wav'], { cwd })).code).toBe(0);
    expect(readAll(join(cwd, 'untouched.wav'))).toEqual(readAll(join(cwd, 'song.wav')));
  });

  it('refuses -o with several inputs, and a format that contradicts the name', async () => {
    const two = await forge(['denoise', 'song.wav', 'hd.wav', '-o', 'x.wav'], { cwd });
    expect(two).toMatchObject({ code: 2 });
    expect(two.stderr).toContain('[usage/conflicting-options]');
    expect((await forge(['denoise', 'song.wav', '-o', 'x.wav', '--format', 'flac'], { cwd })).code).toBe(2);
    expect((await forge(['denoise', 'song.wav', '-o', 'x.doc'], { cwd })).code).toBe(2);
  });

  it('masters the newest unmastered mix when no input is named, and says which', async () => {
    const empty = await forge(['master', '--out', 'nowhere'], { cwd });
    expect(empty.code).toBe(2);
    expect(empty.stderr).toContain('[usage/nothing-to-do]');
    await forge(['denoise', 'song.wav', '--out', 'mixes'], { cwd });
    const result = await forge(['master', '--out', 'mixes', '--json'], { cwd });
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toContain(`mastering ${join('mixes', 'song', 'denoised.wav')}`);
  });

  it('says when a target is missed: status, message and exit code 8', async () => {
    writeWav(
      join(cwd, 'click.wav'),
      testSong(3).map((samples) => samples.map((value, i) => (i === 60_000 ? 0.99 : value * 0.0005))),
      44_100,
      { kind: 'float', bits: 32 },
    );
    const result = await forge(['master', 'click.wav', '--preset', 'cd', '--json'], { cwd });
    expect(result.code, result.stderr).toBe(8);
    expect(resultOf(result)).toMatchObject({ status: 'missed', error: { code: 'target/missed' } });
  });

  it('runs an edited plan', async () => {
    const plan = jsonOf<{ steps: { id: string; options: Record<string, unknown> }[] }>(
      await forge(['run', 'song.wav', '--dry-run', '--json'], { cwd }),
    );
    expect(existsSync(join(cwd, 'plan-out'))).toBe(false);
    plan.steps.find(({ id }) => id === 'master')!.options.preset = 'podcast';
    writeFileSync(join(cwd, 'plan.json'), JSON.stringify(plan));
    const result = await forge(['run', '--plan', 'plan.json', '--out', 'plan-out', '--json'], { cwd });
    expect(result.code, result.stderr).toBe(0);
    const masters = jsonOf<{ results: { masters: { preset: string }[] }[] }>(result).results[0]!.masters;
    expect(masters.map(({ preset }) => preset)).toEqual(['podcast']);
  });

  it('compare: finds shift and level, and fails above a limit', async () => {
    const [left, right] = testSong(4);
    const shifted = [left!, right!].map((samples) => {
      const moved = new Float32Array(samples.length);
      for (let i = 500; i < moved.length; i++) moved[i] = 0.5 * samples[i - 500]!;
      return moved;
    });
    writeWav(join(cwd, 'shifted.wav'), shifted, 44_100, { kind: 'float', bits: 32 });
    const result = await forge(['compare', 'song.wav', 'shifted.wav', '--json', '--fail-above', '-60'], {
      cwd,
    });
    expect(result.code).toBe(8);
    const comparison = jsonOf<{
      results: { shiftFrames: number; gainDb: number; nullAtEqualLevelDb: number }[];
    }>(result).results[0]!;
    expect(comparison.shiftFrames).toBe(500);
    expect(comparison.gainDb).toBeCloseTo(-6.02, 1);
  });
});

describe('where nothing can be written', () => {
  const cwd = temporaryFolder();
  beforeAll(() => {
    writeWav(join(cwd, 'song.wav'), testSong(6), 44_100);
  });

  it.skipIf(isRoot)('a read-only folder ends with 7 (skipped for root, who may write anywhere)', async () => {
    mkdirSync(join(cwd, 'closed'));
    chmodSync(join(cwd, 'closed'), 0o555);
    const result = await forge(['denoise', 'song.wav', '--out', 'closed', '--json'], { cwd });
    expect(result.code).toBe(7);
    expect(resultOf(result).error!.code).toBe('output/unwritable');
  });

  it('an output folder that is a file ends with 7', async () => {
    const result = await forge(['denoise', 'song.wav', '--out', 'song.wav', '--json'], { cwd });
    expect(result.code, result.stderr).toBe(7);
    expect(resultOf(result).error!.code).toBe('output/unwritable');
  });

  const mounts = isRoot && spawnSync('mount', ['--version']).status === 0;

  it.skipIf(!mounts)(
    'a full disk ends with 7 and one clear line (skipped where no tmpfs can be mounted)',
    async () => {
      const disk = join(cwd, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
      try {
        const result = await forge(['split', 'song.wav', '--out', disk, '--json', '--quiet'], { cwd });
        expect(result.code, result.stderr).toBe(7);
        expect(resultOf(result).error).toMatchObject({ code: 'output/disk-full' });
        const left = readdirSync(disk, { recursive: true }).map(String);
        expect(left.filter((name) => /\.partial|\.scratch/.test(name))).toEqual([]);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it.skipIf(!mounts)(
    'a read-only file system ends with 7 (skipped where no tmpfs can be mounted)',
    async () => {
      const disk = join(cwd, 'read-only');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk]);
      try {
        const result = await forge(['denoise', 'song.wav', '--out', disk, '--json', '--quiet'], { cwd });
        expect(result.code).toBe(7);
        expect(resultOf(result).error!.code).toBe('output/unwritable');
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it('an input that vanishes midway ends with 4', async () => {
    writeWav(join(cwd, 'brief.wav'), testSong(40), 44_100);
    const { child, done } = startForge(['split', 'brief.wav', '--json', '--progress', 'json'], { cwd });
    await untilStderr(child, '"step":"separate"');
    await sleep(200);
    rmSync(join(cwd, 'brief.wav'));
    const result = await done;
    expect(result.code, result.stderr).toBe(4);
    expect(resultOf(result).error!.code).toMatch(/^input\/(changed|not-found)$/);
    expect(existsSync(join(cwd, 'forge-out/brief/stems/vocals.wav'))).toBe(false);
  });
});
