import { describe, expect, it } from 'vitest';
import { foretellLimitedLoudness } from '../../../src/dsp/limiter/foretell.js';
import { createLimiter, limiter } from '../../../src/dsp/limiter/limiter.js';
import { measureRange } from '../../../src/dsp/loudness/measure-range.js';
import type { LoudnessPart } from '../../../src/dsp/loudness/meter.js';
import { joinParts, loudnessFigures } from '../../../src/dsp/loudness/programme.js';
import { runDevice } from '../devices.js';
import { musicLike, noise } from '../signals.js';

const RATE_HZ = 48_000;

function measure(
  channels: readonly Float32Array[],
  from = 0,
  to = channels[0]!.length,
  ticksPerLevel = 1,
): LoudnessPart {
  const source = {
    channelCount: channels.length,
    frameCount: channels[0]!.length,
    read(startFrame: number, into: readonly Float32Array[]) {
      for (const [channel, target] of into.entries())
        for (let i = 0; i < target.length; i++) target[i] = channels[channel]![startFrame + i] ?? 0;
    },
  };
  const weights = new Float64Array(channels.length).fill(1);
  const range = { startFrame: from, endFrame: to, ticksPerLevel };
  return measureRange(source, { sampleRateHz: RATE_HZ, weights, ...range });
}

describe('the forecast of what limiting takes', () => {
  const music = musicLike(10 * RATE_HZ, RATE_HZ, 2, 0.7);
  const bursts = [noise(10 * RATE_HZ, 4).map((x, i) => x * (i % 30_000 < 2_000 ? 0.9 : 0.1))];

  it.each([
    ['music', 3, 1, music, 0.07],
    ['music', 6, 1, music, 0.07],
    ['music', 3, 2, music, 0.12],
    ['music', 6, 2, music, 0.12],
    // Peaks between the samples of noise lie anywhere, not at the largest sample.
    ['bursts of noise', 4, 1, bursts, 0.5],
  ] as const)(
    'is near: %s, %i dB into the limiter, by levels of %i ticks',
    (_, overDb, ticks, channels, share) => {
      const part = measure(channels, 0, channels[0]!.length, ticks);
      const { integratedLufs, truePeakDbtp } = loudnessFigures(part, RATE_HZ);
      const options = limiter.options.parse({ inputGainDb: -1 - truePeakDbtp! + overDb, ceilingDb: -1 });
      const out = runDevice(createLimiter(options, RATE_HZ, channels.length), channels);
      const linearLufs = integratedLufs! + options.inputGainDb;
      const loss = linearLufs - loudnessFigures(measure(out), RATE_HZ).integratedLufs!;
      const foretold = linearLufs - foretellLimitedLoudness(part.ticks!, options)!;
      expect(loss).toBeGreaterThan(0.1);
      expect(Math.abs(foretold - loss)).toBeLessThan(share * loss);
    },
  );

  it('takes nothing below the ceiling, and nothing is foretold of silence', () => {
    const { ticks } = measure(music);
    const { integratedLufs } = loudnessFigures(measure(music), RATE_HZ);
    const options = limiter.options.parse({ inputGainDb: -20 });
    expect(foretellLimitedLoudness(ticks!, options)).toBeCloseTo(integratedLufs! - 20, 4);
    expect(foretellLimitedLoudness(measure([new Float32Array(RATE_HZ)]).ticks!, options)).toBeNull();
  });

  it('has the same ticks whatever the ranges', () => {
    const whole = measure(music);
    const borders = [0, 3, 6, 9, 10];
    const parts = borders.slice(1).map((sec, i) => measure(music, borders[i]! * RATE_HZ, sec * RATE_HZ));
    const joined = joinParts(parts);
    expect(joined.ticks!.peaks).toHaveLength(whole.ticks!.peaks.length);
    expect(joined.truePeaks).toEqual(whole.truePeaks);
    for (const [i, value] of whole.ticks!.meanSquares.entries())
      expect(Math.abs(joined.ticks!.meanSquares[i]! - value)).toBeLessThan(1e-9 + 1e-6 * value);
    expect(Math.max(...whole.ticks!.peaks)).toBeCloseTo(Math.max(...whole.truePeaks), 4);
  });
});
