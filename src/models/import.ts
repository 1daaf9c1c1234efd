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
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import { findCard, listCatalogue, type ModelCard, type ModelFileCard, modelsDir } from './card.js';
import { ownCardText, readOwnCard } from './own-card.js';
import { notInstalled } from './store.js';

export interface ImportResult {
  readonly id: string;
  /** Names on the card of the files that are in place now. */
  readonly files: readonly string[];
}

/** Where to look for the cards of files, and a card of the user's own. */
export interface ImportOptions {
  /** Limits the search to one model. */
  readonly id?: string;
  /** A card of the user's own, which is installed with its files. */
  readonly cardPath?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Files that belong to models, before anything is written. */
export interface ImportPlan {
  readonly matches: readonly ImportMatch[];
  /** The user's own card, complete. */
  readonly ownCard: ModelCard | undefined;
}

/** A file and the model that it belongs to. */
export interface ImportMatch {
  readonly source: string;
  readonly card: ModelCard;
  readonly file: ModelFileCard;
}

/**
 * Finds the model of the file at `path`, or of all known files of the folder at `path`; writes nothing.
 * @throws ForgeError input/not-found, model/unknown where no card has a file of this sha256, model/corrupt where the
 *   card has a file of this name with another sha256, and as readOwnCard
 */
export function planImport(path: string, options: ImportOptions = {}): ImportPlan {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new ForgeError('input/not-found', `there is no file ${path}`);
  const sources = stat.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
  const ownCard = options.cardPath === undefined ? undefined : readOwnCard(options.cardPath, sources);
  const cards = ownCard === undefined ? cardsToSearch(options) : [ownCard];
  const matches = sources.flatMap((source) => matchesOf(source, cards));
  if (matches.length === 0) throw noMatch(path, stat.isDirectory(), cards);
  return { matches, ownCard };
}

/** Copies the files of a plan into the models folder. @throws ForgeError output/unwritable, output/disk-full */
export function importPlanned(
  { matches, ownCard }: ImportPlan,
  env: NodeJS.ProcessEnv = process.env,
): ImportResult[] {
  const names = new Map<string, string[]>();
  for (const { card, file, source } of matches) {
    place(join(modelsDir(env), card.id, file.name), (target) =>
      copyFileSync(source, target, constants.COPYFILE_FICLONE),
    );
    names.set(card.id, [...(names.get(card.id) ?? []), file.name]);
  }
  if (ownCard !== undefined) {
    const text = ownCardText(ownCard);
    place(join(modelsDir(env), ownCard.id, 'card.yaml'), (target) => writeFileSync(target, text));
  }
  return [...names].map(([id, files]) => ({ id, files: [...new Set(files)] }));
}

/** planImport and importPlanned in one. */
export function importModel(path: string, options: ImportOptions = {}): ImportResult[] {
  return importPlanned(planImport(path, options), options.env);
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

function cardsToSearch({ id, env = process.env }: ImportOptions): ModelCard[] {
  return id === undefined ? listCatalogue(env) : [findCard(id, env)];
}

/** Sizes are compared first, so that only files that may fit are hashed. */
function matchesOf(source: string, cards: readonly ModelCard[]): ImportMatch[] {
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

/** Writes by a temporary name, so that a file under its final name is whole. */
function place(target: string, write: (path: string) => void): void {
  const temporary = `${target}.${process.pid}.import`;
  onDisk(target, () => {
    mkdirSync(dirname(target), { recursive: true });
    try {
      write(temporary);
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
