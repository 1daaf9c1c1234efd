// Rhythm of a piece from the beat network's activations: onsets, beats, bars, tempo and swing.
import { roundTo } from '../../units.js';
import { type BeatActivations, peakNear, secToBeatFrame } from './activations.js';
import { type BarTrack, trackBars } from './bar-tracker.js';
import { chooseLevel, lookAgain } from './metrical-level.js';
import { pickOnsets } from './onsets.js';
import type { METERS, RhythmAnalysis, RhythmOptions } from './schema.js';
import { swingRatio, tempoCurve, variationPercent } from './tempo.js';

/** Beats before the first and after the last sound are left out; activations below this are no sound of a beat. */
const WEAKEST_BEAT = 0.05;
/** Pieces whose beat activations never pass this have no beat that could be told. */
const WEAKEST_PIECE = 0.2;

/** Probability that a bar begins, for each of a piece's beats, drawing on more than the beat network's opinion. */
export type DownbeatJudge = (beatsSec: readonly number[]) => ArrayLike<number>;

/**
 * The `rhythm` part of an analysis (see schema.ts for the fields). A piece without any beat gives null and empty
 * lists. A given tempo or meter is obeyed: it is reported as given, with confidence 1. Without a judge the bars are those
 * of the network's downbeat activations.
 */
export function analyzeRhythm(
  activations: BeatActivations,
  options: RhythmOptions = {},
  judge?: DownbeatJudge,
): RhythmAnalysis {
  const { beat, downbeat } = activations;
  const onsetsSec = pickOnsets(activations.onset);
  if (!beat.some((value) => value >= WEAKEST_PIECE)) return silent(onsetsSec);
  const givenMeter = options.meter === undefined ? undefined : Number.parseInt(options.meter, 10);
  const level = chooseLevel(beat, downbeat, options.tempoBpm, givenMeter);
  if (level === null) return silent(onsetsSec);
  const { best, rivals, confidence } =
    judge === undefined ? level : lookAgain(level, beat, judge, givenMeter);
  const [first, end] = soundingSpan(best.beatsSec, beat);
  const beatsSec = best.beatsSec.slice(first, end).map((sec) => roundTo(sec, 3));
  const bars = judge === undefined ? cutBars(best.bars, first, end) : trackBars(judge(beatsSec), givenMeter);
  const curve = tempoCurve(beatsSec);
  const swing = swingRatio(beatsSec, onsetsSec);
  return {
    tempoBpm: options.tempoBpm ?? roundTo(best.tempoBpm, 2),
    tempoAlternativesBpm: rivals.slice(0, 2).map((rival) => roundTo(rival.tempoBpm, 2)),
    tempoConfidence: roundTo(confidence, 3),
    beatsSec,
    downbeatsSec: beatsSec.filter((_, k) => bars.places[k] === 0),
    meter: options.meter ?? meterName(bars.meter, best.tempoBpm),
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

function cutBars(bars: BarTrack, first: number, end: number): BarTrack {
  return { ...bars, places: bars.places.slice(first, end) };
}

/** The run of beats [first, end) from the first to the last that can be heard. */
function soundingSpan(beatsSec: readonly number[], beat: Float32Array): [number, number] {
  const isHeard = beatsSec.map((sec) => peakNear(beat, secToBeatFrame(sec), 2) >= WEAKEST_BEAT);
  return [Math.max(0, isHeard.indexOf(true)), isHeard.lastIndexOf(true) + 1];
}

/** Fast bars of six and seven are written in eighths. */
function meterName(beats: number, tempoBpm: number): (typeof METERS)[number] {
  const isInEighths = beats >= 6 && tempoBpm >= 150;
  return `${beats}/${isInEighths ? 8 : 4}` as (typeof METERS)[number];
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
