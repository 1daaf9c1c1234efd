// Full-band music low-passed at known frequencies: the cut-off is found, the missing band comes nearer, the rest stays.
import { describe, expect, it } from 'vitest';
import { findBandLimit, measureBand } from '../../../src/dsp/repair/band-limit.js';
import { brightSlope, extendBandwidth, measureSlopes } from '../../../src/dsp/repair/bandwidth.js';
import { createStft } from '../../../src/dsp/stft.js';
import { differenceOf, levelDbfs, speechLike, sumOf, whiteNoise } from '../denoise/signals.js';
import { sourceOf } from './sources.js';

const RATE = 48_000;
const FRAMES = 3 * RATE;

/** Harmonics and bursts of noise that fall by about 12 dB an octave, up to half of the rate. */
const full = (() => {
  const hits = whiteNoise(FRAMES, -12, 8).map(
    (value, n) => value * Math.exp((-8 * (n % (RATE / 3))) / (RATE / 3)),
  );
  let state = 0;
  const dull = hits.map((value) => {
    state += 0.2 * (value - state);
    return state;
  });
  return sumOf(sumOf(speechLike(FRAMES, RATE), dull), whiteNoise(FRAMES, -72, 4));
})();

function lowPassed(samples: Float64Array, cutoffHz: number): Float64Array {
  const half = 200;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, n) => {
    const x = n - half;
    const angle = (Math.PI * n) / half;
    const window = 0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
    return (
      window *
      (x === 0 ? (2 * cutoffHz) / RATE : Math.sin((2 * Math.PI * cutoffHz * x) / RATE) / (Math.PI * x))
    );
  });
  const padded = new Float64Array(samples.length + 2 * half);
  padded.set(samples, half);
  return samples.map((_, n) => {
    let sum = 0;
    for (let k = 0; k < taps.length; k++) sum += taps[k]! * padded[n + k]!;
    return sum;
  });
}

/** Mean over frames of the root mean square difference of levels per bin between two frequencies, in dB. */
function logSpectralDistanceDb(a: Float64Array, b: Float64Array, lowHz: number, highHz: number): number {
  const size = 1024;
  const stft = createStft({ fftSize: size, hopFrames: size / 2, window: 'hann' });
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const levels = (samples: Float64Array, start: number) => {
    stft.analyse(samples, start, re, im);
    return re.map((value, k) => 10 * Math.log10(((value ** 2 + im[k]! ** 2) * 5.3) / size ** 2 + 1e-12));
  };
  let sum = 0;
  let frames = 0;
  for (let start = 0; start + size <= a.length; start += size) {
    const [inA, inB] = [levels(a, start), levels(b, start)];
    let squares = 0;
    const [low, high] = [Math.ceil((lowHz * size) / RATE), Math.floor((highHz * size) / RATE)];
    for (let k = low; k <= high; k++) squares += (inA[k]! - inB[k]!) ** 2;
    sum += Math.sqrt(squares / (high - low + 1));
    frames++;
  }
  return sum / frames;
}

const limitOf = (samples: Float64Array) =>
  findBandLimit(measureBand(sourceOf([samples]), 0, samples.length), RATE);

describe('bandwidth', () => {
  it.each([11_000, 13_000, 16_000])(
    'finds a cut-off at %i Hz and halves the distance above it',
    (cutoffHz) => {
      const dull = lowPassed(full, cutoffHz);
      const found = limitOf(dull)!;
      expect(Math.abs(found - cutoffHz)).toBeLessThan(400);
      const slopeDbPerOctave = brightSlope(measureSlopes(sourceOf([dull]), 0, FRAMES, found));
      const output = new Float64Array(FRAMES);
      const options = { cutoffHz: found, slopeDbPerOctave, share: 1 };
      extendBandwidth(sourceOf([dull]), 0, FRAMES, options, [output]);
      const distance = (samples: Float64Array) =>
        logSpectralDistanceDb(full, samples, cutoffHz + 500, 20_000);
      expect(distance(output)).toBeLessThan(distance(dull) / 2);
      // Nothing that was there has changed.
      const below = lowPassed(differenceOf(output, dull), 0.93 * cutoffHz);
      expect(levelDbfs(below) - levelDbfs(full)).toBeLessThan(-80);
    },
  );

  it('sees no end of a full band, nor of silence', () => {
    expect(limitOf(full)).toBeNull();
    expect(limitOf(new Float64Array(FRAMES))).toBeNull();
  });

  it('comes out the same for any cut into ranges', () => {
    const dull = lowPassed(full.subarray(0, 30_000), 11_000);
    const run = (rangeFrames: number) => {
      const output = new Float64Array(dull.length);
      for (let start = 0; start < dull.length; start += rangeFrames) {
        const end = Math.min(dull.length, start + rangeFrames);
        const options = { cutoffHz: 11_000, slopeDbPerOctave: -20, share: 0.5 };
        extendBandwidth(sourceOf([dull]), start, end, options, [output.subarray(start, end)]);
      }
      return output;
    };
    expect(levelDbfs(differenceOf(run(7001), run(dull.length)))).toBeLessThan(-250);
  });
});
