// Walks the frames of an MP3 file without decoding them: how many there are, what the encoder says of its delay and
// padding, and whether frames are missing or broken. Layers I to III of MPEG-1, 2 and 2.5.
// Free-format streams are not walked. @source ISO/IEC 11172-3, 13818-3; the Xing, Info, LAME and VBRI headers
import { ByteWindow } from './byte-window.js';
import type { DamageLog } from './damage.js';
import { displayPath, type InputFile, readUpTo } from './input-file.js';

/** Samples by which any decoder of layer III lags behind: 528 of the filter bank, and one. */
const DECODER_DELAY_FRAMES = 529;

export interface Mp3Info {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly layer: 1 | 2 | 3;
  /** Frames of audio with the encoder's delay and padding taken off. */
  readonly frameCount: number;
  /** Decoded frames to leave out at the start: the encoder's delay and the decoder's. 0 where the file says nothing. */
  readonly skipFrames: number;
  readonly bitrateKbps: number;
  /** Whether all frames that hold audio have one bit rate. */
  readonly isConstantBitrate: boolean;
  /** Bytes of the first and behind the last MPEG frame that holds audio. */
  readonly audioOffset: number;
  readonly audioEnd: number;
  readonly isGapless: boolean;
}

interface FrameHeader {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly layer: 1 | 2 | 3;
  readonly version: 1 | 2 | 2.5;
  readonly byteCount: number;
  readonly bitrateKbps: number;
  readonly samplesPerFrame: number;
}

/** Byte length of an ID3v2 tag at `offset`, 0 where there is none. */
export function id3v2ByteCount(file: InputFile, offset: number): number {
  const head = new Uint8Array(10);
  if (readUpTo(file, offset, head) < 10 || Buffer.from(head.subarray(0, 3)).toString('latin1') !== 'ID3')
    return 0;
  if (head[3]! > 4 || head.subarray(6).some((byte) => byte > 127)) return 0;
  const size = (head[6]! << 21) | (head[7]! << 14) | (head[8]! << 7) | head[9]!;
  return 10 + size + (head[5]! & 0x10 ? 10 : 0);
}

/** Whether two consecutive frames of one stream begin at `offset` or within `searchBytes` behind it. */
export function findFirstFrame(file: InputFile, offset: number, searchBytes: number): number | null {
  const bytes = new Uint8Array(searchBytes + 8192);
  const got = readUpTo(file, offset, bytes);
  for (let at = 0; at < searchBytes && at + 4 <= got; at++) {
    if (bytes[at] !== 0xff) continue;
    const header = parseHeader(bytes, at);
    if (header === null) continue;
    const next = at + header.byteCount;
    if (next + 4 > got) return offset + next >= file.byteCount ? offset + at : null;
    const second = parseHeader(bytes, next);
    if (second !== null && isSameStream(header, second)) return offset + at;
  }
  return null;
}

/**
 * Walks all frames from the first on.
 * @throws ForgeError input/truncated, input/damaged
 */
export function scanMp3(file: InputFile, firstFrame: number, damage: DamageLog): Mp3Info {
  const name = displayPath(file.path);
  const window = new ByteWindow(file, firstFrame);
  const end = endOfFrames(file, firstFrame);
  const first = headerAt(firstFrame)!;
  const tag = readEncoderTag(file, firstFrame, first);
  const audioOffset = tag === null ? firstFrame : firstFrame + first.byteCount;
  const seconds = (count: number) => ((count * first.samplesPerFrame) / first.sampleRateHz).toFixed(3);

  let position = audioOffset;
  let count = 0;
  const bitratesKbps = new Set<number>();
  while (position + 4 <= end) {
    const header = headerAt(position);
    if (header === null || !isSameStream(first, header)) {
      const resumed = nextFrame(position + 1);
      // Padding of zeros behind the last frame is no loss.
      if (resumed === null && isZero(position, end)) break;
      damage.report(
        'input/damaged',
        `expected an MPEG frame at byte ${position} of ${name} (${seconds(count)} s), got something else`,
      );
      if (resumed === null) break;
      position = resumed;
      continue;
    }
    if (position + header.byteCount > end) {
      damage.report(
        'input/truncated',
        `${name} ends in the middle of an MPEG frame, ${end - position} of ${header.byteCount} bytes of it are there ` +
          `(after ${seconds(count)} s)`,
      );
      break;
    }
    position += header.byteCount;
    bitratesKbps.add(header.bitrateKbps);
    count++;
  }
  if (tag?.frameCount !== undefined && count < tag.frameCount) {
    damage.report(
      'input/truncated',
      `expected ${tag.frameCount} MPEG frames (${seconds(tag.frameCount)} s) in ${name}, got ${count} ` +
        `(${seconds(count)} s)`,
    );
  }

  const decoded = count * first.samplesPerFrame;
  const isGapless = tag?.delayFrames !== undefined;
  const skipFrames = isGapless ? tag.delayFrames! + DECODER_DELAY_FRAMES : 0;
  const isWhole = tag?.frameCount === undefined || count >= tag.frameCount;
  const endCut = isGapless && isWhole ? Math.max(0, tag.paddingFrames! - DECODER_DELAY_FRAMES) : 0;
  return {
    sampleRateHz: first.sampleRateHz,
    channelCount: first.channelCount,
    layer: first.layer,
    frameCount: Math.max(0, decoded - skipFrames - endCut),
    skipFrames,
    bitrateKbps:
      count === 0 ? 0 : Math.round(((position - audioOffset) * 8 * first.sampleRateHz) / decoded / 1000),
    isConstantBitrate: bitratesKbps.size === 1,
    audioOffset,
    audioEnd: position,
    isGapless,
  };

  function headerAt(at: number): FrameHeader | null {
    const index = window.require(at, 4);
    return window.length - index < 4 ? null : parseHeader(window.bytes, index);
  }

  /** The next frame of the stream that another follows, or that ends the file. */
  function nextFrame(from: number): number | null {
    for (let at = from; at + 4 <= end; at++) {
      const index = window.require(at, 4);
      if (window.bytes[index] !== 0xff) continue;
      const header = parseHeader(window.bytes, index);
      if (header === null || !isSameStream(first, header)) continue;
      const following = at + header.byteCount;
      if (following === end) return at;
      const probe = new Uint8Array(4);
      if (readUpTo(file, following, probe) < 4) continue;
      const second = parseHeader(probe, 0);
      if (second !== null && isSameStream(first, second)) return at;
    }
    return null;
  }

  function isZero(from: number, to: number): boolean {
    const bytes = new Uint8Array(Math.min(to - from, 1 << 20));
    readUpTo(file, from, bytes);
    return bytes.every((byte) => byte === 0);
  }
}

/** Where the frames end: before ID3v1, Lyrics3 and APE tags. */
function endOfFrames(file: InputFile, firstFrame: number): number {
  let end = file.byteCount;
  const tail = Buffer.alloc(128);
  if (
    end - firstFrame > 128 &&
    readUpTo(file, end - 128, tail) === 128 &&
    tail.toString('latin1', 0, 3) === 'TAG'
  ) {
    end -= 128;
  }
  const lyrics = Buffer.alloc(15);
  if (readUpTo(file, end - 15, lyrics) === 15 && lyrics.toString('latin1', 6) === 'LYRICS200') {
    end -= Number(lyrics.toString('latin1', 0, 6)) + 15;
  }
  const ape = Buffer.alloc(32);
  if (readUpTo(file, end - 32, ape) === 32 && ape.toString('latin1', 0, 8) === 'APETAGEX') {
    const hasHeader = (ape.readUInt32LE(20) & 0x80000000) !== 0;
    end -= ape.readUInt32LE(12) + (hasHeader ? 32 : 0);
  }
  return Math.max(end, firstFrame);
}

interface EncoderTag {
  readonly frameCount?: number;
  readonly delayFrames?: number;
  readonly paddingFrames?: number;
}

/** The Xing, Info or VBRI header in the first frame; null where that frame is audio. */
function readEncoderTag(file: InputFile, offset: number, header: FrameHeader): EncoderTag | null {
  const frame = Buffer.alloc(header.byteCount);
  if (readUpTo(file, offset, frame) < frame.length || header.layer !== 3) return null;
  const sideBytes =
    header.version === 1 ? (header.channelCount === 1 ? 17 : 32) : header.channelCount === 1 ? 9 : 17;
  const crcBytes = frame[1]! & 1 ? 0 : 2;
  for (const at of [4 + sideBytes, 4 + crcBytes + sideBytes]) {
    const id = frame.toString('latin1', at, at + 4);
    if (id !== 'Xing' && id !== 'Info') continue;
    const flags = frame.readUInt32BE(at + 4);
    let next = at + 8;
    const frameCount = flags & 1 ? frame.readUInt32BE(next) : undefined;
    if (flags & 1) next += 4;
    if (flags & 2) next += 4;
    if (flags & 4) next += 100;
    if (flags & 8) next += 4;
    const encoder = frame.toString('latin1', next, next + 4);
    const hasDelay = next + 24 <= frame.length && /^(LAME|Lavf|Lavc|GOGO|L3\.9)/.test(encoder);
    const packed = hasDelay ? frame.readUIntBE(next + 21, 3) : 0;
    return {
      ...(frameCount === undefined ? {} : { frameCount }),
      ...(hasDelay ? { delayFrames: packed >> 12, paddingFrames: packed & 0xfff } : {}),
    };
  }
  if (frame.toString('latin1', 36, 40) === 'VBRI') return { frameCount: frame.readUInt32BE(50) };
  return null;
}

const BITRATES_KBPS: Readonly<Record<string, readonly number[]>> = {
  '1/1': [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '1/2': [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1/3': [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2/1': [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  '2/2': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  '2/3': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

function parseHeader(bytes: Uint8Array, at: number): FrameHeader | null {
  if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) return null;
  const version = ([2.5, 0, 2, 1] as const)[(bytes[at + 1]! >> 3) & 3]!;
  const layerCode = (bytes[at + 1]! >> 1) & 3;
  const bitrateCode = bytes[at + 2]! >> 4;
  const rateCode = (bytes[at + 2]! >> 2) & 3;
  if (version === 0 || layerCode === 0 || bitrateCode === 0 || bitrateCode === 15 || rateCode === 3)
    return null;
  const layer = (4 - layerCode) as 1 | 2 | 3;
  const sampleRateHz = [44_100, 48_000, 32_000][rateCode]! / { 1: 1, 2: 2, 2.5: 4 }[version];
  const bitrate = BITRATES_KBPS[`${version === 1 ? 1 : 2}/${layer}`]![bitrateCode]! * 1000;
  const padding = (bytes[at + 2]! >> 1) & 1;
  const samplesPerFrame = layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152;
  const byteCount =
    layer === 1
      ? (Math.floor((12 * bitrate) / sampleRateHz) + padding) * 4
      : Math.floor(((samplesPerFrame / 8) * bitrate) / sampleRateHz) + padding;
  const channelCount = bytes[at + 3]! >> 6 === 3 ? 1 : 2;
  const bitrateKbps = bitrate / 1000;
  return { sampleRateHz, channelCount, layer, version, byteCount, bitrateKbps, samplesPerFrame };
}

function isSameStream(a: FrameHeader, b: FrameHeader): boolean {
  return (
    a.sampleRateHz === b.sampleRateHz &&
    a.layer === b.layer &&
    a.version === b.version &&
    a.channelCount === b.channelCount
  );
}
