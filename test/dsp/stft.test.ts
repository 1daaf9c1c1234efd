// Analysis against the definition, and perfect reconstruction for the window and hop pairs that forge uses.
import { describe, expect, it } from 'vitest';
import { createRealFft } from '../../src/dsp/fft.js';
import { createStft, createWindow, type WindowShape } from '../../src/dsp/stft.js';

function noise(length: number): Float64Array {
  let state = 12345;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

describe('createWindow', () => {
  it.each<[WindowShape, number]>([
    ['sqrt-hann', 512],
    ['vorbis', 960],
    ['sine', 64],
  ])('%s of %i is power-complementary at half overlap', (shape, size) => {
    const window = createWindow(shape, size);
    for (let n = 0; n < size / 2; n++) {
      expect(window[n]! ** 2 + window[n + size / 2]! ** 2).toBeCloseTo(1, 12);
    }
  });

  it('is the periodic Hann window: values at 0, a quarter and the half', () => {
    const window = createWindow('hann', 8);
    expect(window[0]).toBe(0);
    expect(window[2]).toBeCloseTo(0.5, 15);
    expect(window[4]).toBe(1);
  });
});

describe('createStft', () => {
  it.each<[WindowShape, number, number]>([
    ['vorbis', 960, 480],
    ['hann', 4096, 1024],
    ['sqrt-hann', 512, 256],
    ['hann', 1000, 333],
  ])('reconstructs with %s %i at a hop of %i', (window, fftSize, hopFrames) => {
    const stft = createStft({ window, fftSize, hopFrames });
    const signal = noise(3 * fftSize + 17);
    const out = new Float64Array(signal.length);
    const re = new Float64Array(stft.binCount);
    const im = new Float64Array(stft.binCount);
    const first = -Math.ceil(fftSize / hopFrames);
    for (let t = first; t * hopFrames < signal.length; t++) {
      stft.analyse(signal, t * hopFrames, re, im);
      stft.synthesise(re, im, out, t * hopFrames);
    }
    const worst = signal.reduce((largest, value, n) => Math.max(largest, Math.abs(value - out[n]!)), 0);
    expect(worst).toBeLessThan(1e-12);
  });

  it('gives the transform of the windowed frame, with zeros outside of the signal', () => {
    const stft = createStft({ window: 'hann', fftSize: 64, hopFrames: 16 });
    const window = createWindow('hann', 64);
    const signal = noise(100);
    const re = new Float64Array(33);
    const im = new Float64Array(33);
    const expectedRe = new Float64Array(33);
    const expectedIm = new Float64Array(33);
    for (const start of [-200, -64, -30, 0, 20, 70, 100, 300]) {
      stft.analyse(signal, start, re, im);
      const frame = Float64Array.from({ length: 64 }, (_, n) => (signal[start + n] ?? 0) * window[n]!);
      createRealFft(64).forward(frame, expectedRe, expectedIm);
      expect(re).toEqual(expectedRe);
      expect(im).toEqual(expectedIm);
    }
  });

  it('refuses windows that leave gaps', () => {
    expect(() => createStft({ window: 'hann', fftSize: 64, hopFrames: 65 })).toThrow(/gap/);
    expect(() => createStft({ window: new Float64Array(10), fftSize: 64, hopFrames: 16 })).toThrow(
      /64 values/,
    );
  });
});
