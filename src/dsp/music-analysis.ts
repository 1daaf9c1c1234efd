// The musical half of an analysis in one call: rhythm, tonality, structure and genre of a piece from its features.
import { guessGenre } from './genre/guess-genre.js';
import type { GenreGuess } from './genre/schema.js';
import type { MusicFeatures } from './music-features.js';
import type { BeatActivations } from './rhythm/activations.js';
import { analyzeRhythm } from './rhythm/analyze-rhythm.js';
import { barCues } from './rhythm/bar-cues.js';
import { judgeDownbeats } from './rhythm/bar-network.js';
import type { RhythmAnalysis, RhythmOptions } from './rhythm/schema.js';
import { analyzeStructure } from './structure/analyze-structure.js';
import type { StructureAnalysis } from './structure/schema.js';
import { analyzeTonal } from './tonal/analyze-tonal.js';
import type { TonalAnalysis } from './tonal/schema.js';
import { createSegmentHearer, type TonalSegments } from './tonal/segments.js';

export interface MusicAnalysis {
  readonly rhythm: RhythmAnalysis;
  readonly tonal: TonalAnalysis;
  readonly structure: StructureAnalysis;
  readonly genre: GenreGuess;
}

/**
 * The analysis of a whole piece (see each part's schema.ts). `activations` are the beat network's over the same
 * features; a tempo or a meter that the user gives is obeyed.
 */
export function analyzeMusic(
  features: MusicFeatures,
  activations: BeatActivations,
  options: RhythmOptions = {},
): MusicAnalysis {
  const { bands, pitches, durationSec } = features;
  const hearSegments = createSegmentHearer(pitches, durationSec);
  let heard: TonalSegments | undefined;
  const rhythm = analyzeRhythm(activations, options, (beatsSec) => {
    heard = hearSegments(beatsSec);
    return judgeDownbeats(barCues(beatsSec, heard.segments, bands, activations), beatsSec.length);
  });
  heard ??= hearSegments([]);
  const tonal = analyzeTonal(heard, rhythm.downbeatsSec);
  const structure = analyzeStructure(bands, heard.segments, durationSec, rhythm.downbeatsSec);
  return { rhythm, tonal, structure, genre: guessGenre(bands, rhythm, tonal, durationSec) };
}
