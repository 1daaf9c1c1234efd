import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeMusic } from '../../src/dsp/music-analysis.js';
import { extractMusicFeatures } from '../../src/dsp/music-features.js';
import { BAND_COUNT } from '../../src/dsp/rhythm/band-frames.js';
import { createBeatNetwork } from '../../src/models/beats.js';
import { PACKAGE_WEIGHTS_DIR } from '../../src/models/card.js';
import { createNoise, RATE_HZ, sourceOf } from '../dsp/tonal/tones.js';

const NETWORK = join(PACKAGE_WEIGHTS_DIR, 'beats', 'beats.onnx');

/** Kick, snare and hats in eighths: kick on 1 and 3 (and before 3), snare on 2 and 4. */
function drumLoop(bpm: number, bars: number): { signal: Float32Array; beatsSec: number[] } {
  const beatSec = 60 / bpm;
  const noise = createNoise(5);
  const signal = new Float32Array(Math.ceil((bars * 4 * beatSec + 1) * RATE_HZ));
  const hit = (sec: number, decaySec: number, sound: (n: number) => number): void => {
    const at = Math.round(sec * RATE_HZ);
    for (let n = 0; n < 6 * decaySec * RATE_HZ && at + n < signal.length; n++) {
      signal[at + n] = signal[at + n]! + Math.exp(-n / (decaySec * RATE_HZ)) * sound(n);
    }
  };
  const beatsSec: number[] = [];
  for (let beat = 0; beat < 4 * bars; beat++) {
    const sec = 0.2 + beat * beatSec;
    beatsSec.push(sec);
    for (const half of [0, 0.5]) hit(sec + half * beatSec, 0.012, () => 0.12 * noise());
    if (beat % 2 === 0) hit(sec, 0.06, (n) => 0.7 * Math.sin((2 * Math.PI * 55 * n) / RATE_HZ));
    else hit(sec, 0.05, (n) => 0.35 * noise() + 0.3 * Math.sin((2 * Math.PI * 190 * n) / RATE_HZ));
    if (beat % 4 === 1)
      hit(sec + 0.5 * beatSec, 0.06, (n) => 0.6 * Math.sin((2 * Math.PI * 55 * n) / RATE_HZ));
  }
  return { signal, beatsSec };
}

describe('the beat network', () => {
  it.each([84, 100, 126])('hears the beats of a plain drum loop at %i BPM', async (bpm) => {
    const { signal, beatsSec } = drumLoop(bpm, 16);
    const features = extractMusicFeatures(sourceOf(signal), { startFrame: 0, endFrame: signal.length });
    const network = await createBeatNetwork(NETWORK);
    const { rhythm } = analyzeMusic(features, await network.run(features.bands));
    await network.release();
    const tempi = [rhythm.tempoBpm!, ...rhythm.tempoAlternativesBpm];
    expect(tempi.some((tempo) => Math.abs(tempo / bpm - 1) < 0.02)).toBe(true);
    const found = beatsSec.filter((sec) => rhythm.beatsSec.some((other) => Math.abs(other - sec) < 0.05));
    expect(found.length).toBeGreaterThan(0.9 * beatsSec.length);
    const onsets = beatsSec.filter((sec) => rhythm.onsetsSec.some((other) => Math.abs(other - sec) < 0.03));
    expect(onsets.length).toBeGreaterThan(0.9 * beatsSec.length);
  });

  it('gives almost nothing for silence, and nothing for nothing', async () => {
    const network = await createBeatNetwork(NETWORK);
    const { beat, onset } = await network.run(new Uint8Array(2000 * BAND_COUNT));
    expect(Math.max(...beat)).toBeLessThan(0.2);
    expect(Math.max(...onset)).toBeLessThan(0.3);
    expect((await network.run(new Uint8Array(0))).beat.length).toBe(0);
    await network.release();
  });

  it('gives in chunks what it gives as a whole', async () => {
    // Longer than a chunk of 30000 frames; the middle must not depend on where the chunks are cut.
    const noise = createNoise(2);
    const frames = 33_600;
    const bands = Uint8Array.from({ length: frames * BAND_COUNT }, (_, k) =>
      Math.floor(k / BAND_COUNT) % 10 === 0 ? 180 : Math.round(90 + 20 * noise()),
    );
    const network = await createBeatNetwork(NETWORK);
    const whole = await network.run(bands);
    const shifted = await network.run(bands.subarray(2400 * BAND_COUNT));
    await network.release();
    // Both are far enough from every edge at frames 28000 … 31400 of the longer one; a chunk border lies between.
    for (let k = 14_000; k < 15_700; k++) expect(whole.beat[k]).toBeCloseTo(shifted.beat[k - 1200]!, 4);
  });
});
