// Installed models: where their files lie, whether they are the pinned ones, and which of them a stage gets.
// Layout <folder>/<id>/<file>, in the user's models folder (read-only is fine) or in the package's weights.
// A file's hash is computed once per size and modification time and remembered in the user's cache folder.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import {
  filesOfVariant,
  findCard,
  type ModelCard,
  type ModelFileCard,
  modelsDir,
  PACKAGE_WEIGHTS_DIR,
  userCacheDir,
  variantsOf,
} from './card.js';

/** An installed model: paths and hashes by the file's name on the card. */
export interface InstalledModel {
  readonly id: string;
  readonly licence: string;
  readonly variant: string | undefined;
  readonly files: Readonly<Record<string, string>>;
  readonly sha256: Readonly<Record<string, string>>;
}

/** A model that someone would use: `required` where a person named it, else used where it is installed. */
export interface WantedModel {
  readonly id: string;
  readonly required: boolean;
}

/** What `verify` found of one file. */
export interface FileCheck {
  readonly name: string;
  readonly variant: string | undefined;
  readonly path: string;
  readonly status: 'ok' | 'missing' | 'wrong-size' | 'wrong-sha256';
}

/**
 * The installed files of a model: of the first variant on its card that is whole. Null where there is none.
 * @throws ForgeError model/unknown; model/corrupt where all files are there and one is not the pinned one
 */
export function installedModel(id: string, env: NodeJS.ProcessEnv = process.env): InstalledModel | null {
  const card = findCard(id, env);
  let corrupt: FileCheck | undefined;
  for (const folder of foldersOf(card, env)) {
    for (const variant of variantsOf(card)) {
      const files = filesOfVariant(card, variant);
      const checks = files.map((file) => checkFile(folder, file, (path) => rememberedSha256(path, env)));
      if (checks.some((check) => check.status === 'missing')) continue;
      const bad = checks.find((check) => check.status !== 'ok');
      if (bad === undefined) return describe(card, variant, files, folder);
      corrupt ??= bad;
    }
  }
  if (corrupt !== undefined) throw corruptError(card, corrupt);
  return null;
}

/** Whether a model can be used now, without an error for damaged files. */
export function modelStatus(
  card: ModelCard,
  env: NodeJS.ProcessEnv = process.env,
): 'installed' | 'absent' | 'corrupt' {
  try {
    return installedModel(card.id, env) === null ? 'absent' : 'installed';
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'model/corrupt') return 'corrupt';
    throw error;
  }
}

/**
 * Reads and hashes every file of a model anew, all variants; files of variants that are not there are left out
 * where another variant is whole.
 * @throws ForgeError model/unknown, model/not-installed where no file is there
 */
export function verifyModel(id: string, env: NodeJS.ProcessEnv = process.env): FileCheck[] {
  const card = findCard(id, env);
  for (const folder of foldersOf(card, env)) {
    const checks = card.files.map((file) => checkFile(folder, file, (path) => freshSha256(path, env)));
    const hasAny = (variant: string | undefined) =>
      checks.some((check) => check.variant === variant && check.status !== 'missing');
    const present = checks.filter((check) => hasAny(check.variant));
    if (present.length > 0) return dropOtherVariants(present);
  }
  throw notInstalled(card);
}

/**
 * The models that a stage gets, by id. One that is not required and cannot be used is left out.
 * @throws ForgeError model/unknown, model/not-installed, model/licence-refused, model/corrupt
 */
export function resolveModels(
  wanted: readonly WantedModel[],
  options: { readonly commercialOnly?: boolean; readonly env?: NodeJS.ProcessEnv } = {},
): Record<string, InstalledModel> {
  const env = options.env ?? process.env;
  const resolved: Record<string, InstalledModel> = {};
  for (const { id, required } of wanted) {
    const card = findCard(id, env);
    if (options.commercialOnly && !card.commercialUse) {
      if (!required) continue;
      throw new ForgeError(
        'model/licence-refused',
        `expected a model for commercial use, got ${id}: ${card.licence}`,
        { hint: 'Leave out --commercial-only, or choose another model (`forge models list`).' },
      );
    }
    const installed = installedModel(id, env);
    if (installed !== null) resolved[id] = installed;
    else if (required) throw notInstalled(card);
  }
  return resolved;
}

/** The error for a model that is known but not here; the hint names the way to get it. */
export function notInstalled(card: ModelCard): ForgeError {
  const isPublished = card.files.some((file) => file.urls.length > 0);
  return new ForgeError('model/not-installed', `the model ${card.id} is not installed`, {
    hint: isPublished
      ? `Get it by \`forge models pull ${card.id}\`.`
      : `Put its files in place by \`forge models import <file> --id ${card.id}\`.`,
  });
}

function foldersOf(card: ModelCard, env: NodeJS.ProcessEnv): string[] {
  return [join(modelsDir(env), card.id), join(PACKAGE_WEIGHTS_DIR, card.id)];
}

function describe(
  card: ModelCard,
  variant: string | undefined,
  files: readonly ModelFileCard[],
  folder: string,
): InstalledModel {
  return {
    id: card.id,
    licence: card.licence,
    variant,
    files: Object.fromEntries(files.map((file) => [file.name, resolve(folder, file.name)])),
    sha256: Object.fromEntries(files.map((file) => [file.name, file.sha256])),
  };
}

function checkFile(folder: string, file: ModelFileCard, sha256: (path: string) => string): FileCheck {
  const path = resolve(folder, file.name);
  const found = { name: file.name, variant: file.variant, path };
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return { ...found, status: 'missing' };
  if (stat.size !== file.bytes) return { ...found, status: 'wrong-size' };
  return { ...found, status: sha256(path) === file.sha256 ? 'ok' : 'wrong-sha256' };
}

/** Variants may share a file name: where one of them fits, the others' complaints about it say nothing. */
function dropOtherVariants(checks: readonly FileCheck[]): FileCheck[] {
  const whole = checks.filter((check) =>
    checks.every((other) => other.variant !== check.variant || other.status === 'ok'),
  );
  return whole.length > 0 ? whole : [...checks];
}

function corruptError(card: ModelCard, check: FileCheck): ForgeError {
  const what = check.status === 'wrong-size' ? 'size' : 'sha256';
  return new ForgeError('model/corrupt', `expected the pinned ${what} for ${check.path}, got another`, {
    hint: `Replace it by \`forge models pull ${card.id}\`.`,
  });
}

/** By path: the size and modification time at which the hash was computed. */
type HashIndex = Record<string, { readonly size: number; readonly mtimeMs: number; readonly sha256: string }>;

function rememberedSha256(path: string, env: NodeJS.ProcessEnv): string {
  const { size, mtimeMs } = statSync(path);
  const known = readIndex(env)[path];
  if (known !== undefined && known.size === size && known.mtimeMs === mtimeMs) return known.sha256;
  return freshSha256(path, env);
}

function freshSha256(path: string, env: NodeJS.ProcessEnv): string {
  const { size, mtimeMs } = statSync(path);
  const sha256 = sha256Sync(path);
  writeIndex({ ...readIndex(env), [path]: { size, mtimeMs, sha256 } }, env);
  return sha256;
}

function indexPath(env: NodeJS.ProcessEnv): string {
  return join(userCacheDir(env), 'model-hashes.json');
}

function readIndex(env: NodeJS.ProcessEnv): HashIndex {
  try {
    const value: unknown = JSON.parse(readFileSync(indexPath(env), 'utf8'));
    return typeof value === 'object' && value !== null ? (value as HashIndex) : {};
  } catch {
    return {}; // absent or damaged: hashes are computed again
  }
}

function writeIndex(index: HashIndex, env: NodeJS.ProcessEnv): void {
  const path = indexPath(env);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, JSON.stringify(index));
    renameSync(temporary, path);
  } catch {
    // A home that cannot be written to costs time only: hashes are computed again in the next run.
  }
}
