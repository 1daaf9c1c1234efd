// The embedded denoiser and the evidence of noise that it starts from, on material whose noise is known.
import { describe, expect, it } from 'vitest';
import { createEmbeddedDenoiser } from '../../../src/dsp/denoise/embedded-denoiser.js';
import { exponentialIntegral } from '../../../src/dsp/denoise/log-spectral-gain.js';
import {
  addHistograms,
  judgeNoise,
  measureLevels,
  noisePowerOf,
  steadyLevelDbfs,
} from '../../../src/dsp/denoise/noise-evidence.js';
import { createResidualMeter } from '../../../src/dsp/denoise/residual-meter.js';
import { createResidualRange, type ResidualRangeState } from '../../../src/dsp/denoise/residual-range.js';
import type { FrameSource } from '../../../src/dsp/resample.js';
import { scaleInvariantSdrDb } from '../../helpers/sdr.js';
import { differenceOf, isSameAudio, levelDbfs, musicLike, speechLike, sumOf, whiteNoise } from './signals.js';

const RATE = 48_000;

function sourceOf(block: readonly Float64Array[], sampleRateHz = RATE): FrameSource {
  return {
    sampleRateHz,
    channelCount: block.length,
    frameCount: block[0]!.length,
    read(startFrame, into) {
      for (const [c, samples] of into.entries()) {
        for (let n = 0; n < samples.length; n++) samples[n] = block[c]![startFrame + n] ?? 0;
      }
    },
    close() {},
  };
}

function evidenceOf(block: readonly Float64Array[], sampleRateHz = RATE) {
  return judgeNoise(measureLevels(sourceOf(block, sampleRateHz), 0, block[0]!.length), sampleRateHz);
}

async function residualOf(
  block: readonly Float64Array[],
  options: { sampleRateHz?: number; maxReductionDb?: number; isLinked?: boolean; rangeFrames?: number } = {},
): Promise<Float64Array[]> {
  const {
    sampleRateHz = RATE,
    maxReductionDb = 15,
    isLinked = true,
    rangeFrames = block[0]!.length,
  } = options;
  const noisePower = noisePowerOf(evidenceOf(block, sampleRateHz), sampleRateHz);
  const result = block.map((samples) => new Float64Array(samples.length));
  let state: ResidualRangeState | undefined;
  for (let start = 0; start < block[0]!.length; start += rangeFrames) {
    const channelCount = block.length;
    const stream = createEmbeddedDenoiser({
      sampleRateHz,
      channelCount,
      isLinked,
      maxReductionDb,
      noisePower,
    });
    const range = createResidualRange(sourceOf(block, sampleRateHz), stream, state);
    await range.read(
      start,
      result.map((samples) => samples.subarray(start, start + rangeFrames)),
    );
    state = structuredClone(range.saveState());
  }
  return result;
}

describe('exponentialIntegral', () => {
  it('equals the integral of exp(-t)/t', () => {
    for (const x of [0.001, 0.05, 0.3, 0.99, 1.01, 2, 5, 20]) {
      // Substituting t = x·exp(u) gives a smooth integrand for the trapezoid rule.
      let integral = 0;
      const step = 1e-4;
      const end = Math.log(60 / x + 1);
      for (let u = 0; u < end; u += step) integral += step * Math.exp(-x * Math.exp(u + step / 2));
      expect(exponentialIntegral(x) / integral).toBeCloseTo(1, 3);
    }
  });
});

describe('judgeNoise', () => {
  const speech = speechLike(10 * RATE, RATE);
  const music = musicLike(10 * RATE, RATE);

  it.each([-40, -55, -70])('finds white noise at %i dBFS under speech, to 1.5 dB', (noiseDbfs) => {
    const { noiseFloorDbfs, steadyShare } = evidenceOf([sumOf(speech, whiteNoise(speech.length, noiseDbfs))]);
    expect(Math.abs(noiseFloorDbfs! - noiseDbfs)).toBeLessThan(1.5);
    expect(steadyShare).toBeGreaterThan(0.45);
  });

  it('finds none in clean speech, in music, and in a held chord of many partials', () => {
    const drone = new Float64Array(4 * RATE);
    for (const hz of [110, 138.6, 164.8, 220.7]) {
      for (let k = 1; k * hz < 4500; k++) {
        for (let n = 0; n < drone.length; n++)
          drone[n]! += (0.1 / k) * Math.sin((2 * Math.PI * hz * k * n) / RATE);
      }
    }
    expect(evidenceOf([speech]).noiseFloorDbfs ?? -200).toBeLessThan(-84);
    expect(evidenceOf([music]).noiseFloorDbfs ?? -200).toBeLessThan(-84);
    const held = evidenceOf([drone]);
    expect(held.steadyShare).toBeLessThan(0.5);
    expect(held.spanDb).toBeLessThan(12);
  });

  it('adds ranges up to the whole, and measures another file in the same bands', () => {
    const block = [sumOf(speech, whiteNoise(speech.length, -50))];
    const source = sourceOf(block);
    const whole = measureLevels(source, 0, source.frameCount);
    const cuts = [0, 100_000, 100_001, 333_333, source.frameCount];
    const parts = cuts.slice(1).map((end, n) => measureLevels(source, cuts[n]!, end));
    const sum = addHistograms(parts);
    expect(sum.counts).toEqual(whole.counts);
    expect(sum.levelCount).toBe(whole.levelCount);
    const evidence = judgeNoise(whole, RATE);
    expect(steadyLevelDbfs(evidence, whole, RATE)).toBeCloseTo(evidence.noiseFloorDbfs!, 6);
    const quieter = [block[0]!.map((value) => value / 10)];
    const histogram = measureLevels(sourceOf(quieter), 0, source.frameCount);
    expect(steadyLevelDbfs(evidence, histogram, RATE)).toBeCloseTo(evidence.noiseFloorDbfs! - 20, 6);
  });

  it('says nothing of silence and of a moment', () => {
    expect(evidenceOf([new Float64Array(RATE)])).toMatchObject({
      noiseFloorDbfs: null,
      levelDbfs: null,
      spanDb: null,
    });
    expect(evidenceOf([speech.subarray(0, 1000)])).toMatchObject({ noiseFloorDbfs: null });
  });
});

describe('createEmbeddedDenoiser', () => {
  const clean = speechLike(8 * RATE, RATE);
  const noise = whiteNoise(clean.length, -45, 5);
  const noisy = sumOf(clean, noise);

  it('takes noise away and little else', async () => {
    const [residual] = await residualOf([noisy]);
    const denoised = differenceOf(noisy, residual!);
    const before = scaleInvariantSdrDb(clean, noisy);
    const after = scaleInvariantSdrDb(clean, denoised);
    expect(after - before).toBeGreaterThan(5);
    // Pauses: the noise goes down by the limit, without holes deeper than that.
    const pause = denoised.subarray(1.1 * RATE, 1.4 * RATE);
    expect(levelDbfs(pause)).toBeGreaterThan(-45 - 16);
    expect(levelDbfs(pause)).toBeLessThan(-45 - 12);
  });

  it.each([8000, 44_100, 96_000])('works at %i Hz', async (sampleRateHz) => {
    const voice = speechLike(5 * sampleRateHz, sampleRateHz);
    const block = [sumOf(voice, whiteNoise(voice.length, -45))];
    const [residual] = await residualOf(block, { sampleRateHz });
    const denoised = differenceOf(block[0]!, residual!);
    expect(scaleInvariantSdrDb(voice, denoised) - scaleInvariantSdrDb(voice, block[0]!)).toBeGreaterThan(3);
  });

  it('gives the same values for any cut into ranges', async () => {
    const block = [noisy.subarray(0, 3 * RATE), noise.subarray(0, 3 * RATE)];
    const whole = await residualOf(block);
    expect(isSameAudio(await residualOf(block, { rangeFrames: 31_337 }), whole)).toBe(true);
  });

  it('keeps the image of linked channels', async () => {
    const half = noisy.map((value) => value / 2);
    const [left, right] = await residualOf([noisy, half]);
    for (let n = 0; n < left!.length; n += 101) expect(right![n]).toBeCloseTo(left![n]! / 2, 12);
    const [alone] = await residualOf([noisy, half], { isLinked: false });
    expect(levelDbfs(differenceOf(alone!, left!))).toBeLessThan(levelDbfs(left!) - 3);
  });

  it('takes nothing from silence', async () => {
    const [residual] = await residualOf([new Float64Array(RATE)]);
    expect(levelDbfs(residual!)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('createResidualMeter', () => {
  it('tells noise from tones', () => {
    const flatnessOf = (samples: Float64Array) => {
      const meter = createResidualMeter(RATE);
      meter.add([samples], [samples]);
      const { flatnessSum, flatnessWeight, inputEnergy, residualEnergy } = meter.figures();
      expect(residualEnergy).toBe(inputEnergy);
      return flatnessSum / flatnessWeight;
    };
    expect(flatnessOf(whiteNoise(2 * RATE, -20))).toBeGreaterThan(0.8);
    expect(flatnessOf(speechLike(2 * RATE, RATE))).toBeLessThan(0.4);
  });
});
