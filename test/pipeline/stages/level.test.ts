// The stage that levels a voice: loud and soft phrases come nearer, pauses do not come up, other sound is left alone.
import { describe, expect, it } from 'vitest';
import { rideGains } from '../../../src/dsp/leveller/gain-ride.js';
import { levelStage } from '../../../src/pipeline/stages/level.js';
import { isSameAudio, speechLike, sumOf, whiteNoise } from '../../dsp/denoise/signals.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const RATE = 16_000;

describe('rideGains', () => {
  const isSpeech = new Uint8Array(100).fill(1, 10, 40).fill(1, 60, 95);
  const powers = Float32Array.from({ length: 100 }, (_, n) =>
    isSpeech[n] === 0 ? 1e-8 : n < 50 ? 0.01 : 0.001,
  );

  it('brings phrases together by the share that is asked, and holds in pauses', () => {
    const gains = rideGains(powers, isSpeech, { share: 1, maxGainDb: 20 });
    expect(gains[25]! - gains[80]!).toBeCloseTo(-10, 0);
    expect(gains[0]).toBeCloseTo(gains[15]!, 5);
    expect(gains[47]).toBeCloseTo(gains[30]!, 0);
    const half = rideGains(powers, isSpeech, { share: 0.5, maxGainDb: 20 });
    expect(half[80]! - half[25]!).toBeCloseTo(5, 0);
  });

  it('keeps its limit, and does nothing without speech', () => {
    const limited = rideGains(powers, isSpeech, { share: 1, maxGainDb: 2 });
    expect(limited.every((gain) => Math.abs(gain) <= 2)).toBe(true);
    expect(
      rideGains(powers, new Uint8Array(100), { share: 1, maxGainDb: 9 }).every((gain) => gain === 0),
    ).toBe(true);
  });
});

describe('the stage level', () => {
  const frames = 24 * RATE;
  const voice = speechLike(frames, RATE).map((value, n) => (n < frames / 2 ? value : 0.25 * value));
  const uneven = sumOf(voice, whiteNoise(frames, -75));

  it('levels a voice', async () => {
    const result = await runStage(levelStage, { audio: audioRefOf([uneven], RATE) }, { detector: 'own' });
    const data = result.outcome.data as { changed: boolean; spanBeforeDb: number; spanAfterDb: number };
    expect(levelStage.result.safeParse(data).error).toBeUndefined();
    expect(data.changed).toBe(true);
    expect(data.spanAfterDb).toBeLessThan(data.spanBeforeDb - 4);
  });

  it('leaves a file alone in which nobody speaks', async () => {
    const noise = whiteNoise(5 * RATE, -30);
    const result = await runStage(levelStage, { audio: audioRefOf([noise], RATE) }, { detector: 'own' });
    expect(result.outcome.data).toMatchObject({ changed: false, spanBeforeDb: null });
    expect(isSameAudio(readAll(result.outputs.audio!), [Float32Array.from(noise)])).toBe(true);
  });
});
