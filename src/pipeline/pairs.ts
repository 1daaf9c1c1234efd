// Pairs of a bed and a voice: written down in YAML, or found in a folder by their names.
//
//   pairs:                                  # pairs.yaml; paths are meant from its own folder
//     - { bed: theme.mp3, voice: ep1.wav }
//     - { bed: theme.mp3, voice: ep2.wav, name: episode-2, set: { duck.differenceLu: 12 } }
//
// In a folder, `ep1.voice.wav` and `ep1.music.wav` belong together, and so do `voice.wav` and `music.wav` of one folder;
// a lone `music.wav` serves every voice of its folder that has no bed of its own.
import { basename, dirname, extname, join, resolve } from 'node:path';
import * as z from 'zod';
import { ForgeError } from '../errors.js';
import { readYaml } from '../yaml-file.js';
import { listInputs } from './inputs.js';
import type { Override } from './preset.js';
import { trackNameOf } from './tracks.js';

/** A bed and a voice, or what is there of them. */
export interface Pair {
  /** Of the folder of the results. */
  readonly name: string;
  readonly bed: string | undefined;
  readonly voice: string | undefined;
  readonly overrides: readonly Override[];
}

/** Schema of a file of pairs. */
export const pairsSchema = z.strictObject({
  pairs: z
    .array(
      z.strictObject({
        bed: z.string().min(1).describe('The music or ambience.'),
        voice: z.string().min(1).describe('The recording of the voice.'),
        name: z
          .string()
          .min(1)
          .optional()
          .describe('Of the folder of the results; the voice’s unless given.'),
        set: z.record(z.string(), z.unknown()).default({}).describe('Options, as STAGE.OPTION: value.'),
      }),
    )
    .min(1),
  set: z.record(z.string(), z.unknown()).default({}).describe('Options of all pairs.'),
});

const VOICE_WORDS = new Set([
  'voice',
  'vo',
  'voiceover',
  'speech',
  'narration',
  'talk',
  'host',
  'dialogue',
  'dialog',
]);
const BED_WORDS = new Set([
  'bed',
  'music',
  'bgm',
  'background',
  'ambience',
  'atmo',
  'beat',
  'instrumental',
  'theme',
]);

/**
 * The pairs of a folder or of a YAML file, sorted by name. A file of a folder that finds no partner makes a pair with
 * one side missing; files that name neither role are left out.
 * @throws ForgeError input/not-found, input/no-audio-in-folder, preset/* for a file of pairs that is wrong
 */
export async function readPairs(source: string): Promise<Pair[]> {
  if (/\.ya?ml$/i.test(source)) return pairsOfFile(source);
  const { paths, cleanUp } = await listInputs([source]);
  cleanUp();
  const pairs = pairFiles(paths);
  if (pairs.length > 0) return pairs;
  throw new ForgeError(
    'input/no-audio-in-folder',
    `expected voices and beds in ${source}, found no name that tells them`,
    {
      hint: 'Name files like ep1.voice.wav and ep1.music.wav, or list them in a pairs.yaml.',
    },
  );
}

function pairsOfFile(path: string): Pair[] {
  const file = readYaml(path).check(pairsSchema);
  const folder = dirname(path);
  const listed = file.pairs.map(({ bed, voice, name, set }) => ({
    name: name ?? trackNameOf(voice),
    bed: place(folder, bed),
    voice: place(folder, voice),
    overrides: overridesOf({ ...file.set, ...set }, path),
  }));
  const twice = listed.find(({ name }, k) => listed.findIndex((other) => other.name === name) !== k);
  if (twice === undefined) return listed;
  throw new ForgeError(
    'preset/invalid',
    `${path}: expected different names for the pairs, got "${twice.name}" twice`,
    {
      hint: 'Give one of them another by name.',
    },
  );
}

function place(folder: string, path: string): string {
  return resolve(path) === path ? path : join(folder, path);
}

function overridesOf(set: Readonly<Record<string, unknown>>, path: string): Override[] {
  return Object.entries(set).map(([key, value]) => {
    const dot = key.indexOf('.');
    if (dot < 1)
      throw new ForgeError('preset/invalid', `${path}: expected STAGE.OPTION in set, got "${key}"`);
    return { target: key.slice(0, dot), key: key.slice(dot + 1), value, origin: 'preset' };
  });
}

interface NamedFile {
  readonly path: string;
  readonly folder: string;
  /** What is left of its name without the role; empty where the role is all. */
  readonly name: string;
  readonly role: 'voice' | 'bed';
}

/** Pairs of files by folder and name. */
export function pairFiles(paths: readonly string[]): Pair[] {
  const files = paths.map(roleOf).filter((file) => file !== undefined);
  const used = new Set<NamedFile>();
  const pairs: Pair[] = [];
  const bedOf = (voice: NamedFile) => {
    const beds = files.filter(({ role, folder }) => role === 'bed' && folder === voice.folder);
    return beds.find(({ name }) => name === voice.name) ?? beds.find(({ name }) => name === '');
  };
  for (const voice of files.filter(({ role }) => role === 'voice')) {
    const bed = bedOf(voice);
    if (bed !== undefined) used.add(bed);
    pairs.push({ name: nameOf(voice), bed: bed?.path, voice: voice.path, overrides: [] });
  }
  for (const bed of files.filter((file) => file.role === 'bed' && !used.has(file)))
    pairs.push({ name: nameOf(bed), bed: bed.path, voice: undefined, overrides: [] });
  return distinct(pairs.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)));
}

function roleOf(path: string): NamedFile | undefined {
  const words = basename(path, extname(path)).split(/[\s._-]+/);
  const roleAt = (word: string) =>
    VOICE_WORDS.has(word.toLowerCase()) ? 'voice' : BED_WORDS.has(word.toLowerCase()) ? 'bed' : undefined;
  const lastRole = roleAt(words.at(-1)!);
  const role = lastRole ?? roleAt(words[0]!);
  if (role === undefined) return undefined;
  const rest = lastRole === undefined ? words.slice(1) : words.slice(0, -1);
  return { path, folder: dirname(path), name: rest.join('-'), role };
}

/** The name of the pair: what its files share, else that of their folder. */
function nameOf({ name, folder }: NamedFile): string {
  return trackNameOf(`${name === '' ? basename(resolve(folder)) : name}.wav`);
}

/** Pairs of one name, from different folders, are numbered. */
function distinct(pairs: readonly Pair[]): Pair[] {
  const counts = new Map<string, number>();
  return pairs.map((pair) => {
    const key = pair.name.toLowerCase();
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 ? pair : { ...pair, name: `${pair.name}-${count}` };
  });
}
