// Decodes one FLAC frame from a byte window into integers, exactly, and checks both of its checksums.
// Arithmetic is in float64, which holds every intermediate of 32-bit FLAC (33-bit side, 15-bit coefficients, order 32).
// Finding frames in a file is flac-file.ts's matter. @source RFC 9639, clauses 9.1 to 9.3
import { BitReader, crc8, crc16 } from './flac-bits.js';

/** What is wrong with the bytes at hand; the caller says where and what follows. */
export class FrameError extends Error {}

export interface FlacFrameHeader {
  readonly frameCount: number;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly channelMode: 'independent' | 'left-side' | 'side-right' | 'mid-side';
  readonly bits: number;
  /** Position of the first frame in the stream. */
  readonly startFrame: number;
  readonly byteCount: number;
}

/** What the stream's header gives for fields that a frame leaves out. */
export interface FlacDefaults {
  readonly sampleRateHz: number;
  readonly bits: number;
  /** Frames per block of a stream with a fixed block size. */
  readonly blockSize: number;
}

const RATES_HZ = [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
const BITS = [0, 8, 12, -1, 16, 20, 24, 32];
const CHANNEL_MODES = ['left-side', 'side-right', 'mid-side'] as const;

/**
 * The header at `start`.
 * @throws FrameError where there is none, Underflow where the window ends in it
 */
export function readFrameHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  defaults: FlacDefaults,
): FlacFrameHeader {
  const reader = new BitReader(bytes, end, start);
  if (reader.readUint(15) !== 0x7ffc) throw new FrameError('no frame begins here');
  const isVariable = reader.readUint(1) === 1;
  const sizeCode = reader.readUint(4);
  const rateCode = reader.readUint(4);
  const channelCode = reader.readUint(4);
  const bitsCode = reader.readUint(3);
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || bitsCode === 3 || reader.readUint(1) === 1) {
    throw new FrameError('a reserved value in the header of a frame');
  }
  const number = readCodedNumber(reader);
  let frameCount: number;
  if (sizeCode === 1) frameCount = 192;
  else if (sizeCode <= 5) frameCount = 144 << sizeCode;
  else if (sizeCode === 6) frameCount = reader.readUint(8) + 1;
  else if (sizeCode === 7) frameCount = reader.readUint(16) + 1;
  else frameCount = 1 << sizeCode;
  let sampleRateHz = RATES_HZ[rateCode] || defaults.sampleRateHz;
  if (rateCode === 12) sampleRateHz = reader.readUint(8) * 1000;
  else if (rateCode === 13) sampleRateHz = reader.readUint(16);
  else if (rateCode === 14) sampleRateHz = reader.readUint(16) * 10;
  const headerEnd = reader.bytePosition;
  if (reader.readUint(8) !== crc8(bytes, start, headerEnd)) {
    throw new FrameError('the checksum of a frame header is wrong');
  }
  return {
    frameCount,
    sampleRateHz,
    channelCount: channelCode < 8 ? channelCode + 1 : 2,
    channelMode: channelCode < 8 ? 'independent' : CHANNEL_MODES[channelCode - 8]!,
    bits: BITS[bitsCode] || defaults.bits,
    startFrame: isVariable ? number : number * defaults.blockSize,
    byteCount: headerEnd + 1 - start,
  };
}

/** A number in the extended UTF-8 of FLAC: up to 36 bits. */
function readCodedNumber(reader: BitReader): number {
  const first = reader.readUint(8);
  if (first < 0x80) return first;
  const length = Math.clz32(~(first << 24));
  if (length === 1 || length > 7) throw new FrameError('a bad number in the header of a frame');
  let value = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = reader.readUint(8);
    if (next >> 6 !== 2) throw new FrameError('a bad number in the header of a frame');
    value = value * 64 + (next & 0x3f);
  }
  return value;
}

/**
 * Decodes the frame at `start` into `into`, one array per channel of at least `header.frameCount` values.
 * @returns the byte after the frame
 * @throws FrameError, Underflow
 */
export function decodeFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: FlacFrameHeader,
  into: readonly Float64Array[],
): number {
  const { channelMode, frameCount } = header;
  const reader = new BitReader(bytes, end, start + header.byteCount);
  for (let channel = 0; channel < header.channelCount; channel++) {
    const isSide =
      (channelMode === 'side-right' && channel === 0) ||
      ((channelMode === 'left-side' || channelMode === 'mid-side') && channel === 1);
    decodeSubframe(reader, header.bits + (isSide ? 1 : 0), frameCount, into[channel]!);
  }
  reader.alignToByte();
  const bodyEnd = reader.bytePosition;
  if (reader.readUint(16) !== crc16(bytes, start, bodyEnd)) {
    throw new FrameError('the checksum of a frame is wrong');
  }
  undoStereo(channelMode, frameCount, into);
  return bodyEnd + 2;
}

function undoStereo(
  mode: FlacFrameHeader['channelMode'],
  frameCount: number,
  into: readonly Float64Array[],
): void {
  if (mode === 'independent') return;
  const first = into[0]!;
  const second = into[1]!;
  for (let i = 0; i < frameCount; i++) {
    const a = first[i]!;
    const b = second[i]!;
    if (mode === 'left-side') second[i] = a - b;
    else if (mode === 'side-right') first[i] = a + b;
    else {
      const middle = 2 * a + (b & 1);
      first[i] = (middle + b) / 2;
      second[i] = (middle - b) / 2;
    }
  }
}

function decodeSubframe(reader: BitReader, sampleBits: number, frameCount: number, into: Float64Array): void {
  if (reader.readUint(1) !== 0) throw new FrameError('a subframe does not begin with 0');
  const type = reader.readUint(6);
  const wastedBits = reader.readUint(1) === 1 ? reader.readUnary() + 1 : 0;
  const bits = sampleBits - wastedBits;
  if (bits < 1) throw new FrameError('a subframe has no bits left');
  if (type === 0) {
    into.fill(reader.readInt(bits), 0, frameCount);
  } else if (type === 1) {
    for (let i = 0; i < frameCount; i++) into[i] = reader.readInt(bits);
  } else if (type >= 8 && type <= 12) {
    decodeFixed(reader, bits, frameCount, type - 8, into);
  } else if (type >= 32) {
    decodeLpc(reader, bits, frameCount, type - 31, into);
  } else {
    throw new FrameError('a subframe of a reserved type');
  }
  if (wastedBits > 0) {
    const scale = 2 ** wastedBits;
    for (let i = 0; i < frameCount; i++) into[i]! *= scale;
  }
}

function decodeFixed(
  reader: BitReader,
  bits: number,
  frameCount: number,
  order: number,
  s: Float64Array,
): void {
  readWarmUp(reader, bits, frameCount, order, s);
  readResidual(reader, frameCount, order, s);
  if (order === 1) for (let i = 1; i < frameCount; i++) s[i]! += s[i - 1]!;
  if (order === 2) for (let i = 2; i < frameCount; i++) s[i]! += 2 * s[i - 1]! - s[i - 2]!;
  if (order === 3) for (let i = 3; i < frameCount; i++) s[i]! += 3 * (s[i - 1]! - s[i - 2]!) + s[i - 3]!;
  if (order === 4) {
    for (let i = 4; i < frameCount; i++) {
      s[i]! += 4 * (s[i - 1]! + s[i - 3]!) - 6 * s[i - 2]! - s[i - 4]!;
    }
  }
}

function decodeLpc(
  reader: BitReader,
  bits: number,
  frameCount: number,
  order: number,
  s: Float64Array,
): void {
  readWarmUp(reader, bits, frameCount, order, s);
  const precision = reader.readUint(4) + 1;
  if (precision === 16) throw new FrameError('a predictor of a reserved precision');
  const shift = reader.readInt(5);
  if (shift < 0) throw new FrameError('a predictor with a negative shift');
  const coefficients = new Float64Array(order);
  // Oldest first, so that both arrays are walked forwards.
  for (let i = order - 1; i >= 0; i--) coefficients[i] = reader.readInt(precision);
  readResidual(reader, frameCount, order, s);
  const scale = 2 ** -shift;
  for (let i = order; i < frameCount; i++) {
    let sum = 0;
    for (let j = 0, k = i - order; j < order; j++, k++) sum += coefficients[j]! * s[k]!;
    s[i]! += Math.floor(sum * scale);
  }
}

function readWarmUp(
  reader: BitReader,
  bits: number,
  frameCount: number,
  order: number,
  s: Float64Array,
): void {
  if (order > frameCount) throw new FrameError('a predictor longer than its block');
  for (let i = 0; i < order; i++) s[i] = reader.readInt(bits);
}

function readResidual(reader: BitReader, frameCount: number, order: number, s: Float64Array): void {
  const method = reader.readUint(2);
  if (method > 1) throw new FrameError('residuals of a reserved coding');
  const parameterBits = method === 0 ? 4 : 5;
  const escapeCode = method === 0 ? 15 : 31;
  const partitionCount = 1 << reader.readUint(4);
  const partitionLength = frameCount / partitionCount;
  if (!Number.isInteger(partitionLength) || partitionLength < order) {
    throw new FrameError('partitions that do not fit their block');
  }
  for (let partition = 0; partition < partitionCount; partition++) {
    const from = partition === 0 ? order : partition * partitionLength;
    const to = (partition + 1) * partitionLength;
    const parameter = reader.readUint(parameterBits);
    if (parameter !== escapeCode) {
      reader.readRice(s, from, to, parameter);
      continue;
    }
    const bits = reader.readUint(5);
    for (let i = from; i < to; i++) s[i] = bits === 0 ? 0 : reader.readInt(bits);
  }
}
