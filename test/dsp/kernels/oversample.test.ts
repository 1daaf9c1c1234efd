// The filters of oversampling, and the curve, against sums as they stand in their descriptions.
import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { softCurve } from '../../../src/dsp/saturation/saturator.js';
import { noise } from '../signals.js';

const HISTORY = 64;
const FRAMES = 48;

function setUp() {
  const kernels = createKernels(1 << 18);
  const signal = (seed: number) => {
    const whole = kernels.f32(HISTORY + FRAMES);
    whole.set(noise(whole.length, seed));
    return { at: whole.byteOffset + 4 * HISTORY, of: (i: number) => whole[HISTORY + i]! };
  };
  const taps = (count: number, seed: number) => {
    const values = kernels.f32(count);
    values.set(noise(count, seed));
    return values;
  };
  return { kernels, signal, taps };
}

function expectClose(found: Float32Array, expected: (i: number) => number): void {
  for (const [i, value] of found.entries()) expect(Math.abs(value - expected(i))).toBeLessThan(2e-5);
}

describe('rates', () => {
  it.each([1, 5, 21])('are doubled by a half-band filter of %i pairs', (pairs) => {
    const { kernels, signal, taps } = setUp();
    const source = signal(1);
    const half = taps(pairs, 2);
    const target = kernels.f32(2 * FRAMES);
    kernels.functions.doubleRate(source.at, target.byteOffset, FRAMES, half.byteOffset, pairs);
    const odd = (i: number): number =>
      half.reduce((sum, tap, k) => sum + tap * (source.of(i - pairs - k) + source.of(i - pairs + 1 + k)), 0);
    expectClose(target, (i) => (i % 2 === 0 ? source.of(i / 2 - pairs) : odd((i - 1) / 2)));

    const [even8, odd8] = [kernels.f32(FRAMES), kernels.f32(FRAMES)];
    const [drive, bias, offset, scale] = [1.7, 0.3, 0.29, 0.6];
    kernels.functions.addedAtDoubleRate(
      ...([source.at, even8.byteOffset, odd8.byteOffset, FRAMES, half.byteOffset, pairs] as const),
      ...([drive, bias, offset, scale] as const),
    );
    const added = (x: number): number => scale * (softCurve(drive * x + bias) - offset) - x;
    expectClose(even8, (i) => added(source.of(i - pairs)));
    expectClose(odd8, (i) => added(odd(i)));
  });

  it('are halved by a half-band filter, even and odd values apart', () => {
    const { kernels, signal, taps } = setUp();
    const [even, odd] = [signal(1), signal(2)];
    const [pairs, late] = [7, 9];
    const half = taps(pairs, 3);
    const targets = [kernels.f32(FRAMES / 2), kernels.f32(FRAMES / 2)];
    kernels.functions.halveApart(
      ...([even.at, odd.at, targets[0]!.byteOffset, targets[1]!.byteOffset, FRAMES] as const),
      ...([half.byteOffset, pairs, late] as const),
    );
    const value = (i: number): number =>
      half.reduce(
        (sum, tap, k) => sum + tap * (odd.of(i - late - 1 - k) + odd.of(i - late + k)),
        0.5 * even.of(i - late),
      );
    for (const [parity, target] of targets.entries()) expectClose(target, (i) => value(2 * i + parity));
  });

  it('are halved by a filter with all its taps', () => {
    const { kernels, signal, taps } = setUp();
    const [even, odd] = [signal(1), signal(2)];
    const [pairs, late] = [12, 24];
    const [evenTaps, oddTaps] = [taps(pairs, 3), taps(pairs, 4)];
    const target = kernels.f32(FRAMES);
    kernels.functions.halveSteeply(
      ...([even.at, odd.at, target.byteOffset, FRAMES, 0.4] as const),
      ...([evenTaps.byteOffset, oddTaps.byteOffset, pairs, late] as const),
    );
    expectClose(target, (i) => {
      let sum = 0.4 * even.of(i - late);
      for (let k = 0; k < pairs; k++) {
        sum += evenTaps[k]! * (even.of(i - late - 1 - k) + even.of(i - late + 1 + k));
        sum += oddTaps[k]! * (odd.of(i - late - 1 - k) + odd.of(i - late + k));
      }
      return sum;
    });
  });
});

describe('what is added', () => {
  it('goes to the signal by its share, without its slow mean', () => {
    const { kernels, signal } = setUp();
    const [dry, added] = [signal(1), signal(2)];
    const target = kernels.f32(FRAMES);
    const state = kernels.f64(1);
    state[0] = 0.2;
    kernels.functions.blendAdded(dry.at, added.at, target.byteOffset, FRAMES, 0.7, 0.01, state.byteOffset);
    let mean = 0.2;
    expectClose(target, (i) => {
      mean += 0.01 * (added.of(i) - mean);
      return dry.of(i) + 0.7 * (added.of(i) - mean);
    });
    expect(state[0]).toBeCloseTo(mean, 12);
  });
});
