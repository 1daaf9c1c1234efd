// What the guard says where a voice was left alone, cleaned of noise, and cut into.
import { describe, expect, it } from 'vitest';
import { createSignMeter, judgeContent, type SampleSource } from '../../../src/dsp/denoise/content-guard.js';
import { speechLike, sumOf, whiteNoise } from './signals.js';

const measureSigns = createSignMeter();
const RATE = 16_000;
const FRAMES = 12 * RATE;
const voice = speechLike(FRAMES, RATE);
const noisy = sumOf(voice, whiteNoise(FRAMES, -50));

const sourceOf =
  (samples: Float64Array): SampleSource =>
  (start, into) => {
    for (let n = 0; n < into.length; n++) into[n] = samples[start + n] ?? 0;
  };
const judge = (input: Float64Array, output: Float64Array) =>
  judgeContent(measureSigns(sourceOf(input), sourceOf(output), 0, Math.floor(FRAMES / 512)));
/** Whether a place of the file is cut into: three stretches of 0.9 s. */
const isCut = (n: number) => [1, 4.5, 8].some((sec) => n >= sec * RATE && n < (sec + 0.9) * RATE);

describe('the guard', () => {
  it('says nothing of a voice that is as it was, or that lost its noise', () => {
    for (const output of [noisy, voice]) {
      const { isAltered, places, clearVoiceSec } = judge(noisy, output);
      expect(clearVoiceSec).toBeGreaterThan(3);
      expect(isAltered).toBe(false);
      expect(places).toEqual([]);
    }
  });

  it.each([
    ['turned down by 12 dB', (value: number) => 0.25 * value],
    ['taken away', () => 0],
  ])('says where the voice was %s', (_name, take) => {
    const { isAltered, places } = judge(
      noisy,
      voice.map((value, n) => (isCut(n) ? take(value) : value)),
    );
    expect(isAltered).toBe(true);
    for (const { startSec, endSec, share } of places) {
      const middle = Math.round(((startSec + endSec) / 2) * RATE);
      expect(isCut(middle)).toBe(true);
      expect(share).toBeGreaterThan(0.5);
    }
    expect(places.length).toBeGreaterThanOrEqual(2);
  });

  it('cannot say anything of noise alone, or of silence', () => {
    const noise = whiteNoise(FRAMES, -20);
    expect(judge(noise, new Float64Array(FRAMES)).isAltered).toBe(false);
    expect(judge(new Float64Array(FRAMES), new Float64Array(FRAMES)).clearVoiceSec).toBe(0);
  });

  it('gives the same for any cut into ranges', () => {
    const output = voice.map((value, n) => (isCut(n) ? 0 : value));
    const whole = measureSigns(sourceOf(noisy), sourceOf(output), 0, 300);
    const cut = [0, 100, 177].map((from, n) =>
      measureSigns(sourceOf(noisy), sourceOf(output), from, [100, 177, 300][n]!),
    );
    expect(cut.flatMap((part) => [...part])).toEqual([...whole]);
  });
});
