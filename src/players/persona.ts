// Personas: YAML files in presets/personas, or the user's own. A persona says what a drummer is like; what is played
// comes from the network and the rules. This file reads, checks and lists them.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { hintOf } from '../complaints.js';
import { ForgeError } from '../errors.js';
import { readYaml } from '../yaml-file.js';
import { PERCUSSION } from './pieces.js';
import { MAX_TEMPO_BPM, METERS, MIN_TEMPO_BPM } from './player-limits.js';

/** Where fills may come: by sections, or every so many bars; `1/4` and `1/2` are parts of a bar. */
export const FILL_PLACES = ['auto', '1/4', '1/2', '1', '2', '4', '8'] as const;

/** The kits of the synthesiser. */
export const KITS = [
  'rock',
  'heavy',
  'vintage',
  'jazz',
  'brushes',
  'studio',
  'latin',
  'analog',
  'electro',
] as const;

const percent = z.number().min(0).max(100);

/**
 * A bar as text, one letter a step: `X` accent, `x` normal, `o` soft, `g` ghost, `?` now and then, `.` rest;
 * spaces and bars are ignored. Several bars follow each other.
 */
const pattern = z
  .string()
  .transform((text) => text.replace(/[\s|]/g, ''))
  .pipe(z.string().regex(/^[Xxog?.]+$/, 'expected only the letters X x o g ? .'));

const groupsSchema = z.strictObject({
  kick: percent.optional(),
  snare: percent.optional(),
  hats: percent.optional(),
  toms: percent.optional(),
  cymbals: percent.optional(),
  percussion: percent.optional(),
});

const patternsSchema = z.strictObject({
  kick: pattern.optional(),
  snare: pattern.optional(),
  closedHat: pattern.optional(),
  openHat: pattern.optional(),
  highTom: pattern.optional(),
  midTom: pattern.optional(),
  lowTom: pattern.optional(),
  crash: pattern.optional(),
  ride: pattern.optional(),
});

export const personaSchema = z.strictObject({
  name: z.string().min(1).describe('How the persona is called.'),
  summary: z.string().min(1).describe('One line.'),
  genre: z.string().min(1),
  source: z.string().optional().describe('Where its figures come from.'),
  card: z.string().min(1).describe('What is learned and what is rule, and from how much data.'),
  styles: z
    .record(z.string(), z.number().positive())
    .describe('Styles of the network and their weights.')
    .refine((styles) => Object.keys(styles).length > 0, 'expected at least one style'),
  styleVector: z.array(z.number()).length(6).optional().describe('Embedding found by `forge drums learn`.'),
  kit: z.enum(KITS).default('rock'),
  meters: z.array(z.enum(METERS)).min(1).default(['4/4']).describe('The first is the default.'),
  grid: z.enum(['sixteenths', 'triplets']).default('sixteenths'),
  tempoBpm: z.strictObject({
    default: z.number().min(MIN_TEMPO_BPM).max(MAX_TEMPO_BPM),
    low: z.number().min(MIN_TEMPO_BPM),
    high: z.number().max(MAX_TEMPO_BPM),
  }),
  complexity: percent.default(50),
  dynamics: percent.default(50),
  pieces: groupsSchema.default({}).describe('Complexity of each group; 0 leaves it out.'),
  swing: percent.default(0),
  swingOn: z.enum(['eighths', 'sixteenths']).default('sixteenths'),
  feel: z.number().min(-1).max(1).default(0).describe('−1 pulls back, 1 pushes.'),
  humanize: z.number().min(0).max(1).default(0.3),
  ghostNotes: percent.default(50),
  fills: z
    .strictObject({
      amount: percent.default(40),
      every: z.enum(FILL_PLACES).default('auto'),
      crashAfter: z.boolean().default(true),
    })
    .prefault({}),
  temperature: z.number().min(0.3).max(1.5).default(0.9),
  beatOne: z.enum(['kick', 'none', 'any']).default('any').describe('What beat one holds.'),
  backbeat: z.boolean().default(false).describe('Whether the snare always plays the backbeat.'),
  halfTime: z.boolean().default(false),
  pedalHat: z.boolean().default(false).describe('Whether hats under the ride are played by foot.'),
  doublePedal: z.boolean().default(false),
  snare: z
    .enum(['snare', 'sideStick', 'clap', 'brush'])
    .default('snare')
    .describe('How the snare is played.'),
  ruleWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('How much the patterns count against the network.'),
  patterns: patternsSchema.default({}),
  percussion: z
    .array(
      z.strictObject({
        sound: z.enum(PERCUSSION),
        pattern,
        velocity: z.number().min(1).max(127).default(80),
      }),
    )
    .default([]),
});

/** A persona with all defaults filled in, and its id (the name of its file). */
export type Persona = z.output<typeof personaSchema> & { readonly id: string };

const FOLDER = fileURLToPath(new URL('../../presets/personas/', import.meta.url));

/** Ids of the personas that come with forge, sorted. */
export function listPersonaIds(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/** The file of a persona's id, or the path itself. */
export function personaFileOf(idOrPath: string): string {
  return /\.ya?ml$/i.test(idOrPath) ? idOrPath : join(FOLDER, `${idOrPath}.yaml`);
}

/**
 * The persona of an id, or of a path to a YAML file of the user's.
 * @throws ForgeError preset/not-found with the nearest name, preset/unreadable, preset/syntax, preset/invalid
 */
export function loadPersona(idOrPath: string): Persona {
  const isPath = /\.ya?ml$/i.test(idOrPath);
  const path = personaFileOf(idOrPath);
  if (!isPath && !(/^[a-z0-9-]+$/.test(idOrPath) && existsSync(path))) {
    throw new ForgeError('preset/not-found', `no persona is named "${idOrPath}"`, {
      hint: hintOf(idOrPath, listPersonaIds()),
    });
  }
  const source = readYaml(path);
  return { ...source.check(personaSchema), id: basename(path).replace(/\.ya?ml$/i, '') };
}
