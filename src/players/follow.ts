// Playing to another part: its onsets, accents and loudness become what the kick and the strength of strokes follow.
// Onsets come from a MIDI file or are found in audio elsewhere; this file puts them onto the steps.
import type { BarGrid } from './meter.js';
import type { TempoMap } from './tempo-map.js';

/** A note of the followed part. */
export interface FollowOnset {
  readonly timeSec: number;
  /** 0 to 1. */
  readonly strength: number;
}

export interface FollowSource {
  /** In order of time. */
  readonly onsets: readonly FollowOnset[];
}

/** What to follow at each step. */
export interface FollowSteps {
  /** 0 where the part has no onset. */
  readonly strength: Float32Array;
  /** Offset of that onset from its step, in steps. */
  readonly offset: Float32Array;
  /** Added to velocities (0–1) so that accents and loudness match. */
  readonly velocityShift: Float32Array;
}

/** How far a stroke's strength goes with the source, from its softest to its loudest. */
const VELOCITY_RANGE = 0.3;

/** Puts the onsets of a part onto `stepCount` steps; the stronger wins where two fall on one step. */
export function followSteps(
  source: FollowSource,
  grid: BarGrid,
  stepCount: number,
  tempoMap: TempoMap,
): FollowSteps {
  const strength = new Float32Array(stepCount);
  const offset = new Float32Array(stepCount);
  for (const onset of source.onsets) {
    const place = tempoMap.toQuarter(onset.timeSec) / grid.stepQuarters;
    const step = Math.round(place);
    if (step < 0 || step >= stepCount || onset.strength <= strength[step]!) continue;
    strength[step] = onset.strength;
    offset[step] = place - step;
  }
  return { strength, offset, velocityShift: loudnessShift(strength, grid.stepCount) };
}

/** Each bar's loudness against the whole part's, and each step's accent against its bar's. */
function loudnessShift(strength: Float32Array, barSteps: number): Float32Array {
  const shift = new Float32Array(strength.length);
  const mean = meanOfOnsets(strength);
  if (mean === 0) return shift;
  for (let start = 0; start < strength.length; start += barSteps) {
    const bar = strength.subarray(start, start + barSteps);
    const barMean = meanOfOnsets(bar);
    for (let step = 0; step < bar.length; step++) {
      const accent = bar[step]! > 0 ? bar[step]! - barMean : 0;
      const level = barMean > 0 ? barMean - mean : -mean / 2;
      shift[start + step] = VELOCITY_RANGE * (level + 0.5 * accent);
    }
  }
  return shift;
}

function meanOfOnsets(strength: Float32Array): number {
  let sum = 0;
  let count = 0;
  for (const value of strength) {
    if (value === 0) continue;
    sum += value;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** Share of `timesSec` that lie within `toleranceMs` of an onset; NaN where there are none. */
export function lockRate(
  timesSec: readonly number[],
  onsets: readonly FollowOnset[],
  toleranceMs = 20,
): number {
  const near = timesSec.filter((time) =>
    onsets.some((onset) => Math.abs(onset.timeSec - time) * 1000 <= toleranceMs),
  );
  return near.length / timesSec.length;
}
