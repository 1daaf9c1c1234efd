// The chunks of a WAV file that are not audio: reads them to carry them over into another WAV file, corrects what
// depends on the sample rate, and makes INFO and ID3 chunks of tags that come from other formats.
// @source EBU Tech 3285 (bext); Microsoft RIFF MCI (cue, LIST); iXML 2.0; ID3v2.4
import fs from 'node:fs';
import { openInputFile, readFully } from './input-file.js';
import type { AudioTags, CoverArt } from './tags.js';
import { readWavHeader } from './wav-header.js';
import type { ExtraChunk } from './wav-layout.js';

/** Chunks that describe the container itself, or are empty room. */
const NOT_CARRIED = new Set([
  'fmt ',
  'data',
  'fact',
  'ds64',
  'JUNK',
  'junk',
  'PAD ',
  'FLLR',
  'PEAK',
  'levl',
  'afsp',
]);
/** A chunk beyond this is no metadata that anyone made on purpose. */
const MAX_CHUNK_BYTES = 1 << 27;

/** The metadata chunks of a WAV file, in file order; none where it is no WAV. */
export function readMetadataChunks(path: string): ExtraChunk[] {
  const file = openInputFile(path);
  try {
    const header = readWavHeader(file, true);
    if ('compressed' in header || header.container === 'w64') return [];
    return header.chunks
      .filter(({ id, offset, byteCount }) => {
        const isWhole = offset + byteCount <= file.byteCount && byteCount <= MAX_CHUNK_BYTES;
        return isWhole && !NOT_CARRIED.has(id);
      })
      .map(({ id, offset, byteCount }) => {
        const body = new Uint8Array(byteCount);
        readFully(file, offset, body);
        return { id, body };
      });
  } finally {
    fs.closeSync(file.fd);
  }
}

/**
 * The chunks as they hold for processed audio at another rate and depth: positions in samples are converted, stated
 * loudness is marked as unknown.
 */
export function adaptChunks(
  chunks: readonly ExtraChunk[],
  fromSampleRateHz: number,
  toSampleRateHz: number,
  toBits: number,
): ExtraChunk[] {
  const convert = (samples: number) => Math.round((samples * toSampleRateHz) / fromSampleRateHz);
  return chunks.map(({ id, body }) => {
    const bytes = Buffer.from(body);
    if (id === 'bext') adaptBext(bytes, convert);
    else if (id === 'cue ' && bytes.length >= 4)
      adaptRecords(bytes, 4, 24, [4, 20], bytes.readUInt32LE(0), convert);
    else if (id === 'smpl' && bytes.length >= 36)
      adaptRecords(bytes, 36, 24, [8, 12], bytes.readUInt32LE(28), convert);
    else if (id === 'LIST' && bytes.toString('latin1', 0, 4) === 'adtl') adaptRegions(bytes, convert);
    else if (id === 'iXML') return { id, body: adaptIxml(bytes, toSampleRateHz, toBits) };
    return { id, body: bytes };
  });
}

/** Time reference in samples since midnight; loudness figures of version 2 set to "unknown". */
function adaptBext(bytes: Buffer, convert: (samples: number) => number): void {
  if (bytes.length < 348) return;
  bytes.writeBigUInt64LE(BigInt(convert(Number(bytes.readBigUInt64LE(338)))), 338);
  if (bytes.readUInt16LE(346) < 2 || bytes.length < 422) return;
  for (let field = 412; field < 422; field += 2) bytes.writeInt16LE(0x7fff, field);
}

/** Converts the 32-bit sample positions at `fields` of each record of `recordBytes`. */
function adaptRecords(
  bytes: Buffer,
  start: number,
  recordBytes: number,
  fields: readonly number[],
  count: number,
  convert: (samples: number) => number,
): void {
  for (let i = 0; i < count && start + (i + 1) * recordBytes <= bytes.length; i++) {
    for (const field of fields) {
      const at = start + i * recordBytes + field;
      bytes.writeUInt32LE(convert(bytes.readUInt32LE(at)) >>> 0, at);
    }
  }
}

/** Lengths of labelled regions ("ltxt") inside of an associated data list. */
function adaptRegions(bytes: Buffer, convert: (samples: number) => number): void {
  for (let at = 4; at + 16 <= bytes.length; ) {
    const byteCount = bytes.readUInt32LE(at + 4);
    if (bytes.toString('latin1', at, at + 4) === 'ltxt') {
      bytes.writeUInt32LE(convert(bytes.readUInt32LE(at + 12)) >>> 0, at + 12);
    }
    at += 8 + byteCount + (byteCount % 2);
  }
}

function adaptIxml(bytes: Buffer, sampleRateHz: number, bits: number): Uint8Array {
  const text = bytes
    .toString('utf8')
    .replace(/(<FILE_SAMPLE_RATE>)[^<]*/g, `$1${sampleRateHz}`)
    .replace(/(<AUDIO_BIT_DEPTH>)[^<]*/g, `$1${bits}`);
  return Buffer.from(text, 'utf8');
}

/** A LIST INFO chunk and an ID3 chunk of tags and cover; nothing where there are none. */
export function chunksOfTags({ tags, cover }: AudioTags): ExtraChunk[] {
  if (Object.keys(tags).length === 0 && cover === null) return [];
  const info = Object.entries(INFO_IDS).flatMap(([name, id]) => {
    const text = tags[name];
    if (text === undefined) return [];
    const body = Buffer.from(`${text}\0`, 'utf8');
    const head = Buffer.alloc(8);
    head.write(id, 'latin1');
    head.writeUInt32LE(body.length, 4);
    return [head, body, Buffer.alloc(body.length % 2)];
  });
  const chunks: ExtraChunk[] = [{ id: 'id3 ', body: id3Tag(tags, cover) }];
  if (info.length > 0) chunks.unshift({ id: 'LIST', body: Buffer.concat([Buffer.from('INFO'), ...info]) });
  return chunks;
}

const INFO_IDS: Readonly<Record<string, string>> = {
  title: 'INAM',
  artist: 'IART',
  album: 'IPRD',
  date: 'ICRD',
  genre: 'IGNR',
  comment: 'ICMT',
  copyright: 'ICOP',
  track: 'IPRT',
  language: 'ILNG',
};

const ID3_FRAMES: Readonly<Record<string, string>> = {
  title: 'TIT2',
  artist: 'TPE1',
  album: 'TALB',
  album_artist: 'TPE2',
  composer: 'TCOM',
  conductor: 'TPE3',
  lyricist: 'TEXT',
  genre: 'TCON',
  date: 'TDRC',
  track: 'TRCK',
  disc: 'TPOS',
  copyright: 'TCOP',
  publisher: 'TPUB',
  isrc: 'TSRC',
  bpm: 'TBPM',
  key: 'TKEY',
  language: 'TLAN',
  grouping: 'TIT1',
  subtitle: 'TIT3',
  remixer: 'TPE4',
};

/** An ID3v2.4 tag in UTF-8; what has no frame of its own goes into TXXX. */
function id3Tag(tags: Readonly<Record<string, string>>, cover: CoverArt | null): Buffer {
  const frames: Buffer[] = [];
  for (const [name, text] of Object.entries(tags)) {
    const id = ID3_FRAMES[name];
    if (id !== undefined) frames.push(id3Frame(id, `\x03${text}`));
    else if (name === 'comment') frames.push(id3Frame('COMM', `\x03XXX\0${text}`));
    else if (name === 'lyrics') frames.push(id3Frame('USLT', `\x03XXX\0${text}`));
    else frames.push(id3Frame('TXXX', `\x03${name}\0${text}`));
  }
  // Kind 3: front cover.
  if (cover !== null) {
    frames.push(
      id3Frame('APIC', Buffer.concat([Buffer.from(`\x03${cover.mimeType}\0\x03\0`, 'utf8'), cover.data])),
    );
  }
  const body = Buffer.concat(frames);
  return Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), syncSafe(body.length), body]);
}

function id3Frame(id: string, content: string | Buffer): Buffer {
  const body = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return Buffer.concat([Buffer.from(id, 'latin1'), syncSafe(body.length), Buffer.alloc(2), body]);
}

/** 28 bits in four bytes of seven. */
function syncSafe(value: number): Buffer {
  return Buffer.from([value >>> 21, (value >>> 14) & 127, (value >>> 7) & 127, value & 127]);
}
