// run.json: what each command did to a track, in full, so that it can be repeated and checked.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AudioNote } from '../audio/audio-file.js';
import { ForgeError } from '../errors.js';
import type { TrackAlbum } from './album.js';
import type { OptionOrigin } from './preset.js';
import type { DeliverySpec, DeliveryWish } from './stage.js';
import type { StageNote } from './stage-result.js';
import { writeWhole } from './whole-file.js';

export const RUN_SCHEMA = 'forge.run/1';

/** The input of a run. */
export interface InputRecord {
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
  readonly durationSec: number;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly frameCount: number;
  readonly decoder: { readonly id: string; readonly version: string };
  /** What is odd about the file, damage that was tolerated included. */
  readonly notes: readonly AudioNote[];
}

/** A model that a stage used. */
export interface ModelRecord {
  readonly id: string;
  readonly licence: string;
  readonly sha256: Readonly<Record<string, string>>;
}

export interface StageEntry {
  readonly id: string;
  readonly stage: string;
  readonly stageVersion: number;
  readonly on: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, OptionOrigin>>;
  readonly models: readonly ModelRecord[];
  readonly key: string;
  readonly isReused: boolean;
  readonly wallMs: number;
  readonly busyMs: number;
  readonly notes: readonly StageNote[];
  /** By output role: why it is the input, untouched. */
  readonly bypassed: Readonly<Record<string, string>>;
}

export interface OutputRecord {
  readonly kind: string;
  /** Relative to the track's folder; absolute for a file named by -o. */
  readonly path: string;
  readonly sha256: string;
}

/** One command on one track. */
export interface RunEntry {
  readonly command: string;
  readonly forgeVersion: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly startedAt: string;
  readonly durationSec: number;
  readonly peakMemoryMb: number;
  readonly status: 'ok' | 'missed';
  readonly input: InputRecord;
  readonly seed: number;
  readonly isDamageTolerated: boolean;
  readonly delivery: DeliverySpec;
  /** What was asked of the form of the results; the rest is the input's own. */
  readonly wish: DeliveryWish;
  readonly stages: readonly StageEntry[];
  readonly outputs: readonly OutputRecord[];
  /** What the album says of the track, with --album. */
  readonly album?: readonly TrackAlbum[];
}

export interface Manifest {
  readonly schema: typeof RUN_SCHEMA;
  readonly entries: readonly RunEntry[];
}

const RUN_FILE = 'run.json';

/** The manifest of a track's folder; empty where there is none. @throws ForgeError input/damaged */
export function readManifest(trackFolder: string): Manifest {
  return readManifestFile(join(trackFolder, RUN_FILE)) ?? { schema: RUN_SCHEMA, entries: [] };
}

/** A manifest by its own path; undefined where the file does not exist. */
export function readManifestFile(path: string): Manifest | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    if (manifest.schema === RUN_SCHEMA && Array.isArray(manifest.entries)) return manifest;
  } catch {
    // not JSON: said below
  }
  throw new ForgeError('input/damaged', `${path} is not a run.json of this version of forge`, {
    hint: 'Move it away, or choose another folder by --out.',
  });
}

/** Adds an entry, in place of an earlier one of the same command. */
export function writeManifest(trackFolder: string, entry: RunEntry): void {
  const others = readManifest(trackFolder).entries.filter(({ command }) => command !== entry.command);
  const manifest: Manifest = { schema: RUN_SCHEMA, entries: [...others, entry] };
  writeWhole(join(trackFolder, RUN_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}
