// Writes WAV files of a length known beforehand, RF64 past 4 GiB: ranges in any order, from several workers, one
// atomic rename at the end. 8, 16 and 24-bit samples are dithered by absolute frame, so the bytes do not depend on
// how the file was cut. Compressed formats are encode.ts's matter.
import fs from 'node:fs';
import { dirname } from 'node:path';
import { ForgeError } from '../errors.js';
import { createAtomicFile, outputError } from './atomic-file.js';
import type { AudioBlock, AudioShape, AudioWriter } from './audio-file.js';
import { displayPath, openInputFile } from './input-file.js';
import { BYTES_PER_SAMPLE, MAX_CHANNEL_COUNT, readWavHeader, type WavEncoding } from './wav-header.js';
import { encodingFor, layOut, type WavSpec } from './wav-layout.js';
import { createSampleBuffer, encodeSamples, isAllFinite, type Quantiser } from './wav-samples.js';

const BUFFER_BYTES = 1 << 17;

export interface WavWriter extends AudioWriter {
  /** The unfinished file, which openWavRegion opens in workers. */
  readonly temporaryPath: string;
  /** Samples that did not fit an integer format and were clipped by this writer. */
  readonly clippedSampleCount: number;
  /** As of AudioWriter; the flush is left out where `isMadeDurable` is false. */
  commit(isMadeDurable?: boolean): void;
}

/** A second hand on a file that createWavWriter has made. */
export interface WavRegionWriter extends AudioShape {
  readonly clippedSampleCount: number;
  /** @throws ForgeError output/disk-full, output/unwritable */
  write(startFrame: number, block: AudioBlock): void;
  close(): void;
}

/**
 * Starts a WAV file. It is created at its full size (unwritten frames are silence) and renamed to `path` by commit().
 * Frames may be written in any order, and again.
 * @throws ForgeError output/unwritable, output/disk-full, output/unsupported
 */
export function createWavWriter(path: string, spec: WavSpec): WavWriter {
  const encoding = encodingFor(spec.sampleFormat);
  if (spec.channelCount < 1 || spec.channelCount > MAX_CHANNEL_COUNT) {
    throw new ForgeError(
      'output/unsupported',
      `expected 1 to ${MAX_CHANNEL_COUNT} channels for ${displayPath(path)}, got ${spec.channelCount}`,
    );
  }
  const { head, tail, dataByteCount } = layOut(spec, encoding);
  const file = createAtomicFile(path);
  try {
    const byteCount = head.length + dataByteCount + tail.length;
    refuseFullDisk(path, byteCount);
    fs.ftruncateSync(file.fd, byteCount);
    writeFully(file.fd, head, 0, path);
    writeFully(file.fd, tail, head.length + dataByteCount, path);
  } catch (thrown) {
    file.abort();
    throw outputError(thrown, path);
  }
  const frames = createFrameWriter(file.fd, path, spec, encoding, head.length, spec.ditherSeed);
  return {
    sampleRateHz: spec.sampleRateHz,
    channelCount: spec.channelCount,
    frameCount: spec.frameCount,
    temporaryPath: file.temporaryPath,
    get clippedSampleCount() {
      return frames.clippedSampleCount;
    },
    write: frames.write,
    commit: file.commit,
    abort: file.abort,
  };
}

/**
 * Opens a file of createWavWriter (its `temporaryPath`, or the final one) for writing frames into it, from any thread
 * or process. `ditherSeed` must be that of the writer.
 * @throws ForgeError output/unwritable, and the input/ errors of a header that cannot be read
 */
export function openWavRegion(
  path: string,
  options: { ditherSeed?: number | undefined } = {},
): WavRegionWriter {
  const input = openInputFile(path);
  let info: ReturnType<typeof readWavHeader>;
  try {
    info = readWavHeader(input, false);
  } finally {
    fs.closeSync(input.fd);
  }
  if ('compressed' in info) {
    throw new ForgeError('internal/defect', `expected a WAV file made by forge, got ${displayPath(path)}`);
  }
  let fd: number;
  try {
    fd = fs.openSync(path, 'r+');
  } catch (thrown) {
    throw outputError(thrown, path);
  }
  const frames = createFrameWriter(fd, path, info, info.encoding, info.dataOffset, options.ditherSeed);
  let isOpen = true;
  return {
    sampleRateHz: info.sampleRateHz,
    channelCount: info.channelCount,
    frameCount: info.frameCount,
    get clippedSampleCount() {
      return frames.clippedSampleCount;
    },
    write: frames.write,
    close() {
      if (isOpen) fs.closeSync(fd);
      isOpen = false;
    },
  };
}

/** Encodes blocks into their place in an open file. */
export interface FrameWriter {
  readonly clippedSampleCount: number;
  write(startFrame: number, block: AudioBlock): void;
}

export function createFrameWriter(
  fd: number,
  path: string,
  shape: AudioShape,
  encoding: WavEncoding,
  dataOffset: number,
  ditherSeed: number | undefined,
): FrameWriter {
  const { channelCount, frameCount } = shape;
  const bytesPerFrame = BYTES_PER_SAMPLE[encoding] * channelCount;
  const framesPerBuffer = Math.floor(BUFFER_BYTES / bytesPerFrame);
  const buffer = createSampleBuffer(framesPerBuffer * bytesPerFrame);
  const quantiser: Quantiser = { ditherSeed, clippedSampleCount: 0 };
  return {
    get clippedSampleCount() {
      return quantiser.clippedSampleCount;
    },
    write(startFrame, block) {
      const length = block[0]?.length ?? 0;
      if (block.length !== channelCount || startFrame < 0 || startFrame + length > frameCount) {
        throw new ForgeError(
          'internal/defect',
          `expected ${channelCount} channels within frames 0 to ${frameCount} of ${displayPath(path)}, got ` +
            `${block.length} channels from ${startFrame} to ${startFrame + length}`,
        );
      }
      for (const samples of block) {
        if (!isAllFinite(samples, 0, length)) {
          throw new ForgeError(
            'internal/defect',
            `expected finite samples to write to ${displayPath(path)}, got NaN or infinity after frame ${startFrame}`,
          );
        }
      }
      for (let at = 0; at < length; at += framesPerBuffer) {
        const count = Math.min(framesPerBuffer, length - at);
        encodeSamples(block, at, count, startFrame + at, encoding, buffer, quantiser);
        const bytes = buffer.bytes.subarray(0, count * bytesPerFrame);
        writeFully(fd, bytes, dataOffset + (startFrame + at) * bytesPerFrame, path);
      }
    },
  };
}

/** Says at once that a file can't fit, instead of after the work. Space that others take meanwhile is met later. */
function refuseFullDisk(path: string, byteCount: number): void {
  const { bavail, bsize } = fs.statfsSync(dirname(path));
  if (byteCount <= bavail * bsize) return;
  throw new ForgeError(
    'output/disk-full',
    `expected ${byteCount} free bytes on the disk for ${displayPath(path)}, got ${bavail * bsize}`,
    { hint: 'Free some space, or choose another folder by --out.' },
  );
}

/** @throws ForgeError output/disk-full, output/unwritable */
export function writeFully(fd: number, bytes: Uint8Array, position: number, path: string): void {
  try {
    let done = 0;
    while (done < bytes.length) {
      done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
    }
  } catch (thrown) {
    throw outputError(thrown, path);
  }
}
