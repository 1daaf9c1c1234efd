// Rhythm of a piece from the beat network's activations: onsets, beats, bars, tempo and swing.
import { roundTo } from '../../units.js';
import { type BeatActivations, peakNear, secToBeatFrame } from './activations.js';
import { trackBars } from './bar-tracker.js';
import { refineBeats, trackBeats } from './beat-tracker.js';
import { pickOnsets } from './onsets.js';
import type { METERS, RhythmAnalysis, RhythmOptions } from './schema.js';
import { HIGHEST_BPM, LOWEST_BPM, swingRatio, tempoCurve, tempoOfBeats, weighTempo } from './tempo.js';

/** How far a given tempo is followed. */
const GIVEN_WIDTH = 0.08;
/** Beats before the first and after the last sound are left out; activations below this are no sound of a beat. */
const WEAKEST_BEAT = 0.05;
/** Pieces whose beat activations never pass this have no beat that could be told. */
const WEAKEST_PIECE = 0.2;

/**
 * The `rhythm` part of an analysis (see schema.ts for the fields). A piece without any beat gives null and empty
 * lists. A given tempo or meter is obeyed: it is reported as given, with confidence 1.
 */
export function analyzeRhythm(activations: BeatActivations, options: RhythmOptions = {}): RhythmAnalysis {
  const { beat, downbeat } = activations;
  const onsetsSec = pickOnsets(activations.onset);
  const beatsSec = trimBeats(refineBeats(trackBeats(beat, tempoRange(options.tempoBpm)).frames, beat), beat);
  const measuredBpm = tempoOfBeats(beatsSec);
  if (measuredBpm === null) return silent(onsetsSec);
  const bars = trackBars(
    beatsSec.map((sec) => peakNear(downbeat, secToBeatFrame(sec), 2)),
    options.meter === undefined ? undefined : Number.parseInt(options.meter, 10),
  );
  const weighed =
    options.tempoBpm === undefined ? weighTempo(beat, measuredBpm) : { confidence: 1, alternativesBpm: [] };
  const curve = tempoCurve(beatsSec);
  const swing = swingRatio(beatsSec, onsetsSec);
  return {
    tempoBpm: options.tempoBpm ?? roundTo(measuredBpm, 2),
    tempoAlternativesBpm: weighed.alternativesBpm.map((bpm) => roundTo(bpm, 2)),
    tempoConfidence: roundTo(weighed.confidence, 3),
    beatsSec: beatsSec.map((sec) => roundTo(sec, 3)),
    downbeatsSec: beatsSec.filter((_, k) => bars.places[k] === 0).map((sec) => roundTo(sec, 3)),
    meter: options.meter ?? meterName(bars.meter, measuredBpm),
    meterConfidence: roundTo(bars.meterConfidence, 3),
    onsetsSec: onsetsSec.map((sec) => roundTo(sec, 3)),
    tempoCurve: curve.map(({ timeSec, tempoBpm }) => ({
      timeSec: roundTo(timeSec, 3),
      tempoBpm: roundTo(tempoBpm, 2),
    })),
    tempoVariationPercent: curve.length === 0 ? null : roundTo(variationPercent(curve), 2),
    swingRatio: swing === null ? null : roundTo(swing, 3),
  };
}

function tempoRange(givenBpm: number | undefined): { lowestBpm: number; highestBpm: number } {
  if (givenBpm === undefined) return { lowestBpm: LOWEST_BPM, highestBpm: HIGHEST_BPM };
  return { lowestBpm: givenBpm * (1 - GIVEN_WIDTH), highestBpm: givenBpm * (1 + GIVEN_WIDTH) };
}

/** Beats from the first to the last that can be heard; none where the whole piece has no clear beat. */
function trimBeats(beatsSec: readonly number[], beat: Float32Array): number[] {
  const strengths = beatsSec.map((sec) => peakNear(beat, secToBeatFrame(sec), 2));
  if (!strengths.some((strength) => strength >= WEAKEST_PIECE)) return [];
  const first = strengths.findIndex((strength) => strength >= WEAKEST_BEAT);
  const last = strengths.findLastIndex((strength) => strength >= WEAKEST_BEAT);
  return beatsSec.slice(first, last + 1);
}

/** Fast bars of six and seven are written in eighths. */
function meterName(beats: number, tempoBpm: number): (typeof METERS)[number] {
  const isInEighths = beats >= 6 && tempoBpm >= 150;
  return `${beats}/${isInEighths ? 8 : 4}` as (typeof METERS)[number];
}

function variationPercent(curve: readonly { tempoBpm: number }[]): number {
  const mean = curve.reduce((sum, point) => sum + point.tempoBpm, 0) / curve.length;
  const variance = curve.reduce((sum, point) => sum + (point.tempoBpm - mean) ** 2, 0) / curve.length;
  return (100 * Math.sqrt(variance)) / mean;
}

function silent(onsetsSec: readonly number[]): RhythmAnalysis {
  return {
    tempoBpm: null,
    tempoAlternativesBpm: [],
    tempoConfidence: null,
    beatsSec: [],
    downbeatsSec: [],
    meter: null,
    meterConfidence: null,
    onsetsSec: onsetsSec.map((sec) => roundTo(sec, 3)),
    tempoCurve: [],
    tempoVariationPercent: null,
    swingRatio: null,
  };
}
