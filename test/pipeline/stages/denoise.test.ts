// The stage on files: what it decides, what it writes, and that it leaves alone what it should.
import { describe, expect, it } from 'vitest';
import { denoiseStage } from '../../../src/pipeline/stages/denoise.js';
import {
  differenceOf,
  isSameAudio,
  levelDbfs,
  musicLike,
  speechLike,
  sumOf,
  whiteNoise,
} from '../../dsp/denoise/signals.js';
import { audioRefOf, fileRefOf, readAll, runStage } from '../../helpers/direct-job.js';
import { scaleInvariantSdrDb } from '../../helpers/sdr.js';
import { deepFilterFiles, sharedFile } from '../../models/shared-files.js';

const RATE = 48_000;
const clean = speechLike(8 * RATE, RATE);
const noisy = sumOf(clean, whiteNoise(clean.length, -45));
const music = musicLike(8 * RATE, RATE);

type Data = {
  model: { id: string } | null;
  bypassedBecause: string | null;
  noiseFloorDbfs: { before: number | null; after: number | null };
  reductionDb: number | null;
  residualDb: number | null;
};
type Extra = Parameters<typeof runStage>[3];

async function denoise(
  block: readonly Float64Array[],
  options: Record<string, unknown> = {},
  setting: { sampleRateHz?: number; name?: string; extra?: Extra } = {},
) {
  const input = audioRefOf(block, setting.sampleRateHz ?? RATE, setting.name ?? 'mix');
  const result = await runStage(denoiseStage, { audio: input }, options, setting.extra ?? {});
  expect(denoiseStage.result.safeParse(result.outcome.data).error).toBeUndefined();
  return { ...result, data: result.outcome.data as Data, output: readAll(result.outputs.audio!) };
}

const float = (samples: Float64Array) => Float32Array.from(samples);

describe('the stage denoise, embedded', () => {
  it('takes noise out of a voice and says what it did', async () => {
    const { data, output, bypassed } = await denoise([noisy]);
    expect(bypassed).toEqual({});
    expect(data.model).toEqual({ id: 'embedded', sha256: null, licence: 'MIT' });
    expect(Math.abs(data.noiseFloorDbfs.before! + 45)).toBeLessThan(1);
    expect(data.reductionDb).toBeGreaterThan(12);
    expect(output[0]).toHaveLength(noisy.length);
    expect(scaleInvariantSdrDb(clean, output[0]!) - scaleInvariantSdrDb(clean, noisy)).toBeGreaterThan(5);
  });

  it('gives the residual that, with the cleaned audio, makes the input again', async () => {
    const cleaned = await denoise([noisy]);
    const residual = await denoise([noisy], { what: 'residual' });
    const sum = cleaned.output[0]!.map((value, n) => value + residual.output[0]![n]!);
    expect(levelDbfs(differenceOf(sum, float(noisy)))).toBeLessThan(-140);
    const measured = levelDbfs(residual.output[0]!) - levelDbfs(noisy);
    expect(residual.data.residualDb).toBeCloseTo(measured, 1);
  });

  it('takes half at half strength', async () => {
    const whole = await denoise([noisy], { what: 'residual' });
    const half = await denoise([noisy], { what: 'residual', strengthPercent: 50 });
    expect(levelDbfs(half.output[0]!)).toBeCloseTo(levelDbfs(whole.output[0]!) - 6.02, 2);
  });

  it.each<[string, Float64Array]>([
    ['clean speech', clean],
    ['music', music],
    ['a pure tone', Float64Array.from({ length: 4 * RATE }, (_, n) => 0.5 * Math.sin(n * 0.13))],
    ['nothing but noise', whiteNoise(4 * RATE, -20)],
    ['silence', new Float64Array(RATE)],
    ['one frame', Float64Array.of(0.5)],
    ['17 frames', whiteNoise(17, -3)],
  ])('leaves %s alone, and says why', async (_name, samples) => {
    const { data, output, bypassed } = await denoise([samples]);
    expect(isSameAudio(output, [float(samples)])).toBe(true);
    expect(data.model).toBeNull();
    expect(data.bypassedBecause).toBe(bypassed.audio?.reason);
    expect(data.bypassedBecause).toMatch(/./);
    const residual = await denoise([samples], { what: 'residual' });
    expect(residual.output[0]!.every((value) => value === 0)).toBe(true);
  });

  it('touches music with hiss by no more than the hiss', async () => {
    const { data, output } = await denoise([sumOf(music, whiteNoise(music.length, -60))]);
    expect(data.model?.id).toBe('embedded');
    expect(levelDbfs(differenceOf(output[0]!, music))).toBeLessThan(-60);
    expect(data.residualDb).toBeLessThan(-38);
  });

  it('keeps the image of eight channels at 44.1 kHz', async () => {
    const voice = speechLike(4 * 44_100, 44_100);
    const base = sumOf(voice, whiteNoise(voice.length, -45));
    const channels = Array.from({ length: 8 }, (_, c) => base.map((value) => value / (c + 1)));
    const { output } = await denoise(channels, {}, { sampleRateHz: 44_100 });
    for (const [c, samples] of output.entries()) {
      const scaled = samples.map((value) => value * (c + 1));
      expect(levelDbfs(differenceOf(scaled, output[0]!))).toBeLessThan(-130);
    }
  });

  it('does nothing at a strength of 0', async () => {
    const { data } = await denoise([noisy], { strengthPercent: 0 });
    expect(data.bypassedBecause).toBe('a reduction of 0 was asked for');
  });
});

describe('the stage denoise, with a profile', () => {
  // The noise is coloured, and moves a little.
  let state = 0;
  const coloured = whiteNoise(clean.length, -30, 4).map((value, n) => {
    state += 0.3 * (value - state);
    return (0.9 + 0.1 * Math.sin(n / 9000)) * state;
  });
  const damaged = sumOf(clean, coloured);
  const isPause = (n: number) => Math.floor((n / RATE) * 4) % 6 >= 4;
  const pauseLevel = (samples: Float32Array | Float64Array) =>
    levelDbfs(Float64Array.from(samples).filter((_, n) => isPause(n)));

  it('learns the noise where it is told to', async () => {
    const { data, output } = await denoise([damaged], { profile: '1.05-1.45' });
    expect(data).toMatchObject({
      profile: '1.05-1.45',
      model: { id: 'embedded' },
      contentAltered: { isAltered: false },
    });
    expect(pauseLevel(damaged) - pauseLevel(output[0]!)).toBeGreaterThan(8);
  });

  it('learns it from a file', async () => {
    const { path } = audioRefOf([coloured.subarray(0, 2 * RATE)], RATE, 'noise');
    const { output } = await denoise([damaged], { profile: path });
    expect(pauseLevel(damaged) - pauseLevel(output[0]!)).toBeGreaterThan(8);
  });

  it.each(['7.5-99', '1.0-1.1', '3-2', 'no-such-file.wav'])('refuses %s', async (profile) => {
    await expect(denoise([damaged], { profile })).rejects.toThrow(/profile|no-such-file/);
  });
});

const files = deepFilterFiles();
const noisyPath = sharedFile('audio', 'speech', 'noisy_snr0.wav');
const cleanPath = sharedFile('audio', 'speech', 'clean.wav');
const extra: Extra = {
  models: {
    deepfilternet3: {
      id: 'deepfilternet3',
      licence: 'MIT',
      files: files ?? {},
      sha256: { 'enc.onnx': '00' },
    },
  },
};

describe.skipIf(files === undefined || noisyPath === undefined || cleanPath === undefined)(
  'the stage denoise with DeepFilterNet3',
  () => {
    it('uses it for a voice under noise, by itself', async () => {
      const result = await runStage(denoiseStage, { audio: fileRefOf(noisyPath!) }, {}, extra);
      const data = result.outcome.data as Data;
      expect(data.model).toEqual({ id: 'deepfilternet3', licence: 'MIT', sha256: { 'enc.onnx': '00' } });
      const [cleaned] = readAll(result.outputs.audio!);
      const [reference] = readAll(cleanPath!);
      expect(scaleInvariantSdrDb(reference!, cleaned!)).toBeGreaterThan(19.9);
      expect(data.reductionDb).toBeGreaterThan(20);
    });

    it('limits the reduction as the reference tool does: 15.82 dB at 12 dB', async () => {
      const audio = fileRefOf(noisyPath!);
      const result = await runStage(denoiseStage, { audio }, { maxReductionDb: 12 }, extra);
      const [reference] = readAll(cleanPath!);
      expect(scaleInvariantSdrDb(reference!, readAll(result.outputs.audio!)[0]!)).toBeCloseTo(15.82, 1);
    });

    it('does not use it where it would take instruments away, unless it is asked for', async () => {
      const hissy = sumOf(music, whiteNoise(music.length, -55));
      const auto = await denoise([hissy], {}, { extra });
      expect(auto.data.model?.id).toBe('embedded');
      expect(levelDbfs(differenceOf(auto.output[0]!, music))).toBeLessThan(-55);
      const asked = await denoise([hissy], { model: 'deepfilternet3' }, { extra });
      expect(asked.data.model?.id).toBe('deepfilternet3');
      expect(asked.notes[0]?.severity).toBe('warning');
    });

    it('lets the band above 24 kHz pass at 96 kHz, and the gain of half strength', async () => {
      const rate = 96_000;
      const voice = speechLike(3 * rate, rate);
      const tone = Float64Array.from(
        { length: voice.length },
        (_, n) => 0.05 * Math.sin((2 * Math.PI * 30_000 * n) / rate),
      );
      const block = [sumOf(sumOf(voice, whiteNoise(voice.length, -45)), tone)];
      const setting = { sampleRateHz: rate, extra };
      const { output } = await denoise(block, { model: 'deepfilternet3', what: 'residual' }, setting);
      let re = 0;
      let im = 0;
      for (let n = 0; n < voice.length; n++) {
        re += output[0]![n]! * Math.cos((2 * Math.PI * 30_000 * n) / rate);
        im += output[0]![n]! * Math.sin((2 * Math.PI * 30_000 * n) / rate);
      }
      expect((2 * Math.hypot(re, im)) / voice.length).toBeLessThan(0.05 * 1e-4);
    });
  },
);

describe.skipIf(files === undefined)('the guard of the stage denoise', () => {
  it('tells where a network that was asked for took music for noise; strict, the result misses', async () => {
    const forced = { model: 'deepfilternet3', strict: true };
    const result = await denoise([music], forced, { extra });
    const { contentAltered } = result.data as unknown as {
      contentAltered: { isAltered: boolean; places: unknown[] };
    };
    expect(contentAltered.isAltered).toBe(true);
    expect(contentAltered.places.length).toBeGreaterThan(0);
    expect(result.outcome.missed).toMatchObject({
      code: 'target/missed',
      message: expect.stringMatching(/content altered/),
    });
    expect(result.notes.some(({ message }) => message.startsWith('content altered'))).toBe(true);
  });
});
