// Beats from beat activations: the most probable sequence of beat intervals (a hidden Markov model whose states are
// the interval and the position in it, solved beat by beat). Between beats the position only moves on, so that one
// decision for each frame and interval is enough, and sums of log-probabilities give what lies between. The loop over
// frames is a kernel: kernels/assembly/beats.ts.
// It knows nothing of bars: bar-tracker.ts numbers the beats.
import { createKernels } from '../kernels/instance.js';
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
/** Columns that the kernel meets in a call: its optimised code, made while it runs, takes over between two calls only. */
const COLUMNS_PER_CALL = 500;
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

/** The beats of one piece, to be followed at several tempi. */
export interface BeatTracker {
  /** The best beats within a range of tempi. Activations of length 0 give no beats. */
  track(options: BeatTrackOptions): BeatTrack;
}

/**
 * A tracker of the beats of a piece.
 * @source Krebs, Böck & Widmer 2015 (An efficient state-space model for joint tempo and meter tracking), its
 *   observation model; solved over intervals instead of positions
 */
export function createBeatTracker(beatActivation: Float32Array): BeatTracker {
  const activation = doubleRate(beatActivation);
  const count = activation.length;
  // Sums of log-probabilities of the frames before each, as beat and as no beat.
  const onSums = new Float64Array(count + 1);
  const offSums = new Float64Array(count + 1);
  for (let t = 0; t < count; t++) {
    const p = Math.min(1 - SMALLEST_PROBABILITY, Math.max(SMALLEST_PROBABILITY, activation[t]!));
    onSums[t + 1] = onSums[t]! + Math.log(p);
    offSums[t + 1] = offSums[t]! + Math.log((1 - p) / BEAT_MODEL.rarity);
  }
  return {
    track: (options) =>
      count < 2 ? { frames: [], logScorePerSec: 0 } : followBeats(onSums, offSums, options),
  };
}

function followBeats(onSums: Float64Array, offSums: Float64Array, options: BeatTrackOptions): BeatTrack {
  const count = onSums.length - 1;
  const shortest = Math.max(8, Math.round((60 * TRACK_FRAMES_PER_SEC) / options.highestBpm));
  const longest = Math.max(shortest, Math.round((60 * TRACK_FRAMES_PER_SEC) / options.lowestBpm));
  const intervals = longest - shortest + 1;
  const columns = count + longest;
  const stride = 2 * Math.ceil(intervals / 2);
  const kernels = createKernels(
    8 * (2 * count + stride * (stride + longest + 8)) + columns * intervals + 4096,
  );
  const on = kernels.f64(count + 1);
  const off = kernels.f64(count + 1);
  on.set(onSums);
  off.set(offSums);
  const tempoNats = kernels.f64(stride);
  for (let i = 0; i < intervals; i++) {
    const octaves = Math.log2((60 * TRACK_FRAMES_PER_SEC) / (shortest + i) / BEAT_MODEL.commonBpm);
    tempoNats[i] = BEAT_MODEL.tempoNats * octaves * octaves;
  }
  const nats = kernels.f64(stride * stride).fill(Number.POSITIVE_INFINITY);
  for (let j = 0; j < intervals; j++) {
    for (let i = 0; i < intervals; i++) {
      const change = Math.max(0, Math.abs(i - j) - 1) / (shortest + j);
      if (change <= LARGEST_CHANGE)
        nats[j * stride + i] = BEAT_MODEL.changeNats * change + (i === j ? 0 : 0.5);
    }
  }
  // From the beat at t up to (not including) the next at t + interval, frames around t are beat and the others are not:
  // `due` holds the best log-probability of everything before the beat that ends an interval, with its own frames.
  const due = kernels.f64(stride * (longest + 1)).fill(Number.NEGATIVE_INFINITY);
  const [ended, arrived, sources] = [kernels.f64(stride), kernels.f64(stride), kernels.f64(stride)];
  const from = kernels.u8(columns * intervals);
  const result = kernels.f64(2);
  result[0] = Number.NEGATIVE_INFINITY;
  for (let first = 0; first < columns; first += COLUMNS_PER_CALL) {
    kernels.functions.trackBeatColumns(
      on.byteOffset,
      off.byteOffset,
      count,
      shortest,
      intervals,
      stride,
      tempoNats.byteOffset,
      nats.byteOffset,
      BEAT_MODEL.changeNats,
      HOPELESS_NATS,
      BEAT_LEAD,
      BEAT_FRAMES,
      due.byteOffset,
      ended.byteOffset,
      arrived.byteOffset,
      sources.byteOffset,
      from.byteOffset,
      first,
      Math.min(columns, first + COLUMNS_PER_CALL),
      result.byteOffset,
    );
  }
  const frames: number[] = [];
  let [column, i] = new Int32Array(result.buffer, result.byteOffset + 8, 2) as unknown as [number, number];
  for (;;) {
    const t = column - longest;
    if (t >= 0) frames.push(t);
    const source = from[column * intervals + i]!;
    if (source === NONE) break;
    column -= shortest + source;
    i = source;
  }
  return { frames: frames.reverse(), logScorePerSec: (result[0]! * TRACK_FRAMES_PER_SEC) / count };
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
