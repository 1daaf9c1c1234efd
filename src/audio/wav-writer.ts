// Writes WAV files of a length known beforehand, RF64 past 4 GiB: ranges in any order, from several workers, one
// atomic rename at the end. 8, 16 and 24-bit samples are dithered by absolute frame, so the bytes do not depend on
// how the file was cut. Compressed formats are encode.ts's matter.
import fs from 'node:fs';
import { dirname } from 'node:path';
import { ForgeError } from '../errors.js';
import { createAtomicFile, outputError } from './atomic-file.js';
import type { AudioBlock, AudioShape, AudioWriter, SampleFormat } from './audio-file.js';
import { displayPath, openInputFile } from './input-file.js';
import { BYTES_PER_SAMPLE, MAX_CHANNEL_COUNT, readWavHeader, type WavEncoding } from './wav-header.js';
import { createSampleBuffer, encodeSamples, isAllFinite, type Quantiser } from './wav-samples.js';

const BUFFER_BYTES = 1 << 17;

/** A chunk to be written beside the audio: `bext`, `cue `, `iXML`, `LIST`, `id3 ` … */
export interface ExtraChunk {
  /** Four ASCII characters. */
  readonly id: string;
  readonly body: Uint8Array;
}

export interface WavSpec extends AudioShape {
  /** Integers of 8, 16, 24 or 32 bits, floats of 32 or 64 bits. */
  readonly sampleFormat: SampleFormat;
  /** Dithers integers of up to 24 bits from this seed; without it samples are rounded to the nearest. */
  readonly ditherSeed?: number | undefined;
  /** `bext` goes before the audio, as EBU Tech 3285 asks, the others behind it. */
  readonly extraChunks?: readonly ExtraChunk[];
  /** Speaker positions; 0 or none takes the usual ones of the channel count. */
  readonly channelMask?: number | undefined;
}

export interface WavWriter extends AudioWriter {
  /** The unfinished file, which openWavRegion opens in workers. */
  readonly temporaryPath: string;
  /** Samples that did not fit an integer format and were clipped by this writer. */
  readonly clippedSampleCount: number;
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

/** Bytes of a WAV file of this form without extra chunks, for plans and disk estimates. */
export function wavByteCount(shape: AudioShape, sampleFormat: SampleFormat): number {
  const { head, tail, dataByteCount } = layOut({ ...shape, sampleFormat }, encodingFor(sampleFormat));
  return head.length + dataByteCount + tail.length;
}

interface FrameWriter {
  readonly clippedSampleCount: number;
  write(startFrame: number, block: AudioBlock): void;
}

function createFrameWriter(
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

function encodingFor(format: SampleFormat): WavEncoding {
  const encodings: Readonly<Record<number, WavEncoding>> =
    format.kind === 'float' ? { 32: 'f32', 64: 'f64' } : { 8: 'u8', 16: 's16', 24: 's24', 32: 's32' };
  const encoding = encodings[format.bits];
  if (encoding === undefined) {
    throw new ForgeError(
      'output/unsupported',
      `expected 8, 16, 24 or 32-bit int or 32 or 64-bit float samples for WAV, got ${format.bits}-bit ${format.kind}`,
    );
  }
  return encoding;
}

/** Everything of the file but the frames: `head` ends where they begin, `tail` follows them. */
function layOut(
  spec: WavSpec,
  encoding: WavEncoding,
): { head: Uint8Array; tail: Uint8Array; dataByteCount: number } {
  const dataByteCount = spec.frameCount * BYTES_PER_SAMPLE[encoding] * spec.channelCount;
  const extra = spec.extraChunks ?? [];
  const before: Buffer[] = [formatChunk(spec, encoding)];
  // Readers of non-PCM forms may ask for the number of frames.
  if (spec.sampleFormat.kind === 'float')
    before.push(chunk('fact', uint32(Math.min(spec.frameCount, 0xffffffff))));
  for (const { id, body } of extra) if (id === 'bext') before.push(chunk(id, body));
  const behind: Buffer[] = dataByteCount % 2 === 1 ? [Buffer.alloc(1)] : [];
  for (const { id, body } of extra) if (id !== 'bext') behind.push(chunk(id, body));

  const tail = Buffer.concat(behind);
  const formByteCount = 4 + Buffer.concat(before).length + 8 + dataByteCount + tail.length;
  const isLong = formByteCount > 0xffffffff;
  if (isLong) {
    const ds64 = Buffer.alloc(28);
    ds64.writeBigUInt64LE(BigInt(formByteCount + 36), 0);
    ds64.writeBigUInt64LE(BigInt(dataByteCount), 8);
    ds64.writeBigUInt64LE(BigInt(spec.frameCount), 16);
    before.unshift(chunk('ds64', ds64));
  }
  const head = Buffer.concat([
    Buffer.from(isLong ? 'RF64' : 'RIFF', 'latin1'),
    uint32(isLong ? 0xffffffff : formByteCount),
    Buffer.from('WAVE', 'latin1'),
    ...before,
    Buffer.from('data', 'latin1'),
    uint32(isLong ? 0xffffffff : dataByteCount),
  ]);
  return { head, tail, dataByteCount };
}

/** Left, right; centre, LFE; back left and right …, by channel count: mono, stereo, L R C, quad, 5.0, 5.1, 6.1, 7.1. */
const CHANNEL_MASKS = [0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x13f, 0x63f];

function formatChunk(spec: WavSpec, encoding: WavEncoding): Buffer {
  const bits = BYTES_PER_SAMPLE[encoding] * 8;
  const formatTag = spec.sampleFormat.kind === 'float' ? 3 : 1;
  const isExtensible = spec.channelCount > 2 || bits > 16;
  const body = Buffer.alloc(isExtensible ? 40 : 16);
  body.writeUInt16LE(isExtensible ? 0xfffe : formatTag, 0);
  body.writeUInt16LE(spec.channelCount, 2);
  body.writeUInt32LE(spec.sampleRateHz, 4);
  body.writeUInt32LE((spec.sampleRateHz * spec.channelCount * bits) / 8, 8);
  body.writeUInt16LE((spec.channelCount * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  if (isExtensible) {
    body.writeUInt16LE(22, 16);
    body.writeUInt16LE(bits, 18);
    body.writeUInt32LE(spec.channelMask || CHANNEL_MASKS[spec.channelCount]!, 20);
    body.writeUInt16LE(formatTag, 24);
    body.write('000000001000800000aa00389b71', 26, 'hex');
  }
  return chunk('fmt ', body);
}

/** A RIFF chunk with its pad byte. */
function chunk(id: string, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8 + body.length + (body.length % 2));
  bytes.write(id, 0, 4, 'latin1');
  bytes.writeUInt32LE(body.length, 4);
  bytes.set(body, 8);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
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

function writeFully(fd: number, bytes: Uint8Array, position: number, path: string): void {
  try {
    let done = 0;
    while (done < bytes.length) {
      done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
    }
  } catch (thrown) {
    throw outputError(thrown, path);
  }
}
