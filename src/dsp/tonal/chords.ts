// Chords over the segments of a piece (its beats): a hidden Markov model over roots and kinds.
// What is seen is a pair of chroma vectors, of the whole range and of the bass; what a chord should give is a binary
// pattern with some leakage. Changes of chord cost, less on downbeats.
import { CHORD_KINDS, type ChordKind } from './chord-names.js';

const STATES = 12 * CHORD_KINDS.length + 1;
const NO_CHORD = STATES - 1;

/** Chroma of a segment: 12 values ≥ 0 each (C first). */
export interface ChordSegment {
  readonly startSec: number;
  readonly chroma: Float64Array;
  readonly bass: Float64Array;
}

export interface ChordState {
  /** Pitch class of the root, null for no chord. */
  readonly root: number | null;
  readonly kind: ChordKind | null;
}

/** Weights of the model, chosen on renderings of songs that no test uses. */
export const CHORD_MODEL = {
  sharpness: 14,
  bassSharpness: 2.1,
  changeNats: 4.8,
  downbeatNats: 0.5,
  noChordSimilarity: 0.65,
  priorWeight: 1,
};

/** The most probable chord of each segment; `downbeatsSec` are the starts of those that begin bars. */
export function decodeChords(
  segments: readonly ChordSegment[],
  downbeatsSec: readonly number[],
): ChordState[] {
  const count = segments.length;
  const downbeats = new Set(downbeatsSec);
  if (count === 0) return [];
  const from = new Int16Array(count * STATES);
  let scores = new Float64Array(STATES);
  let next = new Float64Array(STATES);
  for (let k = 0; k < count; k++) {
    const segment = segments[k]!;
    let top = 0;
    for (let state = 1; state < STATES; state++) if (scores[state]! > scores[top]!) top = state;
    const change =
      scores[top]! - (downbeats.has(segment.startSec) ? CHORD_MODEL.downbeatNats : CHORD_MODEL.changeNats);
    scoreSegment(segment, next);
    for (let state = 0; state < STATES; state++) {
      const isKept = k === 0 || scores[state]! >= change;
      from[k * STATES + state] = isKept ? state : top;
      next[state] = next[state]! + (k === 0 ? 0 : Math.max(scores[state]!, change));
    }
    [scores, next] = [next, scores];
  }
  let state = 0;
  for (let k = 1; k < STATES; k++) if (scores[k]! > scores[state]!) state = k;
  const out = new Array<ChordState>(count);
  for (let k = count - 1; k >= 0; k--) {
    out[k] = describe(state);
    state = from[k * STATES + state]!;
  }
  return out;
}

function describe(state: number): ChordState {
  if (state === NO_CHORD) return { root: null, kind: null };
  return { root: state % 12, kind: CHORD_KINDS[Math.floor(state / 12)]! };
}

/** Log-probabilities of all chords, up to a constant of the segment. */
function scoreSegment(segment: ChordSegment, into: Float64Array): void {
  const { sharpness, bassSharpness, noChordSimilarity, priorWeight } = CHORD_MODEL;
  const norm = Math.sqrt(segment.chroma.reduce((sum, value) => sum + value * value, 0));
  const bassNorm = Math.max(...segment.bass);
  if (norm === 0) {
    into.fill(-sharpness);
    into[NO_CHORD] = 0;
    return;
  }
  for (let kind = 0; kind < CHORD_KINDS.length; kind++) {
    const { intervals, prior } = CHORD_KINDS[kind]!;
    const length = Math.sqrt(intervals.length);
    for (let root = 0; root < 12; root++) {
      let sum = 0;
      for (const interval of intervals) sum += segment.chroma[(root + interval) % 12]!;
      const similarity = sum / (norm * length);
      const bass = bassNorm === 0 ? 0 : segment.bass[root]! / bassNorm;
      into[kind * 12 + root] =
        sharpness * similarity + bassSharpness * bass + priorWeight * Math.log(prior / 12);
    }
  }
  into[NO_CHORD] = sharpness * noChordSimilarity + priorWeight * Math.log(0.02);
}
