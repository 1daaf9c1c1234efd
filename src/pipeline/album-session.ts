// A run over an album: what its tracks share is decided before the run, and proved on the written masters after it.
// A chain and the limiter change how loud the whole is: where the gain then misses the target, the run is made again with
// what was off.
import { join, resolve } from 'node:path';
import { roundTo } from '../units.js';
import {
  type AlbumFigures,
  albumFigures,
  albumGainDb,
  chooseForAlbum,
  measureAlbum,
  type TrackAlbum,
  trackFigures,
} from './album.js';
import type { BatchItem } from './batch.js';
import { loadMasterTarget, type MasterTarget } from './master-target.js';
import type { MeasuredFile } from './measure-file.js';
import type { Override } from './preset.js';
import type { Choice } from './stages/master-choice.js';
import { type MasterOptions, masterOptions } from './stages/master-options.js';

/** One master of every track. */
export interface AlbumStep {
  /** Id of the step in the pipeline. */
  readonly id: string;
  readonly preset: string;
  /** What the user asked of the step, as overrides hold it. */
  readonly asked: Readonly<Record<string, unknown>>;
}

/** What `--json`, album.json and the person get. */
export interface AlbumReport {
  readonly preset: string;
  readonly gainDb: number;
  /** null where the gain is all that is done. */
  readonly choice: { readonly character: string; readonly curve: string; readonly reason: string } | null;
  readonly before: AlbumFigures;
  readonly after: AlbumFigures;
  readonly tracks: readonly {
    readonly path: string;
    readonly before: AlbumFigures;
    readonly after: AlbumFigures;
  }[];
}

/** What the reports of an album say of the track at `path`, one entry a master; undefined for a track that has none. */
export function albumOfTrack(reports: readonly AlbumReport[], path: string): TrackAlbum[] | undefined {
  const said = reports.flatMap(({ preset, gainDb, before, after, tracks }): TrackAlbum[] => {
    const index = tracks.findIndex((track) => resolve(track.path) === resolve(path));
    const track = tracks[index];
    if (track === undefined) return [];
    return [
      {
        preset,
        trackNumber: index + 1,
        trackCount: tracks.length,
        gainDb,
        before: { ...before, trackOffsetLu: offsetLu(track.before, before) },
        after: { ...after, trackOffsetLu: offsetLu(track.after, after) },
      },
    ];
  });
  return said.length === 0 ? undefined : said;
}

function offsetLu(track: AlbumFigures, album: AlbumFigures): number | null {
  if (track.integratedLufs === null || album.integratedLufs === null) return null;
  return roundTo(track.integratedLufs - album.integratedLufs, 3);
}

interface StepState {
  readonly step: AlbumStep;
  readonly target: MasterTarget;
  readonly choice: Choice | undefined;
  gainDb: number;
  /** What the round before gave. */
  last?: { readonly gainDb: number; readonly lufs: number };
}

/** The whole album may be off by so much before the run is made again. */
const TOLERANCE_LU = 0.05;
const MAX_ROUNDS = 4;
/** Limiters take some of a gain back: so much of it at most is given for one LU. */
const STEEPEST_DB_PER_LU = 4;

export class AlbumSession {
  readonly #before: ReadonlyMap<string, MeasuredFile>;
  readonly #states: readonly StepState[];
  #round = 1;

  private constructor(tracks: readonly MeasuredFile[], steps: readonly AlbumStep[]) {
    this.#before = new Map(tracks.map((track) => [resolve(track.path), track]));
    const { integratedLufs } = albumFigures(tracks);
    this.#states = steps.map((step) => {
      const target = loadMasterTarget(step.preset);
      const options = masterOptions.parse({ ...step.asked, preset: step.preset });
      return {
        step,
        target,
        choice: isProcessed(options, target) ? chooseForAlbum(wishOf(options), tracks) : undefined,
        gainDb: albumGainDb(integratedLufs, target),
      };
    });
  }

  /** Measures all tracks. @throws ForgeError input/*, preset/*, and zod's complaint about what was asked */
  static async open(paths: readonly string[], steps: readonly AlbumStep[]): Promise<AlbumSession> {
    return new AlbumSession(await measureAlbum(paths), steps);
  }

  /** What holds for every track. */
  overrides(): Override[] {
    return this.#states.flatMap(({ step, choice, gainDb }): Override[] => {
      const set = (key: string, value: unknown): Override => ({
        target: step.id,
        key,
        value,
        origin: 'flag',
      });
      return [
        set('albumGainDb', gainDb),
        set('character', choice?.character ?? 'none'),
        ...(choice === undefined ? [] : [set('curve', choice.curve)]),
      ];
    });
  }

  /** The report on the written masters; undefined where the run is to be made again with the new overrides. */
  async conclude(items: readonly BatchItem[]): Promise<readonly AlbumReport[] | undefined> {
    const reports: AlbumReport[] = [];
    let isOff = false;
    for (const state of this.#states) {
      const report = await this.#reportOf(state, items);
      reports.push(report);
      const { integratedLufs } = report.after;
      const wanted = state.target.integratedLufs;
      if (wanted === null || integratedLufs === null || this.#round === MAX_ROUNDS) continue;
      const errorLu = wanted - integratedLufs;
      if (Math.abs(errorLu) <= TOLERANCE_LU) continue;
      const { gainDb, last } = state;
      const slope = last === undefined ? 1 : (gainDb - last.gainDb) / (integratedLufs - last.lufs);
      const step = Math.min(Math.max(Number.isFinite(slope) ? slope : 1, 1), STEEPEST_DB_PER_LU);
      state.last = { gainDb, lufs: integratedLufs };
      state.gainDb = roundTo(gainDb + step * errorLu, 3);
      isOff = true;
    }
    this.#round++;
    return isOff ? undefined : reports;
  }

  async #reportOf({ step, choice, gainDb }: StepState, items: readonly BatchItem[]): Promise<AlbumReport> {
    const written = items.flatMap((item) => {
      const master = masterOf(item, step.id);
      return master === undefined ? [] : [{ path: item.path, master }];
    });
    const after = await measureAlbum(written.map(({ master }) => master));
    const before = written.map(({ path }) => this.#before.get(resolve(path))!);
    return {
      preset: step.preset,
      gainDb,
      choice:
        choice === undefined
          ? null
          : { character: choice.character, curve: choice.curve, reason: choice.reason },
      before: albumFigures(before),
      after: albumFigures(after),
      tracks: written.map(({ path }, i) => ({
        path,
        before: trackFigures(before[i]!),
        after: trackFigures(after[i]!),
      })),
    };
  }
}

function isProcessed(options: MasterOptions, target: MasterTarget): boolean {
  if (options.character === 'none' || options.linearOnly) return false;
  return target.usesProcessing || options.character !== 'auto';
}

function wishOf({ genre, character, curve }: MasterOptions) {
  return { genre, curve, character: character === 'none' ? 'auto' : character } as const;
}

/** The file of a step's master of one track. */
function masterOf(item: BatchItem, stepId: string): string | undefined {
  if (item.status === 'failed') return undefined;
  const stem = stepId === 'master' ? 'master' : `master.${stepId}`;
  const { folder, outputs } = item.result;
  const output = outputs.find(
    ({ kind, path }) => kind === 'master' && path.replace(/\.[a-z0-9]+$/, '') === stem,
  );
  return output === undefined ? undefined : join(folder, output.path);
}
