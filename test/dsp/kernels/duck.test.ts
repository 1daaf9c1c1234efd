import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { noise } from '../signals.js';

const SIZE = 64;
const kernels = createKernels(1 << 16);
const { addMidSide, addWeighted, lowerBy, windowPair, bandPowers } = kernels.functions;
const signal = (seed: number) => {
  const samples = kernels.f32(SIZE);
  samples.set(noise(SIZE, seed));
  return samples;
};
const [a, b, weights] = [signal(1), signal(2), signal(3)] as const;

// The plain forms: float64 arithmetic on float32 values, rounded once.
describe.each([0, 1, 2, 7, 40, 63])('ducking’s loops over %i values', (count) => {
  it('add centre and sides under a window', () => {
    const [left, right] = [signal(4), signal(5)] as const;
    const [plainLeft, plainRight] = [left.slice(), right.slice()];
    for (let n = 0; n < count; n++) {
      plainLeft[n]! += weights[n]! * (a[n]! + b[n]!);
      plainRight[n]! += weights[n]! * (a[n]! - b[n]!);
    }
    addMidSide(a.byteOffset, b.byteOffset, weights.byteOffset, left.byteOffset, right.byteOffset, count);
    expect(left).toEqual(plainLeft);
    expect(right).toEqual(plainRight);
  });

  it('add one channel under a window', () => {
    const target = signal(6);
    const plain = target.slice();
    for (let n = 0; n < count; n++) plain[n]! += weights[n]! * a[n]!;
    addWeighted(a.byteOffset, weights.byteOffset, target.byteOffset, count);
    expect(target).toEqual(plain);
  });

  it('take away and lower, in place', () => {
    const taken = signal(7);
    const gains = kernels.f64(SIZE);
    gains.set(noise(SIZE, 8));
    const plain = taken.map((value, n) => (n < count ? (a[n]! - value) * gains[n]! : value));
    lowerBy(a.byteOffset, taken.byteOffset, gains.byteOffset, taken.byteOffset, count);
    expect(taken).toEqual(plain);
  });
});

describe('the meter of bands', () => {
  it('windows a pair as it is, and as centre and sides', () => {
    const window = kernels.f64(SIZE);
    window.set(noise(SIZE, 9));
    const [re, im] = [kernels.f32(SIZE), kernels.f32(SIZE)] as const;
    const run = (isMidSide: number) =>
      windowPair(
        a.byteOffset,
        b.byteOffset,
        window.byteOffset,
        isMidSide,
        re.byteOffset,
        im.byteOffset,
        SIZE,
      );
    run(0);
    expect(re).toEqual(a.map((value, n) => value * window[n]!));
    expect(im).toEqual(b.map((value, n) => value * window[n]!));
    run(1);
    expect(re).toEqual(a.map((value, n) => Math.SQRT1_2 * (value * window[n]! + b[n]! * window[n]!)));
    expect(im).toEqual(a.map((value, n) => Math.SQRT1_2 * (value * window[n]! - b[n]! * window[n]!)));
  });

  it('tells the powers of two signals in one transform apart', () => {
    const powers = kernels.f64(2);
    bandPowers(a.byteOffset, b.byteOffset, SIZE, 3, 11, powers.byteOffset);
    const plain = [0, 0];
    for (let bin = 3; bin < 11; bin++) {
      const mirror = SIZE - bin;
      plain[0]! += (a[bin]! + a[mirror]!) ** 2 + (b[bin]! - b[mirror]!) ** 2;
      plain[1]! += (b[bin]! + b[mirror]!) ** 2 + (a[mirror]! - a[bin]!) ** 2;
    }
    expect([...powers]).toEqual(plain);
  });
});
