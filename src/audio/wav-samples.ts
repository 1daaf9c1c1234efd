// Converts interleaved little-endian samples to planar floats and back, in tight typed-array loops.
// Integers of up to 24 bits and 32-bit floats are exact in Float32Array, all but 64-bit integers in Float64Array.
// Rounding, dither and clipping to integers happen here; where samples lie in a file is wav-header.ts's matter.
import type { AudioBlock } from './audio-file.js';
import { ditherKey, tpdfAt } from './dither.js';
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
  const channelCount = into.length;
  for (let channel = 0; channel < channelCount; channel++) {
    const target = into[channel]!;
    switch (encoding) {
      case 'u8':
        for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) {
          target[at + i] = (source.bytes[p]! - 128) / 128;
        }
        break;
      case 's16':
        for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) {
          target[at + i] = source.s16[p]! / 32768;
        }
        break;
      case 's24': {
        const { bytes } = source;
        const step = channelCount * 3;
        for (let i = 0, p = channel * 3; i < frameCount; i++, p += step) {
          target[at + i] = ((bytes[p]! << 8) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 24)) / 2147483648;
        }
        break;
      }
      case 's32':
        for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) {
          target[at + i] = source.s32[p]! / 2147483648;
        }
        break;
      case 's64':
        for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) {
          target[at + i] = Number(source.s64[p]!) / 2 ** 63;
        }
        break;
      case 'f32':
        for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) target[at + i] = source.f32[p]!;
        break;
      case 'f64':
        for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) target[at + i] = source.f64[p]!;
        break;
      case 'alaw':
      case 'mulaw': {
        const table = encoding === 'alaw' ? ALAW_TABLE : MULAW_TABLE;
        for (let i = 0, p = channel; i < frameCount; i++, p += channelCount) {
          target[at + i] = table[source.bytes[p]!]!;
        }
        break;
      }
    }
  }
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
        value = Math.floor(exact + tpdfAt(key, startFrame + i) + 0.5);
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

/** Whether no sample of [start, end) is NaN or infinite: 0 times such a sample is NaN, and NaN stays. */
export function isAllFinite(samples: Float32Array | Float64Array, start: number, end: number): boolean {
  let even = 0;
  let odd = 0;
  let i = start;
  for (; i + 1 < end; i += 2) {
    even += samples[i]! * 0;
    odd += samples[i + 1]! * 0;
  }
  if (i < end) even += samples[i]! * 0;
  return even + odd === 0;
}

/** G.711 A-law to ±1: 13-bit values scaled to 16 bits. */
const ALAW_TABLE = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (bits & 0x80 ? magnitude : -magnitude) / 32768;
});

/** G.711 mu-law to ±1: 14-bit values scaled to 16 bits. */
const MULAW_TABLE = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return (bits & 0x80 ? -magnitude : magnitude) / 32768;
});
