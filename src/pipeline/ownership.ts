// Which files in a track's folder are forge's own, and may be replaced: those whose sha256 a run recorded, and those
// that a run was about to deliver when it was killed, before it could record them.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import { readManifest } from './manifest.js';
import { writeWhole } from './whole-file.js';

/** Names the files that a run delivers, from before the first is written until run.json records them all. */
const JOURNAL_FILE = '.delivering.json';

export class Ownership {
  readonly #journal: string;
  /** Absolute path → sha256 as recorded. */
  readonly #recorded: ReadonlyMap<string, string>;
  readonly #announced: Set<string>;

  constructor(trackFolder: string) {
    this.#journal = join(trackFolder, JOURNAL_FILE);
    const outputs = readManifest(trackFolder).entries.flatMap((entry) => entry.outputs);
    this.#recorded = new Map(outputs.map(({ path, sha256 }) => [resolve(trackFolder, path), sha256]));
    this.#announced = new Set(
      existsSync(this.#journal) ? (JSON.parse(readFileSync(this.#journal, 'utf8')) as string[]) : [],
    );
  }

  /** @throws ForgeError output/exists where `target` is somebody else's, or was changed since forge wrote it */
  requireReplaceable(target: string): void {
    if (!existsSync(target) || this.#announced.has(target)) return;
    const recorded = this.#recorded.get(target);
    if (recorded !== undefined && sha256Sync(target) === recorded) return;
    throw new ForgeError(
      'output/exists',
      `${target} exists, and forge did not make it (or it was changed since)`,
      { hint: 'Use --overwrite to replace it, or choose another folder by --out.' },
    );
  }

  /** To be called when all targets were found replaceable, before the first is written. */
  announce(targets: readonly string[]): void {
    for (const target of targets) this.#announced.add(target);
    writeWhole(this.#journal, JSON.stringify([...this.#announced]));
  }

  /** To be called when run.json records the outputs. */
  settle(): void {
    rmSync(this.#journal, { force: true });
  }
}
