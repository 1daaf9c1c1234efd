// Looks for the hum of the mains in a range: lines at multiples of 50 or 60 Hz, and the frequency that they drift to.
// First a comb over long spectra finds the fundamental second by second; then every harmonic is turned down to zero
// frequency along that track, so that what stands still there, block after block, is hum, and what comes and goes is
// music. Blocks lie on a grid of the file; the judgement over the whole file is in hum-track.ts.
import { createResampledReader, type FrameSource } from '../resample.js';
import { createStft, createWindow } from '../stft.js';

/** The low band is looked at at this rate. */
export const LOW_RATE_HZ = 4800;
const FFT_SIZE = 8192;
/** One comb frame a second, from 1.7 s around it. */
export const COMB_STEP_SEC = 1;
/** The mains, and how far the fundamental may be from them: the grid's tolerance, or the pitch error of a tape. */
export const MAINS_HZ = [50, 60] as const;
export const REACH_HZ = 0.7;
export const GRID_HZ = 0.02;
export const CANDIDATES_PER_MAINS = Math.round((2 * REACH_HZ) / GRID_HZ) + 1;
/** Harmonics that the comb counts, and those that are taken away. */
const COMB_HARMONICS = 12;
export const HARMONICS = 32;
/** A harmonic's score: how far its line stands out from 3 to 9 Hz around it, above this, at most so much. */
const LINE_DB = 8;
const LARGEST_LINE_DB = 20;
/** Power of a bin that counts as silence: below −120 dBFS. */
const QUIETEST_POWER = 1e-5;
/** Phasors: one for every half second, from 2 s under a Hann window, which is blind 1 Hz away. */
export const PHASOR_STEP_SEC = 0.5;
const PHASOR_FRAMES = 2 * LOW_RATE_HZ;
/** Levels are means over 100 ms; silence counts as −100 dBFS. */
const LEVEL_FRAMES = LOW_RATE_HZ / 10;
const QUIETEST_MEAN_SQUARE = 1e-10;

/** The fundamental of hum, every COMB_STEP_SEC. */
export interface MainsTrack {
  readonly mainsHz: number;
  readonly track: Float64Array;
}

/** Fundamentals that the comb tries. */
export const CANDIDATES_HZ: readonly number[] = MAINS_HZ.flatMap((mainsHz) =>
  Array.from({ length: CANDIDATES_PER_MAINS }, (_, n) => mainsHz - REACH_HZ + n * GRID_HZ),
);

/**
 * Scores in dB of every candidate in the frames whose time (index · COMB_STEP_SEC) lies inside of the range,
 * [frame · CANDIDATES_HZ.length]. Channels are summed in power.
 */
export function measureCombs(source: FrameSource, startFrame: number, endFrame: number): Uint8Array {
  const low = createResampledReader(source, LOW_RATE_HZ);
  const stft = createStft({ fftSize: FFT_SIZE, hopFrames: FFT_SIZE / 2, window: 'hann' });
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(FFT_SIZE));
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const levelDb = new Float64Array(stft.binCount);
  const indices = gridIn(startFrame, endFrame, COMB_STEP_SEC * source.sampleRateHz);
  const scores = new Uint8Array(indices.length * CANDIDATES_HZ.length);
  for (const [frame, index] of indices.entries()) {
    low.read(Math.round(index * COMB_STEP_SEC * LOW_RATE_HZ) - FFT_SIZE / 2, block);
    levelDb.fill(QUIETEST_POWER);
    for (const samples of block) {
      stft.analyse(samples, 0, re, im);
      for (let k = 0; k < levelDb.length; k++) levelDb[k] = levelDb[k]! + re[k]! ** 2 + im[k]! ** 2;
    }
    for (let k = 0; k < levelDb.length; k++) levelDb[k] = 10 * Math.log10(levelDb[k]!);
    for (const [candidate, hz] of CANDIDATES_HZ.entries())
      scores[frame * CANDIDATES_HZ.length + candidate] = Math.round(scoreOf(levelDb, hz));
  }
  return scores;
}

/** How far the lines at multiples of a frequency stand out, all together, in dB. */
function scoreOf(levelDb: Float64Array, fundamentalHz: number): number {
  let score = 0;
  for (let k = 1; k <= COMB_HARMONICS; k++) {
    const bin = (k * fundamentalHz * FFT_SIZE) / LOW_RATE_HZ;
    let around = 0;
    for (let distance = 5; distance <= 15; distance += 2)
      around += levelDb[Math.round(bin) - distance]! + levelDb[Math.round(bin) + distance]!;
    score += Math.min(Math.max(at(levelDb, bin) - around / 12 - LINE_DB, 0), LARGEST_LINE_DB);
  }
  return score;
}

/** Level between bins, along a straight line. */
function at(levelDb: Float64Array, bin: number): number {
  const low = Math.floor(bin);
  return levelDb[low]! + (bin - low) * (levelDb[low + 1]! - levelDb[low]!);
}

/** Phase of the fundamental in turns at a time, from its frequency every COMB_STEP_SEC, held at both ends. */
export function createPhase(track: Float64Array): (sec: number) => number {
  // Frequency runs straight between the values: the phase is the sum of the trapezes.
  const turns = new Float64Array(track.length);
  for (let n = 1; n < track.length; n++)
    turns[n] = turns[n - 1]! + (COMB_STEP_SEC * (track[n]! + track[n - 1]!)) / 2;
  const last = track.length - 1;
  return (sec) => {
    const place = sec / COMB_STEP_SEC;
    const n = Math.min(Math.max(Math.floor(place), 0), last);
    const next = Math.min(n + 1, last);
    const ahead = sec - n * COMB_STEP_SEC;
    const slope = (track[next]! - track[n]!) / COMB_STEP_SEC;
    return turns[n]! + ahead * (track[n]! + (slope * ahead) / 2);
  };
}

/**
 * Phasors of the harmonics in blocks whose time (index · PHASOR_STEP_SEC) lies inside of the range: twice the mean of
 * x · exp(-i·k·φ) under the window, [block][channel][2·HARMONICS] real and imaginary. Quiet moments count more, by
 * their level: hum is best seen where nothing else is.
 */
export function measurePhasors(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  track: Float64Array,
): Float32Array[][] {
  const low = createResampledReader(source, LOW_RATE_HZ);
  const phaseAt = createPhase(track);
  const window = createWindow('hann', PHASOR_FRAMES);
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(PHASOR_FRAMES));
  const weighted = block.map(() => new Float64Array(PHASOR_FRAMES));
  const blocks: Float32Array[][] = [];
  const sums = block.map(() => new Float64Array(2 * HARMONICS));
  for (const index of gridIn(startFrame, endFrame, PHASOR_STEP_SEC * source.sampleRateHz)) {
    const start = Math.round(index * PHASOR_STEP_SEC * LOW_RATE_HZ) - PHASOR_FRAMES / 2;
    low.read(start, block);
    for (const sum of sums) sum.fill(0);
    for (const [channel, samples] of block.entries()) weighByQuiet(samples, window, weighted[channel]!);
    for (let n = 0; n < PHASOR_FRAMES; n++) {
      const angle = 2 * Math.PI * phaseAt((start + n) / LOW_RATE_HZ);
      const stepRe = Math.cos(angle);
      const stepIm = -Math.sin(angle);
      for (const [channel, sum] of sums.entries()) {
        const value = weighted[channel]![n]!;
        let turnRe = stepRe;
        let turnIm = stepIm;
        for (let k = 0; k < HARMONICS; k++) {
          sum[2 * k] = sum[2 * k]! + value * turnRe;
          sum[2 * k + 1] = sum[2 * k + 1]! + value * turnIm;
          const nextRe = turnRe * stepRe - turnIm * stepIm;
          turnIm = turnRe * stepIm + turnIm * stepRe;
          turnRe = nextRe;
        }
      }
    }
    blocks.push(sums.map((sum) => Float32Array.from(sum)));
  }
  return blocks;
}

/** 2 · window · samples / level, so that a sine of amplitude 1 gives a phasor of length 1. */
function weighByQuiet(samples: Float64Array, window: Float64Array, into: Float64Array): void {
  let power = 0;
  for (let n = 0; n < LEVEL_FRAMES; n++) power += samples[n]! ** 2;
  let weights = 0;
  for (let n = 0; n < samples.length; n++) {
    const from = n - LEVEL_FRAMES / 2;
    if (from > 0 && from + LEVEL_FRAMES <= samples.length)
      power += samples[from + LEVEL_FRAMES - 1]! ** 2 - samples[from - 1]! ** 2;
    const weight = window[n]! / (Math.max(0, power) / LEVEL_FRAMES + QUIETEST_MEAN_SQUARE);
    weights += weight;
    into[n] = 2 * weight * samples[n]!;
  }
  for (let n = 0; n < into.length; n++) into[n] = into[n]! / weights;
}

/** Indices whose frame lies inside of [startFrame, endFrame). */
function gridIn(startFrame: number, endFrame: number, stepFrames: number): number[] {
  const indices: number[] = [];
  for (let index = Math.ceil(startFrame / stepFrames); index * stepFrames < endFrame; index++)
    indices.push(index);
  return indices;
}
