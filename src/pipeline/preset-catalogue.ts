// All presets that come with forge, of every kind: names, summaries, files and checks.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { hintOf } from '../complaints.js';
import { ForgeError } from '../errors.js';
import { loadPersona } from '../players/persona.js';
import { readYaml } from '../yaml-file.js';
import { loadMasterTarget } from './master-target.js';
import { loadPipeline, presetsFolder } from './preset.js';
import { loadTargetCurve } from './target-curve.js';

const FOLDERS = { pipeline: 'pipelines', master: 'masters', persona: 'personas', curve: 'curves' } as const;

export type PresetKind = keyof typeof FOLDERS;

export interface PresetInfo {
  readonly id: string;
  readonly kind: PresetKind;
  readonly summary: string;
  /** Where the figures come from, or `forge`. */
  readonly source: string;
}

const head = z.object({ summary: z.string(), source: z.string().optional() });

/** All presets, by kind and name. */
export async function listPresets(): Promise<PresetInfo[]> {
  return KINDS.flatMap((kind) =>
    filesOf(kind).map((file): PresetInfo => {
      const { summary, source } = readYaml(file).check(head);
      return { id: idOf(file), kind, summary, source: source ?? 'forge' };
    }),
  );
}

/** The file of a preset by NAME or KIND/NAME. @throws ForgeError preset/not-found */
export async function presetFileOf(name: string): Promise<string> {
  const [kindPart, namePart] = name.includes('/') ? name.split('/', 2) : [undefined, name];
  const files = KINDS.filter((kind) => kindPart === undefined || kind === kindPart).flatMap(filesOf);
  const found = files.find((file) => idOf(file) === namePart);
  if (found !== undefined) return found;
  throw new ForgeError('preset/not-found', `no preset is named "${name}"`, {
    hint: hintOf(namePart ?? name, files.map(idOf)),
  });
}

/** Checks a file of the user's. @throws ForgeError preset/*, usage/bad-option */
export async function checkPresetFile(path: string, kind: string): Promise<void> {
  const check = CHECKS[kind as PresetKind];
  if (check === undefined)
    throw new ForgeError('usage/bad-option', `expected ${KINDS.join(', ')} for --kind, got "${kind}"`);
  await check(path);
}

const CHECKS: Readonly<Partial<Record<PresetKind, (path: string) => Promise<unknown>>>> = {
  pipeline: (path) => loadPipeline(path),
  master: async (path) => loadMasterTarget(path),
  curve: async (path) => loadTargetCurve(path),
  persona: async (path) => loadPersona(path),
};

const KINDS = Object.keys(FOLDERS) as PresetKind[];

function filesOf(kind: PresetKind): string[] {
  const folder = join(presetsFolder(), FOLDERS[kind]);
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function idOf(file: string): string {
  return basename(file, '.yaml');
}
