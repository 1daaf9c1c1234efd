// What tells the beats of a bar apart: the beat network's own opinion of each beat, how much the harmony and the bass
// change there, what comes back how many beats later, and which drums sound. Nothing depends on the key or the level.

import { type BeatActivations, peakNear, secToBeatFrame } from './activations.js';
import { BAND_COUNT, BAND_FRAMES_PER_SEC } from './band-frames.js';

/** What sounds for a while: strengths of the pitch classes, C first, of the middle range and of the bass. */
export interface Harmony {
  readonly chroma: Float64Array;
  readonly bass: Float64Array;
}

/** Beats before and after a beat whose harmony is compared. */
const CHANGE_SPANS = [1, 2, 4];
/** Distances in beats at which the harmony is compared with itself. */
const RETURN_BEATS = [2, 3, 4, 6, 8];
/** First band of each group of bands, from kick drums to cymbals. */
const GROUP_EDGES = [0, 5, 10, 18, 28, BAND_COUNT];
const GROUP_COUNT = GROUP_EDGES.length - 1;
/** Bytes of level (halves of a decibel) that count as one. */
const BYTES_PER_UNIT = 24;

export const BAR_CUE_COUNT = 3 + 2 * CHANGE_SPANS.length + RETURN_BEATS.length + 4 + 2 * GROUP_COUNT;

/**
 * Cues of each beat, [BAR_CUE_COUNT][beats], about −2 … 2. `segments` hold the harmony of stretches between beats or of
 * parts of them, in order, `bands` the [frames][BAND_COUNT] levels of the same piece.
 */
export function barCues(
  beatsSec: readonly number[],
  segments: readonly (Harmony & { readonly startSec: number })[],
  bands: Uint8Array,
  { beat, downbeat }: Pick<BeatActivations, 'beat' | 'downbeat'>,
): Float32Array {
  const count = beatsSec.length;
  const harmony = harmonyOfBeats(beatsSec, segments);
  const cues = new Float32Array(BAR_CUE_COUNT * count);
  let row = 0;
  const fillRow = (valueAt: (k: number) => number): void => {
    for (let k = 0; k < count; k++) cues[row * count + k] = valueAt(k);
    row++;
  };
  const intervalSec = count > 1 ? (beatsSec[count - 1]! - beatsSec[0]!) / (count - 1) : 0.5;
  fillRow((k) => peakNear(downbeat, secToBeatFrame(beatsSec[k]!), 2));
  fillRow((k) => peakNear(beat, secToBeatFrame(beatsSec[k]!), 2));
  fillRow((k) => peakNear(downbeat, secToBeatFrame(beatsSec[k]! + intervalSec / 2), 2));
  const chroma = harmony.map((one) => unit(one.chroma));
  const bass = harmony.map((one) => unit(one.bass));
  for (const vectors of [chroma, bass]) {
    for (const span of CHANGE_SPANS)
      fillRow((k) => 1 - likeness(sumOf(vectors, k, k + span), sumOf(vectors, k - span, k)));
  }
  for (const distance of RETURN_BEATS)
    fillRow((k) => (k + distance < count ? likeness(chroma[k]!, chroma[k + distance]!) : 0));
  for (const vectors of [chroma, bass]) {
    const whole = sumOf(vectors, 0, count);
    fillRow((k) => likeness(vectors[k]!, whole));
  }
  for (const pick of [(one: Harmony) => one.chroma, (one: Harmony) => one.bass]) {
    const strengths = harmony.map((one) => pick(one).reduce((sum, value) => sum + value, 0));
    const mean = strengths.reduce((sum, value) => sum + value, 0) / count || 1;
    fillRow((k) => Math.min(2, strengths[k]! / mean) - 1);
  }
  for (let group = 0; group < GROUP_COUNT; group++) {
    const levels = beatsSec.map((sec) =>
      groupLevels(bands, sec, GROUP_EDGES[group]!, GROUP_EDGES[group + 1]!),
    );
    const mean = levels.reduce((sum, { at }) => sum + at, 0) / count;
    fillRow((k) => clamp((levels[k]!.at - mean) / BYTES_PER_UNIT));
    fillRow((k) => clamp((levels[k]!.at - levels[k]!.before) / BYTES_PER_UNIT));
  }
  return cues;
}

/** What sounds from each beat to the next. */
function harmonyOfBeats(
  beatsSec: readonly number[],
  segments: readonly (Harmony & { readonly startSec: number })[],
): Harmony[] {
  const harmony = beatsSec.map(() => ({ chroma: new Float64Array(12), bass: new Float64Array(12) }));
  let beat = -1;
  for (const { startSec, chroma, bass } of segments) {
    while (beat + 1 < beatsSec.length && beatsSec[beat + 1]! <= startSec + 1e-6) beat++;
    if (beat < 0) continue;
    for (let pc = 0; pc < 12; pc++) {
      harmony[beat]!.chroma[pc]! += chroma[pc]!;
      harmony[beat]!.bass[pc]! += bass[pc]!;
    }
  }
  return harmony;
}

function clamp(value: number): number {
  return Math.max(-2, Math.min(2, value));
}

/** Mean level of the bands [low, high) in bytes: the loudest frame from a beat to 50 ms later, and 60 … 30 ms before. */
function groupLevels(
  bands: Uint8Array,
  sec: number,
  low: number,
  high: number,
): { at: number; before: number } {
  const frame = Math.round(sec * BAND_FRAMES_PER_SEC);
  const levelOf = (index: number): number => {
    let sum = 0;
    for (let band = low; band < high; band++) sum += bands[index * BAND_COUNT + band] ?? 0;
    return sum / (high - low);
  };
  let at = 0;
  for (let k = -1; k <= 5; k++) at = Math.max(at, levelOf(frame + k));
  let before = 0;
  for (let k = -6; k <= -3; k++) before += levelOf(frame + k) / 4;
  return { at, before };
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function sumOf(vectors: readonly Float64Array[], from: number, to: number): Float64Array {
  const sum = new Float64Array(12);
  for (let k = Math.max(0, from); k < Math.min(vectors.length, to); k++)
    for (let pc = 0; pc < 12; pc++) sum[pc] = sum[pc]! + vectors[k]![pc]!;
  return sum;
}

/** Cosine of the angle between two vectors without negative values; 0 where one of them is silent. */
function likeness(a: Float64Array, b: Float64Array): number {
  let product = 0;
  let squareA = 0;
  let squareB = 0;
  for (let pc = 0; pc < 12; pc++) {
    product += a[pc]! * b[pc]!;
    squareA += a[pc]! * a[pc]!;
    squareB += b[pc]! * b[pc]!;
  }
  return product === 0 ? 0 : product / Math.sqrt(squareA * squareB);
}
