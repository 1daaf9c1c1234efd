import { describe, expect, it } from 'vitest';
import { createDeEsser, deEsser } from '../../../src/dsp/bands/de-esser.js';
import { levelDb, runDevice, toneLevelDb } from '../devices.js';
import { noise, sine } from '../signals.js';

const RATE_HZ = 48_000;

function run(channels: readonly Float32Array[], options: object) {
  const device = createDeEsser(deEsser.options.parse(options), RATE_HZ, channels.length);
  return { out: runDevice(device, channels), figures: device.figures };
}

describe('de-esser', () => {
  const hiss = sine(RATE_HZ * 2, 15_000, RATE_HZ, 0.25);
  const voice = sine(RATE_HZ * 2, 400, RATE_HZ, 0.5);

  it('turns a loud top down by its curve, and no further than it may', () => {
    const soft = run([hiss], { thresholdDbfs: -27, ratio: 4, maxReductionDb: 24 });
    const change = levelDb(soft.out[0]!.subarray(RATE_HZ)) - levelDb(hiss);
    // 12 dB over the threshold, three quarters of that; hops of a third of a millisecond ripple a little.
    expect(change).toBeCloseTo(-9, 0);
    const limited = run([hiss], { thresholdDbfs: -60, maxReductionDb: 6 });
    expect(limited.figures.largestReductionDb).toBeCloseTo(6, 9);
    expect(levelDb(limited.out[0]!.subarray(RATE_HZ)) - levelDb(hiss)).toBeCloseTo(-6, 0);
    expect(limited.figures.tamedSec).toBeGreaterThan(1.9);
  });

  it('leaves what has no loud top as it is but for its phase', () => {
    for (const frequencyHz of [100, 400, 2000, 5000, 9000]) {
      const tone = sine(RATE_HZ * 2, frequencyHz, RATE_HZ, 0.02);
      const { out, figures } = run([tone], { thresholdDbfs: -30 });
      expect(toneLevelDb(out[0]!.subarray(20_000), frequencyHz, RATE_HZ)).toBeCloseTo(-33.9794, 3);
      expect(figures).toEqual({ largestReductionDb: 0, tamedSec: 0 });
    }
  });

  it('spares the voice below while it tames the hiss', () => {
    const both = voice.map((x, i) => x + hiss[i]!);
    const { out } = run([both], { thresholdDbfs: -40 });
    const late = out[0]!.subarray(RATE_HZ);
    expect(toneLevelDb(late, 400, RATE_HZ)).toBeCloseTo(-6.02, 1);
    expect(toneLevelDb(late, 15_000, RATE_HZ)).toBeCloseTo(-12.04 - 8, 0);
  });

  it('acts while a sibilant lasts and lets go behind it, the same on both channels', () => {
    const source = noise(RATE_HZ, 1, 1);
    const burst = source.map((x, i) => (i % 24_000 < 4_800 ? 0.3 * x : 0.003 * x));
    const quiet = noise(RATE_HZ, 2, 0.003);
    const { out, figures } = run([burst, quiet], { thresholdDbfs: -34 });
    expect(figures.tamedSec).toBeGreaterThan(0.15);
    // Two bursts of a tenth of a second, each with the release behind it.
    expect(figures.tamedSec).toBeLessThan(0.55);
    const late = [20_000, 24_000] as const;
    expect(levelDb(out[0]!.subarray(...late)) - levelDb(burst.subarray(...late))).toBeCloseTo(0, 1);
    const during = [1_000, 4_500] as const;
    expect(levelDb(out[1]!.subarray(...during))).toBeLessThan(levelDb(quiet.subarray(...during)) - 2);
  });
});
