// The WebAssembly form of the conversion from floats to 16 and 24-bit integers: the same bytes as the loops of
// wav-samples.ts, eight times as fast. One instance a thread.
import { createKernels, type Kernels } from '../dsp/kernels/instance.js';

const CHUNK_FRAMES = 4096;
const MAX_CHANNELS = 8;

interface SampleKernel {
  readonly kernels: Kernels;
  readonly samples: Float32Array;
  readonly integers: Float32Array;
  readonly packed: Uint8Array;
}

let shared: SampleKernel | undefined;

function sampleKernel(): SampleKernel {
  if (shared !== undefined) return shared;
  const kernels = createKernels(CHUNK_FRAMES * (8 + 3 * MAX_CHANNELS) + 1024);
  shared = {
    kernels,
    samples: kernels.f32(CHUNK_FRAMES),
    integers: kernels.f32(CHUNK_FRAMES),
    packed: kernels.u8(CHUNK_FRAMES * 3 * MAX_CHANNELS),
  };
  return shared;
}

/** Copies frames into kernel memory, with zeros up to a multiple of 4; gives that number. */
function load(into: Float32Array, source: Float32Array, from: number, frames: number): number {
  const rounded = Math.ceil(frames / 4) * 4;
  into.set(source.subarray(from, from + frames));
  into.fill(0, frames, rounded);
  return rounded;
}

/**
 * Encodes `frameCount` frames of a block of at most eight channels, from index `at` on, into the start of `target`:
 * `bytesPerSample` 2 or 3, dithered by `keys` (one per channel) where they are given. `startFrame`, the place of the
 * first in the file, and the last must lie in one stretch of 2³² frames. Returns how many samples were clipped.
 */
export function encodeByKernel(
  block: readonly Float32Array[],
  at: number,
  frameCount: number,
  startFrame: number,
  bytesPerSample: 2 | 3,
  keys: readonly number[] | undefined,
  target: Uint8Array,
): number {
  const { kernels, samples, integers, packed } = sampleKernel();
  const { quantise, packIntegers } = kernels.functions;
  const bytesPerFrame = bytesPerSample * block.length;
  const fullScale = 2 ** (8 * bytesPerSample - 1);
  let clipped = 0;
  for (let done = 0; done < frameCount; done += CHUNK_FRAMES) {
    const frames = Math.min(CHUNK_FRAMES, frameCount - done);
    for (const [channel, source] of block.entries()) {
      const rounded = load(samples, source, at + done, frames);
      const key = keys?.[channel] ?? 0;
      const isDithered = keys === undefined ? 0 : 1;
      const from = (startFrame + done) | 0;
      clipped += quantise(samples.byteOffset, rounded, fullScale, isDithered, key, from, integers.byteOffset);
      const first = packed.byteOffset + channel * bytesPerSample;
      packIntegers(integers.byteOffset, frames, bytesPerSample, first, bytesPerFrame);
    }
    target.set(packed.subarray(0, frames * bytesPerFrame), done * bytesPerFrame);
  }
  return clipped;
}

/** Whether no sample of [start, end) is NaN or infinite. */
export function isAllFiniteByKernel(samples: Float32Array, start: number, end: number): boolean {
  const { kernels, samples: chunk } = sampleKernel();
  for (let at = start; at < end; at += CHUNK_FRAMES) {
    const frames = load(chunk, samples, at, Math.min(CHUNK_FRAMES, end - at));
    if (kernels.functions.checkFinite(chunk.byteOffset, frames) !== 0) return false;
  }
  return true;
}
