// Beats from beat activations: the most probable sequence of beat intervals (a hidden Markov model whose states are
// the interval and the position in it, solved beat by beat). Between beats the position only moves on, so that one
// decision for each frame and interval is enough, and sums of log-probabilities give what lies between.
// It knows nothing of bars: bar-tracker.ts numbers the beats.
import { BEAT_FRAMES_PER_SEC, doubleRate } from './activations.js';

/** Frames a second on the tracker's own grid, twice that of the activations. */
const TRACK_FRAMES_PER_SEC = 2 * BEAT_FRAMES_PER_SEC;
/** Frames around a beat in which its activation should be high; the rest of the interval should be free of it. */
const BEAT_FRAMES = 3;
const BEAT_LEAD = 1;
/** The model's settings, chosen on the validation set. */
export const BEAT_MODEL = {
  /** How much likelier a frame without a beat is than one with it, before anything is heard. */
  rarity: 4,
  /** Nats for a change of the interval by its own length; changes by one frame are nearly free. */
  changeNats: 200,
  /** Nats at one octave from the commonest tempo, for each beat. */
  tempoNats: 1,
  commonBpm: 95,
};
const LARGEST_CHANGE = 0.1;
/** Ways to a beat that are this much less probable than the best are not followed. */
const HOPELESS_NATS = 20;
const SMALLEST_PROBABILITY = 1e-5;
/** Activations below this are no place to move a beat to. */
const FAINTEST_PEAK = 0.1;
/** No interval before: the first beat. */
const NONE = 255;

export interface BeatTrackOptions {
  readonly lowestBpm: number;
  readonly highestBpm: number;
}

export interface BeatTrack {
  /** Beats on the grid of 100 frames a second, before refinement; value k of `doubleRate` is k/100 s + 5 ms. */
  readonly frames: number[];
  /** Log-probability of the whole for one second, for comparing tempi on the same activations. */
  readonly logScorePerSec: number;
}

/**
 * The best beats of a piece within a range of tempi. Activations of length 0 give no beats.
 * @source Krebs, Böck & Widmer 2015 (An efficient state-space model for joint tempo and meter tracking), its
 *   observation model; solved over intervals instead of positions
 */
export function trackBeats(beatActivation: Float32Array, options: BeatTrackOptions): BeatTrack {
  const activation = doubleRate(beatActivation);
  const count = activation.length;
  const shortest = Math.max(8, Math.round((60 * TRACK_FRAMES_PER_SEC) / options.highestBpm));
  const longest = Math.max(shortest, Math.round((60 * TRACK_FRAMES_PER_SEC) / options.lowestBpm));
  const intervals = longest - shortest + 1;
  if (count < 2) return { frames: [], logScorePerSec: 0 };

  // on[t], off[t]: sums of log-probabilities of frames before t, as beat and as no beat.
  const on = new Float64Array(count + 1);
  const off = new Float64Array(count + 1);
  for (let t = 0; t < count; t++) {
    const p = Math.min(1 - SMALLEST_PROBABILITY, Math.max(SMALLEST_PROBABILITY, activation[t]!));
    on[t + 1] = on[t]! + Math.log(p);
    off[t + 1] = off[t]! + Math.log((1 - p) / BEAT_MODEL.rarity);
  }
  const tempoCost = Float64Array.from({ length: intervals }, (_, i) => {
    const octaves = Math.log2((60 * TRACK_FRAMES_PER_SEC) / (shortest + i) / BEAT_MODEL.commonBpm);
    return BEAT_MODEL.tempoNats * octaves * octaves;
  });
  const clampFrame = (t: number): number => Math.min(count, Math.max(0, t));
  // Frames from the beat at t up to (not including) the next at t+interval score headOf(t) + tailOf(t+interval).
  const headOf = (t: number): number => {
    const middle = clampFrame(t - BEAT_LEAD + BEAT_FRAMES);
    return on[middle]! - on[clampFrame(t - BEAT_LEAD)]! - off[middle]!;
  };
  const tailOf = (t: number): number => off[clampFrame(t - BEAT_LEAD)]!;
  const cost = changeCosts(shortest, intervals);

  // due[t][i]: best log-probability of everything before a beat that starts interval i and ends it at t, with its own
  // head; the next `longest` columns are kept. from[t][i]: the interval before the one that starts at t. Beats may lie
  // before the first frame: column 0 is -longest.
  const columns = count + longest;
  const ring = longest + 1;
  const due = new Float64Array(ring * intervals).fill(Number.NEGATIVE_INFINITY);
  const from = new Uint8Array(columns * intervals);
  const ended = new Float64Array(intervals);
  const arrived = new Float64Array(intervals);
  const sources = new Uint8Array(intervals);
  let best = Number.NEGATIVE_INFINITY;
  let bestStart = 0;
  let bestInterval = 0;
  for (let column = 0; column < columns; column++) {
    const t = column - longest;
    const row = (column % ring) * intervals;
    const tail = tailOf(t);
    let likeliest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < intervals; i++) {
      const value = due[row + i]! + tail - tempoCost[i]!;
      ended[i] = value;
      if (value > likeliest) likeliest = value;
    }
    arrived.fill(Number.NEGATIVE_INFINITY);
    sources.fill(NONE);
    const hopeless = likeliest - HOPELESS_NATS;
    for (let j = 0; j < intervals; j++) {
      const value = ended[j]!;
      if (value < hopeless || value === Number.NEGATIVE_INFINITY) continue;
      for (let i = cost.first[j]!; i <= cost.last[j]!; i++) {
        const score = value - cost.nats[j * intervals + i]!;
        if (score > arrived[i]!) {
          arrived[i] = score;
          sources[i] = j;
        }
      }
    }
    const head = headOf(t);
    let place = ((column + shortest) % ring) * intervals;
    for (let i = 0; i < intervals; i++) {
      let top = arrived[i]!;
      let source = sources[i]!;
      // The first beat: one whose interval reaches into the piece.
      if (t <= 0 && t + shortest + i > 0 && 0 > top) {
        top = 0;
        source = NONE;
      }
      due[place + i] = top + head;
      place += intervals;
      if (place === due.length) place = 0;
      from[column * intervals + i] = source;
      if (t + shortest + i >= count) {
        const total = top + head + tailOf(t + shortest + i) - tempoCost[i]!;
        if (total > best) {
          best = total;
          bestStart = column;
          bestInterval = i;
        }
      }
    }
  }
  const frames: number[] = [];
  for (let column = bestStart, i = bestInterval; ; ) {
    const t = column - longest;
    if (t >= 0) frames.push(t);
    const source = from[column * intervals + i]!;
    if (source === NONE) break;
    column -= shortest + source;
    i = source;
  }
  return { frames: frames.reverse(), logScorePerSec: (best * TRACK_FRAMES_PER_SEC) / count };
}

/** Nats for going from interval j to interval i (row j), and the range of i that is allowed for each j. */
function changeCosts(
  shortest: number,
  intervals: number,
): { first: Int32Array; last: Int32Array; nats: Float64Array } {
  const first = Int32Array.from({ length: intervals }, (_, j) => j);
  const last = first.slice();
  const nats = new Float64Array(intervals * intervals);
  for (let j = 0; j < intervals; j++) {
    for (let i = 0; i < intervals; i++) {
      const change = Math.max(0, Math.abs(i - j) - 1) / (shortest + j);
      nats[j * intervals + i] = BEAT_MODEL.changeNats * change + (i === j ? 0 : 0.5);
      if (change > LARGEST_CHANGE) continue;
      first[j] = Math.min(first[j]!, i);
      last[j] = Math.max(last[j]!, i);
    }
  }
  return { first, last, nats };
}

/**
 * Beats in seconds: each moved by at most 30 ms onto the peak of the activation, by a parabola through three frames.
 * Beats that cannot be heard stay where the tracker put them.
 */
export function refineBeats(frames: readonly number[], beatActivation: Float32Array): number[] {
  const activation = doubleRate(beatActivation);
  return frames.map((frame) => {
    let peak = frame;
    for (let k = frame - 3; k <= frame + 3; k++) {
      if ((activation[k] ?? 0) > (activation[peak] ?? 0)) peak = k;
    }
    const before = activation[peak - 1] ?? 0;
    const at = activation[peak] ?? 0;
    const after = activation[peak + 1] ?? 0;
    if (at < FAINTEST_PEAK) return (frame + 0.5) / TRACK_FRAMES_PER_SEC;
    const bend = before - 2 * at + after;
    const shift = bend < -1e-6 ? Math.max(-0.5, Math.min(0.5, (0.5 * (before - after)) / bend)) : 0;
    return Math.max(0, (peak + shift + 0.5) / TRACK_FRAMES_PER_SEC);
  });
}
