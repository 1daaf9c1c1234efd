// Reads the boxes of an MP4 (M4A, MOV) file as far as its first audio track needs: codec, exact length by edit list or
// iTunSMPB, and whether every sample that its tables announce lies in the file.
// Fragmented files are told by their length only. Decoding is ffmpeg's. @source ISO/IEC 14496-12; QuickTime File Format
import { ForgeError } from '../errors.js';
import type { DamageLog } from './damage.js';
import { displayPath, type InputFile, readUpTo } from './input-file.js';

export interface Mp4Info {
  /** Four characters of the sample description, such as `mp4a`, `alac`. */
  readonly codec: string;
  /** Units per second of the audio track's own clock: its sample rate, as a rule. */
  readonly timescaleHz: number;
  /** Length of the audio in that unit, encoder delay and padding taken off; null where only decoding tells. */
  readonly durationUnits: number | null;
}

interface Box {
  readonly type: string;
  readonly offset: number;
  readonly end: number;
}

/** Largest box of tables that is read into memory. */
const MAX_TABLE_BYTES = 1 << 28;

/** Whether the first bytes are those of an MP4 file. */
export function isMp4Start(bytes: Uint8Array): boolean {
  const type = Buffer.from(bytes.subarray(4, 8)).toString('latin1');
  return ['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot'].includes(type);
}

/**
 * Reads the structure of the file.
 * @returns null where it holds no audio track
 * @throws ForgeError input/bad-header (no index), input/truncated
 */
export function scanMp4(file: InputFile, damage: DamageLog): Mp4Info | null {
  const name = displayPath(file.path);
  const top: Box[] = [];
  for (const box of boxes(file, 0, file.byteCount)) {
    top.push(box);
    if (box.end > file.byteCount) {
      if (!top.some(({ type }) => type === 'moov') || box.type === 'moov') {
        throw new ForgeError('input/truncated', `${name} is cut off before the index of its audio`, {
          hint: 'Get a whole copy of the file: without the index nothing in it can be found.',
        });
      }
      damage.report(
        'input/truncated',
        `expected ${box.end} bytes in ${name}, got ${file.byteCount}: the box "${box.type}" is cut off`,
      );
    }
  }
  const moov = top.find(({ type }) => type === 'moov');
  if (moov === undefined) {
    throw new ForgeError('input/bad-header', `expected the index ("moov") of ${name}, got none`, {
      hint: 'The recording was never finished, or the file was cut off.',
    });
  }
  const track = [...boxes(file, moov.offset, moov.end)].find(
    (box) => box.type === 'trak' && isAudio(file, box),
  );
  if (track === undefined) return null;

  const mdhd = readBox(file, find(file, track, 'mdia', 'mdhd'));
  const stsd = readBox(file, find(file, track, 'mdia', 'minf', 'stbl', 'stsd'));
  if (mdhd === null || mdhd.length < 24 || stsd === null || stsd.length < 16) {
    throw new ForgeError('input/bad-header', `the index of ${name} lacks a part`);
  }
  const isLong = mdhd[0] === 1;
  const timescaleHz = mdhd.readUInt32BE(isLong ? 20 : 12);
  const mediaDuration = isLong ? Number(mdhd.readBigUInt64BE(24)) : mdhd.readUInt32BE(16);
  checkSampleTable(file, track, damage);
  const isFragmented = [...boxes(file, moov.offset, moov.end)].some(({ type }) => type === 'mvex');
  return {
    codec: stsd.toString('latin1', 12, 16),
    timescaleHz,
    durationUnits: isFragmented ? null : exactDuration(file, moov, track, mediaDuration, timescaleHz),
  };
}

/** Checks that every chunk of samples that the tables list lies within the file. */
function checkSampleTable(file: InputFile, track: Box, damage: DamageLog): void {
  const table = ['mdia', 'minf', 'stbl'];
  const sizes = readBox(file, find(file, track, ...table, 'stsz'));
  const runs = readBox(file, find(file, track, ...table, 'stsc'));
  const short = readBox(file, find(file, track, ...table, 'stco'));
  const long = short === null ? readBox(file, find(file, track, ...table, 'co64')) : null;
  const offsets = short ?? long;
  if (sizes === null || runs === null || offsets === null) return;
  const fixedSize = sizes.readUInt32BE(4);
  const sampleCount = sizes.readUInt32BE(8);
  const chunkCount = offsets.readUInt32BE(4);
  const runCount = runs.readUInt32BE(4);
  let sample = 0;
  let missing = 0;
  for (let chunk = 0, run = 0; chunk < chunkCount && sample < sampleCount; chunk++) {
    while (run + 1 < runCount && runs.readUInt32BE(8 + (run + 1) * 12) <= chunk + 1) run++;
    const perChunk = runs.readUInt32BE(8 + run * 12 + 4);
    let at =
      short === null ? Number(offsets.readBigUInt64BE(8 + chunk * 8)) : offsets.readUInt32BE(8 + chunk * 4);
    for (let i = 0; i < perChunk && sample < sampleCount; i++, sample++) {
      at += fixedSize === 0 ? sizes.readUInt32BE(12 + sample * 4) : fixedSize;
      if (at > file.byteCount) missing++;
    }
  }
  missing += sampleCount - sample;
  if (missing > 0) {
    damage.report(
      'input/truncated',
      `expected ${sampleCount} packets of audio in ${displayPath(file.path)}, got ${sampleCount - missing}`,
    );
  }
}

/** Length without delay and padding: by iTunSMPB where there is one, else by the edit list. */
function exactDuration(
  file: InputFile,
  moov: Box,
  track: Box,
  mediaDuration: number,
  timescaleHz: number,
): number | null {
  const smpb = itunesLength(file, moov);
  if (smpb !== null) return smpb;
  const edits = readBox(file, find(file, track, 'edts', 'elst'));
  if (edits === null) return mediaDuration;
  const isLong = edits[0] === 1;
  const entryBytes = isLong ? 20 : 12;
  let segments = 0;
  let mediaTime = 0;
  let segmentDuration = 0;
  for (let i = 0; i < edits.readUInt32BE(4); i++) {
    const at = 8 + i * entryBytes;
    const time = isLong ? Number(edits.readBigInt64BE(at + 8)) : edits.readInt32BE(at + 4);
    if (time < 0) continue; // an empty edit: a wait before the audio, which ffmpeg does not render
    segments++;
    mediaTime = time;
    segmentDuration = isLong ? Number(edits.readBigUInt64BE(at)) : edits.readUInt32BE(at);
  }
  if (segments !== 1) return null;
  const mvhd = readBox(file, find(file, moov, 'mvhd'));
  const movieTimescaleHz = mvhd === null ? 0 : mvhd.readUInt32BE(mvhd[0] === 1 ? 20 : 12);
  const left = mediaDuration - mediaTime;
  if (movieTimescaleHz === 0 || segmentDuration === 0) return left;
  // The edit counts in the movie's clock, often of 1 ms only: where it means "to the end", the media's clock is exact.
  const byEdit = (segmentDuration * timescaleHz) / movieTimescaleHz;
  return Math.abs(byEdit - left) <= timescaleHz / movieTimescaleHz
    ? left
    : Math.min(left, Math.round(byEdit));
}

/** Frames between delay and padding that iTunes and its kin state in the tag iTunSMPB. */
function itunesLength(file: InputFile, moov: Box): number | null {
  const meta = find(file, moov, 'udta', 'meta');
  if (meta === null) return null;
  const list = find(file, { ...meta, offset: meta.offset + 4 }, 'ilst');
  if (list === null) return null;
  for (const item of boxes(file, list.offset, list.end)) {
    if (item.type !== '----') continue;
    const text = readBox(file, item)?.toString('latin1') ?? '';
    const match = /iTunSMPB.*?data.{8} [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{16})/s.exec(text);
    if (match !== null) return Number.parseInt(match[1]!, 16);
  }
  return null;
}

function isAudio(file: InputFile, track: Box): boolean {
  return readBox(file, find(file, track, 'mdia', 'hdlr'))?.toString('latin1', 8, 12) === 'soun';
}

function find(file: InputFile, parent: Box, ...path: string[]): Box | null {
  let box: Box | null = parent;
  for (const type of path) {
    box =
      box === null
        ? null
        : ([...boxes(file, box.offset, box.end)].find((child) => child.type === type) ?? null);
  }
  return box;
}

function readBox(file: InputFile, box: Box | null): Buffer | null {
  if (box === null || box.end - box.offset > MAX_TABLE_BYTES) return null;
  const bytes = Buffer.alloc(box.end - box.offset);
  return readUpTo(file, box.offset, bytes) < bytes.length ? null : bytes;
}

/** The boxes between two bytes; `offset` is that of their bodies. */
function* boxes(file: InputFile, start: number, end: number): Generator<Box> {
  const head = Buffer.alloc(16);
  for (let at = start; at + 8 <= end; ) {
    if (readUpTo(file, at, head) < 8) return;
    let byteCount = head.readUInt32BE(0);
    let headBytes = 8;
    if (byteCount === 1) {
      byteCount = Number(head.readBigUInt64BE(8));
      headBytes = 16;
    } else if (byteCount === 0) {
      byteCount = end - at;
    }
    if (byteCount < headBytes) return;
    yield { type: head.toString('latin1', 4, 8), offset: at + headBytes, end: at + byteCount };
    at += byteCount;
  }
}
