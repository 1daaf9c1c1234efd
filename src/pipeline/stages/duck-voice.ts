// The second file of `duck`: read and hashed when the run is planned, so that a wrong name fails before any work, and
// opened for the run.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { decodeAudio } from '../../audio/decode.js';
import { probeAudio } from '../../audio/probe.js';
import { ForgeError } from '../../errors.js';
import { sha256Sync } from '../../file-hash.js';
import type { AudioRef } from '../stage.js';
import type { FoundVoice } from '../voice-activity.js';

/** What is known of the voice before it meets the bed. */
export interface HeardVoice {
  readonly ref: AudioRef;
  readonly found: FoundVoice;
  readonly integratedLufs: number | null;
  readonly clippedSampleCount: number;
}

/** @throws ForgeError usage/missing-argument where none is named, input/not-found */
function requireVoice(path: string): void {
  if (path === '') {
    throw new ForgeError(
      'usage/missing-argument',
      'expected the recording of a voice for duck.voice, got none',
      {
        hint: 'forge duck music.wav --voice vo.wav, or --set duck.voice=vo.wav in a pipeline.',
      },
    );
  }
  if (!existsSync(path)) {
    throw new ForgeError(
      'input/not-found',
      `expected the recording of a voice at "${path}", which is not there`,
    );
  }
}

/** Hash of the voice's file. @throws as requireVoice */
export function hashVoice(path: string): string {
  requireVoice(path);
  return sha256Sync(path);
}

/**
 * The voice as audio that can be read by frames; what is no WAV is decoded into `scratchDir`.
 * @throws ForgeError input/* where it cannot be read
 */
export async function openVoice(path: string, sha256: string, scratchDir: string): Promise<AudioRef> {
  requireVoice(path);
  const decoded = await decodeAudio(await probeAudio(path), { scratchDir });
  return {
    ...decoded.shape,
    name: basename(path),
    path: decoded.path,
    key: `voice:${sha256 === '' ? path : sha256}`,
    sampleFormat: decoded.sampleFormat,
  };
}
