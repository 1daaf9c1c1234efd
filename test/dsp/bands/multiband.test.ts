import { describe, expect, it } from 'vitest';
import { createMultiband, kneeReductionDb, multiband } from '../../../src/dsp/bands/multiband.js';
import { allPass, BUTTERWORTH_Q, highPass, lowPass, magnitudeAt } from '../../../src/dsp/biquad.js';
import { levelDb, runDevice, toneLevelDb } from '../devices.js';
import { noise, sine } from '../signals.js';

const RATE_HZ = 48_000;

function run(channels: readonly Float32Array[], options: object): Float32Array[] {
  return runDevice(createMultiband(multiband.options.parse(options), RATE_HZ, channels.length), channels);
}

describe('crossover', () => {
  it('has filters of the right corners', () => {
    expect(magnitudeAt(lowPass(1000, BUTTERWORTH_Q, RATE_HZ), 1000, RATE_HZ)).toBeCloseTo(Math.SQRT1_2, 9);
    expect(magnitudeAt(highPass(1000, BUTTERWORTH_Q, RATE_HZ), 1000, RATE_HZ)).toBeCloseTo(Math.SQRT1_2, 9);
    expect(magnitudeAt(allPass(1000, BUTTERWORTH_Q, RATE_HZ), 300, RATE_HZ)).toBeCloseTo(1, 12);
  });

  it.each([30, 80, 120, 300, 800, 1000, 2500, 5000, 9000, 17_000])('sums flat at %i Hz', (frequencyHz) => {
    const tone = sine(48_000, frequencyHz, RATE_HZ, 0.5);
    const out = run([tone], {})[0]!;
    expect(toneLevelDb(out.subarray(20_000), frequencyHz, RATE_HZ)).toBeCloseTo(-6.0206, 3);
  });
});

describe('compression', () => {
  it('follows its static curve in its band alone', () => {
    const band = { thresholdDbfs: -30, ratio: 4, kneeDb: 6, attackMs: 5, releaseMs: 50 };
    const tone = sine(48_000 * 2, 2000, RATE_HZ, 0.5);
    const expected = kneeReductionDb(levelDb(tone), band);
    const cornersHz = [100, 400, 9000];
    const out = run([tone], { cornersHz, bands: [{}, {}, band, {}] })[0]!;
    expect(levelDb(out.subarray(48_000)) - levelDb(tone)).toBeCloseTo(-expected, 0);
    const low = sine(48_000 * 2, 60, RATE_HZ, 0.5);
    const untouched = run([low], { bands: [{}, {}, band, {}] })[0]!;
    expect(levelDb(untouched.subarray(48_000)) - levelDb(low)).toBeCloseTo(0, 1);
  });

  it('has a knee without a step', () => {
    const band = { thresholdDbfs: -20, ratio: 3, kneeDb: 10 };
    expect(kneeReductionDb(-25, band)).toBe(0);
    expect(kneeReductionDb(-15, band)).toBeCloseTo((2 / 3) * 5, 9);
    expect(kneeReductionDb(-20, band)).toBeCloseTo(((2 / 3) * 25) / 20, 9);
  });

  it('counts the larger channel for both', () => {
    const loud = sine(96_000, 1000, RATE_HZ, 0.5);
    const quiet = noise(96_000, 1, 0.01);
    const band = { thresholdDbfs: -40, ratio: 4 };
    const [left, right] = run([loud, quiet], { bands: [band, band, band, band] });
    const reduced = levelDb(left!.subarray(48_000)) - levelDb(loud);
    expect(reduced).toBeLessThan(-15);
    expect(toneLevelDb(right!.subarray(48_000), 1000, RATE_HZ)).toBeLessThan(-40);
  });
});

describe('transient shaping', () => {
  it('raises attacks, and leaves what is steady', () => {
    const burst = noise(96_000, 2, 0.5).map((x, i) => (i % 24_000 < 12_000 ? x : x * 0.02));
    const band = { transientDb: 6 };
    const out = run([burst], { bands: [band, band, band, band] })[0]!;
    const gain = (from: number, to: number): number =>
      levelDb(out.subarray(from, to)) - levelDb(burst.subarray(from, to));
    expect(gain(48_000 + 50, 48_000 + 400)).toBeGreaterThan(2);
    expect(Math.abs(gain(48_000 + 9000, 48_000 + 12_000))).toBeLessThan(0.7);
  });
});
