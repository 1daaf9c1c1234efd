// Judges over the whole file whether there is hum, which frequency it has from second to second, and what each harmonic
// of it is, in level and phase. Medians over several seconds tell: hum stands still there, and a bass note that shares
// its frequency with a harmonic for less than half of that time moves the median little.
// A note that is held for longer at exactly a multiple of the mains is taken for hum.
import {
  CANDIDATES_HZ,
  CANDIDATES_PER_MAINS,
  COMB_STEP_SEC,
  createPhase,
  GRID_HZ,
  HARMONICS,
  MAINS_HZ,
  type MainsTrack,
  PHASOR_STEP_SEC,
} from './hum-lines.js';

/** Scores are means over 2 × this + 1 comb frames; hum speaks from this mean on, all harmonics together. */
const TRACK_REACH = 8;
const LEAST_SCORE_DB = 12;
/** Hum is there nearly all the time. */
const LEAST_SHARE = 0.7;
/** In less than so many frames (8 s) a chord stands as still as hum. */
const LEAST_FRAMES = 8;
/** Rounds in which the track is corrected by the phasors' turning. */
const ROUNDS = 6;
/** Level of a harmonic that is steady enough to show where the track is off: quartiles within this ratio. */
const STEADY_RATIO = 1.8;
/** Phasors are medians over 2 × this + 1 blocks: 8.5 s. */
const PHASOR_REACH = 8;
/** How much of the blocks' length the median keeps: all of it for a steady line, little for music or noise. */
const STEADY_FROM = 0.55;
const STEADY_TO = 0.8;
/** A harmonic belongs to the hum where it is steady in so much of the file, and louder than −100 dBFS. */
const LEAST_STEADY = 0.5;
const LEAST_AMPLITUDE = 1e-5;
/** Harmonics needed; a single one may be a held note. */
const LEAST_HARMONICS = 2;

/** Hum that was found. */
export interface Hum {
  readonly mainsHz: number;
  /** Fundamental every COMB_STEP_SEC. */
  readonly track: Float64Array;
  /** Numbers of the harmonics, from 1, that are taken away. */
  readonly harmonics: readonly number[];
  /** [channel][block · 2 · harmonics.length]: phasors every PHASOR_STEP_SEC. */
  readonly phasors: readonly Float32Array[];
  readonly minHz: number;
  readonly maxHz: number;
  /** Level of all harmonics in the loudest channel, dBFS (a full-scale sine has −3). */
  readonly levelDbfs: number;
}

/**
 * The fundamental every COMB_STEP_SEC, or undefined where there is no hum.
 * @param scores of measureCombs, the ranges' one after the other
 */
export function trackHum(scores: Uint8Array): MainsTrack | undefined {
  const width = CANDIDATES_HZ.length;
  const frameCount = scores.length / width;
  let best: MainsTrack | undefined;
  let bestShare = 0;
  if (frameCount < LEAST_FRAMES) return undefined;
  for (const [which, mainsHz] of MAINS_HZ.entries()) {
    const track = new Float64Array(frameCount).fill(mainsHz);
    let speaking = 0;
    for (let frame = 0; frame < frameCount; frame++) {
      const from = Math.max(0, frame - TRACK_REACH);
      const to = Math.min(frameCount, frame + TRACK_REACH + 1);
      const means = new Float64Array(CANDIDATES_PER_MAINS);
      for (let n = from; n < to; n++) {
        for (let c = 0; c < CANDIDATES_PER_MAINS; c++)
          means[c] = means[c]! + scores[n * width + which * CANDIDATES_PER_MAINS + c]! / (to - from);
      }
      const top = means.reduce((highest, value, c) => (value > means[highest]! ? c : highest), 0);
      track[frame] = CANDIDATES_HZ[which * CANDIDATES_PER_MAINS + top]! + GRID_HZ * vertexOf(means, top);
      if (means[top]! >= LEAST_SCORE_DB) speaking++;
    }
    const share = speaking / frameCount;
    if (share >= LEAST_SHARE && share > bestShare) {
      best = { mainsHz, track: smoothed(track, TRACK_REACH / 2) };
      bestShare = share;
    }
  }
  return best;
}

/** Where a parabola through a maximum and its neighbours has its top, −0.5 … 0.5 from the maximum. */
function vertexOf(values: Float64Array, top: number): number {
  const before = values[top - 1] ?? values[top]!;
  const after = values[top + 1] ?? values[top]!;
  const bend = before - 2 * values[top]! + after;
  return bend < 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend))) : 0;
}

/** Running mean under a Hann window of 2 × reach + 1 values. */
function smoothed(values: Float64Array, reach: number): Float64Array {
  return values.map((_, n) => {
    let sum = 0;
    let weights = 0;
    for (let d = -reach; d <= reach; d++) {
      const value = values[n + d];
      if (value === undefined) continue;
      const weight = 0.5 + 0.5 * Math.cos((Math.PI * d) / (reach + 1));
      sum += weight * value;
      weights += weight;
    }
    return sum / weights;
  });
}

/**
 * What the hum is, from the phasors along a track; undefined where nothing stands still.
 * @param blocks [block][channel][2·HARMONICS]; turned in place to the refined track
 */
export function resolveHum(
  { mainsHz, track }: MainsTrack,
  blocks: readonly Float32Array[][],
): Hum | undefined {
  const channelCount = blocks[0]?.length ?? 0;
  const refined = refineTrack(track, blocks);
  const steadiness = (channel: number, k: number): { steady: number; phasors: Float64Array } => {
    const phasors = new Float64Array(2 * blocks.length);
    const re = blocks.map((block) => block[channel]![2 * k]!);
    const im = blocks.map((block) => block[channel]![2 * k + 1]!);
    const lengths = re.map((value, n) => Math.hypot(value, im[n]!));
    let steadyBlocks = 0;
    for (let n = 0; n < blocks.length; n++) {
      const from = Math.min(Math.max(0, n - PHASOR_REACH), Math.max(0, blocks.length - 2 * PHASOR_REACH - 1));
      const to = from + 2 * PHASOR_REACH + 1;
      const middleRe = medianOf(re.slice(from, to));
      const middleIm = medianOf(im.slice(from, to));
      const kept = Math.hypot(middleRe, middleIm) / (medianOf(lengths.slice(from, to)) + 1e-12);
      const share = Math.min(1, Math.max(0, (kept - STEADY_FROM) / (STEADY_TO - STEADY_FROM)));
      if (share > 0.5) steadyBlocks++;
      phasors[2 * n] = share * middleRe;
      phasors[2 * n + 1] = share * middleIm;
    }
    return { steady: steadyBlocks / Math.max(1, blocks.length), phasors };
  };
  const found: { k: number; phasors: Float64Array[] }[] = [];
  for (let k = 0; k < HARMONICS; k++) {
    const channels = Array.from({ length: channelCount }, (_, channel) => steadiness(channel, k));
    const isHum = channels.some(
      ({ steady, phasors }) => steady >= LEAST_STEADY && rmsOf(phasors) > LEAST_AMPLITUDE,
    );
    if (isHum) found.push({ k: k + 1, phasors: channels.map(({ phasors }) => phasors) });
  }
  if (found.length < LEAST_HARMONICS || found[0]!.k > 2) return undefined;
  const phasors = Array.from({ length: channelCount }, (_, channel) => {
    const joined = new Float32Array(blocks.length * 2 * found.length);
    for (const [place, harmonic] of found.entries()) {
      const own = harmonic.phasors[channel]!;
      for (let n = 0; n < blocks.length; n++) {
        joined[(n * found.length + place) * 2] = own[2 * n]!;
        joined[(n * found.length + place) * 2 + 1] = own[2 * n + 1]!;
      }
    }
    return joined;
  });
  const power = Math.max(
    ...phasors.map((values) => values.reduce((sum, value) => sum + value * value, 0) / 2 / blocks.length),
  );
  return {
    mainsHz,
    track: refined,
    harmonics: found.map(({ k }) => k),
    phasors,
    minHz: refined.reduce((least, hz) => Math.min(least, hz), Number.POSITIVE_INFINITY),
    maxHz: refined.reduce((most, hz) => Math.max(most, hz), 0),
    levelDbfs: 10 * Math.log10(power),
  };
}

/** Where steady phasors turn from block to block, the track is off by that much: corrects both. */
function refineTrack(track: Float64Array, blocks: readonly Float32Array[][]): Float64Array {
  const weights = steadyWeights(blocks);
  let refined = track;
  for (let round = 0; round < ROUNDS; round++) {
    const corrected = correctTrack(refined, blocks, weights, round);
    turnPhasors(refined, corrected, blocks);
    refined = corrected;
  }
  return refined;
}

/** [block][channel · HARMONICS + k]: the level of a harmonic where it is steady, else 0. */
function steadyWeights(blocks: readonly Float32Array[][]): Float64Array[] {
  const channelCount = blocks[0]?.length ?? 0;
  const weights = blocks.map(() => new Float64Array(channelCount * HARMONICS));
  for (let channel = 0; channel < channelCount; channel++) {
    for (let k = 0; k < HARMONICS; k++) {
      const lengths = blocks.map((block) => Math.hypot(block[channel]![2 * k]!, block[channel]![2 * k + 1]!));
      for (let n = 0; n < blocks.length; n++) {
        const near = sortedOf(lengths.slice(Math.max(0, n - PHASOR_REACH), n + PHASOR_REACH + 1));
        const low = near[near.length >> 2]!;
        const high = near[(3 * near.length) >> 2]!;
        if (low > LEAST_AMPLITUDE / 3 && high < STEADY_RATIO * low)
          weights[n]![channel * HARMONICS + k] = low * (low / high) ** 4;
      }
    }
  }
  return weights;
}

/** The first rounds look at low harmonics alone, whose turns are unambiguous. */
function correctTrack(
  track: Float64Array,
  blocks: readonly Float32Array[][],
  weights: readonly Float64Array[],
  round: number,
): Float64Array {
  const highest = Math.min(HARMONICS, 4 << round);
  const errorsHz = new Float64Array(blocks.length);
  for (let n = 1; n < blocks.length; n++) {
    let sum = 0;
    let weightSum = 0;
    for (const [channel, values] of blocks[n]!.entries()) {
      const before = blocks[n - 1]![channel]!;
      for (let k = 0; k < highest; k++) {
        const weight = weights[n]![channel * HARMONICS + k]! * (k + 1) ** 2;
        if (weight === 0) continue;
        const re = values[2 * k]! * before[2 * k]! + values[2 * k + 1]! * before[2 * k + 1]!;
        const im = values[2 * k + 1]! * before[2 * k]! - values[2 * k]! * before[2 * k + 1]!;
        sum += (weight * Math.atan2(im, re)) / (2 * Math.PI * (k + 1));
        weightSum += weight;
      }
    }
    errorsHz[n] = weightSum > 0 ? sum / weightSum / PHASOR_STEP_SEC : 0;
  }
  errorsHz[0] = errorsHz[1] ?? 0;
  const smooth = smoothed(errorsHz, round < 2 ? PHASOR_REACH : PHASOR_REACH / 2);
  return track.map((hz, n) => {
    // The turning from one block to the next lies half-way between the two.
    const block = (n * COMB_STEP_SEC) / PHASOR_STEP_SEC;
    const here = smooth[Math.min(block, smooth.length - 1)] ?? 0;
    return hz + (here + (smooth[Math.min(block + 1, smooth.length - 1)] ?? 0)) / 2;
  });
}

/** Turns the phasors of one track into those of another. */
function turnPhasors(before: Float64Array, after: Float64Array, blocks: readonly Float32Array[][]): void {
  const phaseBefore = createPhase(before);
  const phaseAfter = createPhase(after);
  for (const [n, block] of blocks.entries()) {
    const sec = n * PHASOR_STEP_SEC;
    const turn = 2 * Math.PI * (phaseAfter(sec) - phaseBefore(sec));
    for (const values of block) {
      for (let k = 0; k < HARMONICS; k++) {
        const cosine = Math.cos(turn * (k + 1));
        const sine = -Math.sin(turn * (k + 1));
        const re = values[2 * k]!;
        const im = values[2 * k + 1]!;
        values[2 * k] = re * cosine - im * sine;
        values[2 * k + 1] = re * sine + im * cosine;
      }
    }
  }
}

function rmsOf(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length / 2));
}

function medianOf(values: readonly number[]): number {
  return sortedOf(values)[values.length >> 1] ?? 0;
}

function sortedOf(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}
