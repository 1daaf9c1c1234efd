import { describe, expect, it } from 'vitest';
import { createSampleBuffer, encodeSamples, isAllFinite } from '../../src/audio/wav-samples.js';
import { noise } from '../dsp/signals.js';

/** Samples of every kind: within, at and beyond full scale, exact integers and halves of one, zeros. */
function samplesOf(frames: number, seed: number): Float32Array {
  return noise(frames, seed).map((value, i) => {
    if (i % 17 === 0) return 0;
    if (i % 11 === 0) return Math.round(value * 32_768) / 32_768;
    if (i % 13 === 0) return Math.round(value * 65_536) / 65_536;
    return value * (i % 7 === 0 ? 1.4 : 0.9);
  });
}

describe('the kernel that makes integers', () => {
  it.each([
    ['s16', undefined],
    ['s16', 5],
    ['s24', undefined],
    ['s24', 2 ** 40],
  ] as const)('gives the bytes of the plain loops: %s, seed %s', (encoding, ditherSeed) => {
    for (const [frames, channels, startFrame] of [
      [1, 1, 0],
      [17, 3, 7],
      [10_000, 2, 123_456],
      [5000, 8, 2 ** 32 - 1000],
      [4100, 1, 2 ** 32 + 77],
    ] as const) {
      const block = Array.from({ length: channels }, (_, channel) => samplesOf(frames + 5, channel + 1));
      const encode = (samples: readonly Float32Array[] | readonly Float64Array[]) => {
        const buffer = createSampleBuffer(frames * channels * 3);
        const quantiser = { ditherSeed, clippedSampleCount: 0 };
        encodeSamples(samples, 5, frames, startFrame, encoding, buffer, quantiser);
        return { bytes: buffer.bytes, clipped: quantiser.clippedSampleCount };
      };
      const byKernel = encode(block);
      // Float64 blocks go through the plain loops.
      const plain = encode(block.map((samples) => Float64Array.from(samples)));
      expect(byKernel.clipped).toBe(plain.clipped);
      expect(Buffer.compare(byKernel.bytes, plain.bytes), `${frames} × ${channels}`).toBe(0);
    }
  });

  it('finds what is not finite', () => {
    const samples = noise(9001, 3);
    expect(isAllFinite(samples, 0, samples.length)).toBe(true);
    for (const [at, value] of [
      [0, Number.NaN],
      [9000, Number.POSITIVE_INFINITY],
    ] as const) {
      const bad = samples.slice();
      bad[at] = value;
      expect(isAllFinite(bad, 0, bad.length)).toBe(false);
      expect(isAllFinite(bad, 1, 9000)).toBe(true);
    }
  });
});
