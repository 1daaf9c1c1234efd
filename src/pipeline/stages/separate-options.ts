// Options of the stage separate, and what follows from them before any work: the model, its stems, the outputs' names.
import * as z from 'zod';
import { isNetworkRate } from '../../dsp/separation/network-range.js';
import { STEM_NAMES } from '../../dsp/separation/separate-range.js';
import { ForgeError } from '../../errors.js';
import { findCard } from '../../models/card.js';
import type { ModelFiles, ModelNeed } from '../stage.js';

/** The separator that is part of forge and needs no weights. */
export const EMBEDDED_ID = 'forge-classic';
/** The separating network that is part of forge. */
export const LITE_ID = 'forge-lite';
/** What `auto` looks for, the best first. */
const AUTO_MODELS = ['htdemucs_ft', 'htdemucs', LITE_ID];
const ALL_STEMS = ['vocals', 'drums', 'bass', 'other', 'guitar', 'piano'] as const;

export const separateOptions = z.strictObject({
  model: z
    .string()
    .default('auto')
    .describe(
      'The separator: auto (the best that is installed), forge-lite, forge-classic, htdemucs, htdemucs_ft, htdemucs_6s, or an imported model of the task separate.',
    ),
  quality: z
    .enum(['fast', 'normal', 'high'])
    .default('normal')
    .describe(
      'How a network goes over the song: segments that overlap by 0.25 s, by a quarter, or by a quarter in two shifted runs that are averaged.',
    ),
  overlapSec: z
    .number()
    .min(0)
    .max(5)
    .optional()
    .describe('Overlap of a network’s segments in seconds, instead of that of `quality`.'),
  segmentSec: z
    .number()
    .min(0.5)
    .max(60)
    .optional()
    .describe(
      'Length of a segment in seconds for networks that take any; 5, 10 or 30 by `quality` unless given. HTDemucs has a length of its own.',
    ),
  shifts: z
    .int()
    .min(0)
    .max(20)
    .optional()
    .describe(
      'Shifted runs of a network that are averaged, instead of those of `quality`; drawn from the seed.',
    ),
  stems: z
    .array(z.enum(ALL_STEMS))
    .min(1)
    .optional()
    .describe('The stems to write; all of the model unless given.'),
  twoStems: z
    .enum(ALL_STEMS)
    .optional()
    .describe('Writes this stem and what is left of the mix without it, instead of `stems`.'),
  residual: z
    .boolean()
    .default(false)
    .describe(
      'Writes the mix minus the sum of the stems as a stem of its own, instead of spreading it over the stems.',
    ),
  device: z
    .enum(['cpu', 'cuda', 'coreml', 'directml', 'webgpu'])
    .default('cpu')
    .describe('Where a network runs; an error where the runtime cannot.'),
});

export type SeparateOptions = z.output<typeof separateOptions>;

/** The model that the options name, before it is known what is installed: `auto` has the embedded one's stems. */
function namedModel({ model }: SeparateOptions): string {
  return model === 'auto' ? EMBEDDED_ID : model;
}

/** Models to look for. */
export function modelNeeds(options: SeparateOptions): ModelNeed[] {
  if (options.model === EMBEDDED_ID) return [];
  if (options.model === 'auto') return AUTO_MODELS.map((id) => ({ id, required: false }));
  return [{ id: options.model, required: true }];
}

/**
 * The model that is used: undefined for the one without weights. At rates far from what forge-lite learned on (8, 16, 32 kHz)
 * `auto` does not take it.
 */
export function chooseModel(
  { model }: SeparateOptions,
  installed: Readonly<Record<string, ModelFiles>>,
  sampleRateHz: number,
): ModelFiles | undefined {
  if (model !== 'auto') return installed[model];
  const fitting = isNetworkRate(sampleRateHz) ? AUTO_MODELS : AUTO_MODELS.filter((id) => id !== LITE_ID);
  return fitting.map((id) => installed[id]).find((found) => found !== undefined);
}

/**
 * Stems of a model in the order of its tensors.
 * @throws ForgeError model/unknown, usage/bad-option where the model is none that separates
 */
export function stemsOfModel(id: string): readonly string[] {
  if (id === EMBEDDED_ID) return STEM_NAMES;
  const card = findCard(id);
  if (card.task !== 'separate' || card.stems === undefined) {
    throw new ForgeError(
      'usage/bad-option',
      `expected a model that separates for model, got ${id} (${card.task})`,
      {
        hint: 'forge models list shows the task of every model.',
      },
    );
  }
  return card.stems;
}

/**
 * Names of what is written.
 * @throws ForgeError usage/bad-option where a stem is asked for that the model does not have
 */
export function outputNames(options: SeparateOptions): string[] {
  const offered = stemsOfModel(namedModel(options));
  const pair = pairStem(options, offered);
  const wanted = pair === undefined ? (options.stems ?? offered) : [pair];
  for (const name of wanted) {
    if (offered.includes(name)) continue;
    throw new ForgeError(
      'usage/bad-option',
      `expected stems of ${options.model} (${offered.join(', ')}), got ${name}`,
      { hint: 'The model htdemucs_6s has guitar and piano.' },
    );
  }
  if (pair !== undefined) return [pair, restName(pair)];
  const names = ALL_STEMS.filter((name) => wanted.includes(name)) as string[];
  names.push(...wanted.filter((name) => !names.includes(name)));
  return options.residual ? [...names, 'residual'] : names;
}

/** The stem that is written with what is left of the mix: the one asked for, or the only one that the model knows. */
export function pairStem(
  { twoStems, stems }: SeparateOptions,
  offered: readonly string[],
): string | undefined {
  return twoStems ?? (offered.length === 1 && stems === undefined ? offered[0] : undefined);
}

/** Name of the mix without one stem. */
export function restName(stem: string): string {
  return stem === 'vocals' ? 'instrumental' : `no-${stem}`;
}

/** Whether the outputs sum to the mix. */
export function isCompleteSet(options: SeparateOptions): boolean {
  const offered = stemsOfModel(namedModel(options));
  if (pairStem(options, offered) !== undefined || options.residual) return true;
  return options.stems === undefined || offered.every((name) => outputNames(options).includes(name));
}
