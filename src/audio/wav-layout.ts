// The bytes of a WAV file around its frames: RIFF or RF64 header, format, extra chunks.
// Follows Microsoft's WAVEFORMATEXTENSIBLE and EBU Tech 3306 (RF64). Reading is wav-header.ts's matter.
import { ForgeError } from '../errors.js';
import type { AudioShape, SampleFormat } from './audio-file.js';
import { BYTES_PER_SAMPLE, type WavEncoding } from './wav-header.js';

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

/** Bytes of a WAV file of this form without extra chunks, for plans and disk estimates. */
export function wavByteCount(shape: AudioShape, sampleFormat: SampleFormat): number {
  const { head, tail, dataByteCount } = layOut({ ...shape, sampleFormat }, encodingFor(sampleFormat));
  return head.length + dataByteCount + tail.length;
}

/** @throws ForgeError output/unsupported */
export function encodingFor(format: SampleFormat): WavEncoding {
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

/**
 * Everything of the file but the frames: `head` ends where they begin, `tail` follows them. With `isHeadFixed` the
 * head has the same length whatever the number of frames is.
 */
export function layOut(
  spec: WavSpec,
  encoding: WavEncoding,
  isHeadFixed = false,
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
  if (isHeadFixed) before.unshift(chunk('JUNK', new Uint8Array(28)));
  let formByteCount = 4 + Buffer.concat(before).length + 8 + dataByteCount + tail.length;
  const isLong = formByteCount > 0xffffffff;
  if (isLong) {
    if (isHeadFixed) before.shift();
    else formByteCount += 36;
    const ds64 = Buffer.alloc(28);
    ds64.writeBigUInt64LE(BigInt(formByteCount), 0);
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
const CHANNEL_MASKS = [0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

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
