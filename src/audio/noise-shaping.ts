// Dithered rounding to integers whose error is moved to where hearing is dull: the error of earlier samples is fed back
// through a filter of nine taps, which lowers the noise by 12 to 26 dB below 5 kHz and raises it above 12 kHz. A running
// filter: blocks must come in order. For 44.1 and 48 kHz; other rates have no filter here.
import type { AudioBlock } from './audio-file.js';
import { ditherKey, tpdfAt } from './dither.js';

/**
 * Error filter after the 15-phon threshold of hearing ("F-weighting") at 44.1 kHz; at 48 kHz its curve lies 9 % higher.
 * @source Wannamaker, "Psychoacoustically Optimal Noise Shaping", JAES 40(7/8), 1992; as used by common ditherers
 */
export const SHAPING_TAPS: readonly number[] = [
  2.412, -3.37, 3.937, -4.174, 3.353, -2.205, 1.281, -0.569, 0.0847,
];

/** Whether noise can be shaped at a rate. */
export function canShapeNoise(sampleRateHz: number): boolean {
  return sampleRateHz === 44_100 || sampleRateHz === 48_000;
}

/** Rounds blocks in place to multiples of one step of `bits` bits. */
export interface NoiseShaper {
  /** `startFrame` is the place of the block, which follows the one before. Returns how many samples were clipped. */
  round(block: AudioBlock, startFrame: number): number;
}

/** A shaper for a file; `seed` is that of its dither. A sample of exactly 0 stays 0, so digital silence does. */
export function createNoiseShaper(channelCount: number, bits: number, seed: number): NoiseShaper {
  const fullScale = 2 ** (bits - 1);
  const taps = Float64Array.from(SHAPING_TAPS);
  const order = taps.length;
  // The newest errors twice, so that the last `order` of them always lie behind each other.
  const histories = Array.from({ length: channelCount }, () => new Float64Array(2 * order));
  const keys = Array.from({ length: channelCount }, (_, channel) => ditherKey(seed, channel));
  let at = 0;

  function roundChannel(samples: Float32Array | Float64Array, startFrame: number, channel: number): number {
    const errors = histories[channel]!;
    const key = keys[channel]!;
    let place = at;
    let clipped = 0;
    for (let i = 0; i < samples.length; i++) {
      const exact = samples[i]! * fullScale;
      let wanted = exact;
      for (let k = 0; k < order; k++) wanted -= taps[k]! * errors[place + k]!;
      let value = exact === 0 ? 0 : Math.floor(wanted + (tpdfAt(key, startFrame + i) + 0.5));
      if (Math.floor(exact + 0.5) > fullScale - 1 || Math.floor(exact + 0.5) < -fullScale) clipped++;
      value = Math.min(fullScale - 1, Math.max(-fullScale, value));
      place = place === 0 ? order - 1 : place - 1;
      // What clipping adds is no error of rounding: fed back, it would ring.
      const error = Math.min(2, Math.max(-2, value - wanted));
      errors[place] = error;
      errors[place + order] = error;
      samples[i] = value / fullScale;
    }
    return clipped;
  }

  return {
    round(block, startFrame) {
      let clipped = 0;
      for (const [channel, samples] of block.entries()) clipped += roundChannel(samples, startFrame, channel);
      const frames = block[0]?.length ?? 0;
      at = (((at - frames) % order) + order) % order;
      return clipped;
    },
  };
}
