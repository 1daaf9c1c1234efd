// Model cards: what is known of each network that forge can use, and where it may be had. One YAML file each.
// Cards come from presets/models (published models), weights/<id>/card.yaml (trained here, part of the package) and
// <models folder>/<id>/card.yaml (brought by the user). No weights and no network access here.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { hintOf } from '../complaints.js';
import { ForgeError } from '../errors.js';
import { readYaml } from '../yaml-file.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Schema of one file on a card. */
export const fileSchema = z.strictObject({
  name: z.string().regex(NAME).describe('Name inside of the model’s folder.'),
  bytes: z.int().positive().describe('Exact size.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('Hash of the whole file.'),
  urls: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe('Where the file is published, in the order to try.'),
  variant: z
    .string()
    .optional()
    .describe('Set of files that belong together; files without it are the default set.'),
  stem: z.string().optional().describe('Stem that this file is a specialist for.'),
});

const separationSchema = z.strictObject({
  normalise: z
    .enum(['song', 'none'])
    .optional()
    .describe(
      'Whether the network takes the song less its mean over its deviation, as HTDemucs does; `song` unless given for networks of waves, `none` for those of spectra.',
    ),
  fftSize: z
    .int()
    .min(64)
    .max(32768)
    .refine((size) => size % 2 === 0, { message: 'expected an even number' })
    .optional()
    .describe('Length of the transform of a network of spectra alone, such as 6144; its shapes do not tell.'),
  hopFrames: z.int().positive().optional().describe('Hop of that transform; 1024 unless given.'),
  silencedBins: z.int().min(0).optional().describe('Lowest bins that are silenced; 3 unless given.'),
  gain: z
    .number()
    .positive()
    .max(4)
    .optional()
    .describe('Factor of the network’s output (`compensate` of UVR); 1 unless given.'),
});

/** What a card says of a separation network beyond the shapes of its tensors. */
export type SeparationForm = z.output<typeof separationSchema>;

/** Schema of a card file. */
export const cardSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  task: z.enum([
    'denoise',
    'separate',
    'transcribe',
    'voice-activity',
    'speech-enhance',
    'tag',
    'beats',
    'embed',
    'restore',
    'perform',
  ]),
  summary: z.string().min(1).describe('One line.'),
  licence: z.string().min(1).describe('Of the weights, with their origin.'),
  licenceUrl: z.url().optional(),
  commercialUse: z.boolean().describe('Whether the weights may be used commercially.'),
  mustAcceptLicence: z
    .boolean()
    .default(false)
    .describe('Whether a person has to accept the licence before a pull.'),
  attribution: z.string().optional().describe('Text that the licence asks to be shown.'),
  contract: z.string().min(1).describe('Tensors, rates and shapes.'),
  peakMemoryMb: z.number().positive().describe('Peak memory of one worker that runs it, in MB.'),
  stems: z.array(z.string()).optional().describe('Stems in the order of the output tensor.'),
  separation: separationSchema
    .optional()
    .describe('Of a network that separates: what its shapes do not tell.'),
  files: z.array(fileSchema).min(1),
});

export type ModelCard = z.output<typeof cardSchema>;
export type ModelFileCard = ModelCard['files'][number];

const CATALOGUE_DIR = fileURLToPath(new URL('../../presets/models/', import.meta.url));

/** Folder of the networks that are part of the package, one folder by id each. */
export const PACKAGE_WEIGHTS_DIR = fileURLToPath(new URL('../../weights/', import.meta.url));

/**
 * Folder in which models are installed as <folder>/<id>/<file>: FORGE_MODELS_DIR, else `models` in the user's
 * cache folder.
 */
export function modelsDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.FORGE_MODELS_DIR ? env.FORGE_MODELS_DIR : join(userCacheDir(env), 'models');
}

/** forge's own folder in the user's cache, by the convention of the system. */
export function userCacheDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'forge');
  const home = env.HOME ?? homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'forge');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'forge', 'cache');
  return join(home, '.cache', 'forge');
}

/** Reads one card. @throws ForgeError preset/unreadable, preset/syntax, preset/invalid with file:line:column */
export function readCard(path: string): ModelCard {
  return readYaml(path).check(cardSchema);
}

/** Whether an id belongs to a published or a packaged model, whose card no other can stand for. */
export function isReservedId(id: string): boolean {
  return (
    existsSync(join(CATALOGUE_DIR, `${id}.yaml`)) || existsSync(join(PACKAGE_WEIGHTS_DIR, id, 'card.yaml'))
  );
}

/** All cards: published, packaged and the user's own, sorted by id; the first of those three wins for an id. */
export function listCatalogue(env: NodeJS.ProcessEnv = process.env): ModelCard[] {
  const cards = new Map<string, ModelCard>();
  for (const path of listCardPaths(env)) {
    const card = readCard(path);
    if (!cards.has(card.id)) cards.set(card.id, card);
  }
  return [...cards.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The card of a model. @throws ForgeError model/unknown with the nearest name */
export function findCard(id: string, env: NodeJS.ProcessEnv = process.env): ModelCard {
  if (NAME.test(id)) {
    const candidates = [
      join(CATALOGUE_DIR, `${id}.yaml`),
      join(PACKAGE_WEIGHTS_DIR, id, 'card.yaml'),
      join(modelsDir(env), id, 'card.yaml'),
    ];
    const path = candidates.find((candidate) => existsSync(candidate));
    if (path !== undefined) return readCard(path);
  }
  const known = listCatalogue(env).map((card) => card.id);
  throw new ForgeError('model/unknown', `expected the id of a model, got ${id}`, {
    hint: hintOf(id, known) ?? 'See `forge models list`.',
  });
}

/** The sets of files of a card: the default one (undefined) first, where there is one. */
export function variantsOf(card: ModelCard): (string | undefined)[] {
  const variants = new Set(card.files.map((file) => file.variant));
  // Not by sort(), which puts undefined last whatever the comparison says.
  return variants.delete(undefined) ? [undefined, ...variants] : [...variants];
}

/** Files of one set. @throws ForgeError model/unknown where the card has no such variant */
export function filesOfVariant(card: ModelCard, variant: string | undefined): ModelFileCard[] {
  const files = card.files.filter((file) => file.variant === variant);
  if (files.length === 0) {
    const known = variantsOf(card).map((name) => name ?? '(default)');
    throw new ForgeError(
      'model/unknown',
      `expected one of ${known.join(', ')} for the variant of ${card.id}, got ${variant}`,
    );
  }
  return files;
}

function listCardPaths(env: NodeJS.ProcessEnv): string[] {
  const published = listFolder(CATALOGUE_DIR)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(CATALOGUE_DIR, name));
  const inFolders = [PACKAGE_WEIGHTS_DIR, modelsDir(env)].flatMap((folder) =>
    listFolder(folder)
      .map((id) => join(folder, id, 'card.yaml'))
      .filter((path) => existsSync(path)),
  );
  return [...published, ...inFolders];
}

function listFolder(path: string): string[] {
  return existsSync(path) ? readdirSync(path).sort() : [];
}
