// Results of stages under <track>/.cache/<key>: kept whole, found again by key, and removed when no longer wanted.
// A result is there when its result.json is; anything else in the folder is work that can be resumed.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import type { AudioRef } from './stage.js';
import type { EncodedOutput, StageResult } from './stage-result.js';

const CACHE_FOLDER = '.cache';
const RESULT_FILE = 'result.json';
/** Raised when the layout of cached results changes. */
const CACHE_FORMAT = 2;
/** Cached results of all tracks of one output folder together. */
export const CACHE_LIMIT_BYTES = 20 * 2 ** 30;

/** sha256 in hex over a canonical form of plain values: keys sorted, undefined left out. */
export function contentKey(identity: unknown): string {
  return createHash('sha256')
    .update(canonicalJson([CACHE_FORMAT, identity]))
    .digest('hex');
}

/** JSON with sorted keys, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The cache of one track. */
export class TrackCache {
  readonly #root: string;

  constructor(trackFolder: string) {
    this.#root = join(trackFolder, CACHE_FOLDER);
  }

  /** True for a track that nothing was kept of. */
  get isEmpty(): boolean {
    return !existsSync(this.#root);
  }

  folderOf(key: string): string {
    return join(this.#root, key.slice(0, 32));
  }

  /** The result under `key`, or undefined where it is missing or one of its files is. Bypassed outputs are taken from `inputs`. */
  load(key: string, inputs: Readonly<Record<string, AudioRef>>): StageResult | undefined {
    const folder = this.folderOf(key);
    const path = join(folder, RESULT_FILE);
    if (!existsSync(path)) return undefined;
    const stored = JSON.parse(readFileSync(path, 'utf8')) as { key: string; result: StageResult };
    if (stored.key !== key) return undefined;
    const made = mapPaths(stored.result, (file) => (isAbsolute(file) ? file : join(folder, file)));
    const outputs = { ...made.outputs };
    for (const [role, { inputRole }] of Object.entries(made.bypassed))
      outputs[role] = { ...inputs[inputRole]!, name: role };
    const result = { ...made, outputs };
    const files = [...Object.values(result.outputs), ...Object.values(result.encoded)].map(
      ({ path }) => path,
    );
    if (!files.every((file) => existsSync(file))) return undefined;
    const now = new Date();
    utimesSync(path, now, now);
    return result;
  }

  /** Records a finished result and drops what only a resume would have needed. */
  store(key: string, result: StageResult): void {
    const folder = this.folderOf(key);
    mkdirSync(folder, { recursive: true });
    const inside = (path: string) => {
      const path_ = relative(folder, path);
      return path_.startsWith('..') || isAbsolute(path_) ? path : path_;
    };
    const path = join(folder, RESULT_FILE);
    writeFileSync(`${path}.new`, JSON.stringify({ key, result: mapPaths(result, inside) }));
    renameSync(`${path}.new`, path);
    const kept = new Set(Object.values(result.outputs).map((output) => inside(output.path)));
    for (const name of readdirSync(folder).filter((entry) => entry.startsWith('pass-'))) {
      for (const file of readdirSync(join(folder, name))) {
        if (!kept.has(join(name, file))) rmSync(join(folder, name, file));
      }
      if (readdirSync(join(folder, name)).length === 0) rmSync(join(folder, name), { recursive: true });
    }
  }

  /** Removes all results but those of `keys`. */
  keepOnly(keys: ReadonlySet<string>): void {
    if (!existsSync(this.#root)) return;
    const kept = new Set([...keys].map((key) => this.folderOf(key)));
    for (const name of readdirSync(this.#root)) {
      const folder = join(this.#root, name);
      if (!kept.has(folder)) rmSync(folder, { recursive: true, force: true });
    }
    if (readdirSync(this.#root).length === 0) rmSync(this.#root, { recursive: true });
  }
}

/** Bytes and time of last use of every cached result below an output folder. */
export function listCached(outFolder: string): { folder: string; bytes: number; usedMs: number }[] {
  const found: { folder: string; bytes: number; usedMs: number }[] = [];
  for (const track of foldersIn(outFolder)) {
    for (const folder of foldersIn(join(track, CACHE_FOLDER))) {
      const result = join(folder, RESULT_FILE);
      found.push({
        folder,
        bytes: bytesBelow(folder),
        usedMs: (existsSync(result) ? statSync(result) : statSync(folder)).mtimeMs,
      });
    }
  }
  return found;
}

/** Removes the results that were not used for the longest time until the rest is within `limitBytes`. Gives the bytes freed. */
export function shrinkCaches(outFolder: string, limitBytes: number): number {
  const cached = listCached(outFolder).sort((a, b) => b.usedMs - a.usedMs);
  let kept = 0;
  let freed = 0;
  for (const entry of cached) {
    if (kept + entry.bytes <= limitBytes) kept += entry.bytes;
    else {
      rmSync(entry.folder, { recursive: true, force: true });
      freed += entry.bytes;
    }
  }
  return freed;
}

function foldersIn(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}

function mapPaths(result: StageResult, map: (path: string) => string): StageResult {
  const mapped = <T extends AudioRef | EncodedOutput>(
    record: Readonly<Record<string, T>>,
  ): Record<string, T> =>
    Object.fromEntries(
      Object.entries(record).map(([role, item]) => [role, { ...item, path: map(item.path) }]),
    );
  return { ...result, outputs: mapped(result.outputs), encoded: mapped(result.encoded) };
}
