// The `tonal` part of an analysis: fields, units and how each is computed.
import * as z from 'zod';

export const tonalSchema = z.object({
  key: z
    .string()
    .nullable()
    .describe('Tonic and mode, such as `Eb major`, of the piece as a whole; null where nothing has a pitch.'),
  keyConfidence: z.number().min(0).max(1).nullable().describe('Share of the key’s probability among the 24.'),
  keys: z
    .array(z.object({ startSec: z.number(), endSec: z.number(), label: z.string() }))
    .describe('Keys over time; more than one where the piece modulates.'),
  tuningHz: z
    .number()
    .nullable()
    .describe(
      'Frequency of A4 to which the partials agree, within half a semitone of 440 Hz; null for silence.',
    ),
  chords: z
    .array(z.object({ startSec: z.number(), endSec: z.number(), label: z.string() }))
    .describe(
      'Chords in Harte’s syntax (`C:maj`, `A:min7`, `G:7/3`, `N` for none): maj, min, 7, maj7, min7, sus4, sus2, dim, ' +
        'aug, with the bass after a slash where it is another note of the chord; changes lie on beats.',
    ),
  bassNotes: z
    .array(z.object({ startSec: z.number(), endSec: z.number(), label: z.string() }))
    .describe('Pitch class of the lowest voice over time, `N` where there is none.'),
  chroma: z
    .array(z.number())
    .length(12)
    .nullable()
    .describe(
      'Share of each pitch class, C first, in the sound of the whole piece; sums to 1; null for silence.',
    ),
});

export type TonalAnalysis = z.output<typeof tonalSchema>;
