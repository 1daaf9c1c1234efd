// The `genre` part of an analysis: a guess by rules, and said to be one.
import { z } from 'zod';

export const GENRES = ['pop', 'rock', 'edm', 'hip-hop', 'jazz', 'classical', 'metal', 'indie'] as const;

export const genreSchema = z.object({
  label: z.enum(GENRES).nullable().describe('The genre whose rules fit best; null for silence.'),
  isGuess: z.literal(true).describe('Always true: rules over measures, no trained classifier.'),
  confidence: z.number().min(0).max(1).nullable().describe('Share of the rules’ weight that speaks for it.'),
  alternatives: z
    .array(z.object({ label: z.enum(GENRES), confidence: z.number() }))
    .describe('The next two.'),
  reasons: z.array(z.string()).describe('The measures that spoke for it, with their values.'),
});

export type GenreGuess = z.output<typeof genreSchema>;
export type Genre = (typeof GENRES)[number];
