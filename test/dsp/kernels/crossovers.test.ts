// Crossovers and ramps against their plain forms: filters as Bristow-Johnson has them, one after the other.
import { describe, expect, it } from 'vitest';
import {
  createFourBandSplit,
  createRampGains,
  crossoverCoefficients,
} from '../../../src/dsp/bands/four-band-split.js';
import { allPass, type Biquad, BUTTERWORTH_Q, highPass, lowPass } from '../../../src/dsp/biquad.js';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { noise } from '../signals.js';

const FRAMES = 2000;

function filtered(samples: Float64Array, [b0, b1, b2, a1, a2]: Biquad): Float64Array {
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  return samples.map((x) => {
    const y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    return y;
  });
}

/** The four bands by fourteen filters. */
function plainBands(samples: Float64Array, corners: readonly number[], rateHz: number): Float64Array[] {
  const twice = (signal: Float64Array, design: typeof lowPass, cornerHz: number): Float64Array => {
    const filter = design(cornerHz, BUTTERWORTH_Q, rateHz);
    return filtered(filtered(signal, filter), filter);
  };
  const [low, middle, high] = corners as [number, number, number];
  const lower = filtered(twice(samples, lowPass, middle), allPass(high, BUTTERWORTH_Q, rateHz));
  const upper = filtered(twice(samples, highPass, middle), allPass(low, BUTTERWORTH_Q, rateHz));
  return [
    twice(lower, lowPass, low),
    twice(lower, highPass, low),
    twice(upper, lowPass, high),
    twice(upper, highPass, high),
  ];
}

function laneOf(pairs: Float64Array, lane: 0 | 1): Float64Array {
  return Float64Array.from({ length: pairs.length / 2 }, (_, i) => pairs[2 * i + lane]!);
}

const channels = [noise(FRAMES, 1), noise(FRAMES, 2)].map((samples) => Float64Array.from(samples));
const pairs = Float64Array.from({ length: 2 * FRAMES }, (_, i) => channels[i % 2]![i >> 1]!);

describe('four bands', () => {
  it.each([8_000, 44_100, 192_000])('are those of plain filters at %i Hz, in any cut', (rateHz) => {
    const kernels = createKernels(1 << 20);
    const frames = kernels.f64(2 * FRAMES);
    frames.set(pairs);
    const corners = [120, 800, 3000] as const;
    const { split, bands, stateArrays } = createFourBandSplit(kernels, corners, rateHz, FRAMES);
    split(frames.byteOffset, FRAMES);
    for (const lane of [0, 1] as const) {
      const expected = plainBands(channels[lane]!, corners, rateHz);
      for (const [band, samples] of bands.entries()) {
        const found = laneOf(samples, lane);
        for (const [i, value] of expected[band]!.entries())
          expect(Math.abs(found[i]! - value)).toBeLessThan(1e-9);
      }
    }
    const whole = bands.map((samples) => samples.slice());
    for (const state of stateArrays) state.fill(0);
    split(frames.byteOffset, 777);
    const first = bands.map((samples) => samples.slice(0, 2 * 777));
    split(frames.byteOffset + 16 * 777, FRAMES - 777);
    for (const [band, samples] of whole.entries()) {
      expect(first[band]).toEqual(samples.slice(0, 2 * 777));
      expect(bands[band]!.slice(0, 2 * (FRAMES - 777))).toEqual(samples.slice(2 * 777));
    }
  });
});

describe('two bands', () => {
  it('are those of plain filters, also in the place of what is split', () => {
    const kernels = createKernels(1 << 20);
    const [low, high] = [kernels.f64(2 * FRAMES), kernels.f64(2 * FRAMES)];
    const [corner, state] = [kernels.f64(3), kernels.f64(8)];
    low.set(pairs);
    corner.set(crossoverCoefficients(4000, 48_000));
    const at = low.byteOffset;
    kernels.functions.splitTwo(at, at, high.byteOffset, FRAMES, corner.byteOffset, state.byteOffset);
    for (const [found, design] of [
      [low, lowPass],
      [high, highPass],
    ] as const) {
      const filter = design(4000, BUTTERWORTH_Q, 48_000);
      const expected = filtered(filtered(channels[1]!, filter), filter);
      const lane = laneOf(found, 1);
      for (const [i, value] of expected.entries()) expect(Math.abs(lane[i]! - value)).toBeLessThan(1e-12);
    }
  });
});

describe('filters in series', () => {
  it('are those of plain filters', () => {
    const kernels = createKernels(1 << 20);
    const frames = kernels.f64(2 * FRAMES);
    const [coefficients, state] = [kernels.f64(10), kernels.f64(12)];
    frames.set(pairs);
    const filters = [highPass(22, 0.54, 44_100), lowPass(9000, 1.3, 44_100)];
    coefficients.set(filters.flat());
    kernels.functions.filterSeries(frames.byteOffset, FRAMES, coefficients.byteOffset, state.byteOffset);
    const expected = filtered(filtered(channels[0]!, filters[0]!), filters[1]!);
    const lane = laneOf(frames, 0);
    for (const [i, value] of expected.entries()) expect(Math.abs(lane[i]! - value)).toBeLessThan(1e-11);
  });
});

describe('ramps', () => {
  it('run straight from hop to hop, band by band', () => {
    const kernels = createKernels(1 << 20);
    const [hops, hopFrames] = [5, 8];
    const bands = Array.from({ length: 4 }, (_, band) => {
      const samples = kernels.f64(2 * hops * hopFrames);
      samples.set(noise(samples.length, 10 + band));
      return samples;
    });
    const gains = createRampGains(kernels, hops);
    for (const [band, values] of gains.bands.entries()) values.set(noise(values.length, 20 + band));
    const target = kernels.f64(2 * hops * hopFrames);
    const pointers = bands.map(({ byteOffset }) => byteOffset) as [number, number, number, number];
    gains.sum(pointers, hopFrames, target.byteOffset);
    for (const [i, value] of target.entries()) {
      const [frame, lane] = [i >> 1, i % 2];
      const hop = Math.floor(frame / hopFrames);
      const share = ((frame % hopFrames) + 1) / hopFrames;
      const expected = bands.reduce((sum, samples, band) => {
        const from = gains.bands[band]![2 * hop + lane]!;
        const to = gains.bands[band]![2 * hop + 2 + lane]!;
        return sum + samples[i]! * (from + share * (to - from));
      }, 0);
      expect(Math.abs(value - expected)).toBeLessThan(1e-12);
    }
  });
});
