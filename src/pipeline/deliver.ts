// The files that a run of one track writes under their final names: audio of its stages, then reports. Each is whole or
// as it was; none that is not forge's own is replaced unless that was asked for.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { AudioInfo } from '../audio/probe.js';
import { sha256Of } from '../file-hash.js';
import type { Workshop } from './executor.js';
import type { OutputRecord } from './manifest.js';
import { Ownership } from './ownership.js';
import type { PlannedDelivery } from './plan.js';
import type { AudioRef, DeliverySpec } from './stage.js';
import type { StageNote, StageResult } from './stage-result.js';
import { copyWhole, writeWhole } from './whole-file.js';

/** A report that is written beside the audio; `path` is relative to the track's folder. The text may come in pieces, once. */
export interface ReportFile {
  readonly kind: string;
  readonly path: string;
  readonly text: string | Iterable<string>;
}

export interface DeliverySettings {
  readonly seed: number;
  readonly tolerateDamage: boolean;
  readonly overwrite: boolean;
  /** -o: the path of the command's main result. */
  readonly outputFile?: string;
}

/** What the stages made, by node and by `<node>.<role>`. */
export interface Made {
  readonly results: ReadonlyMap<string, StageResult>;
  readonly versions: ReadonlyMap<string, AudioRef>;
}

/** The deliveries of one run. Calls come in the order: constructor, deliver, writeReports, settle. */
export class Deliveries {
  readonly notes: StageNote[] = [];
  readonly #ownership: Ownership;

  /** @throws ForgeError output/exists where a file is in the way */
  constructor(
    readonly folder: string,
    readonly planned: readonly PlannedDelivery[],
    readonly metadataFrom: AudioInfo,
    readonly settings: DeliverySettings,
  ) {
    this.#ownership = new Ownership(folder);
    this.#requireReplaceable(this.#targets());
  }

  /** Writes the audio. @throws ForgeError output/* */
  async deliver(made: Made, pools: Workshop): Promise<OutputRecord[]> {
    this.#ownership.announce(this.#targets());
    return Promise.all(this.planned.map((delivery) => this.#deliverOne(delivery, made, pools)));
  }

  /** @throws ForgeError output/* */
  writeReports(reports: readonly ReportFile[]): OutputRecord[] {
    const targets = reports.map(({ path }) => join(this.folder, path));
    this.#requireReplaceable(targets);
    this.#ownership.announce(targets);
    return reports.map(({ kind, path, text }, index) => {
      mkdirSync(dirname(targets[index]!), { recursive: true });
      return { kind, path, sha256: writeWhole(targets[index]!, text) };
    });
  }

  /** To be called when run.json records what was written. */
  settle(): void {
    this.#ownership.settle();
  }

  async #deliverOne(delivery: PlannedDelivery, made: Made, pools: Workshop): Promise<OutputRecord> {
    const { seed, tolerateDamage } = this.settings;
    const target = this.#targetOf(delivery);
    mkdirSync(dirname(target), { recursive: true });
    const { kind } = delivery;
    const path = this.#isElsewhere(delivery) ? target : relative(this.folder, target).replaceAll('\\', '/');
    if (delivery.isEncoded) {
      const dot = delivery.from.indexOf('.');
      const { encoded } = made.results.get(delivery.from.slice(0, dot))!;
      const file = encoded[delivery.from.slice(dot + 1)]!;
      copyWhole(file.path, target);
      return { kind, path, sha256: file.sha256 };
    }
    const request = {
      source: made.versions.get(delivery.from)!,
      targetPath: target,
      metadataFrom: this.metadataFrom,
      seed: ditherSeed(seed, delivery.file),
      tolerateDamage,
    };
    const isWidened = await encodeUnclipped(delivery.spec, (spec) => pools.encode({ ...request, spec }));
    if (isWidened) {
      this.notes.push({
        severity: 'warning',
        message: `${delivery.file} passes full scale, so it was written as 32-bit float`,
      });
    }
    return { kind, path, sha256: await sha256Of(target) };
  }

  #targets(): string[] {
    return this.planned.map((delivery) => this.#targetOf(delivery));
  }

  #targetOf(delivery: PlannedDelivery): string {
    return this.#isElsewhere(delivery)
      ? resolve(this.settings.outputFile!)
      : join(this.folder, delivery.file);
  }

  #isElsewhere(delivery: PlannedDelivery): boolean {
    return this.settings.outputFile !== undefined && delivery.isMain;
  }

  #requireReplaceable(targets: readonly string[]): void {
    if (this.settings.overwrite) return;
    for (const target of targets) this.#ownership.requireReplaceable(target);
  }
}

/**
 * Encodes so that nothing is scaled or cut off to fit: WAV that passes full scale is made again in float, and the answer
 * is true.
 */
export async function encodeUnclipped(
  spec: DeliverySpec,
  encode: (spec: DeliverySpec) => Promise<{ readonly clippedSampleCount: number }>,
): Promise<boolean> {
  const { clippedSampleCount } = await encode(spec);
  const holdsAll = spec.container !== 'wav' || spec.sampleFormat.kind === 'float';
  if (clippedSampleCount === 0 || holdsAll) return false;
  await encode({ ...spec, sampleFormat: { kind: 'float', bits: 32 } });
  return true;
}

/** Files of one run have dither of their own, so that the noise of stems does not add up in step. */
function ditherSeed(seed: number, file: string): number {
  return createHash('sha256').update(`${seed} ${file}`).digest().readUInt32LE();
}
