// Arrays as sources of frames, and judges of repairs.
import type { FrameSource } from '../../../src/dsp/resample.js';

export function sourceOf(block: readonly Float64Array[], sampleRateHz = 48_000): FrameSource {
  return {
    sampleRateHz,
    channelCount: block.length,
    frameCount: block[0]!.length,
    read(startFrame, into) {
      for (const [c, samples] of into.entries()) {
        for (let n = 0; n < samples.length; n++) samples[n] = block[c]![startFrame + n] ?? 0;
      }
    },
    close() {},
  };
}

/** Numbers in [0, 1), the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Level of `estimate` minus `reference` over [start, end) of all given places, against the reference's, in dB. */
export function errorDb(
  reference: Float64Array,
  estimate: Float64Array,
  places: readonly { readonly startFrame: number; readonly endFrame: number }[],
): number {
  let error = 0;
  let power = 0;
  for (const { startFrame, endFrame } of places) {
    for (let n = startFrame; n < endFrame; n++) {
      error += (estimate[n]! - reference[n]!) ** 2;
      power += reference[n]! ** 2;
    }
  }
  return 10 * Math.log10(error / power);
}
