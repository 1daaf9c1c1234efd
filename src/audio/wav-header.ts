// Reads the header and the chunk list of WAV, RF64/BW64 and W64 files, and judges whether the file is whole.
// Follows Microsoft's RIFF and WAVEFORMATEXTENSIBLE, EBU Tech 3306 / ITU-R BS.2088 (RF64, BW64, ds64) and Sony's W64.
// Compressed WAV (ADPCM, MP3 …) is recognised, not decoded. Samples are converted in wav-samples.ts.
import { ForgeError } from '../errors.js';
import type { AudioNote, AudioShape, SampleFormat } from './audio-file.js';
import { displayPath, type InputFile, readUpTo } from './input-file.js';

export const MAX_CHANNEL_COUNT = 8;
export const MIN_SAMPLE_RATE_HZ = 8_000;
export const MAX_SAMPLE_RATE_HZ = 192_000;

/** How one sample is stored: u8 is offset binary, the rest little-endian two's complement, IEEE 754 or G.711. */
export type WavEncoding = 'u8' | 's16' | 's24' | 's32' | 's64' | 'f32' | 'f64' | 'alaw' | 'mulaw';

export const BYTES_PER_SAMPLE: Readonly<Record<WavEncoding, number>> = {
  u8: 1,
  s16: 2,
  s24: 3,
  s32: 4,
  s64: 8,
  f32: 4,
  f64: 8,
  alaw: 1,
  mulaw: 1,
};

/** A chunk of the file: `offset` and `byteCount` are those of its body. */
export interface WavChunk {
  readonly id: string;
  readonly offset: number;
  readonly byteCount: number;
}

/** What the header of a readable WAV says, corrected by what the file holds. */
export interface WavInfo extends AudioShape {
  readonly container: 'wav' | 'rf64' | 'w64';
  readonly encoding: WavEncoding;
  /** The format that holds every sample: 16-bit int for A-law and mu-law, 64-bit float for 64-bit int. */
  readonly sampleFormat: SampleFormat;
  /** Bits that carry signal; less than the container's only where WAVE_FORMAT_EXTENSIBLE says so. */
  readonly validBits: number;
  readonly bytesPerFrame: number;
  /** Speaker positions of WAVE_FORMAT_EXTENSIBLE; 0 where the file does not say. */
  readonly channelMask: number;
  readonly dataOffset: number;
  /** Every chunk in file order, `data` included. */
  readonly chunks: readonly WavChunk[];
  readonly notes: readonly AudioNote[];
}

/** A RIFF/WAVE file whose samples need a decoder of their own. */
export interface CompressedWav {
  readonly compressed: true;
  readonly formatTag: number;
}

const PCM = 0x0001;
const IEEE_FLOAT = 0x0003;
const ALAW = 0x0006;
const MULAW = 0x0007;
const EXTENSIBLE = 0xfffe;
/** Tail of every sub-format GUID that carries a format tag (bytes 2 to 15). */
const SUBFORMAT_TAIL = '000000001000800000aa00389b71';
const W64_RIFF = '726966662e91cf11a5d628db04c10000';
const W64_WAVE = '77617665f3acd3118cd100c04f8edb8a';
/** More chunks than this is no file that anyone made. */
const MAX_CHUNK_COUNT = 4096;

/** Whether the first bytes (16 at least) are those of a WAV, RF64, BW64 or W64 file. */
export function isWavStart(bytes: Uint8Array): boolean {
  const id = ascii(bytes, 0, 4);
  if (id === 'RIFF' || id === 'RF64' || id === 'BW64')
    return bytes.length < 12 || ascii(bytes, 8, 4) === 'WAVE';
  return bytes.length >= 16 && hex(bytes, 0, 16) === W64_RIFF;
}

/**
 * What the header says. A data size of 0, of 0xFFFFFFFF or of the placeholders of streaming writers is read to the
 * end of the file and noted.
 * @throws ForgeError input/not-audio, input/bad-header, input/unsupported, input/empty, and input/truncated where
 *   the file is shorter than it announces and `tolerateDamage` is not set
 */
export function readWavHeader(file: InputFile, tolerateDamage: boolean): WavInfo | CompressedWav {
  const name = displayPath(file.path);
  const head = new Uint8Array(40);
  const got = readUpTo(file, 0, head);
  if (!isWavStart(head.subarray(0, got))) {
    throw new ForgeError('input/not-audio', `expected a WAV file, got something else in ${name}`);
  }
  if (got < 40) {
    throw new ForgeError('input/bad-header', `the header of ${name} is cut off: the file has ${got} bytes`);
  }
  const notes: AudioNote[] = [];
  const isW64 = hex(head, 0, 16) === W64_RIFF;
  if (isW64 && hex(head, 24, 16) !== W64_WAVE) {
    throw new ForgeError('input/not-audio', `expected wave audio in the W64 file ${name}, got another kind`);
  }
  const scan = isW64 ? scanW64(file) : scanRiff(file, ascii(head, 0, 4) !== 'RIFF', notes);
  const { chunks, data } = scan;

  const fmt = chunks.find((chunk) => chunk.id === 'fmt ');
  if (fmt === undefined || fmt.byteCount < 14 || fmt.offset + Math.min(fmt.byteCount, 40) > file.byteCount) {
    throw new ForgeError(
      'input/bad-header',
      `expected a whole "fmt " chunk in ${name}, got ${fmt ? 'a part' : 'none'}`,
    );
  }
  const format = readFormat(file, fmt);
  if ('compressed' in format) return format;
  if (data === undefined) {
    throw new ForgeError('input/bad-header', `expected a "data" chunk in ${name}, got none`, {
      hint: 'The file was cut off before its audio, or its recording was never finished.',
    });
  }

  const { bytesPerFrame, sampleRateHz } = format;
  const presentByteCount = Math.min(data.byteCount, file.byteCount - data.offset);
  const frameCount = Math.floor(presentByteCount / bytesPerFrame);
  if (scan.isDataSizeUnknown) {
    notes.push({
      code: 'size-unknown',
      message: `the header does not say how long the audio is; it was read to the end of the file (${frameCount} frames)`,
    });
  }
  if (data.byteCount > presentByteCount) {
    const announced = Math.floor(data.byteCount / bytesPerFrame);
    const message =
      `expected ${announced} frames (${seconds(announced, sampleRateHz)}) in ${name}, got ${frameCount} ` +
      `(${seconds(frameCount, sampleRateHz)}): the last ${announced - frameCount} are missing`;
    if (!tolerateDamage) throw truncated(message);
    notes.push({ code: 'truncated', message });
  }
  const last = chunks.at(-1)!;
  if (last !== data && last.offset + last.byteCount > file.byteCount) {
    const message = `the chunk "${last.id}" after the audio of ${name} is cut off`;
    if (!tolerateDamage) throw truncated(message);
    notes.push({ code: 'truncated', message });
  }
  if (data.byteCount === presentByteCount && presentByteCount % bytesPerFrame !== 0) {
    notes.push({
      code: 'partial-frame',
      message: `the last ${presentByteCount % bytesPerFrame} bytes of the audio are no whole frame and were left out`,
    });
  }
  if (frameCount === 0) {
    throw new ForgeError('input/empty', `expected audio in ${name}, got a WAV file with 0 frames`);
  }
  return {
    container: isW64 ? 'w64' : ascii(head, 0, 4) === 'RIFF' ? 'wav' : 'rf64',
    ...format,
    frameCount,
    dataOffset: data.offset,
    chunks,
    notes,
  };

  function truncated(message: string): ForgeError {
    return new ForgeError('input/truncated', message, {
      hint: 'Get a whole copy of the file, or give --tolerate-damage to go on with what is there.',
    });
  }
}

interface ChunkScan {
  readonly chunks: readonly WavChunk[];
  readonly data: WavChunk | undefined;
  readonly isDataSizeUnknown: boolean;
}

/** Walks the chunks of a RIFF, RF64 or BW64 file. */
function scanRiff(file: InputFile, isRf64: boolean, notes: AudioNote[]): ChunkScan {
  const chunks: WavChunk[] = [];
  const longSizes = new Map<string, number>();
  const head = new Uint8Array(8);
  let data: WavChunk | undefined;
  let isDataSizeUnknown = false;
  let position = 12;
  while (position + 8 <= file.byteCount && chunks.length < MAX_CHUNK_COUNT) {
    readUpTo(file, position, head);
    const id = ascii(head, 0, 4);
    if (!isChunkId(head)) break;
    let byteCount = view(head).getUint32(4, true);
    const offset = position + 8;
    const left = file.byteCount - offset;
    if (isRf64 && id === 'ds64') readLongSizes(file, offset, byteCount, longSizes);
    if (byteCount === 0xffffffff) byteCount = longSizes.get(id) ?? byteCount;
    if (id === 'data' && data === undefined) {
      isDataSizeUnknown =
        byteCount > left
          ? isPlaceholderSize(byteCount)
          : byteCount === 0 && left > 0 && !endsInChunks(file, offset);
      if (isDataSizeUnknown) byteCount = left;
      data = { id, offset, byteCount };
      chunks.push(data);
    } else {
      chunks.push({ id, offset, byteCount });
    }
    if (byteCount > left) return { chunks, data, isDataSizeUnknown };
    position = nextChunkAt(file, offset, byteCount);
  }
  const rest = file.byteCount - position;
  if (data !== undefined && rest > 0) {
    notes.push({ code: 'trailing-bytes', message: `${rest} bytes after the last chunk were left out` });
  }
  return { chunks, data, isDataSizeUnknown };
}

/** Where the chunk after this one begins: on an even byte, but some writers leave the pad byte out. */
function nextChunkAt(file: InputFile, offset: number, byteCount: number): number {
  const end = offset + byteCount;
  if (byteCount % 2 === 0) return end;
  const bytes = new Uint8Array(5);
  const got = readUpTo(file, end, bytes);
  if (got < 5) return end + 1;
  return bytes[0] !== 0 && isChunkId(bytes) && !isChunkId(bytes.subarray(1)) ? end : end + 1;
}

/** Whether well-formed chunks fill the file from `position` to its end: then a data size of 0 means what it says. */
function endsInChunks(file: InputFile, position: number): boolean {
  const head = new Uint8Array(8);
  let at = position;
  for (let count = 0; count < MAX_CHUNK_COUNT && at + 8 <= file.byteCount; count++) {
    readUpTo(file, at, head);
    if (!isChunkId(head)) return false;
    const byteCount = view(head).getUint32(4, true);
    at += 8 + byteCount + (byteCount % 2);
  }
  return at === file.byteCount || at === file.byteCount + 1;
}

/** Sizes that writers leave behind when they can't seek back: ffmpeg, sox (0x7FFFF000 rounded down), arecord. */
function isPlaceholderSize(byteCount: number): boolean {
  return byteCount >= 0xffffff00 || (byteCount >= 0x7fffef00 && byteCount <= 0x80000000);
}

/** The 64-bit sizes of ds64: RIFF size, data size, sample count, then a table of further chunks. */
function readLongSizes(file: InputFile, offset: number, byteCount: number, sizes: Map<string, number>): void {
  const bytes = new Uint8Array(Math.min(byteCount, 28 + 12 * 64));
  const got = readUpTo(file, offset, bytes);
  if (got < 24) return;
  const dataByteCount = Number(view(bytes).getBigUint64(8, true));
  // A writer that never came back leaves 0: the size is then unknown, as with 0xFFFFFFFF alone.
  if (dataByteCount > 0) sizes.set('data', dataByteCount);
  for (let at = 28; at + 12 <= got; at += 12) {
    sizes.set(ascii(bytes, at, 4), Number(view(bytes).getBigUint64(at + 4, true)));
  }
}

/** Walks the chunks of a W64 file: 16-byte GUIDs, 64-bit sizes that include the header, 8-byte alignment. */
function scanW64(file: InputFile): ChunkScan {
  const chunks: WavChunk[] = [];
  const head = new Uint8Array(24);
  let position = 40;
  while (position + 24 <= file.byteCount && chunks.length < MAX_CHUNK_COUNT) {
    readUpTo(file, position, head);
    const byteCount = Number(view(head).getBigUint64(16, true)) - 24;
    if (byteCount < 0) break;
    chunks.push({ id: ascii(head, 0, 4), offset: position + 24, byteCount });
    position += 24 + Math.ceil(byteCount / 8) * 8;
  }
  const data = chunks.find((chunk) => chunk.id === 'data');
  const left = data === undefined ? 0 : file.byteCount - data.offset;
  if (data !== undefined && ((data.byteCount === 0 && left > 0) || data.byteCount > 2 ** 60)) {
    const open = { ...data, byteCount: left };
    return {
      chunks: chunks.map((chunk) => (chunk === data ? open : chunk)),
      data: open,
      isDataSizeUnknown: true,
    };
  }
  return { chunks, data, isDataSizeUnknown: false };
}

type WavFormat = Omit<WavInfo, 'container' | 'frameCount' | 'dataOffset' | 'chunks' | 'notes'>;

/** The format chunk, checked against itself. */
function readFormat(file: InputFile, chunk: WavChunk): WavFormat | CompressedWav {
  const name = displayPath(file.path);
  const bytes = new Uint8Array(Math.min(chunk.byteCount, 40));
  readUpTo(file, chunk.offset, bytes);
  const fields = view(bytes);
  let formatTag = fields.getUint16(0, true);
  const channelCount = fields.getUint16(2, true);
  const sampleRateHz = fields.getUint32(4, true);
  const bytesPerFrame = fields.getUint16(12, true);
  const bits = bytes.length >= 16 ? fields.getUint16(14, true) : 0;
  let validBits = bits;
  let channelMask = 0;
  if (formatTag === EXTENSIBLE) {
    if (bytes.length < 40) {
      throw new ForgeError(
        'input/bad-header',
        `expected 40 bytes of extensible format in ${name}, got ${bytes.length}`,
      );
    }
    validBits = fields.getUint16(18, true) || bits;
    channelMask = fields.getUint32(20, true);
    if (hex(bytes, 26, 14) !== SUBFORMAT_TAIL) return { compressed: true, formatTag };
    formatTag = fields.getUint16(24, true);
  }
  if (channelCount === 0) throw badHeader('at least 1 channel', '0');
  if (sampleRateHz === 0) throw badHeader('a sample rate above 0 Hz', '0 Hz');
  if (channelCount > MAX_CHANNEL_COUNT) {
    throw new ForgeError(
      'input/unsupported',
      `expected 1 to ${MAX_CHANNEL_COUNT} channels in ${name}, got ${channelCount}`,
    );
  }
  if (sampleRateHz < MIN_SAMPLE_RATE_HZ || sampleRateHz > MAX_SAMPLE_RATE_HZ) {
    throw new ForgeError(
      'input/unsupported',
      `expected a sample rate of ${MIN_SAMPLE_RATE_HZ} to ${MAX_SAMPLE_RATE_HZ} Hz in ${name}, got ${sampleRateHz} Hz`,
    );
  }
  if (![PCM, IEEE_FLOAT, ALAW, MULAW].includes(formatTag)) return { compressed: true, formatTag };
  const bytesPerSample = bytesPerFrame / channelCount;
  const encoding = encodingOf(formatTag, bytesPerSample);
  if (encoding === undefined || bits > bytesPerSample * 8 || bits === 0 || validBits > bits) {
    throw badHeader(
      'a sample size that fits its frame',
      `${bits} bits (${validBits} valid) in ${bytesPerFrame} bytes a frame of ${channelCount} channels`,
    );
  }
  return {
    encoding,
    sampleFormat: sampleFormatOf(encoding),
    validBits,
    bytesPerFrame,
    channelMask,
    channelCount,
    sampleRateHz,
  };

  function badHeader(expected: string, value: string): ForgeError {
    return new ForgeError('input/bad-header', `expected ${expected} in the header of ${name}, got ${value}`);
  }
}

function encodingOf(formatTag: number, bytesPerSample: number): WavEncoding | undefined {
  if (formatTag === ALAW) return bytesPerSample === 1 ? 'alaw' : undefined;
  if (formatTag === MULAW) return bytesPerSample === 1 ? 'mulaw' : undefined;
  if (formatTag === IEEE_FLOAT) return ({ 4: 'f32', 8: 'f64' } as const)[bytesPerSample];
  return ({ 1: 'u8', 2: 's16', 3: 's24', 4: 's32', 8: 's64' } as const)[bytesPerSample];
}

function sampleFormatOf(encoding: WavEncoding): SampleFormat {
  switch (encoding) {
    case 'f32':
      return { kind: 'float', bits: 32 };
    case 'f64':
    case 's64':
      return { kind: 'float', bits: 64 };
    case 'alaw':
    case 'mulaw':
      return { kind: 'int', bits: 16 };
    default:
      return { kind: 'int', bits: BYTES_PER_SAMPLE[encoding] * 8 };
  }
}

/** Chunk ids are printable ASCII, spaces only at the end. */
function isChunkId(bytes: Uint8Array): boolean {
  for (let i = 0; i < 4; i++) {
    if (bytes[i]! < 0x20 || bytes[i]! > 0x7e) return false;
  }
  return bytes[0] !== 0x20;
}

function seconds(frames: number, sampleRateHz: number): string {
  return `${(frames / sampleRateHz).toFixed(3)} s`;
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function hex(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('hex');
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
