// Converts interleaved little-endian samples to planar floats and back, in tight typed-array loops.
// Integers of up to 24 bits and 32-bit floats are exact in Float32Array, all but 64-bit integers in Float64Array.
// Rounding, dither and clipping to integers happen here; where samples lie in a file is wav-header.ts's matter.
import type { AudioBlock } from './audio-file.js';
import { ditherKey, STRETCH_FRAMES, stretchKey, tpdfAt } from './dither.js';
import {
  decodeByKernel,
  encodeByKernel,
  isAllFiniteByKernel,
  KERNEL_SAMPLE_BYTES,
  type KernelEncoding,
} from './sample-kernel.js';
import { BYTES_PER_SAMPLE, type WavEncoding } from './wav-header.js';

/** A byte buffer with the views that the loops need; all start at its first byte. */
export interface SampleBuffer {
  readonly bytes: Uint8Array;
  readonly s16: Int16Array;
  readonly s32: Int32Array;
  readonly s64: BigInt64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

/** A buffer of at least `byteCount` bytes. */
export function createSampleBuffer(byteCount: number): SampleBuffer {
  const buffer = new ArrayBuffer(Math.ceil(byteCount / 8) * 8);
  return {
    bytes: new Uint8Array(buffer),
    s16: new Int16Array(buffer),
    s32: new Int32Array(buffer),
    s64: new BigInt64Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
  };
}

/** Decodes `frameCount` interleaved frames from the start of `source` into `into`, from index `at` on. */
export function decodeSamples(
  source: SampleBuffer,
  encoding: WavEncoding,
  frameCount: number,
  into: AudioBlock,
  at: number,
): void {
  const step = into.length;
  if (isKernelEncoding(encoding) && isFloat32(into)) {
    decodeByKernel(source.bytes, encoding, frameCount, into, at);
    return;
  }
  for (let channel = 0; channel < step; channel++) {
    const target = into[channel]!;
    switch (encoding) {
      case 's16':
        spread(source.s16, 2 ** -15, channel, step, target, at, frameCount);
        break;
      case 's32':
        spread(source.s32, 2 ** -31, channel, step, target, at, frameCount);
        break;
      case 'f32':
        spread(source.f32, 1, channel, step, target, at, frameCount);
        break;
      case 'f64':
        spread(source.f64, 1, channel, step, target, at, frameCount);
        break;
      case 's24':
        spread24(source.bytes, channel, step, target, at, frameCount);
        break;
      case 's64':
        for (let i = 0; i < frameCount; i++) {
          target[at + i] = Number(source.s64[channel + i * step]!) / 2 ** 63;
        }
        break;
      default:
        lookUp(source.bytes, TABLES[encoding], channel, step, target, at, frameCount);
    }
  }
}

// The loops are functions of their own, with everything that they touch in local variables: several times as fast.

function spread(
  source: Int16Array | Int32Array | Float32Array | Float64Array,
  scale: number,
  from: number,
  step: number,
  target: Float32Array | Float64Array,
  at: number,
  count: number,
): void {
  for (let i = at, p = from; i < at + count; i++, p += step) target[i] = source[p]! * scale;
}

function spread24(
  bytes: Uint8Array,
  from: number,
  step: number,
  target: Float32Array | Float64Array,
  at: number,
  count: number,
): void {
  for (let i = at, p = from * 3; i < at + count; i++, p += step * 3) {
    target[i] = ((bytes[p]! << 8) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 24)) * 2 ** -31;
  }
}

function lookUp(
  bytes: Uint8Array,
  table: Float32Array,
  from: number,
  step: number,
  target: Float32Array | Float64Array,
  at: number,
  count: number,
): void {
  for (let i = at, p = from; i < at + count; i++, p += step) target[i] = table[bytes[p]!]!;
}

/** How integers are made of floats. */
export interface Quantiser {
  /** Triangular dither of ±1 LSB, from this seed; undefined rounds to nearest. */
  readonly ditherSeed: number | undefined;
  /** Samples so far that did not fit and were clipped; raised by encodeSamples. */
  clippedSampleCount: number;
}

/**
 * Encodes `frameCount` frames of `block`, from index `at` on, into the start of `target`. `startFrame` is the position
 * of the first in the file, which the dither is a function of. A sample of exactly 0 stays 0, so digital silence does.
 */
export function encodeSamples(
  block: AudioBlock,
  at: number,
  frameCount: number,
  startFrame: number,
  encoding: WavEncoding,
  target: SampleBuffer,
  quantiser: Quantiser,
): void {
  const channelCount = block.length;
  const bytesPerSample = BYTES_PER_SAMPLE[encoding];
  const stretch = Math.floor(startFrame / STRETCH_FRAMES);
  const isInOneStretch = startFrame + frameCount <= (stretch + 1) * STRETCH_FRAMES;
  if (isKernelEncoding(encoding) && isFloat32(block) && isInOneStretch) {
    const { ditherSeed: seed } = quantiser;
    const keys =
      seed === undefined
        ? undefined
        : block.map((_, channel) => stretchKey(ditherKey(seed, channel), stretch));
    quantiser.clippedSampleCount += encodeByKernel(
      block,
      at,
      frameCount,
      startFrame,
      encoding,
      keys,
      target.bytes,
    );
    return;
  }
  for (let channel = 0; channel < channelCount; channel++) {
    const source = block[channel]!;
    if (encoding === 'f32' || encoding === 'f64') {
      const out = encoding === 'f32' ? target.f32 : target.f64;
      for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) out[p] = source[at + i]!;
      continue;
    }
    const fullScale = 2 ** (bytesPerSample * 8 - 1);
    const isDithered = quantiser.ditherSeed !== undefined && bytesPerSample < 4;
    const key = ditherKey(quantiser.ditherSeed ?? 0, channel);
    for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) {
      const exact = source[at + i]! * fullScale;
      let value = Math.floor(exact + 0.5);
      if (value > fullScale - 1 || value < -fullScale) {
        quantiser.clippedSampleCount++;
      } else if (isDithered && exact !== 0) {
        value = Math.floor(exact + (tpdfAt(key, startFrame + i) + 0.5));
      }
      if (value > fullScale - 1) value = fullScale - 1;
      else if (value < -fullScale) value = -fullScale;
      switch (bytesPerSample) {
        case 1:
          target.bytes[p] = value + 128;
          break;
        case 2:
          target.s16[p] = value;
          break;
        case 3:
          target.bytes[p * 3] = value;
          target.bytes[p * 3 + 1] = value >> 8;
          target.bytes[p * 3 + 2] = value >> 16;
          break;
        default:
          target.s32[p] = value;
      }
    }
  }
}

function isKernelEncoding(encoding: WavEncoding): encoding is KernelEncoding {
  return encoding in KERNEL_SAMPLE_BYTES;
}

function isFloat32(block: AudioBlock): block is Float32Array[] {
  return block[0] instanceof Float32Array && block.length <= 8;
}

/** Whether no sample of [start, end) is NaN or infinite: 0 times such a sample is NaN, and NaN stays. */
export function isAllFinite(samples: Float32Array | Float64Array, start: number, end: number): boolean {
  if (samples instanceof Float32Array) return isAllFiniteByKernel(samples, start, end);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    a += samples[i]! * 0;
    b += samples[i + 1]! * 0;
    c += samples[i + 2]! * 0;
    d += samples[i + 3]! * 0;
  }
  for (; i < end; i++) a += samples[i]! * 0;
  return a + b + c + d === 0;
}

/** The values of encodings of one byte. G.711: 13 and 14-bit values on the scale of 16 bits. */
const TABLES = {
  u8: Float32Array.from({ length: 256 }, (_, code) => (code - 128) / 128),
  alaw: Float32Array.from({ length: 256 }, (_, code) => {
    const bits = code ^ 0x55;
    const exponent = (bits >> 4) & 7;
    const mantissa = ((bits & 15) << 4) + 8;
    const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
    return (bits & 0x80 ? magnitude : -magnitude) / 32768;
  }),
  mulaw: Float32Array.from({ length: 256 }, (_, code) => {
    const bits = ~code & 0xff;
    const magnitude = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
    return (bits & 0x80 ? -magnitude : magnitude) / 32768;
  }),
};
