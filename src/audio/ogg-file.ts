// Reads Ogg files: pages with their checksums and sequence numbers, and the packets of one logical stream.
// Says which codec is inside, how long it is by its granule positions, and whether pages are missing.
// Decoding packets is the codecs' matter. @source RFC 3533; RFC 7845 (Opus); Vorbis I, clauses 4.2 and A.2
import { ForgeError } from '../errors.js';
import { ByteWindow } from './byte-window.js';
import { createDamageLog, type DamageLog } from './damage.js';
import { displayPath, type InputFile } from './input-file.js';
import { opusPacketFrames, vorbisPacketCounter } from './packet-length.js';

export type OggCodec = 'opus' | 'vorbis' | 'flac' | 'speex' | 'other';

/** A page; `body` is valid until the next page is read. */
interface OggPage {
  readonly offset: number;
  readonly serial: number;
  readonly sequence: number;
  /** −1 where no packet ends on the page. */
  readonly granule: number;
  readonly isContinued: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Lengths of the pieces of packets on the page; the last is open where `isOpen`. */
  readonly lacing: readonly number[];
  readonly isOpen: boolean;
  readonly body: Uint8Array;
}

export interface OggInfo {
  readonly codec: OggCodec;
  readonly serial: number;
  readonly channelCount: number;
  /** Of the decoded audio: 48 kHz for Opus. */
  readonly sampleRateHz: number;
  /** null for codecs whose granules are not read here. */
  readonly frameCount: number | null;
  /** Frames that the decoder gives before the audio begins (Opus). */
  readonly preSkipFrames: number;
  /** Whether other streams follow the first (chained) or lie between its pages (multiplexed). */
  readonly isChained: boolean;
}

/**
 * Walks the whole file and checks every page.
 * @throws ForgeError input/bad-header, input/truncated (cut off, no last page), input/damaged (checksum, lost pages)
 */
export function scanOgg(file: InputFile, damage: DamageLog): OggInfo {
  const name = displayPath(file.path);
  let head: { page: Omit<OggPage, 'body'>; packet: Uint8Array } | undefined;
  let lastGranule = 0;
  let hasEnded = false;
  let isChained = false;
  for (const page of readPages(file, damage)) {
    if (page.isFirst) {
      const packet = page.body.slice(0, page.lacing[0]);
      if (head === undefined || (codecOf(head.packet) === 'other' && !hasEnded)) head = { page, packet };
      else isChained ||= codecOf(packet) !== 'other';
    }
    if (head === undefined || page.serial !== head.page.serial) continue;
    if (page.granule > 0) lastGranule = page.granule;
    hasEnded ||= page.isLast;
  }
  if (head === undefined)
    throw new ForgeError('input/bad-header', `expected the first page of a stream in ${name}, got none`);
  const { packet } = head;
  const codec = codecOf(packet);
  const fields = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  if (packet.length < (codec === 'opus' ? 19 : codec === 'vorbis' ? 30 : 0)) {
    throw new ForgeError('input/bad-header', `the ${codec} header of ${name} is cut off`);
  }
  if (!hasEnded) {
    damage.report(
      'input/truncated',
      `expected a last page that ends the stream of ${name}, got the end of the file`,
    );
  }
  const { serial } = head.page;
  const common = { codec, serial, isChained };
  const startGranule = codec === 'opus' || codec === 'vorbis' ? firstGranule(file, serial, codec) : 0;
  if (startGranule > 0) {
    damage.notes.push({ code: 'starts-late', message: `the stream was joined at its frame ${startGranule}` });
  }
  if (codec === 'opus') {
    const preSkipFrames = fields.getUint16(10, true);
    const frameCount = Math.max(0, lastGranule - startGranule - preSkipFrames);
    return { ...common, channelCount: packet[9]!, sampleRateHz: 48_000, frameCount, preSkipFrames };
  }
  if (codec === 'vorbis') {
    const sampleRateHz = fields.getUint32(12, true);
    return {
      ...common,
      channelCount: packet[11]!,
      sampleRateHz,
      frameCount: Math.max(0, lastGranule - startGranule),
      preSkipFrames: 0,
    };
  }
  return { ...common, channelCount: 0, sampleRateHz: 0, frameCount: null, preSkipFrames: 0 };
}

function codecOf(packet: Uint8Array): OggCodec {
  const start = Buffer.from(packet.subarray(0, 8)).toString('latin1');
  if (start === 'OpusHead') return 'opus';
  if (start.startsWith('\x01vorbis')) return 'vorbis';
  if (start.startsWith('\x7fFLAC')) return 'flac';
  if (start === 'Speex   ') return 'speex';
  return 'other';
}

/**
 * Granule position at which the audio begins: 0, but for a live stream that was joined late. It is that of the first
 * page of audio less the frames that end there.
 */
function firstGranule(file: InputFile, serial: number, codec: 'opus' | 'vorbis'): number {
  const packets = readPackets(file, serial, createDamageLog(true));
  const headers = codec === 'opus' ? 2 : 3;
  const heads = Array.from({ length: headers }, () => packets.next().value?.data);
  if (heads.includes(undefined)) return 0;
  const framesOf = codec === 'opus' ? opusPacketFrames : vorbisPacketCounter(heads[0]!, heads[2]!);
  let frames = 0;
  for (const { data, granule } of packets) {
    frames += framesOf(data);
    if (granule > 0) return Math.max(0, granule - frames);
  }
  return 0;
}

/** A packet of a stream, in memory of its own. */
export interface OggPacket {
  readonly data: Uint8Array;
  /** Granule position of its page where it is the last packet that ends there, else −1. */
  readonly granule: number;
  /** Whether it is the last of the stream. */
  readonly isLast: boolean;
  /** Whether pages before it were lost: the codec starts anew. */
  readonly isAfterGap: boolean;
}

/** The packets of one logical stream, in order. Packets that lost a part are left out. */
export function* readPackets(file: InputFile, serial: number, damage: DamageLog): Generator<OggPacket> {
  let open: Uint8Array[] = [];
  let sequence = -1;
  let isAfterGap = false;
  for (const page of readPages(file, damage)) {
    if (page.serial !== serial) continue;
    const isGap = sequence >= 0 && page.sequence !== sequence + 1;
    sequence = page.sequence;
    if (isGap) {
      open = [];
      isAfterGap = true;
    }
    let at = 0;
    const endCount = page.lacing.length - (page.isOpen ? 1 : 0);
    for (let i = 0; i < page.lacing.length; i++) {
      const piece = page.body.slice(at, at + page.lacing[i]!);
      at += piece.length;
      const isTail = i === 0 && page.isContinued;
      // The rest of a packet whose start was lost.
      if (isTail && open.length === 0 && isAfterGap) continue;
      open.push(piece);
      if (i >= endCount) break;
      const data = open.length === 1 ? open[0]! : Buffer.concat(open);
      open = [];
      const isLastHere = i === endCount - 1;
      yield { data, granule: isLastHere ? page.granule : -1, isLast: page.isLast && isLastHere, isAfterGap };
      isAfterGap = false;
    }
  }
}

/** Every page that passes its checksum; what lies between is reported. */
function* readPages(file: InputFile, damage: DamageLog): Generator<OggPage> {
  const name = displayPath(file.path);
  const window = new ByteWindow(file, 0);
  const before = new Map<number, OggPage>();
  let position = 0;
  let lost = 0;
  while (position + 27 <= file.byteCount) {
    const index = window.require(position, 27 + 255 + 255 * 255);
    const { bytes } = window;
    const available = window.length - index;
    const page = parsePage(bytes, index, available, position);
    if (page === 'cut') {
      if (lost === 0) damage.report('input/truncated', `${name} ends in the middle of an Ogg page`);
      lost = 0;
      position = file.byteCount;
      break;
    }
    if (page === null) {
      lost++;
      if (lost === 1)
        damage.report('input/damaged', `a page of ${name} at byte ${position} fails its checksum`);
      position++;
      const next = bytes.indexOf(0x4f, index + 1);
      if (next > 0 && next < window.length) position = window.start + next;
      continue;
    }
    lost = 0;
    const last = before.get(page.serial);
    // Whoever joins a live stream gets its headers, then the page of that moment.
    const isJoined = last !== undefined && last.granule === 0 && page.sequence > last.sequence;
    if (last !== undefined && page.sequence !== last.sequence + 1 && !isJoined) {
      damage.report(
        'input/damaged',
        `expected page ${last.sequence + 1} at byte ${position} of ${name}, got page ${page.sequence}`,
      );
    }
    before.set(page.serial, page);
    yield page;
    const bodyLength = page.body.length;
    position += 27 + page.segmentCount + bodyLength;
  }
  if (position < file.byteCount && file.byteCount - position < 27) {
    damage.report('input/truncated', `${name} ends in the middle of an Ogg page`);
  }
}

/** The page at `index`; null where the bytes are none, "cut" where the file ends inside of it. */
function parsePage(
  bytes: Uint8Array,
  index: number,
  available: number,
  offset: number,
): (OggPage & { segmentCount: number }) | null | 'cut' {
  if (
    bytes[index] !== 0x4f ||
    bytes[index + 1] !== 0x67 ||
    bytes[index + 2] !== 0x67 ||
    bytes[index + 3] !== 0x53
  ) {
    return null;
  }
  const fields = new DataView(bytes.buffer, bytes.byteOffset + index);
  const segmentCount = fields.getUint8(26);
  if (available < 27 + segmentCount) return 'cut';
  let bodyLength = 0;
  const lacing: number[] = [];
  let piece = 0;
  let isOpen = false;
  for (let i = 0; i < segmentCount; i++) {
    const length = bytes[index + 27 + i]!;
    bodyLength += length;
    piece += length;
    isOpen = length === 255;
    if (!isOpen) {
      lacing.push(piece);
      piece = 0;
    }
  }
  if (isOpen) lacing.push(piece);
  const end = index + 27 + segmentCount + bodyLength;
  if (end - index > available) return 'cut';
  if (pageChecksum(bytes, index, end) !== fields.getUint32(22, true)) return null;
  const flags = fields.getUint8(5);
  return {
    offset,
    serial: fields.getUint32(14, true),
    sequence: fields.getUint32(18, true),
    granule: Number(fields.getBigInt64(6, true)),
    isContinued: (flags & 1) !== 0,
    isFirst: (flags & 2) !== 0,
    isLast: (flags & 4) !== 0,
    lacing,
    isOpen,
    body: bytes.subarray(index + 27 + segmentCount, end),
    segmentCount,
  };
}

/** CRC-32 of a page with its checksum field taken as 0. */
function pageChecksum(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) {
    const byte = i >= start + 22 && i < start + 26 ? 0 : bytes[i]!;
    crc = (crc << 8) ^ CRC32_TABLE[(crc >>> 24) ^ byte]!;
  }
  return crc >>> 0;
}

const CRC32_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});
