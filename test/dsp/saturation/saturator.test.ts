import { describe, expect, it } from 'vitest';
import { createRealFft } from '../../../src/dsp/fft.js';
import { createSaturator, saturator, softCurve } from '../../../src/dsp/saturation/saturator.js';
import { blackmanHarris, runDevice, toneLevelDb } from '../devices.js';
import { musicLike, sine } from '../signals.js';

const RATE_HZ = 48_000;
const FRAMES = 32_768;

function saturate(signal: Float32Array, options: object): Float32Array {
  const device = createSaturator(saturator.options.parse(options), RATE_HZ, 1);
  return runDevice(device, [signal])[0]!;
}

/** Largest level in dBFS of anything but the harmonics of a tone below half the rate. */
function largestAliasDb(samples: Float32Array, frequencyHz: number): number {
  const fft = createRealFft(FRAMES);
  const re = new Float64Array(fft.binCount);
  const im = new Float64Array(fft.binCount);
  let sum = 0;
  const windowed = Float64Array.from({ length: FRAMES }, (_, i) => {
    const w = blackmanHarris(i / FRAMES);
    sum += w;
    return w * samples[samples.length - FRAMES - 4000 + i]!;
  });
  fft.forward(windowed, re, im);
  const binHz = RATE_HZ / FRAMES;
  let largest = 0;
  for (let k = 8; k < fft.binCount; k++) {
    const harmonic = Math.round((k * binHz) / frequencyHz);
    if (Math.abs(k * binHz - harmonic * frequencyHz) < 8 * binHz) continue;
    largest = Math.max(largest, (2 * Math.hypot(re[k]!, im[k]!)) / sum);
  }
  return 20 * Math.log10(largest);
}

describe('saturator', () => {
  it.each([-12, -6, 0, 6, 12, 18])(
    'keeps aliases of −6 dBFS sines under −90 dBFS at a drive of %i dB',
    (driveDb) => {
      for (const frequencyHz of [1000, 1777, 3001, 4999, 7013, 8501, 9997]) {
        const tone = sine(FRAMES + 8000, frequencyHz, RATE_HZ, 0.5);
        const out = saturate(tone, { driveDb, evenPercent: 60 });
        expect(largestAliasDb(out, frequencyHz)).toBeLessThan(-90);
      }
    },
  );

  it('makes the harmonics of its curve', () => {
    const tone = sine(FRAMES, 1000, RATE_HZ, 0.5);
    const out = saturate(tone, { driveDb: 6 });
    const drive = 10 ** (6 / 20);
    const plain = tone.map((x) => softCurve(drive * x) / drive);
    for (const harmonic of [1, 3, 5]) {
      const expected = toneLevelDb(plain.subarray(4800, 24_000), 1000 * harmonic, RATE_HZ);
      expect(toneLevelDb(out.subarray(4800, 24_000), 1000 * harmonic, RATE_HZ)).toBeCloseTo(expected, 1);
    }
    expect(toneLevelDb(out.subarray(4800, 24_000), 2000, RATE_HZ)).toBeLessThan(-100);
  });

  it('makes even harmonics where it is lopsided, and no offset', () => {
    const out = saturate(sine(FRAMES, 1000, RATE_HZ, 0.5), { driveDb: 6, evenPercent: 50 });
    expect(toneLevelDb(out.subarray(4800, 24_000), 2000, RATE_HZ)).toBeGreaterThan(-50);
    const mean = out.subarray(24_000, 24_000 + 4800).reduce((sum, x) => sum + x, 0) / 4800;
    expect(Math.abs(mean)).toBeLessThan(2e-3);
  });

  it('gives the signal itself, delayed, at a mix of nothing', () => {
    const [signal] = musicLike(10_000, RATE_HZ);
    expect(saturate(signal!, { driveDb: 12, mixPercent: 0 })).toEqual(signal);
  });

  it('leaves small signals as they are', () => {
    const quiet = sine(9600, 15_000, RATE_HZ, 1e-4);
    const out = saturate(quiet, { driveDb: 0 });
    for (let i = 300; i < 9000; i++) expect(Math.abs(out[i]! - quiet[i]!)).toBeLessThan(1e-9);
  });
});
