// The transforms against the defining sum, for every kind of length, and against themselves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createComplexFft, createRealFft } from '../../src/dsp/fft.js';

// Powers, mixed radices (960 = DeepFilterNet), direct primes, Bluestein lengths (1411 = BeatNet), odd and tiny ones.
const SIZES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 16, 17, 22, 26, 30, 37, 64, 74, 121, 240, 243, 480, 512, 960, 961,
  1411,
];

function noise(length: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function slowDft(re: Float64Array, im: Float64Array): { re: Float64Array; im: Float64Array } {
  const n = re.length;
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((k * j) % n)) / n;
      out.re[k]! += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
      out.im[k]! += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
    }
  }
  return out;
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((largest, value, k) => Math.max(largest, Math.abs(value - b[k]!)), 0);
}

describe('createComplexFft', () => {
  it.each(SIZES)('equals the defining sum for size %i, and its inverse undoes it', (size) => {
    const re = noise(size, size);
    const im = noise(size, size + 99);
    const expected = slowDft(re, im);
    const fft = createComplexFft(size);
    const gotRe = re.slice();
    const gotIm = im.slice();
    fft.forward(gotRe, gotIm);
    expect(largestDifference(gotRe, expected.re)).toBeLessThan(1e-11 * size ** 0.5 + 1e-12);
    expect(largestDifference(gotIm, expected.im)).toBeLessThan(1e-11 * size ** 0.5 + 1e-12);
    fft.inverse(gotRe, gotIm);
    expect(largestDifference(gotRe, re)).toBeLessThan(1e-13 * Math.max(1, Math.log2(size)));
    expect(largestDifference(gotIm, im)).toBeLessThan(1e-13 * Math.max(1, Math.log2(size)));
  });

  it('is exact enough for long transforms: 65536 values return within 1e-14', () => {
    const re = noise(65536, 3);
    const im = noise(65536, 4);
    const fft = createComplexFft(65536);
    const copy = re.slice();
    fft.forward(re, im);
    fft.inverse(re, im);
    expect(largestDifference(re, copy)).toBeLessThan(1e-14);
  });
});

describe('createRealFft', () => {
  it.each(SIZES)('equals the lower half of the complex transform for size %i', (size) => {
    const input = noise(size, size + 7);
    const expected = slowDft(input, new Float64Array(size));
    const fft = createRealFft(size);
    expect(fft.binCount).toBe(Math.floor(size / 2) + 1);
    const re = new Float64Array(fft.binCount);
    const im = new Float64Array(fft.binCount);
    const before = input.slice();
    fft.forward(input, re, im);
    expect(input).toEqual(before);
    expect(largestDifference(re, expected.re)).toBeLessThan(1e-11 * size ** 0.5 + 1e-12);
    expect(largestDifference(im, expected.im)).toBeLessThan(1e-11 * size ** 0.5 + 1e-12);
    const back = new Float64Array(size);
    fft.inverse(re, im, back);
    expect(largestDifference(back, input)).toBeLessThan(1e-13 * Math.max(1, Math.log2(size)));
  });

  it('keeps the energy (Parseval) for any length and signal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (values) => {
          const size = values.length;
          const fft = createRealFft(size);
          const re = new Float64Array(fft.binCount);
          const im = new Float64Array(fft.binCount);
          fft.forward(Float64Array.from(values), re, im);
          let energy = 0;
          for (let k = 0; k < fft.binCount; k++) {
            const isSingle = k === 0 || 2 * k === size;
            energy += (isSingle ? 1 : 2) * (re[k]! ** 2 + im[k]! ** 2);
          }
          const expected = values.reduce((sum, value) => sum + value * value, 0) * size;
          expect(Math.abs(energy - expected)).toBeLessThan(1e-10 * (1 + expected));
        },
      ),
    );
  });

  it('reads float32 as it is', () => {
    const fft = createRealFft(960);
    const input = Float32Array.from(noise(960, 5));
    const a = [new Float64Array(481), new Float64Array(481)] as const;
    const b = [new Float64Array(481), new Float64Array(481)] as const;
    fft.forward(input, ...a);
    fft.forward(Float64Array.from(input), ...b);
    expect(a).toEqual(b);
  });

  it.each([0, -4, 2.5, Number.NaN])('refuses the size %s', (size) => {
    expect(() => createRealFft(size)).toThrow(RangeError);
  });
});
