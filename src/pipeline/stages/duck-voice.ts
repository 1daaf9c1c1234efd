// The second file of `duck`: read and hashed when the run is planned, so that a wrong name fails before any work, and
// opened for the run. A file that is no WAV is decoded into a folder of its own, which goes afterwards.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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
export function requireVoice(path: string): void {
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
 * Hands the voice to `work` as audio that can be read by frames.
 * @throws ForgeError input/* where it cannot be read
 */
export async function withVoice<Result>(
  path: string,
  sha256: string,
  work: (voice: AudioRef) => Promise<Result>,
): Promise<Result> {
  const info = await probeAudio(path);
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-voice-'));
  try {
    const decoded = await decodeAudio(info, { scratchDir });
    return await work({
      ...decoded.shape,
      name: basename(path),
      path: decoded.path,
      key: `voice:${sha256 === '' ? path : sha256}`,
      sampleFormat: decoded.sampleFormat,
    });
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}
