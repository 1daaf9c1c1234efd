// The file that a run works on: hashed and decoded once, and watched for changes until the end.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeAudio } from '../audio/decode.js';
import type { AudioInfo } from '../audio/probe.js';
import { ForgeError } from '../errors.js';
import { sha256Of } from '../file-hash.js';
import { contentKey } from './cache.js';
import type { InputRecord } from './manifest.js';
import type { AudioRef } from './stage.js';

export interface OpenOptions {
  readonly scratchDir: string;
  readonly tolerateDamage: boolean;
  readonly onProgress: (fraction: number) => void;
  readonly isCancelled: () => boolean;
}

export interface OpenedInput {
  readonly record: InputRecord;
  readonly audio: AudioRef;
}

export class TrackInput {
  readonly #stampBefore: string;

  /** @throws ForgeError input/changed when the file is gone */
  constructor(readonly info: AudioInfo) {
    this.#stampBefore = this.#stamp();
  }

  /** @throws ForgeError input/*, interrupted/by-user */
  async open(options: OpenOptions): Promise<OpenedInput> {
    const [sha256, decoded] = await Promise.all([sha256Of(this.info.path), decodeAudio(this.info, options)]);
    const { sampleRateHz, channelCount, frameCount } = decoded.shape;
    return {
      record: {
        path: resolve(this.info.path),
        sha256,
        durationSec: frameCount / sampleRateHz,
        sampleRateHz,
        channelCount,
        frameCount,
        decoder: decoded.decoder,
        notes: decoded.notes,
      },
      audio: {
        name: 'mix',
        path: decoded.path,
        key: contentKey(['input', sha256, decoded.decoder, options.tolerateDamage]),
        sampleRateHz,
        channelCount,
        frameCount,
        sampleFormat: decoded.sampleFormat,
      },
    };
  }

  /** @throws ForgeError input/changed when the file is not what it was at the start */
  requireUnchanged(): void {
    if (this.#stamp() !== this.#stampBefore) throw this.#changed();
  }

  /** Size and time of the file. */
  #stamp(): string {
    try {
      const { size, mtimeMs } = statSync(this.info.path);
      return `${size} ${mtimeMs}`;
    } catch {
      throw this.#changed();
    }
  }

  #changed(): ForgeError {
    return new ForgeError('input/changed', `${this.info.path} changed or vanished while it was worked on`, {
      hint: 'Run again when the file is at rest.',
    });
  }
}
