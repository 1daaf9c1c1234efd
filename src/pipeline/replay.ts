// Does a recorded run again from its record alone, and compares the bytes of what comes out.
import { isAbsolute } from 'node:path';
import { probeAudio } from '../audio/probe.js';
import { ForgeError } from '../errors.js';
import { sha256Of } from '../file-hash.js';
import type { Workshop } from './executor.js';
import type { OutputRecord, RunEntry } from './manifest.js';
import { planTrack } from './plan.js';
import { pipelineFromPlan } from './preset.js';
import { type ReportWriter, runTrack, type TrackProgress } from './run.js';

/** One output of a replayed run. */
export interface ReplayedOutput {
  readonly kind: string;
  readonly path: string;
  readonly recordedSha256: string;
  /** undefined where the replay did not make the file. */
  readonly sha256: string | undefined;
  readonly isSame: boolean;
}

/**
 * Runs `entry` again into `folder` and compares its outputs.
 * @throws ForgeError input/changed where the input is not the recorded one any more, or an error of the run
 */
export async function replayEntry(
  entry: RunEntry,
  folder: string,
  pools: Workshop,
  report: ReportWriter,
  onProgress: (progress: TrackProgress) => void,
): Promise<ReplayedOutput[]> {
  if (entry.command === 'drums') {
    const [{ replayDrums }, { songAnalyser }] = await Promise.all([
      import('./drum-replay.js'),
      import('./song-analysis.js'),
    ]);
    return compareOutputs(entry, await replayDrums(entry, folder, songAnalyser(pools, onProgress)));
  }
  const { input, stages, wish, seed } = entry;
  const info = await probeAudio(input.path, { tolerateDamage: entry.isDamageTolerated });
  const sha256 = await sha256Of(input.path);
  if (sha256 !== input.sha256) {
    throw new ForgeError(
      'input/changed',
      `expected the recorded content in ${input.path}, got another sha256`,
      {
        hint: 'A replay needs the very file that was worked on.',
      },
    );
  }
  const pipeline = await pipelineFromPlan(entry.command, stages, []);
  const settings = {
    command: entry.command,
    seed,
    tolerateDamage: entry.isDamageTolerated,
    overwrite: true,
    commercialOnly: false,
    ...(entry.album === undefined ? {} : { albumOf: () => entry.album }),
  };
  const plan = planTrack(pipeline, info, wish);
  const result = await runTrack(plan, info, folder, settings, pools, report, onProgress);
  return compareOutputs(entry, result.outputs);
}

function compareOutputs(entry: RunEntry, outputs: readonly OutputRecord[]): ReplayedOutput[] {
  // The page links to the audio from where it lies, or holds it: it is no result of its own.
  const compared = entry.outputs.filter(({ path }) => path !== 'report.html');
  return compared.map(({ kind, path, sha256: recordedSha256 }) => {
    // A file that -o named lies elsewhere now; it is the only one of its kind.
    const isNamed = isAbsolute(path);
    const again = outputs.find((made) => (isNamed ? made.kind === kind : made.path === path))?.sha256;
    return { kind, path, recordedSha256, sha256: again, isSame: again === recordedSha256 };
  });
}
