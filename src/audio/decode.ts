// Makes any probed input readable by frames: a WAV file is taken as it is, anything else is decoded once into a scratch
// WAV of the same content (integers where the codec is lossless, else 32-bit float), in constant memory.
// Encoder delay and padding are left out. What a length or a checksum tells of damage is an error, or a note.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ForgeError } from '../errors.js';
import type { AudioBlock, AudioNote, AudioShape, SampleFormat } from './audio-file.js';
import { createDamageLog, type DamageLog } from './damage.js';
import { decodeWithFfmpeg } from './decode-ffmpeg.js';
import { decodeFlac } from './decode-flac.js';
import { decodeMp3 } from './decode-mp3.js';
import { decodeOpus } from './decode-opus.js';
import { decodeVorbis } from './decode-vorbis.js';
import { findFfmpeg } from './ffmpeg.js';
import { displayPath, type InputFile, openInputFile } from './input-file.js';
import type { AudioInfo, DecoderId } from './probe.js';
import { createScratchWav } from './scratch-wav.js';
import { openWav } from './wav-reader.js';

export interface DecodeOptions {
  /** A folder for the decoded file; the caller removes it. */
  readonly scratchDir: string;
  readonly tolerateDamage?: boolean;
  /** Receives what share is done, 0 to 1; never called where the length is unknown. */
  readonly onProgress?: (doneRatio: number) => void;
  readonly isCancelled?: () => boolean;
}

export interface DecodedAudio {
  /** A WAV file for openWav: the input itself, or a scratch file. */
  readonly path: string;
  readonly shape: AudioShape;
  readonly sampleFormat: SampleFormat;
  /** What decoded it: part of the key of everything that is made from it. */
  readonly decoder: { readonly id: DecoderId; readonly version: string };
  readonly notes: readonly AudioNote[];
}

/** A decoder in this process: blocks in order, each valid until the next is asked for. */
type Decode = (file: InputFile, info: AudioInfo, damage: DamageLog) => AsyncGenerator<AudioBlock>;

const DECODERS: Readonly<Record<Exclude<DecoderId, 'wav' | 'ffmpeg'>, Decode>> = {
  flac: decodeFlac,
  vorbis: decodeVorbis,
  'wasm-mp3': decodeMp3,
  'wasm-opus': decodeOpus,
};

/** Time after which a decoder in this process lets others run. */
const YIELD_MS = 30;

/**
 * Decodes a probed file.
 * @throws ForgeError input/damaged, input/truncated (unless tolerated), input/unsupported, input/changed,
 *   input/needs-ffmpeg, interrupted/by-user, output/disk-full
 */
export async function decodeAudio(info: AudioInfo, options: DecodeOptions): Promise<DecodedAudio> {
  const { tolerateDamage = false } = options;
  if (info.decoder === 'wav') {
    const reader = openWav(info.path, { tolerateDamage });
    reader.close();
    const { sampleRateHz, channelCount, frameCount } = reader;
    const decoder = { id: info.decoder, version: '1' };
    return {
      path: info.path,
      shape: { sampleRateHz, channelCount, frameCount },
      sampleFormat: reader.info.sampleFormat,
      decoder,
      notes: reader.info.notes,
    };
  }
  const path = join(options.scratchDir, `decoded-${randomBytes(6).toString('hex')}.wav`);
  const damage = createDamageLog(tolerateDamage);
  try {
    if (info.decoder === 'ffmpeg') await decodeWithFfmpeg(info, path, damage, options);
    else await decodeInProcess(DECODERS[info.decoder], info, path, damage, options);
    const reader = openWav(path, { tolerateDamage });
    reader.close();
    const { sampleRateHz, channelCount, frameCount } = reader;
    return {
      path,
      shape: { sampleRateHz, channelCount, frameCount },
      sampleFormat: info.sampleFormat,
      decoder: { id: info.decoder, version: await versionOf(info.decoder) },
      notes: damage.notes,
    };
  } catch (thrown) {
    fs.rmSync(path, { force: true });
    throw thrown;
  }
}

async function decodeInProcess(
  decode: Decode,
  info: AudioInfo,
  path: string,
  damage: DamageLog,
  options: DecodeOptions,
): Promise<void> {
  const file = openInputFile(info.path);
  const scratch = createScratchWav(path, info);
  try {
    let lastYield = performance.now();
    for await (const block of decode(file, info, damage)) {
      scratch.append(block);
      if (performance.now() - lastYield < YIELD_MS) continue;
      if (options.isCancelled?.()) throw new ForgeError('interrupted/by-user', 'interrupted while decoding');
      if (info.frameCount !== null) options.onProgress?.(Math.min(1, scratch.frameCount / info.frameCount));
      await new Promise((resolve) => setImmediate(resolve));
      lastYield = performance.now();
    }
    if (info.frameCount !== null && scratch.frameCount < info.frameCount) {
      damage.report(
        'input/truncated',
        `expected ${info.frameCount} frames in ${displayPath(info.path)}, got ${scratch.frameCount}`,
      );
    }
    if (scratch.frameCount === 0) {
      throw new ForgeError('input/empty', `expected audio in ${displayPath(info.path)}, got 0 frames`);
    }
    scratch.finish();
  } catch (thrown) {
    scratch.abort();
    throw thrown;
  } finally {
    fs.closeSync(file.fd);
  }
}

/** Versions of the decoders that are forge's own; raised when they give other samples for the same file. */
const OWN_VERSIONS: Partial<Record<DecoderId, string>> = { wav: '1', flac: '1', vorbis: '1' };
const PACKAGES: Partial<Record<DecoderId, string>> = {
  'wasm-mp3': 'mpg123-decoder',
  'wasm-opus': 'opus-decoder',
};

async function versionOf(decoder: DecoderId): Promise<string> {
  if (decoder === 'ffmpeg') return (await findFfmpeg())?.version ?? 'none';
  const name = PACKAGES[decoder];
  if (name === undefined) return OWN_VERSIONS[decoder] ?? '1';
  // The packages do not export their package.json: it lies in the first folder above their main file.
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (!fs.existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return (JSON.parse(fs.readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
