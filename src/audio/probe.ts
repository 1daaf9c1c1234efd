// Says what an input is, from its content alone: names and extensions are never trusted.
// WAV, FLAC, MP3, Ogg and MP4 are walked here, page by page and frame by frame, so that a file that is cut off or has
// lost a part is known before any work begins; the rest is asked of ffmpeg. Nothing is decoded.
import fs from 'node:fs';
import { ForgeError } from '../errors.js';
import type { AudioNote, SampleFormat } from './audio-file.js';
import { createDamageLog, type DamageLog } from './damage.js';
import {
  describeWithFfmpeg,
  FFMPEG_HINT,
  type Ffmpeg,
  type FfmpegDescription,
  findFfmpeg,
} from './ffmpeg.js';
import { readFlacInfo } from './flac-file.js';
import { displayPath, type InputFile, openInputFile, readUpTo } from './input-file.js';
import { findFirstFrame, id3v2ByteCount, scanMp3 } from './mp3-file.js';
import { isMp4Start, scanMp4 } from './mp4-file.js';
import { scanOgg } from './ogg-file.js';
import { nameOfFormat, playlistName } from './signatures.js';
import {
  isWavStart,
  MAX_CHANNEL_COUNT,
  MAX_SAMPLE_RATE_HZ,
  MIN_SAMPLE_RATE_HZ,
  readWavHeader,
} from './wav-header.js';

/** What decodes a file on this machine; `forge doctor` shows which serves what. */
export type DecoderId = 'wav' | 'flac' | 'vorbis' | 'wasm-mp3' | 'wasm-opus' | 'ffmpeg';

/** What is known of an audio file before it is decoded. */
export interface AudioInfo {
  readonly path: string;
  /** `wav`, `rf64`, `w64`, `flac`, `mp3`, `ogg`, `mp4`, else ffmpeg's name: `aiff`, `wv` … */
  readonly container: string;
  /** `pcm`, `float`, `flac`, `mp3`, `vorbis`, `opus`, else ffmpeg's name: `aac`, `alac`, `pcm_s16be` … */
  readonly codec: string;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** null where only decoding tells. */
  readonly frameCount: number | null;
  /** null where only decoding tells; from the header, to 10 ms, where frameCount is null. */
  readonly durationSec: number | null;
  /** How the samples are stored; 32-bit float for lossy codecs. */
  readonly sampleFormat: SampleFormat;
  readonly isLossy: boolean;
  readonly bitrateKbps?: number;
  /** MP3 alone: whether all frames have one bit rate. */
  readonly isConstantBitrate?: boolean;
  /** Ids of the chunks of a WAV file beside format and data: `bext`, `cue `, `iXML`, `LIST` … */
  readonly chunks: readonly string[];
  readonly decoder: DecoderId;
  readonly notes: readonly AudioNote[];
}

/** What the walk through a container finds; limits are seen to afterwards. */
type Finding = Omit<AudioInfo, 'path' | 'chunks' | 'notes'> & {
  readonly chunks?: readonly string[];
  readonly notes?: readonly AudioNote[];
};

const FLOAT32: SampleFormat = { kind: 'float', bits: 32 };
/** How far into a file that begins with something else the first MPEG frame is looked for. */
const MP3_SEARCH_BYTES = 1 << 16;

/**
 * Looks at a file.
 * @throws ForgeError input/not-found, input/unreadable, input/is-directory, input/empty, input/not-audio,
 *   input/bad-header, input/unsupported, input/needs-ffmpeg, and, unless `tolerateDamage`, input/truncated and
 *   input/damaged
 */
export async function probeAudio(
  path: string,
  options: { readonly tolerateDamage?: boolean } = {},
): Promise<AudioInfo> {
  const damage = createDamageLog(options.tolerateDamage ?? false);
  const file = openInputFile(path);
  let finding: Finding;
  try {
    finding = await findOut(file, damage);
  } catch (thrown) {
    // Tables that point outside of themselves.
    if (thrown instanceof RangeError) {
      throw new ForgeError('input/bad-header', `the header of ${displayPath(path)} contradicts itself`, {
        cause: thrown,
      });
    }
    throw thrown;
  } finally {
    fs.closeSync(file.fd);
  }
  checkLimits(path, finding);
  const { chunks = [], notes = [], ...rest } = finding;
  return { path, ...rest, chunks, notes: [...notes, ...damage.notes] };
}

async function findOut(file: InputFile, damage: DamageLog): Promise<Finding> {
  const head = new Uint8Array(64);
  const start = head.subarray(0, readUpTo(file, 0, head));
  const playlist = playlistName(start);
  if (playlist !== null) {
    throw new ForgeError(
      'input/unsupported',
      `expected a file that holds audio, got a playlist (${playlist}): ${displayPath(file.path)}`,
    );
  }
  if (isWavStart(start)) return (await findWav(file, damage)) ?? throughFfmpeg(file, 'compressed WAV');
  const audioStart = id3v2ByteCount(file, 0);
  if (isAscii(file, audioStart, 'fLaC')) return findFlac(file, audioStart);
  if (isAscii(file, 0, 'OggS')) return findOgg(file, damage);
  if (isMp4Start(start)) return findMp4(file, damage);
  const name = nameOfFormat(start);
  if (name === null) {
    const firstFrame = findFirstFrame(file, audioStart, 1);
    if (firstFrame !== null) return findMp3(file, firstFrame, damage);
  }
  const ffmpeg = await findFfmpeg();
  if (ffmpeg !== null) {
    const description = await describeUnknown(ffmpeg, file.path, name);
    if (description !== null && description.format !== 'mp3') return fromDescription(description);
  }
  if (name !== null && ffmpeg === null) throw needsFfmpeg(file, name);
  const laterFrame = findFirstFrame(file, audioStart, MP3_SEARCH_BYTES);
  if (laterFrame !== null) {
    const finding = await findMp3(file, laterFrame, damage);
    const note = {
      code: 'leading-bytes',
      message: `${laterFrame - audioStart} bytes before the first MPEG frame were left out`,
    };
    return { ...finding, notes: [note] };
  }
  throw new ForgeError(
    'input/not-audio',
    `expected audio in ${displayPath(file.path)}, got something that no decoder knows`,
  );
}

/** What ffmpeg says of a file; null where it takes bytes without a signature for a format that they then are not. */
async function describeUnknown(
  ffmpeg: Ffmpeg,
  path: string,
  signature: string | null,
): Promise<FfmpegDescription | null> {
  try {
    return await describeWithFfmpeg(ffmpeg, path);
  } catch (thrown) {
    if (signature === null && thrown instanceof ForgeError && thrown.code === 'input/bad-header') return null;
    throw thrown;
  }
}

async function findWav(file: InputFile, damage: DamageLog): Promise<Finding | null> {
  const header = readWavHeader(file, damage.isTolerant);
  if ('compressed' in header) return null;
  const { container, sampleRateHz, channelCount, frameCount, sampleFormat, notes } = header;
  return {
    container,
    codec: sampleFormat.kind === 'float' ? 'float' : 'pcm',
    sampleRateHz,
    channelCount,
    frameCount,
    durationSec: frameCount / sampleRateHz,
    sampleFormat,
    isLossy: header.encoding === 'alaw' || header.encoding === 'mulaw',
    chunks: header.chunks.map(({ id }) => id).filter((id) => id !== 'fmt ' && id !== 'data'),
    decoder: 'wav',
    notes,
  };
}

function findFlac(file: InputFile, offset: number): Finding {
  const { sampleRateHz, channelCount, bits, frameCount } = readFlacInfo(file, offset);
  return {
    container: 'flac',
    codec: 'flac',
    sampleRateHz,
    channelCount,
    frameCount,
    durationSec: frameCount === null ? null : frameCount / sampleRateHz,
    sampleFormat: { kind: 'int', bits: Math.ceil(bits / 8) * 8 },
    isLossy: false,
    decoder: 'flac',
  };
}

async function findOgg(file: InputFile, damage: DamageLog): Promise<Finding> {
  const { codec, sampleRateHz, channelCount, frameCount, isChained } = scanOgg(file, damage);
  const ffmpeg = await findFfmpeg();
  if ((codec !== 'opus' && codec !== 'vorbis') || (isChained && ffmpeg !== null)) {
    return throughFfmpeg(
      file,
      codec === 'flac' ? 'FLAC in Ogg' : codec === 'speex' ? 'Speex' : 'this kind of Ogg',
    );
  }
  if (isChained) throw needsFfmpeg(file, 'several streams in one Ogg file');
  if (sampleRateHz === 0 || channelCount === 0) {
    throw new ForgeError(
      'input/bad-header',
      `expected a sample rate and channels in ${displayPath(file.path)}, got ${sampleRateHz} Hz, ${channelCount} channels`,
    );
  }
  const own = codec === 'opus' ? 'wasm-opus' : 'vorbis';
  const durationSec = frameCount! / sampleRateHz;
  return {
    container: 'ogg',
    codec,
    sampleRateHz,
    channelCount,
    frameCount,
    durationSec,
    sampleFormat: FLOAT32,
    isLossy: true,
    bitrateKbps: Math.round((file.byteCount * 8) / durationSec / 1000),
    decoder: ffmpeg === null ? own : 'ffmpeg',
  };
}

async function findMp3(file: InputFile, firstFrame: number, damage: DamageLog): Promise<Finding> {
  const { sampleRateHz, channelCount, layer, frameCount, bitrateKbps, isConstantBitrate } = scanMp3(
    file,
    firstFrame,
    damage,
  );
  return {
    container: 'mp3',
    codec: `mp${layer}`,
    sampleRateHz,
    channelCount,
    frameCount,
    durationSec: frameCount / sampleRateHz,
    sampleFormat: FLOAT32,
    isLossy: true,
    bitrateKbps,
    isConstantBitrate,
    decoder: (await findFfmpeg()) === null ? 'wasm-mp3' : 'ffmpeg',
  };
}

async function findMp4(file: InputFile, damage: DamageLog): Promise<Finding> {
  const scan = scanMp4(file, damage);
  if (scan === null) {
    throw new ForgeError(
      'input/unsupported',
      `expected audio in ${displayPath(file.path)}, got a file without any`,
    );
  }
  const codec = { mp4a: 'AAC', alac: 'ALAC' }[scan.codec] ?? scan.codec.trim();
  const finding = await throughFfmpeg(file, `${codec} in MP4`);
  if (scan.durationUnits === null) return finding;
  const frameCount = Math.round((scan.durationUnits * finding.sampleRateHz) / scan.timescaleHz);
  return {
    ...finding,
    container: 'mp4',
    frameCount,
    durationSec: frameCount / finding.sampleRateHz,
  };
}

/** @throws ForgeError input/needs-ffmpeg where there is none */
async function throughFfmpeg(file: InputFile, format: string): Promise<Finding> {
  const ffmpeg: Ffmpeg | null = await findFfmpeg();
  if (ffmpeg === null) throw needsFfmpeg(file, format);
  return fromDescription(await describeWithFfmpeg(ffmpeg, file.path));
}

function fromDescription(description: FfmpegDescription): Finding {
  const { format, codec, sampleRateHz, channelCount, durationSec, bitrateKbps } = description;
  const sampleFormat = losslessFormat(description);
  return {
    container: format.split(',')[0]!,
    codec,
    sampleRateHz,
    channelCount,
    frameCount: null,
    durationSec: durationSec ?? null,
    sampleFormat: sampleFormat ?? FLOAT32,
    isLossy: sampleFormat === null,
    ...(bitrateKbps === undefined ? {} : { bitrateKbps }),
    decoder: 'ffmpeg',
  };
}

/** Codecs, beside PCM, whose decoder gives back the very samples that were encoded. */
const LOSSLESS_CODECS = new Set([
  'flac',
  'alac',
  'wavpack',
  'tta',
  'ape',
  'tak',
  'mlp',
  'truehd',
  'shorten',
  'als',
  'wmalossless',
  'ralf',
]);

/** The format that holds what a lossless codec decodes to; null for a lossy codec. */
function losslessFormat({ codec, sampleFormatName, rawBits }: FfmpegDescription): SampleFormat | null {
  if (!LOSSLESS_CODECS.has(codec) && !/^pcm_[sufb]/.test(codec)) return null;
  const name = sampleFormatName.replace(/p$/, '');
  if (name === 'flt') return FLOAT32;
  if (name === 'dbl' || name === 's64') return { kind: 'float', bits: 64 };
  const bits = rawBits ?? { u8: 8, s16: 16, s32: 32 }[name] ?? 32;
  return { kind: 'int', bits: Math.ceil(bits / 8) * 8 };
}

/** @throws ForgeError input/unsupported */
function checkLimits(path: string, { channelCount, sampleRateHz }: Finding): void {
  if (channelCount > MAX_CHANNEL_COUNT) {
    throw new ForgeError(
      'input/unsupported',
      `expected 1 to ${MAX_CHANNEL_COUNT} channels in ${displayPath(path)}, got ${channelCount}`,
    );
  }
  if (sampleRateHz < MIN_SAMPLE_RATE_HZ || sampleRateHz > MAX_SAMPLE_RATE_HZ) {
    throw new ForgeError(
      'input/unsupported',
      `expected a sample rate of ${MIN_SAMPLE_RATE_HZ} to ${MAX_SAMPLE_RATE_HZ} Hz in ${displayPath(path)}, got ${sampleRateHz} Hz`,
    );
  }
}

function needsFfmpeg(file: InputFile, format: string): ForgeError {
  return new ForgeError(
    'input/needs-ffmpeg',
    `${displayPath(file.path)} is ${format}, which needs ffmpeg, and there is none`,
    {
      hint: FFMPEG_HINT,
    },
  );
}

function isAscii(file: InputFile, offset: number, text: string): boolean {
  const bytes = Buffer.alloc(text.length);
  return readUpTo(file, offset, bytes) === text.length && bytes.toString('latin1') === text;
}
