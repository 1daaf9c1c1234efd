import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { channelWeights } from '../../../src/dsp/loudness/channel-weights.js';
import { designKWeighting, kWeightedEnergy } from '../../../src/dsp/loudness/k-weighting.js';
import { measureRange } from '../../../src/dsp/loudness/measure-range.js';
import {
  hopMeansOf,
  joinParts,
  loudnessFigures,
  loudnessHistory,
} from '../../../src/dsp/loudness/programme.js';
import { designTruePeak, truePeakOf } from '../../../src/dsp/loudness/true-peak.js';
import { musicLike, noise, sine, sourceOf } from '../signals.js';

function measure(
  channels: readonly Float32Array[],
  sampleRateHz: number,
  rangeSec = Number.POSITIVE_INFINITY,
) {
  const source = sourceOf(channels);
  const step = Math.min(source.frameCount, Math.round(rangeSec * sampleRateHz));
  const parts = [];
  for (let startFrame = 0; startFrame < source.frameCount; startFrame += step) {
    const endFrame = Math.min(startFrame + step, source.frameCount);
    parts.push(
      measureRange(source, { sampleRateHz, weights: channelWeights(channels.length), startFrame, endFrame }),
    );
  }
  return joinParts(parts);
}

describe('K-weighting', () => {
  it('has the coefficients of the standard at 48 kHz', () => {
    const { shelf, highPass } = designKWeighting(48_000);
    const expected = [
      1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585,
    ];
    for (const [i, value] of [...shelf.b, ...shelf.a].entries()) expect(value).toBeCloseTo(expected[i]!, 8);
    expect(highPass.a[0]).toBeCloseTo(-1.99004745483398, 8);
    expect(highPass.a[1]).toBeCloseTo(0.99007225036621, 8);
  });

  it.each([1, 2, 3, 17, 480, 4411])(
    'gives the same energy in the kernel as plainly, for %i frames',
    (frames) => {
      const kernels = createKernels(1 << 17);
      const coefficients = kernels.f64(7);
      const weighting = designKWeighting(44_100);
      coefficients.set([...weighting.shelf.b, ...weighting.shelf.a, ...weighting.highPass.a]);
      const state = kernels.f64(12);
      const energies = kernels.f64(2);
      const left = kernels.f32(frames);
      const right = kernels.f32(frames);
      left.set(noise(frames, 1));
      right.set(noise(frames, 2));
      const pointers = [left, right, coefficients, state, energies].map((array) => array.byteOffset);
      const [l, r, c, s, e] = pointers as [number, number, number, number, number];
      kernels.functions.kWeightPair(l, r, frames, c, s, e);
      expect(energies[0]).toBeCloseTo(kWeightedEnergy(left, weighting, new Float64Array(6)), 9);
      expect(energies[1]).toBeCloseTo(kWeightedEnergy(right, weighting, new Float64Array(6)), 9);
    },
  );
});

describe('ranges', () => {
  it.each([8_000, 11_025, 44_100, 96_000])('give the figures of the whole at %i Hz', (sampleRateHz) => {
    const channels = musicLike(12.37 * sampleRateHz, sampleRateHz);
    const whole = measure(channels, sampleRateHz);
    const cut = measure(channels, sampleRateHz, 2);
    const a = loudnessFigures(whole, sampleRateHz);
    const b = loudnessFigures(cut, sampleRateHz);
    for (const key of Object.keys(a) as (keyof typeof a)[]) expect(b[key]).toBeCloseTo(a[key]!, 9);
    const hopsA = hopMeansOf(whole, sampleRateHz);
    const hopsB = hopMeansOf(cut, sampleRateHz);
    expect(hopsB.length).toBe(hopsA.length);
    for (const [i, mean] of hopsA.entries()) expect(Math.abs(hopsB[i]! - mean)).toBeLessThan(1e-12);
  });
});

describe('true peak', () => {
  it.each([44_100, 96_000])(
    'equals the plain interpolation at %i Hz, silence and bursts included',
    (sampleRateHz) => {
      const samples = noise(9_001, 7, 0.8);
      samples.fill(0, 3_000, 5_000);
      samples[6_000] = 1.2;
      samples[6_001] = -1.2;
      const expected = truePeakOf(samples, designTruePeak(sampleRateHz));
      expect(measure([samples], sampleRateHz).truePeaks[0]).toBeCloseTo(expected, 5);
      expect(measure([samples], sampleRateHz).samplePeaks[0]).toBeCloseTo(1.2, 6);
    },
  );

  it('is found at the very end and start of a file', () => {
    for (const at of [0, 998]) {
      const samples = new Float32Array(1000);
      samples[at] = 0.7;
      samples[at + 1] = 0.7;
      expect(measure([samples], 48_000).truePeaks[0]).toBeCloseTo(
        truePeakOf(samples, designTruePeak(48_000)),
        5,
      );
    }
  });
});

describe('figures', () => {
  it('are null for silence and for less than a gating block', () => {
    const silence = loudnessFigures(measure([new Float32Array(96_000)], 48_000), 48_000);
    for (const value of Object.values(silence)) expect(value).toBeNull();
    const short = loudnessFigures(measure([sine(9_600, 1000, 48_000, 0.5)], 48_000), 48_000);
    expect(short.integratedLufs).toBeNull();
    expect(short.momentaryMaxLufs).toBeNull();
    expect(short.samplePeakDbfs).toBeCloseTo(-6.02, 2);
  });

  it.each([0, 1, 17])('hold for a file of %i frames', (frames) => {
    const part = measure([new Float32Array(frames).fill(0.5)], 48_000);
    const figures = loudnessFigures(part, 48_000);
    expect(figures.integratedLufs).toBeNull();
    expect(figures.loudnessRangeLu).toBeNull();
    if (frames > 0) expect(figures.samplePeakDbfs).toBeCloseTo(-6.0206, 4);
  });

  it('of a history line up with the windows', () => {
    const tone = sine(48_000 * 5, 997, 48_000, 1);
    const { momentaryLufs, shortTermLufs } = loudnessHistory(measure([tone], 48_000), 48_000);
    expect(momentaryLufs.length).toBe(50);
    expect(momentaryLufs.slice(0, 3)).toEqual([null, null, null]);
    expect(momentaryLufs[40]).toBeCloseTo(-3.01, 2);
    expect(shortTermLufs[28]).toBeNull();
    expect(shortTermLufs[29]).toBeCloseTo(-3.01, 2);
  });
});

describe('channel weights', () => {
  it('follow the layout of the channel count, or the mask that a file gives', () => {
    expect([...channelWeights(1)]).toEqual([1]);
    expect([...channelWeights(2)]).toEqual([1, 1]);
    expect([...channelWeights(4)]).toEqual([1, 1, 1.41, 1.41]);
    expect([...channelWeights(5)]).toEqual([1, 1, 1, 1.41, 1.41]);
    expect([...channelWeights(6)]).toEqual([1, 1, 1, 0, 1.41, 1.41]);
    expect([...channelWeights(8)]).toEqual([1, 1, 1, 0, 1, 1, 1.41, 1.41]);
    expect([...channelWeights(3, 0xb)]).toEqual([1, 1, 0]);
    expect([...channelWeights(6, 0x60f)]).toEqual([1, 1, 1, 0, 1.41, 1.41]);
  });
});
