import { describe, expect, it } from 'vitest';
import { canShapeNoise, createNoiseShaper, SHAPING_TAPS } from '../../src/audio/noise-shaping.js';
import { sine } from '../dsp/signals.js';

const RATE_HZ = 44_100;
const FRAMES = 1 << 16;

/** Gain of the noise at a frequency, as the taps say. */
function noiseGainDb(frequencyHz: number): number {
  let [re, im] = [1, 0];
  for (const [k, tap] of SHAPING_TAPS.entries()) {
    const phase = (2 * Math.PI * frequencyHz * (k + 1)) / RATE_HZ;
    re -= tap * Math.cos(phase);
    im += tap * Math.sin(phase);
  }
  return 20 * Math.log10(Math.hypot(re, im));
}

/** Power of the error between two frequencies in dB of one step, by a plain transform of every 64th bin. */
function errorDb(error: Float64Array, lowHz: number, highHz: number): number {
  let power = 0;
  let count = 0;
  const size = 4096;
  for (let from = 0; from + size <= error.length; from += size) {
    for (let bin = Math.ceil((lowHz * size) / RATE_HZ); bin * RATE_HZ < highHz * size; bin += 5) {
      let [re, im] = [0, 0];
      for (let n = 0; n < size; n++) {
        const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size);
        const phase = (2 * Math.PI * bin * n) / size;
        re += window * error[from + n]! * Math.cos(phase);
        im += window * error[from + n]! * Math.sin(phase);
      }
      power += (re * re + im * im) / (0.375 * size);
      count++;
    }
  }
  return 10 * Math.log10(power / count);
}

function roundingError(blockFrames: number): { error: Float64Array; out: Float64Array } {
  const exact = Float64Array.from(sine(FRAMES, 440, RATE_HZ, 0.1));
  const out = exact.slice();
  const shaper = createNoiseShaper(1, 16, 3);
  for (let at = 0; at < FRAMES; at += blockFrames) shaper.round([out.subarray(at, at + blockFrames)], at);
  return { error: out.map((value, i) => (value - exact[i]!) * 32_768), out };
}

describe('shaped dither', () => {
  it('gives whole steps, the same for any cut into blocks', () => {
    const { out } = roundingError(FRAMES);
    for (const value of out) expect(Number.isInteger(value * 32_768)).toBe(true);
    expect(roundingError(1000).out).toEqual(out);
    expect(roundingError(7).out).toEqual(out);
  });

  it('has its noise where the filter puts it', () => {
    const { error } = roundingError(FRAMES);
    // Triangular dither and rounding have a quarter of a step squared between them, at every frequency.
    const plainDb = 10 * Math.log10(0.25);
    for (const [lowHz, highHz] of [
      [1000, 1500],
      [3000, 4000],
      [15_000, 15_500],
    ] as const) {
      const expected = plainDb + noiseGainDb((lowHz + highHz) / 2);
      expect(Math.abs(errorDb(error, lowHz, highHz) - expected)).toBeLessThan(1.5);
    }
    expect(noiseGainDb(3500)).toBeLessThan(-20);
    expect(noiseGainDb(20_000)).toBeGreaterThan(20);
  });

  it('costs nothing in theory: the mean of the logarithm of its gain is nothing', () => {
    let sum = 0;
    for (let k = 0; k < 4096; k++) sum += noiseGainDb(((k + 0.5) * RATE_HZ) / 2 / 4096);
    expect(Math.abs(sum / 4096)).toBeLessThan(0.1);
  });

  it('keeps silence, counts clipping and stays calm after it', () => {
    const shaper = createNoiseShaper(2, 16, 1);
    const silence = [new Float32Array(500), new Float32Array(500)];
    expect(shaper.round(silence, 0)).toBe(0);
    expect(silence[0]!.every((value) => value === 0)).toBe(true);
    const loud = [new Float32Array(500).fill(1.5), Float32Array.from(sine(500, 440, RATE_HZ, 0.3))];
    expect(shaper.round(loud, 500)).toBe(500);
    const after = [new Float32Array(500).fill(0.25), new Float32Array(500).fill(0.25)];
    shaper.round(after, 1000);
    for (const value of after[0]!) expect(Math.abs(value - 0.25)).toBeLessThan(64 / 32_768);
  });

  it('is there for the two usual rates', () => {
    expect([8000, 44_100, 48_000, 96_000].map(canShapeNoise)).toEqual([false, true, true, false]);
  });
});
