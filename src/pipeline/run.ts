// Runs the plan of one track: decode once, stages in order (each taken from the cache where nothing changed),
// deliveries, reports. What is written under a final name is whole; what a killed run left is picked up or cleared.
import { basename, resolve } from 'node:path';
import type { AudioInfo } from '../audio/probe.js';
import { ForgeError, toForgeError } from '../errors.js';
import type { TrackAlbum } from './album.js';
import { contentKey, TrackCache } from './cache.js';
import { Deliveries, type DeliverySettings, type ReportFile } from './deliver.js';
import type { Workshop } from './executor.js';
import { runJob } from './job.js';
import { isLong } from './long-recording.js';
import {
  type InputRecord,
  type ModelRecord,
  type OutputRecord,
  type RunEntry,
  readManifest,
  type StageEntry,
  writeManifest,
} from './manifest.js';
import { withoutPicture } from './picture.js';
import { INPUT_NODE, type PlanNode, type TrackPlan } from './plan.js';
import type { AudioRef, Json, ModelFiles } from './stage.js';
import type { StageNote, StageResult } from './stage-result.js';
import { TrackInput } from './track-input.js';
import { TrackFolder } from './tracks.js';
import { forgeVersion, runtimeVersions } from './versions.js';

/** What holds for every track of a run. */
export interface RunSettings extends DeliverySettings {
  readonly command: string;
  readonly commercialOnly: boolean;
  /** What an album says of one of its tracks, by the path of the track; for a run whose album is known. */
  readonly albumOf?: (path: string) => readonly TrackAlbum[] | undefined;
}

export interface TrackProgress {
  readonly track: string;
  /** Stage at work, or `read`, `deliver`. */
  readonly step: string;
  readonly stepIndex: number;
  readonly stepCount: number;
  readonly passId?: string;
  /** Of the pass at work, 0 to 1. */
  readonly fraction: number;
}

/** What a stage did, for reports and results. */
export interface StageRecord extends StageEntry {
  readonly data: Json;
  readonly missed?: ForgeError;
}

export interface TrackResult {
  readonly input: InputRecord;
  readonly folder: string;
  readonly status: 'ok' | 'missed';
  readonly stages: readonly StageRecord[];
  readonly outputs: readonly OutputRecord[];
  readonly notes: readonly StageNote[];
  readonly album?: readonly TrackAlbum[];
}

/** Writes further files of a run (reports) once everything else is delivered, and names them. */
export type ReportWriter = (result: TrackResult) => readonly ReportFile[] | Promise<readonly ReportFile[]>;

/**
 * Runs one track.
 * @param folder the track's folder, `<out>/<track>`
 * @throws ForgeError of any stage; the folder then holds what earlier stages finished, for a later run
 */
export async function runTrack(
  plan: TrackPlan,
  info: AudioInfo,
  folder: string,
  settings: RunSettings,
  pools: Workshop,
  report: ReportWriter,
  onProgress: (progress: TrackProgress) => void = () => {},
): Promise<TrackResult> {
  const startedAt = new Date();
  const trackFolder = TrackFolder.open(resolve(folder));
  openFolders.add(trackFolder);
  try {
    const run = new TrackRun(plan, info, trackFolder, settings, pools, onProgress);
    const result = await run.execute(report);
    writeManifest(trackFolder.path, run.entryOf(result, startedAt));
    run.settle();
    return result;
  } catch (error) {
    throw toForgeError(error, basename(info.path));
  } finally {
    openFolders.delete(trackFolder);
    trackFolder.close();
  }
}

/** Shorter recordings are done before a second thread has started. */
const SHORT_SEC = 60;

/** Folders at work, for the handler of Ctrl-C. */
const openFolders = new Set<TrackFolder>();

/** Clears scratch and half-written files of all running tracks, at once. For the handler of an interrupt. */
export function cleanOpenFolders(): void {
  for (const folder of openFolders) folder.close();
}

class TrackRun {
  readonly #versions = new Map<string, AudioRef>();
  readonly #results = new Map<string, StageResult>();
  readonly #sharedScans = new Map<string, unknown>();
  readonly #cache: TrackCache;
  readonly #file: TrackInput;
  readonly #deliveries: Deliveries;
  readonly #stepCount: number;
  #input: InputRecord | undefined;
  #step = 0;

  constructor(
    readonly plan: TrackPlan,
    readonly info: AudioInfo,
    readonly folder: TrackFolder,
    readonly settings: RunSettings,
    readonly pools: Workshop,
    readonly onProgress: (progress: TrackProgress) => void,
  ) {
    this.#cache = new TrackCache(folder.path);
    this.#deliveries = new Deliveries(folder.path, plan.deliveries, info, settings);
    this.#file = new TrackInput(info);
    this.#stepCount = plan.nodes.length + 2;
  }

  async execute(report: ReportWriter): Promise<TrackResult> {
    if (this.#cache.isEmpty) await this.#warm(this.plan.nodes[0]);
    await this.#openInput();
    const stages: StageRecord[] = [];
    for (const node of this.plan.nodes) stages.push(await this.#runNode(node));
    this.#report('deliver', 0);
    const made = { results: this.#results, versions: this.#versions };
    const outputs = await this.#deliveries.deliver(made, this.pools);
    this.#file.requireUnchanged();
    // The curves in the reports of a long recording weigh as much as a thread does.
    if (isLong(this.#versions.get(INPUT_NODE)!)) await this.pools.rest();
    const album = this.settings.albumOf?.(this.info.path);
    const result: TrackResult = {
      ...(album === undefined ? {} : { album }),
      input: this.#input!,
      folder: this.folder.path,
      status: stages.some(({ missed }) => missed !== undefined) ? 'missed' : 'ok',
      stages,
      outputs,
      notes: [
        ...inputNotes(this.#input!),
        ...stages.flatMap(({ notes }) => notes),
        ...this.#deliveries.notes,
      ],
    };
    const reports = this.#deliveries.writeReports(await report(result));
    const keys = new Set([
      ...otherKeys(this.folder.path, this.settings.command),
      ...stages.map(({ key }) => key),
    ]);
    this.#cache.keepOnly(keys);
    // Pictures are for the page that is written now; a batch of thousands must not keep them.
    const lean = stages.map((stage) => ({ ...stage, data: withoutPicture(stage.data) }));
    return { ...result, stages: lean, outputs: [...outputs, ...reports] };
  }

  /** To be called when run.json is written. */
  settle(): void {
    this.#deliveries.settle();
  }

  entryOf(result: TrackResult, startedAt: Date): RunEntry {
    return {
      command: this.settings.command,
      forgeVersion: forgeVersion(),
      versions: runtimeVersions(),
      startedAt: startedAt.toISOString(),
      durationSec: (Date.now() - startedAt.getTime()) / 1000,
      peakMemoryMb: process.resourceUsage().maxRSS / 1024,
      status: result.status,
      input: result.input,
      seed: this.settings.seed,
      isDamageTolerated: this.settings.tolerateDamage,
      delivery: this.plan.delivery,
      wish: this.plan.wish,
      stages: result.stages.map(({ data: _data, missed: _missed, ...entry }) => entry),
      outputs: result.outputs,
      ...(result.album === undefined ? {} : { album: result.album }),
    };
  }

  async #openInput(): Promise<void> {
    this.#report('read', 0);
    const { pools } = this;
    const { record, audio } = await this.#file.open({
      scratchDir: this.folder.scratch,
      tolerateDamage: this.settings.tolerateDamage,
      onProgress: (fraction) => this.#report('read', fraction),
      isCancelled: () => pools.isCancelled,
    });
    this.#input = record;
    this.#versions.set(INPUT_NODE, audio);
    this.#step++;
  }

  async #runNode(node: PlanNode): Promise<StageRecord> {
    const startedMs = performance.now();
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([role, from]) => [role, this.#versions.get(from)!]),
    );
    const models = await this.#modelsOf(node);
    const key = this.#keyOf(node, inputs, models);
    const cached = this.#cache.load(key, inputs);
    this.#report(node.id, 0);
    if (cached === undefined) await this.#warm(this.plan.nodes[this.plan.nodes.indexOf(node) + 1]);
    const result = cached ?? (await this.#runStage(node, inputs, models, key));
    for (const [role, ref] of Object.entries(result.outputs)) this.#versions.set(`${node.id}.${role}`, ref);
    this.#results.set(node.id, result);
    this.#step++;
    return {
      id: node.id,
      stage: node.stage.id,
      stageVersion: node.stage.version,
      on: node.on,
      options: node.options,
      origins: node.origins,
      models: Object.values(models).map(({ id, licence, sha256 }): ModelRecord => ({ id, licence, sha256 })),
      key,
      isReused: cached !== undefined,
      wallMs: Math.round(performance.now() - startedMs),
      busyMs: Math.round(result.busyMs),
      notes: result.notes,
      bypassed: Object.fromEntries(
        Object.entries(result.bypassed).map(([role, { reason }]) => [role, reason]),
      ),
      data: result.outcome.data,
      ...(result.outcome.missed === undefined
        ? {}
        : {
            missed: new ForgeError(
              result.outcome.missed.code,
              result.outcome.missed.message,
              result.outcome.missed,
            ),
          }),
    };
  }

  /**
   * Threads of a stage's first pass start, a second where there will be ranges for it: while the input is hashed, and while
   * the stage before is at work with threads of its own.
   */
  async #warm(node: PlanNode | undefined): Promise<void> {
    const [pass] = Object.values(node?.stage.passes ?? {});
    if (node === undefined || pass === undefined) return;
    const hasTwo = pass.order === 'parallel' && (this.info.durationSec ?? 0) > SHORT_SEC;
    const hasNetworks = Object.keys(await this.#modelsOf(node)).length > 0;
    const beginsWithNetworks = hasNetworks && pass.runsNetworks !== false;
    this.pools.warm(node.stage.id, hasTwo ? 2 : 1, beginsWithNetworks);
  }

  /** The store is loaded only for stages that name models. */
  async #modelsOf(node: PlanNode): Promise<Record<string, ModelFiles>> {
    if (node.models.length === 0) return {};
    const { resolveModels } = await import('../models/store.js');
    return resolveModels(node.models, { commercialOnly: this.settings.commercialOnly });
  }

  #keyOf(
    node: PlanNode,
    inputs: Readonly<Record<string, AudioRef>>,
    models: Readonly<Record<string, ModelFiles>>,
  ): string {
    return contentKey({
      stage: node.stage.id,
      version: node.stage.version,
      options: node.options,
      seed: this.settings.seed,
      inputs: Object.entries(inputs).map(([role, ref]) => [role, ref.key]),
      models: Object.values(models).map(({ id, sha256 }) => [id, sha256]),
      ...(node.stage.delivers === true ? { delivery: node.delivery, metadata: this.#input!.sha256 } : {}),
    });
  }

  async #runStage(
    node: PlanNode,
    inputs: Readonly<Record<string, AudioRef>>,
    models: Readonly<Record<string, ModelFiles>>,
    key: string,
  ): Promise<StageResult> {
    const result = await runJob({
      stage: node.stage,
      options: node.options,
      seed: this.settings.seed,
      inputs,
      models,
      delivery: node.delivery,
      metadataFrom: this.info,
      tolerateDamage: this.settings.tolerateDamage,
      key,
      folder: this.#cache.folderOf(key),
      scratchDir: this.folder.scratch,
      executor: this.pools.executorFor(node.stage, Object.keys(models).length > 0),
      sharedScans: this.#sharedScans,
      onProgress: ({ passId, fraction }) => this.#report(node.id, fraction, passId),
    });
    this.#cache.store(key, result);
    return result;
  }

  #report(step: string, fraction: number, passId?: string): void {
    this.onProgress({
      track: basename(this.folder.path),
      step,
      stepIndex: this.#step,
      stepCount: this.#stepCount,
      fraction,
      ...(passId === undefined ? {} : { passId }),
    });
  }
}

function inputNotes(input: InputRecord): StageNote[] {
  return input.notes.map(({ code, message }) => ({ severity: 'warning', message: `${message} [${code}]` }));
}

/** Keys of the results that the newest runs of other commands on this track refer to. */
function otherKeys(folder: string, command: string): string[] {
  return readManifest(folder)
    .entries.filter((entry) => entry.command !== command)
    .flatMap(({ stages }) => stages.map(({ key }) => key));
}
