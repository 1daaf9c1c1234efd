// Says what an input is, from its content alone: names and extensions are never trusted.
// WAV in every uncompressed form is read here; the rest is asked of the decoders of this machine.
// Nothing is decoded; damage inside of the audio shows when it is.
import fs from 'node:fs';
import { ForgeError } from '../errors.js';
import type { AudioNote, SampleFormat } from './audio-file.js';
import { openInputFile } from './input-file.js';
import { readWavHeader } from './wav-header.js';

/** Which decoder serves a file on this machine. */
export type DecoderId = 'wav' | 'ffmpeg' | 'wasm-mp3' | 'wasm-flac' | 'wasm-vorbis' | 'wasm-opus';

/** What is known of an audio file before it is decoded. */
export interface AudioInfo {
  readonly path: string;
  /** `wav`, `rf64`, `w64`, `flac`, `mp3`, `ogg`, `mp4`, `aiff` … */
  readonly container: string;
  /** `pcm`, `float`, `flac`, `mp3`, `vorbis`, `opus`, `aac`, `alac` … */
  readonly codec: string;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** null where only decoding tells. */
  readonly frameCount: number | null;
  /** null where only decoding tells; an estimate where frameCount is null. */
  readonly durationSec: number | null;
  /** How the samples are stored; 32-bit float for lossy codecs. */
  readonly sampleFormat: SampleFormat;
  readonly isLossy: boolean;
  readonly bitrateKbps?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly hasCoverArt: boolean;
  /** Ids of the chunks of a WAV file beside format and data: `bext`, `cue `, `iXML`, `LIST` … */
  readonly chunks: readonly string[];
  readonly decoder: DecoderId;
  readonly notes: readonly AudioNote[];
}

/**
 * Looks at a file.
 * @throws ForgeError input/not-found, input/unreadable, input/is-directory, input/empty, input/not-audio,
 *   input/bad-header, input/unsupported, input/truncated (unless tolerateDamage), input/needs-ffmpeg
 */
export async function probeAudio(
  path: string,
  options: { readonly tolerateDamage?: boolean } = {},
): Promise<AudioInfo> {
  const file = openInputFile(path);
  try {
    const header = readWavHeader(file, options.tolerateDamage ?? false);
    if ('compressed' in header) {
      throw new ForgeError(
        'input/unsupported',
        `WAV format 0x${header.formatTag.toString(16)} is not read yet`,
      );
    }
    const { sampleRateHz, channelCount, frameCount } = header;
    return {
      path,
      container: header.container,
      codec: header.sampleFormat.kind === 'float' ? 'float' : 'pcm',
      sampleRateHz,
      channelCount,
      frameCount,
      durationSec: frameCount / sampleRateHz,
      sampleFormat: header.sampleFormat,
      isLossy: false,
      tags: {},
      hasCoverArt: false,
      chunks: header.chunks.map((chunk) => chunk.id).filter((id) => id !== 'fmt ' && id !== 'data'),
      decoder: 'wav',
      notes: header.notes,
    };
  } finally {
    fs.closeSync(file.fd);
  }
}
