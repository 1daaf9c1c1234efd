// What `forge master` reports for one preset: one entry of `masters`.
import * as z from 'zod';
import { checkSchema, loudnessSchema, pictureSchema, spectrumSchema } from './analyze-schema.js';

const measured = z.strictObject({ loudness: loudnessSchema, spectrum: spectrumSchema });

export const masterSchema = z.strictObject({
  preset: z.string(),
  target: z.record(z.string(), z.unknown()).describe('The figures of the preset, with source and date.'),
  before: measured.describe('The mix.'),
  after: measured.describe('The written file; a lossy one as it decodes.'),
  gainDb: z.number().describe('Gain before the limiter, in dB.'),
  choice: z
    .strictObject({ character: z.string(), curve: z.string(), reason: z.string() })
    .optional()
    .describe('Character and curve, and why; not there where the target or the user wants no processing.'),
  chain: z
    .array(
      z.strictObject({
        device: z.string(),
        settings: z.record(z.string(), z.unknown()),
        reason: z.string(),
      }),
    )
    .describe('Every device in order, with the settings that it chose and why.'),
  checks: z.array(checkSchema).describe('The platform sheet: every rule of the target.'),
  picture: z.strictObject({ before: pictureSchema, after: pictureSchema }).optional(),
});
