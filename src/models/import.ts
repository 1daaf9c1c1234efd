// Brings model files that lie on this machine into the models folder, and takes models out of it again.
// A file is known by its sha256: the catalogue tells which model it belongs to; a card of the user's own adds one.
import {
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import { findCard, listCatalogue, type ModelCard, type ModelFileCard, modelsDir, readCard } from './card.js';
import { notInstalled } from './store.js';

export interface ImportResult {
  readonly id: string;
  /** Names on the card of the files that are in place now. */
  readonly files: readonly string[];
}

/**
 * Copies the file at `path`, or all known files of the folder at `path`, into the models folder.
 * `id` limits the search to one model; `cardPath` names a card of the user's own, which is installed with its files.
 * @throws ForgeError input/not-found, model/unknown where no card has a file of this sha256, model/corrupt where the
 *   card has a file of this name with another sha256, output/unwritable
 */
export function importModel(
  path: string,
  options: { readonly id?: string; readonly cardPath?: string; readonly env?: NodeJS.ProcessEnv } = {},
): ImportResult[] {
  const env = options.env ?? process.env;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new ForgeError('input/not-found', `there is no file ${path}`);
  const cards = cardsToSearch(options, env);
  const sources = stat.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
  const matches = sources.flatMap((source) => matchesOf(source, cards));
  if (matches.length === 0) throw noMatch(path, stat.isDirectory(), cards);

  const names = new Map<string, string[]>();
  for (const { card, file, source } of matches) {
    place(source, join(modelsDir(env), card.id, file.name));
    names.set(card.id, [...(names.get(card.id) ?? []), file.name]);
  }
  if (options.cardPath !== undefined) {
    place(options.cardPath, join(modelsDir(env), cards[0]!.id, 'card.yaml'));
  }
  return [...names].map(([id, files]) => ({ id, files: [...new Set(files)] }));
}

/**
 * Deletes a model's files from the models folder (never from the package), and its folder where nothing else is in it.
 * @throws ForgeError model/unknown, model/not-installed, output/unwritable
 */
export function removeModel(id: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const card = findCard(id, env);
  const folder = join(modelsDir(env), card.id);
  const names = new Set([
    'card.yaml',
    ...card.files.flatMap(({ name }) => [name, `${name}.part`, `${name}.part.json`]),
  ]);
  const removed: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) continue;
    onDisk(path, () => rmSync(path));
    removed.push(name);
  }
  if (removed.length === 0) throw notInstalled(card);
  if (readdirSync(folder).length === 0) onDisk(folder, () => rmdirSync(folder));
  return removed;
}

function cardsToSearch(
  options: { readonly id?: string; readonly cardPath?: string },
  env: NodeJS.ProcessEnv,
): ModelCard[] {
  if (options.cardPath !== undefined) return [readCard(options.cardPath)];
  return options.id === undefined ? listCatalogue(env) : [findCard(options.id, env)];
}

interface Match {
  readonly source: string;
  readonly card: ModelCard;
  readonly file: ModelFileCard;
}

/** Sizes are compared first, so that only files that may fit are hashed. */
function matchesOf(source: string, cards: readonly ModelCard[]): Match[] {
  const stat = statSync(source);
  if (!stat.isFile()) return [];
  const candidates = cards.flatMap((card) =>
    card.files.filter((file) => file.bytes === stat.size).map((file) => ({ source, card, file })),
  );
  if (candidates.length === 0) return [];
  const sha256 = sha256Sync(source);
  return candidates.filter(({ file }) => file.sha256 === sha256);
}

function noMatch(path: string, isFolder: boolean, cards: readonly ModelCard[]): ForgeError {
  const name = path.split(/[/\\]/).at(-1);
  const named = isFolder ? undefined : cards.find((card) => card.files.some((file) => file.name === name));
  if (named !== undefined && cards.length === 1) {
    return new ForgeError(
      'model/corrupt',
      `expected the pinned size and sha256 of ${named.id}/${name}, got another file`,
      {
        hint: 'Get the file anew, or bring a card of your own by --card.',
      },
    );
  }
  return new ForgeError('model/unknown', `no card has ${isFolder ? 'a file in' : 'the sha256 of'} ${path}`, {
    hint: 'See `forge models list`, or bring a card of your own by --card.',
  });
}

/** Copies by a temporary name, so that a file under its final name is whole. */
function place(source: string, target: string): void {
  const temporary = `${target}.${process.pid}.import`;
  onDisk(target, () => {
    mkdirSync(dirname(target), { recursive: true });
    try {
      copyFileSync(source, temporary, constants.COPYFILE_FICLONE);
      renameSync(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
  });
}

function onDisk(path: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new ForgeError(
      isFull ? 'output/disk-full' : 'output/unwritable',
      `cannot write ${path}: ${message}`,
      {
        hint: 'Choose another folder by FORGE_MODELS_DIR.',
        cause,
      },
    );
  }
}
