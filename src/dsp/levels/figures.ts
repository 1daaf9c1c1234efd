// Figures of dynamics and of the stereo image out of a programme's levels. Every figure is null where there is no sound;
// level differences that have no bound (one silent channel, opposite channels) stop at ±120 dB.
import { gainToDb, powerToDb } from '../../units.js';
import type { Levels } from './level-meter.js';

export interface Dynamics {
  readonly rmsDbfs: number | null;
  readonly crestFactorDb: number | null;
  readonly dcOffset: number | null;
  readonly clippedSampleCount: number;
  readonly clippedRunCount: number;
  readonly noiseFloorDbfs: number | null;
  readonly dynamicRangeDb: number | null;
}

export interface StereoImage {
  readonly correlation: number | null;
  readonly sideToMidDb: number | null;
  readonly monoLossDb: number | null;
  readonly balanceDb: number | null;
}

const LARGEST_DIFFERENCE_DB = 120;
/** Hops of 100 ms in the window of the noise floor. */
const NOISE_WINDOW_HOPS = 5;

/** Level, crest factor, offset, clipping, noise floor and dynamic range. */
export function dynamicsFigures(levels: Levels): Dynamics {
  const { frameCount, sums, squares, peaks, clippedSampleCount, clippedRunCount } = levels;
  const channelCount = sums.length;
  const meanSquare = total(squares) / (frameCount * channelCount);
  const peak = Math.max(...peaks);
  const isSilent = !(meanSquare > 0);
  const worstSum = sums.reduce((worst, sum) => (Math.abs(sum) > Math.abs(worst) ? sum : worst), 0);
  return {
    rmsDbfs: isSilent ? null : powerToDb(meanSquare),
    crestFactorDb: isSilent ? null : gainToDb(peak) - powerToDb(meanSquare),
    dcOffset: isSilent ? null : worstSum / frameCount,
    clippedSampleCount,
    clippedRunCount,
    noiseFloorDbfs: noiseFloor(levels.hopMeans),
    dynamicRangeDb: dynamicRange(levels),
  };
}

/** Level of the quietest half second, whose hops all hold sound: digital silence is an edit, not noise. */
function noiseFloor(hopMeans: Float64Array): number | null {
  let quietest = Number.POSITIVE_INFINITY;
  for (let from = 0; from + NOISE_WINDOW_HOPS <= hopMeans.length; from++) {
    let sum = 0;
    let softest = Number.POSITIVE_INFINITY;
    for (let i = from; i < from + NOISE_WINDOW_HOPS; i++) {
      sum += hopMeans[i]!;
      softest = Math.min(softest, hopMeans[i]!);
    }
    if (softest > 0) quietest = Math.min(quietest, sum / NOISE_WINDOW_HOPS);
  }
  return Number.isFinite(quietest) ? powerToDb(quietest) : null;
}

/**
 * The second-highest 3 s peak over the level of the loudest fifth of the 3 s blocks, mean of the channels.
 * @source Pleasurize Music Foundation, "Measuring Dynamics: Comparing Algorithms" (DR), 2009
 */
function dynamicRange({ blockMeans, blockPeaks, sums }: Levels): number | null {
  const channelCount = sums.length;
  const blockCount = blockMeans.length / channelCount;
  if (blockCount < 2) return null;
  const ranges: number[] = [];
  for (let channel = 0; channel < channelCount; channel++) {
    const ofChannel = (values: Float64Array): number[] =>
      Array.from({ length: blockCount }, (_, i) => values[i * channelCount + channel]!).sort((a, b) => b - a);
    const loudest = ofChannel(blockMeans).slice(0, Math.max(1, Math.floor(blockCount / 5)));
    const peak = ofChannel(blockPeaks)[1]!;
    // A full-scale sine has 0 dB by this definition, hence the factor of two.
    const power = (2 * total(loudest)) / loudest.length;
    if (power > 0 && peak > 0) ranges.push(gainToDb(peak) - powerToDb(power));
  }
  return ranges.length === 0 ? null : total(ranges) / ranges.length;
}

/** Image of the first two channels; all null for one channel. */
export function stereoFigures({ squares, product }: Levels): StereoImage {
  const none: StereoImage = { correlation: null, sideToMidDb: null, monoLossDb: null, balanceDb: null };
  const [left, right] = squares;
  if (left === undefined || right === undefined || left + right === 0) return none;
  const mid = (left + right + 2 * product) / 4;
  const side = (left + right - 2 * product) / 4;
  return {
    correlation: correlationOf(left, right, product),
    sideToMidDb: ratioDb(side, mid),
    monoLossDb: ratioDb((left + right) / 2, mid),
    balanceDb: ratioDb(right, left),
  };
}

/** Σlr over √(Σl²·Σr²), −1 to 1; null where a channel is silent. */
export function correlationOf(left: number, right: number, product: number): number | null {
  return left > 0 && right > 0 ? clamp(product / Math.sqrt(left * right), 1) : null;
}

/** A ratio of powers in dB, within ±120. */
export function ratioDb(a: number, b: number): number {
  // Differences of equal sums may end a rounding error below zero.
  return clamp(powerToDb(Math.max(a, 0) / Math.max(b, Number.MIN_VALUE)), LARGEST_DIFFERENCE_DB);
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}

function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
