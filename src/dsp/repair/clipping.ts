// Clipped peaks: found as flat tops at the file's own ceiling, and rebuilt from the sound beside them.
// The missing samples are interpolated by an autoregressive fit, under the condition that they lie beyond the ceiling;
// fit and samples improve each other over a few rounds. Soft clipping leaves no flat tops and is not found.
//
// @source Janssen, Veldhuis & Vries 1986; consistency as in Záviška et al., A survey and an extensive evaluation of
//   popular audio declipping methods, IEEE J. Sel. Top. Signal Process. 15(1), 2021
import type { FrameSource } from '../resample.js';
import { createWindow } from '../stft.js';
import { fitAutoregression, interpolateMarked, LARGEST_MARKED_SHARE } from './autoregression.js';
import { type DamagedRegion, repairByStretches, STRETCH_FRAMES, type StretchDamage } from './repair-range.js';

const ORDER = 32;
const ROUNDS = 4;
/** A flat top has at least so many samples … */
const SHORTEST_RUN = 3;
/** … within this distance of each other, as a share of the ceiling. */
const FLATNESS = 2e-4;
/** Longer tops (1.3 ms at 48 kHz) are beyond what the fit can foretell: they stay as they are. */
const LONGEST_RUN = 64;
/** Rebuilt peaks rise at most 3.5 dB above the ceiling. */
const HIGHEST_RATIO = 1.5;

/** The ceilings of a file, per sign: the level at which peaks are cut, or Infinity where they are not. */
export interface ClipCeilings {
  readonly positive: number;
  readonly negative: number;
}

/** Extremes of a part of a file, and the samples in flat runs at them. Parts are joined by `joinExtremes`. */
export interface FlatTops {
  readonly peak: number;
  /** Runs of SHORTEST_RUN samples or more that lie at the peak. */
  readonly runCount: number;
}

/** Flat tops of one sign (+1, -1) in a block of samples. */
export function measureFlatTops(samples: Float32Array | Float64Array, sign: 1 | -1): FlatTops {
  let peak = 0;
  for (const value of samples) peak = Math.max(peak, sign * value);
  if (!(peak > 0)) return { peak: 0, runCount: 0 };
  const floor = peak * (1 - FLATNESS);
  let runCount = 0;
  let length = 0;
  for (const value of samples) {
    length = sign * value >= floor ? length + 1 : 0;
    if (length === SHORTEST_RUN) runCount++;
  }
  return { peak, runCount };
}

/** Two parts as one: the higher peak's runs count, or both where they are equal. */
export function joinFlatTops(a: FlatTops, b: FlatTops): FlatTops {
  const [high, low] = a.peak >= b.peak ? [a, b] : [b, a];
  const isSameLevel = low.peak >= high.peak * (1 - FLATNESS);
  return { peak: high.peak, runCount: high.runCount + (isSameLevel ? low.runCount : 0) };
}

/** The ceiling that flat tops mean: Infinity where they are fewer than `leastRuns`, as chance may make one. */
export function ceilingOf(tops: FlatTops, leastRuns = 2): number {
  return tops.runCount >= leastRuns ? tops.peak * (1 - FLATNESS) : Number.POSITIVE_INFINITY;
}

/**
 * Finds clipped peaks in a range, and rebuilds them where `output` is given. `severityDb` of a region is its length in
 * samples against the shortest run, in dB.
 * @param ceilings per channel
 */
export function repairClipping(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  ceilings: readonly ClipCeilings[],
  output?: readonly Float64Array[],
): DamagedRegion[] {
  const window = createWindow('hann', STRETCH_FRAMES);
  const isMarked = new Uint8Array(STRETCH_FRAMES);
  return repairByStretches(source, startFrame, endFrame, output, (stretch, channel) => {
    const runs = findRuns(stretch, ceilings[channel]!);
    if (runs.length === 0 || output === undefined) return runs;
    const clipped = stretch.slice();
    for (let round = 0; round < ROUNDS; round++) {
      isMarked.fill(0);
      for (const { start, end } of runs) isMarked.fill(1, start, end);
      interpolateMarked(stretch, isMarked, fitAutoregression(stretch, ORDER, window));
      holdBeyond(stretch, clipped, runs);
    }
    return runs;
  });
}

function findRuns(stretch: Float64Array, { positive, negative }: ClipCeilings): StretchDamage[] {
  const runs: StretchDamage[] = [];
  for (let n = ORDER; n < stretch.length - ORDER; n++) {
    const sign = stretch[n]! >= positive ? 1 : -stretch[n]! >= negative ? -1 : 0;
    if (sign === 0) continue;
    let end = n + 1;
    while (end < stretch.length - ORDER && sign * stretch[end]! >= (sign > 0 ? positive : negative)) end++;
    if (end - n >= SHORTEST_RUN && end - n <= LONGEST_RUN) {
      runs.push({ start: n, end, severityDb: 20 * Math.log10((end - n) / SHORTEST_RUN) });
    }
    n = end;
  }
  const markedFrames = runs.reduce((sum, { start, end }) => sum + end - start, 0);
  return markedFrames > LARGEST_MARKED_SHARE * stretch.length ? [] : runs;
}

/** Samples that fell below the ceiling go back to it; none rises beyond reason. */
function holdBeyond(stretch: Float64Array, clipped: Float64Array, runs: readonly StretchDamage[]): void {
  for (const { start, end } of runs) {
    for (let n = start; n < end; n++) {
      const sign = Math.sign(clipped[n]!);
      const ceiling = Math.abs(clipped[n]!);
      const beyond = Math.min(Math.max(sign * stretch[n]!, ceiling), HIGHEST_RATIO * ceiling);
      stretch[n] = sign * beyond;
    }
  }
}
