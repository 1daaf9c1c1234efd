// Plays a recorded drum session again, from its wish in run.json.

import { existsSync } from 'node:fs';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import { runDrumSession } from './drum-session.js';
import { type DrumWish, sessionOf } from './drum-wish.js';
import type { OutputRecord, RunEntry } from './manifest.js';
import type { SongAnalyser } from './song-analysis.js';

/**
 * Plays `entry` into `folder`.
 * @throws ForgeError input/changed where a file that it read is another now, input/unsupported for the record of an
 *   earlier version, and what a session throws
 */
export async function replayDrums(
  entry: RunEntry,
  folder: string,
  analyse: SongAnalyser,
): Promise<readonly OutputRecord[]> {
  const options = entry.stages[0]?.options as { wish?: DrumWish; files?: Record<string, string> } | undefined;
  if (options?.wish === undefined) {
    throw new ForgeError(
      'input/unsupported',
      'expected what was asked of the drummer in run.json, got none',
      {
        hint: 'Play it once more with this version of forge.',
      },
    );
  }
  for (const [path, sha256] of Object.entries(options.files ?? {})) {
    if (existsSync(path) && sha256Sync(path) === sha256) continue;
    throw new ForgeError(
      'input/changed',
      `expected the recorded content in ${path}, got another, or no file`,
      {
        hint: 'A replay needs the very files that were played from.',
      },
    );
  }
  const session = await sessionOf(options.wish, { folder, overwrite: true }, analyse);
  return (await runDrumSession(session)).outputs;
}
