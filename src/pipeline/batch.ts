// A run over many files with one ledger: all are looked at before the first is worked on, a failed one does not
// stop the others, and the exit code tells what went wrong.
import { join, resolve } from 'node:path';
import { type AudioInfo, probeAudio } from '../audio/probe.js';
import { EXIT_MIXED, exitCodeOf, type ForgeError, toForgeError } from '../errors.js';
import type { Workshop } from './executor.js';
import { readManifest } from './manifest.js';
import { planTrack, type TrackPlan } from './plan.js';
import type { Pipeline } from './preset.js';
import {
  type ReportWriter,
  type RunSettings,
  runTrack,
  type TrackProgress,
  type TrackResult,
} from './run.js';
import type { DeliveryWish } from './stage.js';
import { assignTrackNames } from './tracks.js';

/** One input with its plan, or with the reason why it can't be worked on. */
export type PlannedTrack = {
  readonly path: string;
  readonly track: string;
  readonly folder: string;
} & ({ readonly info: AudioInfo; readonly plan: TrackPlan } | { readonly error: ForgeError });

/** What became of one input. */
export type BatchItem = { readonly path: string; readonly info?: AudioInfo } & (
  | { readonly status: 'ok' | 'missed'; readonly result: TrackResult }
  | { readonly status: 'failed'; readonly error: ForgeError }
);

export interface BatchRequest {
  readonly paths: readonly string[];
  readonly outFolder: string;
  readonly pipeline: Pipeline;
  readonly wish: DeliveryWish;
  readonly settings: RunSettings;
}

/** Looks at all inputs and plans each. An input that can't be read is in the list with its error; a pipeline that can't work throws. */
export async function planBatch(request: BatchRequest): Promise<PlannedTrack[]> {
  const { paths, outFolder, pipeline, wish, settings } = request;
  const names = assignTrackNames(paths, (name) => ownerOf(join(outFolder, name), paths));
  const planned: PlannedTrack[] = [];
  for (const [index, path] of paths.entries()) {
    const track = names[index]!;
    const place = { path, track, folder: join(outFolder, track) };
    let info: AudioInfo;
    try {
      info = await probeAudio(path, { tolerateDamage: settings.tolerateDamage });
    } catch (error) {
      planned.push({ ...place, error: toForgeError(error, path) });
      continue;
    }
    planned.push({ ...place, info, plan: planTrack(pipeline, info, wish) });
  }
  return planned;
}

/** Whose results a track's folder holds: the input of its newest run, undefined for a fresh folder. */
function ownerOf(folder: string, paths: readonly string[]): string | undefined {
  const inputs = readManifest(folder).entries.map(({ input }) => input.path);
  const own = paths.map((path) => resolve(path)).find((path) => inputs.includes(path));
  return own ?? inputs.at(-1);
}

/** Runs all planned tracks, as many at once as there are jobs; the list comes back in the order of the inputs. */
export async function runBatch(
  planned: readonly PlannedTrack[],
  settings: RunSettings,
  pools: Workshop,
  report: ReportWriter,
  events: {
    readonly onProgress: (progress: TrackProgress) => void;
    readonly onDone: (item: BatchItem, track: string) => void;
  },
): Promise<BatchItem[]> {
  const items: BatchItem[] = new Array(planned.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < planned.length && !pools.isCancelled) {
      const index = next++;
      const track = planned[index]!;
      const item = await runPlanned(track, settings, pools, report, (progress) =>
        events.onProgress(progress),
      );
      items[index] = item;
      events.onDone(item, track.track);
    }
  };
  await Promise.all(Array.from({ length: Math.min(pools.jobs, planned.length) }, lane));
  return items.filter((item) => item !== undefined);
}

async function runPlanned(
  track: PlannedTrack,
  settings: RunSettings,
  pools: Workshop,
  report: ReportWriter,
  onProgress: (progress: TrackProgress) => void,
): Promise<BatchItem> {
  if ('error' in track) return { path: track.path, status: 'failed', error: track.error };
  const { path, info, plan, folder } = track;
  try {
    const result = await runTrack(plan, info, folder, settings, pools, report, onProgress);
    return { path, info, status: result.status, result };
  } catch (error) {
    return { path, info, status: 'failed', error: toForgeError(error, path) };
  }
}

/** 0 where all went well, the one code where all failures share it, EXIT_MIXED otherwise. */
export function exitCodeOfBatch(items: readonly BatchItem[]): number {
  const codes = new Set<number>();
  for (const item of items) {
    if (item.status === 'failed') codes.add(exitCodeOf(item.error.code));
    if (item.status === 'missed') codes.add(exitCodeOf('target/missed'));
  }
  if (codes.size === 0) return 0;
  return codes.size === 1 ? [...codes][0]! : EXIT_MIXED;
}
