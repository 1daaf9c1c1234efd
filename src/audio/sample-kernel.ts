// The WebAssembly form of the conversions between planar float32 and interleaved 16 and 24-bit integers and 32-bit
// floats: the same bytes and samples as the loops of wav-samples.ts, several times as fast. One instance a thread.
import { createKernels, type Kernels } from '../dsp/kernels/instance.js';

const CHUNK_FRAMES = 4096;
const MAX_CHANNELS = 8;
/** Bytes of a sample in the forms that the kernel knows. */
export const KERNEL_SAMPLE_BYTES = { s16: 2, s24: 3, f32: 4 } as const;
export type KernelEncoding = keyof typeof KERNEL_SAMPLE_BYTES;

interface SampleKernel {
  readonly kernels: Kernels;
  readonly samples: Float32Array;
  readonly integers: Float32Array;
  readonly packed: Uint8Array;
}

let shared: SampleKernel | undefined;

function sampleKernel(): SampleKernel {
  if (shared !== undefined) return shared;
  const kernels = createKernels(CHUNK_FRAMES * (4 + 8 * MAX_CHANNELS) + 2048);
  shared = {
    kernels,
    samples: kernels.f32(CHUNK_FRAMES * MAX_CHANNELS),
    integers: kernels.f32(CHUNK_FRAMES),
    packed: kernels.u8(CHUNK_FRAMES * 4 * MAX_CHANNELS),
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
 * Encodes `frameCount` frames of a block of at most eight channels, from index `at` on, into the start of `target`.
 * Integers are dithered by `keys` (one per channel) where they are given. `startFrame`, the place of the first in the
 * file, and the last must lie in one stretch of 2³² frames. Returns how many samples were clipped.
 */
export function encodeByKernel(
  block: readonly Float32Array[],
  at: number,
  frameCount: number,
  startFrame: number,
  encoding: KernelEncoding,
  keys: readonly number[] | undefined,
  target: Uint8Array,
): number {
  const { kernels, samples, integers, packed } = sampleKernel();
  const { quantise, packWords } = kernels.functions;
  const bytesPerSample = KERNEL_SAMPLE_BYTES[encoding];
  const bytesPerFrame = bytesPerSample * block.length;
  const fullScale = 2 ** (8 * bytesPerSample - 1);
  let clipped = 0;
  for (let done = 0; done < frameCount; done += CHUNK_FRAMES) {
    const frames = Math.min(CHUNK_FRAMES, frameCount - done);
    for (const [channel, source] of block.entries()) {
      const rounded = load(samples, source, at + done, frames);
      let words = samples.byteOffset;
      if (encoding !== 'f32') {
        const isDithered = keys === undefined ? 0 : 1;
        const from = (startFrame + done) | 0;
        clipped += quantise(
          samples.byteOffset,
          rounded,
          fullScale,
          isDithered,
          keys?.[channel] ?? 0,
          from,
          integers.byteOffset,
        );
        words = integers.byteOffset;
      }
      packWords(words, frames, bytesPerSample, packed.byteOffset + channel * bytesPerSample, bytesPerFrame);
    }
    target.set(packed.subarray(0, frames * bytesPerFrame), done * bytesPerFrame);
  }
  return clipped;
}

/** Decodes `frameCount` interleaved frames from the start of `source` into `into`, from index `at` on. */
export function decodeByKernel(
  source: Uint8Array,
  encoding: KernelEncoding,
  frameCount: number,
  into: readonly Float32Array[],
  at: number,
): void {
  const { kernels, samples, packed } = sampleKernel();
  const { decode16, decode24, decodeFloat } = kernels.functions;
  const decode = encoding === 's16' ? decode16 : encoding === 's24' ? decode24 : decodeFloat;
  const bytesPerFrame = KERNEL_SAMPLE_BYTES[encoding] * into.length;
  for (let done = 0; done < frameCount; done += CHUNK_FRAMES) {
    const frames = Math.min(CHUNK_FRAMES, frameCount - done);
    packed.set(source.subarray(done * bytesPerFrame, (done + frames) * bytesPerFrame));
    decode(packed.byteOffset, samples.byteOffset, 4 * CHUNK_FRAMES, frames, into.length);
    for (const [channel, target] of into.entries()) {
      const from = channel * CHUNK_FRAMES;
      target.set(samples.subarray(from, from + frames), at + done);
    }
  }
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
