// The `advice` part of an analysis: how the spectrum compares with a target curve, and what one might change, each with
// the figure that caused it.
import * as z from 'zod';

export const SEVERITIES = ['high', 'medium', 'low'] as const;
export const SUGGESTION_IDS = [
  'boom',
  'thin',
  'mud',
  'harshness',
  'sibilance',
  'dullness',
  'clipping',
  'overs',
  'over-limited',
  'wide-lows',
  'narrow',
  'phase',
  'dc',
] as const;

export const adviceSchema = z
  .strictObject({
    curve: z.string().describe('Id of the target curve that the spectrum was held against.'),
    curveReason: z.string().describe('Why this curve.'),
    thirdOctaves: z
      .array(
        z.strictObject({
          centreHz: z.number(),
          differenceDb: z.number().nullable(),
          usualLowDb: z.number().nullable().describe('Lower end of what is usual, against the median.'),
          usualHighDb: z.number().nullable().describe('Upper end.'),
        }),
      )
      .describe(
        'Level of each third octave above the median of the curve in dB, both aligned by the median from 100 Hz to 8 kHz. null: no power, or no target.',
      ),
    suggestions: z
      .array(
        z.strictObject({
          id: z.enum(SUGGESTION_IDS).describe('The rule.'),
          severity: z.enum(SEVERITIES),
          message: z.string().describe('What was found, with its figure.'),
          lowHz: z.number().nullable().describe('Lower end of the range that it concerns; null: no range.'),
          highHz: z.number().nullable().describe('Upper end of that range.'),
          measured: z.number().describe('The figure that caused it.'),
          limit: z.number().describe('What it was held against.'),
          unit: z.string().describe('Unit of both.'),
          action: z.string().describe('What to try.'),
          stem: z
            .strictObject({
              name: z.string(),
              sharePercent: z.number().describe('Its share of the power there, among all stems.'),
            })
            .optional()
            .describe('Where stems were given: the one to change.'),
          amountDb: z
            .number()
            .nullable()
            .describe(
              'Gain to try in the range; a boost of the top never exceeds 2 dB. null: not a matter of gain.',
            ),
        }),
      )
      .describe('The most important first.'),
  })
  .describe('Rules over the measures; thresholds are conventions of mixing, and stand in each suggestion.');

export type Advice = z.output<typeof adviceSchema>;
export type Suggestion = Advice['suggestions'][number];
export type SuggestionId = (typeof SUGGESTION_IDS)[number];
