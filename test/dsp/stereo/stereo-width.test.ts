import { describe, expect, it } from 'vitest';
import { createStereoWidth, stereoWidth } from '../../../src/dsp/stereo/stereo-width.js';
import { levelDb, runDevice } from '../devices.js';
import { noise, sine } from '../signals.js';

const RATE_HZ = 48_000;

function run(channels: readonly Float32Array[], widthsPercent: number[]): Float32Array[] {
  const settings = stereoWidth.options.parse({ widthsPercent });
  return runDevice(createStereoWidth(settings, RATE_HZ, channels.length), channels);
}

const sideOf = ([left, right]: readonly Float32Array[]): Float32Array =>
  left!.map((x, i) => (x - right![i]!) / 2);
const midOf = ([left, right]: readonly Float32Array[]): Float32Array =>
  left!.map((x, i) => (x + right![i]!) / 2);

describe('stereo width', () => {
  it('makes the lowest band mono and keeps the mid', () => {
    const low = [sine(48_000, 50, RATE_HZ, 0.5), sine(48_000, 50, RATE_HZ, 0.2, 1)];
    const out = run(low, [0, 100, 100, 100]);
    expect(levelDb(sideOf(out).subarray(12_000)) - levelDb(sideOf(low))).toBeLessThan(-25);
    expect(levelDb(midOf(out).subarray(12_000)) - levelDb(midOf(low).subarray(12_000))).toBeCloseTo(0, 1);
  });

  it('widens a band by what it says', () => {
    const mid = noise(96_000, 1, 0.3);
    const side = noise(96_000, 2, 0.05);
    const input = [mid.map((x, i) => x + side[i]!), mid.map((x, i) => x - side[i]!)];
    const out = run(input, [150, 150, 150, 150]);
    expect(levelDb(sideOf(out).subarray(24_000)) - levelDb(side)).toBeCloseTo(20 * Math.log10(1.5), 1);
  });

  it('does not widen what would no longer sum to mono, and never narrows it either', () => {
    const side = noise(96_000, 3, 0.4);
    const input = [side, side.map((x) => -x)];
    const out = run(input, [200, 200, 200, 200]);
    expect(levelDb(out[0]!.subarray(48_000)) - levelDb(side)).toBeCloseTo(0, 1);
  });

  it('passes a mono file', () => {
    const mono = noise(9000, 1, 0.3);
    expect(run([mono], [0, 50, 150, 200])[0]).toEqual(mono);
  });
});
