// Options of `master`.
import * as z from 'zod';
import { CHARACTER_IDS, GENRE_IDS } from './master-characters.js';

export const masterOptions = z.strictObject({
  preset: z
    .string()
    .min(1)
    .default('spotify')
    .describe('Target to make the master for, by name or as the path of a YAML file.'),
  character: z
    .enum(['auto', 'none', ...CHARACTER_IDS])
    .default('auto')
    .describe('Sound of the chain before the limiter; auto chooses by the music, none leaves it out.'),
  genre: z
    .enum(['auto', ...GENRE_IDS])
    .default('auto')
    .describe('Kind of music, which gives curve and character; auto judges by measures.'),
  curve: z
    .string()
    .min(1)
    .default('auto')
    .describe(
      'Target curve of the spectral correction, by name or as the path of a YAML file; auto takes the genre’s.',
    ),
  correctionPercent: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('Share of the spectral correction that is made; the character’s own unless given.'),
  correctionLimitDb: z
    .number()
    .min(0)
    .max(12)
    .default(6)
    .describe('Largest gain or cut of the spectral correction, in dB.'),
  phase: z
    .enum(['linear', 'minimum'])
    .default('linear')
    .describe(
      'Phase of the spectral correction: linear keeps the shape of the wave, minimum does not ring before attacks.',
    ),
  dynamicsPercent: z
    .number()
    .min(0)
    .max(100)
    .default(100)
    .describe('Share of the character’s compression and transient shaping.'),
  reference: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Recordings to match in spectrum, width and density, separated by commas or the flag repeated; with the preset "reference" in loudness too.',
    ),
  referenceWeights: z
    .array(z.number().min(0).max(1000))
    .default([])
    .describe('Weights of the references, in their order; equal unless given.'),
  referencePercent: z
    .number()
    .min(0)
    .max(100)
    .default(100)
    .describe('How far the mix goes towards the references.'),
  linearOnly: z
    .boolean()
    .default(false)
    .describe('Allows linear gain alone: no limiter, no chain. A target that needs more is missed.'),
  skipWithinLu: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      'Leaves a mix as it is that lies this near to the target and under its ceiling, in LU; 0 never does.',
    ),
  albumGainDb: z
    .number()
    .min(-60)
    .max(60)
    .optional()
    .describe('Gain that an album shares, in dB: no search is made, and tracks keep their relative levels.'),
  filesSha256: z.string().default('').meta({
    isFilledByPlan: true,
    description:
      'Filled by the plan: hash of the preset, curve and references, so that a changed file is noticed.',
  }),
});

export type MasterOptions = z.output<typeof masterOptions>;
