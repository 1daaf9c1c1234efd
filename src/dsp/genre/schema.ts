// The `genre` part of an analysis: a guess by rules, and said to be one.
import * as z from 'zod';
import { GENRES } from './genres.js';

export const genreSchema = z.object({
  guess: z
    .enum(GENRES)
    .nullable()
    .describe('A guess, by rules over measures and no trained classifier; null for silence.'),
  confidence: z.number().min(0).max(1).nullable().describe('Share of the rules’ weight that speaks for it.'),
  alternatives: z
    .array(z.object({ guess: z.enum(GENRES), confidence: z.number() }))
    .describe('The next two.'),
  reasons: z.array(z.string()).describe('The measures that spoke for it, with their values.'),
});

export type GenreGuess = z.output<typeof genreSchema>;
