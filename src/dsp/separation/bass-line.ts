// The bass line of a song: the fundamental of its bass in each frame, and the share of each low cell that its harmonics
// explain. Method: the strongest comb of six harmonics among fundamentals from 38 to 170 Hz, over five frames; where the
// comb holds nearly all that sounds below 1 kHz, its harmonics are expected to fall off as a bass string's do. One line
// only; chords and songs without a bass give shares near 0.
import type { Cues } from './cues.js';
import type { FrameGrid } from './frame-grid.js';

const LOWEST_HZ = 38;
const HIGHEST_HZ = 170;
const STEPS_PER_OCTAVE = 24;
const TOP_HZ = 1000;
const HARMONICS = 6;
/** Weight of a harmonic in the comb over the one below it. */
const COMB_DECAY = 0.7;
/** How much counts against a comb what lies half way between its harmonics. */
const BETWEEN_WEIGHT = 0.5;
/** Magnitude that is expected of a harmonic over the one below it. */
const ROLL_OFF = 0.6;
/** Bins around a harmonic that belong to it: half a Hann window's main lobe. */
const LOBE_BINS = 2;
const COMB_BINS = 1.6;
/** Below this frequency all sounds as a bass does, also what is struck. */
const ALWAYS_TONAL_HZ = 200;
/** Share of the comb in what sounds from which a line begins to count, and from which it counts whole. */
const FAINT_SHARE = 0.75;
const SURE_SHARE = 0.96;

/** Frames at both sides that a frame's fundamental depends on. */
export const BASS_LINE_REACH = 2;

export interface BassLine {
  /** Bins of a row. */
  readonly binCount: number;
  /** Shares from 0 to 1 of the frame of cues `frameIndex`, [bin]; valid until the next call. */
  shareOf(frameIndex: number): Float32Array;
}

/** The line of the frames of `cues`, whose first and last BASS_LINE_REACH frames it cannot tell. */
export function trackBassLine(grid: FrameGrid, cues: Cues): BassLine {
  const { hzPerBin } = grid;
  const { frameCount, magnitude } = cues;
  const stepCount = Math.round(STEPS_PER_OCTAVE * Math.log2(HIGHEST_HZ / LOWEST_HZ)) + 1;
  const f0s = Float64Array.from({ length: stepCount }, (_, k) => LOWEST_HZ * 2 ** (k / STEPS_PER_OCTAVE));
  const binCount = Math.min(grid.binCount, Math.ceil(TOP_HZ / hzPerBin) + LOBE_BINS);
  const salience = new Float32Array(frameCount * stepCount);
  const tonal = new Float64Array(binCount);
  for (let t = 0; t < frameCount; t++) {
    for (let bin = 0; bin < binCount; bin++)
      tonal[bin] = Math.sqrt(magnitude[t * grid.binCount + bin]!) * tonalShare(cues, grid, t, bin);
    for (let k = 0; k < stepCount; k++) salience[t * stepCount + k] = combOf(tonal, f0s[k]! / hzPerBin);
  }
  const share = new Float32Array(binCount);

  /** Bins from one harmonic to the next of the frame's strongest comb; undefined where there is none. */
  const spacingAt = (t: number): number | undefined => {
    let best = 0;
    let found: number | undefined;
    for (let k = 0; k < stepCount; k++) {
      let sum = 0;
      for (let d = -BASS_LINE_REACH; d <= BASS_LINE_REACH; d++)
        sum += salience[(t + d) * stepCount + k]! / (1 + Math.abs(d));
      if (sum <= best) continue;
      best = sum;
      found = f0s[k]! / hzPerBin;
    }
    return found;
  };
  /** How much of what sounds in the frame lies on the comb. */
  const combShare = (t: number, spacing: number): number => {
    let inside = 0;
    let all = 1e-20;
    for (let bin = 1; bin < binCount; bin++) {
      const power = magnitude[t * grid.binCount + bin]! ** 2 * tonalShare(cues, grid, t, bin);
      const harmonic = Math.round(bin / spacing);
      all += power;
      if (harmonic > 0 && Math.abs(bin - harmonic * spacing) < COMB_BINS) inside += power;
    }
    return inside / all;
  };

  return {
    binCount,
    shareOf(t) {
      share.fill(0);
      const spacing = spacingAt(t);
      if (spacing === undefined) return share;
      const sure = (combShare(t, spacing) - FAINT_SHARE) / (SURE_SHARE - FAINT_SHARE);
      if (sure <= 0) return share;
      const row = magnitude.subarray(t * grid.binCount, t * grid.binCount + binCount);
      // Small speakers and synthesisers may leave the fundamental weak: the second harmonic tells the level as well.
      const first = Math.max(peakNear(row, spacing), peakNear(row, 2 * spacing) / ROLL_OFF);
      for (let harmonic = 1; harmonic * spacing < binCount - LOBE_BINS; harmonic++) {
        const expected = first * ROLL_OFF ** (harmonic - 1);
        const centre = harmonic * spacing;
        for (let bin = Math.ceil(centre - LOBE_BINS); bin <= centre + LOBE_BINS; bin++) {
          const lobe = Math.cos((Math.PI / 2) * ((bin - centre) / LOBE_BINS));
          const ratio = (expected * lobe) / (row[bin]! + 1e-12);
          share[bin] = Math.max(share[bin]!, Math.min(1, sure) * Math.min(1, ratio * ratio));
        }
      }
      return share;
    },
  };
}

/** How tonal a cell is: what holds on against what is struck. */
function tonalShare(
  { struck, steady }: Cues,
  { binCount, hzPerBin }: FrameGrid,
  t: number,
  bin: number,
): number {
  if (bin * hzPerBin < ALWAYS_TONAL_HZ) return 1;
  const at = t * binCount + bin;
  const held = steady[at]! * steady[at]!;
  return held / (held + struck[at]! * struck[at]! + 1e-20);
}

/** Strength of the comb whose harmonics lie `spacing` bins apart. */
function combOf(row: Float64Array, spacing: number): number {
  let sum = 0;
  let weight = 1;
  for (let harmonic = 1; harmonic <= HARMONICS; harmonic++, weight *= COMB_DECAY) {
    const at = harmonic * spacing;
    if (at + 1 >= row.length) break;
    sum += weight * (valueAt(row, at) - BETWEEN_WEIGHT * valueAt(row, at - spacing / 2));
  }
  return sum;
}

function valueAt(row: Float64Array, at: number): number {
  const index = Math.floor(at);
  return row[index]! + (at - index) * (row[index + 1]! - row[index]!);
}

function peakNear(row: Float32Array, at: number): number {
  const middle = Math.round(at);
  let peak = 0;
  for (let bin = Math.max(0, middle - 1); bin <= Math.min(row.length - 1, middle + 1); bin++)
    peak = Math.max(peak, row[bin]!);
  return peak;
}
