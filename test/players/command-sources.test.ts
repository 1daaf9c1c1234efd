// forge drums with what it plays from and to: SoundFonts, bass parts and songs in any format; and its replay.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BasicSoundBank } from 'spessasynth_core';
import { afterAll, describe, expect, it } from 'vitest';
import { lockRate } from '../../src/players/follow.js';
import { hasEncoder } from '../audio/fixtures.js';
import { type CliResult, jsonOf, startForge, writeWav } from '../helpers/cli.js';
import { readAll, temporaryFolder } from '../helpers/direct-job.js';

const DEMO = resolve(import.meta.dirname, '../../fixtures/demo/demo.flac');
const cwd = temporaryFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const font = join(cwd, 'saw.sf2');
writeFileSync(font, new Uint8Array(BasicSoundBank.getSampleSoundBankFile()));

const RATE_HZ = 22_050;
const TEMPO_BPM = 98;
/** Times of a bass line's notes: off the grid of kyle's own kicks. */
const bassSec = Array.from({ length: 4 }, (_, bar) =>
  [0, 3, 7, 11, 14].map((step) => (16 * bar + step) * (15 / TEMPO_BPM) + 0.004),
).flat();
const bass = writeWav(join(cwd, 'bass.wav'), [bassLine()], RATE_HZ);

function bassLine(): Float32Array {
  const samples = new Float32Array(Math.round((16 * 60 * RATE_HZ) / TEMPO_BPM) + RATE_HZ);
  for (const timeSec of bassSec) {
    const start = Math.round(timeSec * RATE_HZ);
    for (let i = 0; i < 0.2 * RATE_HZ; i++) {
      const t = i / RATE_HZ;
      samples[start + i]! +=
        0.6 * Math.min(1, t / 0.002) * Math.exp(-18 * t) * Math.sin(2 * Math.PI * 82 * t);
    }
  }
  return samples;
}

async function forge(...args: string[]): Promise<CliResult> {
  return startForge(args, { cwd }).done;
}

interface Played {
  readonly results: readonly [
    {
      readonly status: string;
      readonly meter: string;
      readonly barCount: number;
      readonly tempoBpm: number;
      readonly outputs: readonly { readonly kind: string; readonly path: string; readonly sha256: string }[];
    },
  ];
}

function kicksOf(folder: string): number[] {
  const { events } = JSON.parse(readFileSync(join(cwd, folder, 'kyle/midi/drums.json'), 'utf8')) as {
    events: { sound: string; timeSec: number }[];
  };
  return events.filter(({ sound }) => sound === 'kick').map(({ timeSec }) => timeSec);
}

describe('forge drums --soundfont', () => {
  const args = ['drums', '--bars', '2', '--soundfont', font, '--stems', '--rate', '22050', '--quiet'];

  it('renders through the font to stems that add up; replay makes the same bytes from run.json alone', async () => {
    const run = await forge(...args, '--takes', '2', '--json', '--out', 'font');
    expect(run.stderr).toBe('');
    const { outputs } = jsonOf<Played>(run).results[0];
    const stems = outputs.filter(({ kind }) => kind === 'stem');
    expect(stems.length).toBeGreaterThanOrEqual(3);
    const mix = readAll(join(cwd, 'font/kyle/drums.wav'))[0]!;
    const parts = stems.map(({ path }) => readAll(join(cwd, path))[0]!);
    const worst = mix.reduce(
      (most, sample, i) => Math.max(most, Math.abs(sample - parts.reduce((sum, part) => sum + part[i]!, 0))),
      0,
    );
    expect(worst).toBeLessThan((stems.length + 1) / 2 ** 23);
    expect(mix.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeGreaterThan(0.05);

    const replay = await forge('replay', 'font/kyle/run.json', '--json', '--quiet');
    expect(replay.code).toBe(0);
    const [replayed] = jsonOf<{ results: [{ status: string; outputs: { isSame: boolean }[] }] }>(
      replay,
    ).results;
    expect(replayed.status).toBe('ok');
    expect(replayed.outputs.map(({ isSame }) => isSame)).toEqual(outputs.map(() => true));
  }, 90_000);

  it('replay refuses a font that was changed since', async () => {
    const copy = join(cwd, 'changing.sf2');
    writeFileSync(copy, readFileSync(font));
    const play = ['drums', '--bars', '1', '--soundfont', copy, '--rate', '8000', '--out', 'changing'];
    expect((await forge(...play)).code).toBe(0);
    writeFileSync(copy, Buffer.concat([readFileSync(font), Buffer.alloc(2)]));
    const replay = await forge('replay', 'changing/kyle/run.json');
    expect(replay.code).toBe(4);
    expect(replay.stderr).toContain('input/changed');
  }, 60_000);

  it.each([
    ['missing.sf2', 'input/not-found'],
    ['bass.wav', 'input/damaged'],
    ['.', 'input/is-directory'],
  ])(
    'refuses %s',
    async (file, code) => {
      const { code: exit, stderr } = await forge('drums', '--bars', '1', '--soundfont', file, '--out', 'bad');
      expect(exit).toBe(4);
      expect(stderr).toContain(code);
      expect(existsSync(join(cwd, 'bad/kyle/drums.wav'))).toBe(false);
    },
    30_000,
  );
});

describe('forge drums --follow', () => {
  it.skipIf(!hasEncoder)(
    'locks the kick to a bass in MP3 as in WAV',
    async () => {
      const play = ['drums', '--bars', '4', '--tempo', String(TEMPO_BPM), '--out'];
      const mp3 = join(cwd, 'bass.mp3');
      expect(spawnSync('ffmpeg', ['-v', 'error', '-i', bass, '-b:a', '128k', mp3]).status).toBe(0);
      expect((await forge(...play, 'free')).code).toBe(0);
      expect((await forge(...play, 'locked', '--follow', bass)).code).toBe(0);
      expect((await forge(...play, 'lockedToMp3', '--follow', mp3)).code).toBe(0);
      const onsets = bassSec.map((timeSec) => ({ timeSec, strength: 1 }));
      const free = lockRate(kicksOf('free'), onsets);
      expect(lockRate(kicksOf('locked'), onsets)).toBeGreaterThan(Math.max(0.9, free + 0.2));
      expect(lockRate(kicksOf('lockedToMp3'), onsets)).toBeGreaterThan(0.9);
    },
    120_000,
  );
});

describe('forge drums --tempo-from and --song', () => {
  it('take beats from audio and from the report of forge analyze alike, and the plan shows them', async () => {
    const analysis = await forge('analyze', DEMO, '--only', 'rhythm,tonal,structure', '--json', '--quiet');
    writeFileSync(join(cwd, 'song.json'), analysis.stdout);
    const [measured] = jsonOf<{
      results: [{ input: { durationSec: number }; rhythm: { tempoBpm: number } }];
    }>(analysis).results;
    const plans: Played['results'][0][] = [];
    for (const source of [
      ['--tempo-from', DEMO],
      ['--song', DEMO],
      ['--song', 'song.json'],
    ]) {
      const plan = await forge('drums', ...source, '--dry-run', '--json', '--quiet', '--out', 'planned');
      expect(plan.stderr).toBe('');
      plans.push(jsonOf<Played>(plan).results[0]);
    }
    const [byTempo, byAudio, byReport] = plans;
    expect(byTempo!.status).toBe('planned');
    expect(Math.abs(byTempo!.tempoBpm / measured.rhythm.tempoBpm - 1)).toBeLessThan(0.05);
    expect(byTempo!.barCount).toBe(32);
    expect(byReport).toEqual(byAudio);
    const { rhythm, input } = measured;
    expect(Math.abs(byReport!.barCount - (input.durationSec * rhythm.tempoBpm) / 240)).toBeLessThan(1.5);
    expect(readdirSync(cwd)).not.toContain('planned');
  }, 180_000);

  it('refuse what holds no beats', async () => {
    const silence = writeWav(join(cwd, 'silence.wav'), [new Float32Array(5 * RATE_HZ)], RATE_HZ);
    const { code, stderr } = await forge('drums', '--tempo-from', silence, '--dry-run', '--quiet');
    expect(code).toBe(2);
    expect(stderr).toContain('usage/bad-option');
    expect((await forge('drums', '--song', font, '--dry-run', '--quiet')).code).toBe(4);
  }, 60_000);
});
