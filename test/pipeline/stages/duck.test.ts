import { beforeAll, describe, expect, it } from 'vitest';
import { makeVoice } from '../../../fixtures/demo-voice.js';
import type { AudioRef } from '../../../src/pipeline/stage.js';
import type { StageResult } from '../../../src/pipeline/stage-result.js';
import { duckStage } from '../../../src/pipeline/stages/duck.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const RATE_HZ = 48_000;
const SPANS = [
  [2, 6],
  [11, 15],
] as const;

interface DuckData {
  readonly phrases: {
    startSec: number;
    endSec: number;
    differenceLu: number;
    limitedBy: string | null;
    gainDb: number;
  }[];
  readonly voice: { detector: string; clippedSampleCount: number };
  readonly wantedLu: number;
  readonly worstErrorLu: number | null;
  readonly steepestDbPer10Ms: number;
  readonly deepestDb: number;
  readonly bedGainDb: number;
  readonly voiceGainDb: number;
  readonly voiceRide: { minGainDb: number; maxGainDb: number } | null;
  readonly releaseMs: number;
  readonly gain: { atSec: number; gainDb: number }[];
  readonly carve: { bands: { centreHz: number; deepestDb: number }[] };
  readonly bed: {
    durationSec: number;
    loop: { startSec: number; endSec: number } | null;
    fade: object | null;
  };
  readonly limiterReductionDb: number | null;
}

const dataOf = (result: StageResult) => result.outcome.data as unknown as DuckData;

/** Chords with a beat every half second, stereo. */
function music(durationSec: number, level = 0.2): Float32Array[] {
  return [0, 1].map((channel) =>
    Float32Array.from({ length: durationSec * RATE_HZ }, (_, n) => {
      const t = n / RATE_HZ;
      const chord = [220, 277, 330, 440, 660, 1320].reduce(
        (sum, hz, k) => sum + Math.sin(2 * Math.PI * hz * t + channel * k) / (k + 2),
        0,
      );
      return (
        level * (chord * (0.7 + 0.3 * Math.sin(t)) + 0.8 * Math.exp(-20 * (t % 0.5)) * Math.sin(400 * t))
      );
    }),
  );
}

describe('the stage duck', () => {
  let voice: AudioRef;
  let bed: AudioRef;
  beforeAll(() => {
    voice = audioRefOf([makeVoice(16, RATE_HZ, SPANS)], RATE_HZ, 'voice');
    bed = audioRefOf(music(20), RATE_HZ, 'bed');
  });

  it('lays the bed as far below the voice as asked, and leaves it alone elsewhere', async () => {
    const result = await runStage(duckStage, { audio: bed }, { voice: voice.path });
    const data = dataOf(result);
    expect(data.voice.detector).toBe('own');
    expect(data.phrases).toHaveLength(2);
    for (const [k, phrase] of data.phrases.entries()) {
      expect(Math.abs(phrase.startSec - SPANS[k]![0])).toBeLessThan(0.2);
      expect(Math.abs(phrase.endSec - SPANS[k]![1])).toBeLessThan(0.2);
      expect(Math.abs(phrase.differenceLu - 10)).toBeLessThan(0.3);
    }
    expect(data.steepestDbPer10Ms).toBeLessThan(0.4);
    const before = readAll(bed);
    const after = readAll(result.outputs.bed!);
    for (const sec of [0, 8.5, 18]) {
      const from = sec * RATE_HZ;
      expect(after[0]!.subarray(from, from + RATE_HZ / 2)).toEqual(
        before[0]!.subarray(from, from + RATE_HZ / 2),
      );
    }
    expect(result.outcome.missed).toBeUndefined();
  });

  it.each([
    [{ bed: 'ambience' }, 15],
    [{ audience: 'general' }, 14],
    [{ differenceLu: 6 }, 6],
    [{ differenceLu: 6, audience: 'general' }, 10],
  ] as const)('takes %o as %i LU', async (options, expectedLu) => {
    const data = dataOf(await runStage(duckStage, { audio: bed }, { voice: voice.path, ...options }));
    expect(data.wantedLu).toBe(expectedLu);
    expect(data.worstErrorLu!).toBeLessThan(0.3);
  });

  it('mixes both at one loudness, under the ceiling, and as long as the longer', async () => {
    const short = audioRefOf(music(10), RATE_HZ, 'bed');
    const result = await runStage(
      duckStage,
      { audio: short },
      { voice: voice.path, mix: true, voiceLufs: -12 },
    );
    const data = dataOf(result);
    const mix = readAll(result.outputs.mix!);
    expect(mix).toHaveLength(2);
    expect(mix[0]!.length).toBe(16 * RATE_HZ);
    const peak = mix.reduce(
      (most, samples) => samples.reduce((top, x) => Math.max(top, Math.abs(x)), most),
      0,
    );
    expect(peak).toBeLessThanOrEqual(10 ** (-1 / 20));
    expect(data.limiterReductionDb).toBeGreaterThan(0);
    expect(data.voiceGainDb).not.toBe(0);
    expect(result.notes.map(({ message }) => message).join()).toMatch(/the voice ends 6\.0 s after the bed/);
  });

  it('repeats a short bed from bar to bar, and fades it out after the voice', async () => {
    const short = audioRefOf(music(9), RATE_HZ, 'bed');
    const looped = await runStage(
      duckStage,
      { audio: short },
      { voice: voice.path, ending: 'loop', tailSec: 2 },
    );
    const data = dataOf(looped);
    expect(data.bed.durationSec).toBe(18);
    expect(data.bed.loop).not.toBeNull();
    const after = readAll(looped.outputs.bed!)[0]!;
    const level = (sec: number) => Math.max(...after.subarray(sec * RATE_HZ, (sec + 0.5) * RATE_HZ));
    expect(level(10)).toBeGreaterThan(0.02);
    expect(level(17.4)).toBeLessThan(0.3 * level(10));
    const faded = dataOf(
      await runStage(duckStage, { audio: bed }, { voice: voice.path, ending: 'fade', tailSec: 2 }),
    );
    expect(faded.bed).toMatchObject({ durationSec: 18, loop: null, fade: { startSec: 16, endSec: 18 } });
  });

  it('takes the release in beats of a tempo', async () => {
    const data = dataOf(
      await runStage(duckStage, { audio: bed }, { voice: voice.path, releaseBeats: 2, tempoBpm: 60 }),
    );
    expect(data.releaseMs).toBe(2000);
  });

  it('rides a voice whose phrases differ, in a mix alone, and the bed goes with it', async () => {
    const uneven = makeVoice(16, RATE_HZ, SPANS).map((x, n) => x * (n < 8 * RATE_HZ ? 1 : 0.25));
    const path = audioRefOf([uneven], RATE_HZ, 'uneven').path;
    const run = async (voiceRidePercent: number, mix: boolean) => {
      const result = await runStage(duckStage, { audio: bed }, { voice: path, voiceRidePercent, mix });
      return { data: dataOf(result), notes: result.notes.map(({ message }) => message).join() };
    };
    const step = ({ phrases }: DuckData) => phrases[0]!.gainDb - phrases[1]!.gainDb;
    const still = await run(0, true);
    const ridden = await run(100, true);
    const alone = await run(100, false);
    expect(step(still.data)).toBeGreaterThan(9);
    expect(Math.abs(step(ridden.data))).toBeLessThan(4);
    expect(ridden.data.worstErrorLu!).toBeLessThan(0.3);
    expect(still.data.voiceRide).toBeNull();
    expect(ridden.data.voiceRide!.maxGainDb).toBeGreaterThan(4);
    expect(alone.data.voiceRide).toBeNull();
    expect(alone.notes).toMatch(/levelled in a mix alone/);
  });

  it('ducks drums and bass less where stems are there', async () => {
    const [left, right] = music(20) as [Float32Array, Float32Array];
    const beat = left.map((_, n) => 0.1 * Math.exp(-20 * ((n / RATE_HZ) % 0.5)) * Math.sin(n / 80));
    const whole = audioRefOf([left.map((x, n) => x + beat[n]!), right.map((x, n) => x + beat[n]!)], RATE_HZ);
    const drums = audioRefOf([beat, beat], RATE_HZ, 'drums');
    const vocals = audioRefOf([left, right], RATE_HZ, 'vocals');
    const result = await runStage(
      duckStage,
      { audio: whole, drums, vocals },
      { voice: voice.path, stems: true, stemNames: ['drums', 'vocals'], carve: 'off' },
    );
    const data = dataOf(result);
    expect(data.worstErrorLu!).toBeLessThan(0.3);
    expect(result.notes.map(({ message }) => message).join()).toMatch(/the bed sings under/);
    // What is left of the beat, by its correlation with the result.
    const after = readAll(result.outputs.bed!)[0]!;
    const share = (signal: Float32Array) => {
      let product = 0;
      let power = 0;
      for (let n = 12 * RATE_HZ; n < 14 * RATE_HZ; n++) {
        product += after[n]! * signal[n]!;
        power += signal[n]! ** 2;
      }
      return product / power;
    };
    expect(share(beat)).toBeGreaterThan(1.5 * share(left));
  });

  it.each([
    ['silence', () => 0],
    ['a tone', (n: number) => 0.3 * Math.sin(n / 30)],
  ])('says that there is no voice in %s', async (_, fill) => {
    const other = audioRefOf(
      [Float32Array.from({ length: 6 * RATE_HZ }, (__, n) => fill(n))],
      RATE_HZ,
      'other',
    );
    await expect(runStage(duckStage, { audio: bed }, { voice: other.path })).rejects.toMatchObject({
      code: 'input/no-voice',
    });
  });

  it('tells of a voice at another rate and of a clipped one', async () => {
    const clipped = makeVoice(16, 44_100, SPANS).map((x) => Math.min(1, Math.max(-1, 6 * x)));
    const other = audioRefOf([clipped], 44_100, 'other');
    const result = await runStage(duckStage, { audio: bed }, { voice: other.path });
    const notes = result.notes.map(({ message }) => message).join('\n');
    expect(notes).toMatch(/converted from 44100 to 48000 Hz/);
    expect(notes).toMatch(/is clipped: \d+ samples/);
    expect(dataOf(result).phrases).toHaveLength(2);
  });

  it('misses its target where the depth limit is in the way', async () => {
    const result = await runStage(
      duckStage,
      { audio: bed },
      { voice: voice.path, maxDepthDb: 3, carve: 'off' },
    );
    expect(result.outcome.missed).toMatchObject({ code: 'target/missed' });
    expect(dataOf(result).phrases.map(({ limitedBy }) => limitedBy)).toEqual(['depth', 'depth']);
  });

  it('leaves a silent bed silent', async () => {
    const silent = audioRefOf([new Float32Array(RATE_HZ * 5), new Float32Array(RATE_HZ * 5)], RATE_HZ, 'bed');
    const result = await runStage(duckStage, { audio: silent }, { voice: voice.path });
    expect(readAll(result.outputs.bed!)[0]!.every((value) => value === 0)).toBe(true);
    expect(result.outcome.missed).toBeUndefined();
  });
});
