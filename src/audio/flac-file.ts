// Reads native FLAC files: the stream's header, then frame after frame, with every check that the format offers:
// frame checksums, frame numbers, the announced length, and the MD5 of all samples.
// FLAC inside of Ogg goes through ffmpeg. @source RFC 9639
import { createHash } from 'node:crypto';
import { ForgeError } from '../errors.js';
import { ByteWindow } from './byte-window.js';
import type { DamageLog } from './damage.js';
import { Underflow, WINDOW_PADDING } from './flac-bits.js';
import { decodeFrame, type FlacFrameHeader, FrameError, readFrameHeader } from './flac-frame.js';
import { displayPath, type InputFile, readUpTo } from './input-file.js';

export interface FlacInfo {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly bits: number;
  /** null where the encoder did not know. */
  readonly frameCount: number | null;
  /** Hexadecimal; null where the encoder wrote none. */
  readonly md5: string | null;
  readonly maxBlockFrames: number;
  readonly minBlockFrames: number;
  /** Where the first frame begins. */
  readonly audioOffset: number;
}

/**
 * The stream's header.
 * @param offset of "fLaC" in the file, behind an ID3v2 tag where there is one
 * @throws ForgeError input/bad-header
 */
export function readFlacInfo(file: InputFile, offset: number): FlacInfo {
  const name = displayPath(file.path);
  const block = Buffer.alloc(4 + 34);
  if (readUpTo(file, offset + 4, block) < block.length || (block[0]! & 0x7f) !== 0) {
    throw new ForgeError('input/bad-header', `expected a STREAMINFO block at the start of ${name}, got none`);
  }
  const sampleRateHz = block.readUIntBE(14, 3) >> 4;
  const samplesHigh = block[17]! & 0x0f;
  const frameCount = samplesHigh * 4294967296 + block.readUInt32BE(18);
  const md5 = block.toString('hex', 22, 38);
  if (sampleRateHz === 0) {
    throw new ForgeError(
      'input/bad-header',
      `expected a sample rate above 0 Hz in the header of ${name}, got 0 Hz`,
    );
  }
  let position = offset + 4;
  const head = Buffer.alloc(4);
  for (let isLast = false; !isLast; ) {
    if (readUpTo(file, position, head) < 4) {
      throw new ForgeError('input/bad-header', `the header of ${name} is cut off`);
    }
    isLast = (head[0]! & 0x80) !== 0;
    position += 4 + head.readUIntBE(1, 3);
  }
  return {
    sampleRateHz,
    channelCount: ((block[16]! >> 1) & 7) + 1,
    bits: (((block[16]! & 1) << 4) | (block[17]! >> 4)) + 1,
    frameCount: frameCount === 0 ? null : frameCount,
    md5: /^0+$/.test(md5) ? null : md5,
    minBlockFrames: block.readUInt16BE(4),
    maxBlockFrames: block.readUInt16BE(6),
    audioOffset: position,
  };
}

/** Frames of one block as integers at the stream's own depth; the arrays are valid until the next block. */
export type FlacBlock = readonly Float64Array[];

export interface FlacDecoder {
  /** The next block, null at the end. */
  next(): FlacBlock | null;
}

/** 65,535 frames of 8 channels of 33 bits, uncompressed, take less. */
const MAX_FRAME_BYTES = 1 << 22;

/**
 * Decodes all frames in order. Where damage is tolerated, a stretch that can't be decoded becomes silence of its length.
 * @throws ForgeError from next(): input/damaged (checksums), input/truncated, input/unsupported (rate or channels change)
 */
export function createFlacDecoder(file: InputFile, info: FlacInfo, damage: DamageLog): FlacDecoder {
  const name = displayPath(file.path);
  const window = new ByteWindow(file, info.audioOffset, WINDOW_PADDING);
  const samples = Array.from({ length: info.channelCount }, () => new Float64Array(65536));
  const hash = createHash('md5');
  const defaults = { sampleRateHz: info.sampleRateHz, bits: info.bits, blockSize: info.minBlockFrames };
  let position = info.audioOffset;
  let doneFrames = 0;
  let isMd5Valid = true;
  let isEnd = false;
  let pending: FlacFrameHeader | null = null;

  const at = (frame: number) => `frame ${frame} (${(frame / info.sampleRateHz).toFixed(3)} s) of ${name}`;

  /** Runs `work` on the window, with more bytes as long as it asks for them. */
  function withBytes<T>(work: (bytes: Uint8Array, start: number, end: number) => T): T {
    for (let byteCount = 1 << 16; ; byteCount *= 2) {
      const index = window.require(position, byteCount);
      try {
        return work(window.bytes, index, window.length);
      } catch (thrown) {
        if (!(thrown instanceof Underflow) || window.isAtFileEnd) throw thrown;
        if (byteCount > MAX_FRAME_BYTES) throw new FrameError('a frame longer than any can be');
      }
    }
  }

  function readHeader(): FlacFrameHeader {
    const header = withBytes((bytes, start, end) => readFrameHeader(bytes, start, end, defaults));
    if (
      header.sampleRateHz !== info.sampleRateHz ||
      header.channelCount !== info.channelCount ||
      header.bits !== info.bits
    ) {
      throw new ForgeError(
        'input/unsupported',
        `the sample rate, channels or depth change at ${at(doneFrames)}`,
      );
    }
    return header;
  }

  /** Moves to the next frame that has a valid header and body; false where there is none. */
  function resync(): boolean {
    for (position++; position + 16 <= file.byteCount; position++) {
      const index = window.require(position, 2);
      if (window.bytes[index] !== 0xff || (window.bytes[index + 1]! & 0xfe) !== 0xf8) continue;
      try {
        const header = readHeader();
        if (header.startFrame < doneFrames) continue;
        withBytes((bytes, start, end) => decodeFrame(bytes, start, end, header, samples));
        return true;
      } catch (thrown) {
        if (!(thrown instanceof FrameError || thrown instanceof Underflow || thrown instanceof ForgeError))
          throw thrown;
      }
    }
    return false;
  }

  function finish(): null {
    isEnd = true;
    const announced = info.frameCount ?? doneFrames;
    if (doneFrames < announced) {
      report(
        'input/truncated',
        `expected ${announced} frames in ${name}, got ${doneFrames}: the last ${announced - doneFrames} are missing`,
      );
    } else if (info.md5 !== null && isMd5Valid && hash.digest('hex') !== info.md5) {
      report('input/damaged', `the samples of ${name} do not have the MD5 sum that its header states`);
    }
    return null;
  }

  function report(code: 'input/truncated' | 'input/damaged', message: string): void {
    damage.report(code, message);
    isMd5Valid = false;
  }

  function silence(frameCount: number): FlacBlock {
    doneFrames += frameCount;
    return samples.map(() => new Float64Array(frameCount));
  }

  return {
    next() {
      if (isEnd) return null;
      if (info.frameCount !== null && doneFrames >= info.frameCount) return finish();
      if (position >= file.byteCount) return finish();
      try {
        const header = pending ?? readHeader();
        pending = null;
        if (header.startFrame > doneFrames && damage.isTolerant) {
          pending = header;
          const gap = Math.min(header.startFrame - doneFrames, 1 << 16);
          return silence(gap);
        }
        if (header.startFrame !== doneFrames) {
          throw new FrameError(`expected the block of frame ${doneFrames}, got that of ${header.startFrame}`);
        }
        position =
          window.start + withBytes((bytes, start, end) => decodeFrame(bytes, start, end, header, samples));
        const left = info.frameCount === null ? header.frameCount : info.frameCount - doneFrames;
        const block = samples.map((channel) => channel.subarray(0, Math.min(header.frameCount, left)));
        hash.update(packForMd5(block, info.bits));
        doneFrames += block[0]!.length;
        return block;
      } catch (thrown) {
        if (thrown instanceof Underflow) {
          report('input/truncated', `${name} ends in the middle of a frame, at ${at(doneFrames)}`);
          position = file.byteCount;
          return finish();
        }
        if (!(thrown instanceof FrameError)) throw thrown;
        if (isTagAtEnd()) return finish();
        report('input/damaged', `${thrown.message}, at ${at(doneFrames)}`);
        if (!resync()) position = file.byteCount;
        return this.next();
      }
    },
  };

  /** Whether what is left is an ID3v1 or APE tag that someone put behind the audio. */
  function isTagAtEnd(): boolean {
    const index = window.require(position, 8);
    const id = Buffer.from(window.bytes.subarray(index, index + 8)).toString('latin1');
    return id.startsWith('TAG') || id.startsWith('APETAGEX') || id.startsWith('ID3');
  }
}

/** Interleaved little-endian integers of whole bytes: what the MD5 of a FLAC stream is taken of. */
function packForMd5(block: FlacBlock, bits: number): Uint8Array {
  const bytesPerSample = Math.ceil(bits / 8);
  const channelCount = block.length;
  const frameCount = block[0]!.length;
  const packed = new Uint8Array(frameCount * channelCount * bytesPerSample);
  for (let channel = 0; channel < channelCount; channel++) {
    const samples = block[channel]!;
    for (let i = 0, p = channel * bytesPerSample; i < frameCount; i++, p += channelCount * bytesPerSample) {
      const value = samples[i]! | 0;
      for (let byte = 0; byte < bytesPerSample; byte++) packed[p + byte] = value >> (8 * byte);
    }
  }
  return packed;
}
