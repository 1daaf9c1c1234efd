// Random access to the frames of a WAV, RF64, BW64 or W64 file of any PCM, float or G.711 form.
// Reads are positional and synchronous through one small buffer, so a reader costs the same for any length of file.
// Files in other formats are made into WAV first, by decode.ts.
import fs from 'node:fs';
import { ForgeError } from '../errors.js';
import type { AudioBlock, AudioReader } from './audio-file.js';
import { displayPath, openInputFile, readFully } from './input-file.js';
import { readWavHeader, type WavInfo } from './wav-header.js';
import { createSampleBuffer, decodeSamples, isAllFinite } from './wav-samples.js';

const BUFFER_BYTES = 1 << 17;

export interface OpenWavOptions {
  /** Goes on with a file that is shorter than announced, and reads NaN and infinite samples as 0. */
  readonly tolerateDamage?: boolean;
}

export interface WavReader extends AudioReader {
  readonly info: WavInfo;
  /** NaN and infinite samples that reads have replaced by 0 so far (only with tolerateDamage). */
  readonly nonFiniteSampleCount: number;
  /**
   * Raw interleaved frames as they lie in the file, `info.bytesPerFrame` bytes each. The frames must lie in the file.
   * Fills `into` where given; else the bytes are valid until the next call. Samples are not checked.
   * @throws ForgeError input/changed
   */
  readBytes(startFrame: number, frameCount: number, into?: Uint8Array): Uint8Array;
}

/**
 * Opens a WAV file. Integers of up to 24 bits and 32-bit floats are exact in Float32Array, 32-bit integers and 64-bit
 * floats in Float64Array.
 * @throws ForgeError input/not-found, input/unreadable, input/is-directory, input/empty, input/not-audio,
 *   input/bad-header, input/unsupported, input/truncated; later, from read: input/non-finite, input/changed
 */
export function openWav(path: string, options: OpenWavOptions = {}): WavReader {
  const { tolerateDamage = false } = options;
  const file = openInputFile(path);
  let info: WavInfo;
  try {
    const header = readWavHeader(file, tolerateDamage);
    if ('compressed' in header) {
      throw new ForgeError(
        'input/unsupported',
        `expected PCM or float samples in ${displayPath(path)}, got WAV format 0x${header.formatTag.toString(16)}`,
      );
    }
    info = header;
  } catch (thrown) {
    fs.closeSync(file.fd);
    throw thrown;
  }

  const { channelCount, frameCount, encoding, bytesPerFrame, dataOffset } = info;
  const framesPerBuffer = Math.floor(BUFFER_BYTES / bytesPerFrame);
  const buffer = createSampleBuffer(framesPerBuffer * bytesPerFrame);
  const isFloat = encoding === 'f32' || encoding === 'f64';
  let nonFiniteSampleCount = 0;
  let isOpen = true;

  function read(startFrame: number, into: AudioBlock): void {
    const length = into[0]?.length ?? 0;
    if (into.length !== channelCount) {
      throw new ForgeError(
        'internal/defect',
        `expected ${channelCount} channels to read into, got ${into.length}`,
      );
    }
    const first = Math.min(Math.max(startFrame, 0), startFrame + length);
    const end = Math.max(first, Math.min(startFrame + length, frameCount));
    if (first > startFrame) fill(into, 0, first - startFrame);
    if (end < startFrame + length) fill(into, end - startFrame, length);
    for (let frame = first; frame < end; frame += framesPerBuffer) {
      const count = Math.min(framesPerBuffer, end - frame);
      const at = frame - startFrame;
      readFully(file, dataOffset + frame * bytesPerFrame, buffer.bytes.subarray(0, count * bytesPerFrame));
      decodeSamples(buffer, encoding, count, into, at);
      if (isFloat) checkFinite(into, at, count, frame);
    }
  }

  function checkFinite(into: AudioBlock, at: number, count: number, frame: number): void {
    for (let channel = 0; channel < channelCount; channel++) {
      const samples = into[channel]!;
      if (isAllFinite(samples, at, at + count)) continue;
      for (let i = 0; i < count; i++) {
        const sample = samples[at + i]!;
        if (Number.isFinite(sample)) continue;
        if (!tolerateDamage) {
          throw new ForgeError(
            'input/non-finite',
            `expected finite samples in ${displayPath(path)}, got ${sample} in channel ${channel + 1} at frame ` +
              `${frame + i} (${((frame + i) / info.sampleRateHz).toFixed(3)} s)`,
            { hint: 'Give --tolerate-damage to read such samples as silence.' },
          );
        }
        samples[at + i] = 0;
        nonFiniteSampleCount++;
      }
    }
  }

  return {
    info,
    sampleRateHz: info.sampleRateHz,
    channelCount,
    frameCount,
    read,
    get nonFiniteSampleCount() {
      return nonFiniteSampleCount;
    },
    readBytes(startFrame, count, into) {
      if (startFrame < 0 || startFrame + count > frameCount) {
        throw new ForgeError(
          'internal/defect',
          `expected frames within 0 to ${frameCount}, got ${startFrame} to ${startFrame + count}`,
        );
      }
      const byteCount = count * bytesPerFrame;
      const target = into ?? (byteCount <= buffer.bytes.length ? buffer.bytes : new Uint8Array(byteCount));
      const bytes = target.subarray(0, byteCount);
      readFully(file, dataOffset + startFrame * bytesPerFrame, bytes);
      return bytes;
    },
    close() {
      if (isOpen) fs.closeSync(file.fd);
      isOpen = false;
    },
  };
}

function fill(block: AudioBlock, start: number, end: number): void {
  for (const samples of block) samples.fill(0, start, end);
}
