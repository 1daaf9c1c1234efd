import { describe, expect, it } from 'vitest';
import { createLimiter, limiter } from '../../../src/dsp/limiter/limiter.js';
import { designTruePeak, truePeakOf } from '../../../src/dsp/loudness/true-peak.js';
import { musicLike, noise, sine } from '../signals.js';
import { plainLimiter } from './plain-limiter.js';

/** The whole output without the delay. */
function run(channels: readonly Float32Array[], sampleRateHz: number, options: object, blockFrames = 700) {
  const device = createLimiter(limiter.options.parse(options), sampleRateHz, channels.length);
  const frames = channels[0]!.length;
  const padded = channels.map((samples) => {
    const copy = new Float32Array(frames + device.latencyFrames);
    copy.set(samples);
    return copy;
  });
  for (let at = 0; at < padded[0]!.length; at += blockFrames) {
    device.process(padded.map((samples) => samples.subarray(at, at + blockFrames)));
  }
  return { device, out: padded.map((samples) => samples.subarray(device.latencyFrames)) };
}

function peakDb(channels: readonly Float32Array[], sampleRateHz: number): number {
  const interpolator = designTruePeak(sampleRateHz);
  return 20 * Math.log10(Math.max(...channels.map((samples) => truePeakOf(samples, interpolator))));
}

describe('limiter', () => {
  it('equals the plain form', () => {
    const rateHz = 44_100;
    const channels = musicLike(12_000, rateHz, 1, 1.6);
    const { out } = run(channels, rateHz, { ceilingDb: -3 });
    const expected = plainLimiter(channels, {
      ceiling: 10 ** (-3 / 20),
      spanSteps: 28,
      halfFrames: 6,
      releaseFactor: Math.exp(-8000 / (60 * rateHz)),
      slowFactor: 1 - Math.exp(-8000 / (250 * rateHz)),
    });
    for (const [channel, samples] of expected.entries()) {
      let worst = 0;
      for (let i = 0; i < samples.length; i++)
        worst = Math.max(worst, Math.abs(out[channel]![i]! - samples[i]!));
      expect(worst).toBeLessThan(2e-6);
    }
  });

  it.each([8_000, 44_100, 48_000, 96_000, 192_000])('does not overshoot its ceiling at %i Hz', (rateHz) => {
    const burst = noise(rateHz / 2, 5, 3).map((value, i) => value * (i % 3000 < 700 ? 1 : 0.05));
    const chirp = Float32Array.from({ length: rateHz / 2 }, (_, i) => 2 * Math.sin(((i * i) / rateHz) * 2.9));
    const square = sine(rateHz / 2, rateHz / 4.03, rateHz, 8).map((value) =>
      Math.max(-1.5, Math.min(1.5, value)),
    );
    for (const signal of [burst, chirp, square]) {
      const { out, device } = run([signal], rateHz, { inputGainDb: 6, ceilingDb: -1 });
      expect(peakDb(out, rateHz)).toBeLessThanOrEqual(-1 + 0.005);
      expect(device.largestReductionDb).toBeGreaterThan(6);
    }
  });

  it('changes nothing but the gain below its ceiling', () => {
    const channels = musicLike(48_000, 48_000, 2, 0.3);
    const { out, device } = run(channels, 48_000, { inputGainDb: 3, ceilingDb: -1 });
    const gain = Math.fround(10 ** (3 / 20));
    for (const [channel, samples] of channels.entries()) {
      for (let i = 0; i < samples.length; i++) expect(out[channel]![i]).toBe(Math.fround(samples[i]! * gain));
    }
    expect(device.largestReductionDb).toBeCloseTo(0, 9);
  });

  it('recovers wholly after a peak, faster after a single one than after many', () => {
    const single = sine(96_000, 1000, 48_000, 0.3);
    single[10_000] = 3;
    const dense = single.map((value, i) => (i < 10_000 ? value * 10 : value));
    const timeToRecover = (signal: Float32Array): number => {
      const { out } = run([signal], 48_000, { ceilingDb: 0 });
      let last = 0;
      for (let i = 10_400; i < signal.length; i++) if (Math.abs(out[0]![i]! - signal[i]!) > 0.01) last = i;
      return last - 10_400;
    };
    expect(timeToRecover(single)).toBeLessThan(timeToRecover(dense));
    const { out } = run([single], 48_000, { ceilingDb: 0 });
    const rest = out[0]!.subarray(-10_000).map((value, i) => Math.abs(value - single.at(i - 10_000)!));
    expect(Math.max(...rest)).toBeLessThan(1e-5);
  });

  it('limits samples alone where asked', () => {
    const signal = sine(9_600, 12_000, 48_000, 2, Math.PI / 4);
    const { out } = run([signal], 48_000, { ceilingDb: 0, detection: 'sample-peak' });
    expect(Math.max(...out[0]!.subarray(1000).map(Math.abs))).toBeCloseTo(1, 4);
    expect(peakDb(out, 48_000)).toBeGreaterThan(2);
  });
});
