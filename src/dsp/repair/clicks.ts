// Clicks and crackle: samples that the sound around them does not explain, found and replaced.
// A click is a short burst in the excitation of an autoregressive fit that stands out from the excitation before and
// after it; the beginning of a note stands out from what was before only, and is left alone. Samples are interpolated
// by the same fit. Bursts longer than 3 ms (thumps, dropouts) are not its matter.
//
// @source Vaseghi & Rayner, Detection and suppression of impulsive noise in speech communication systems, IEE Proc. I
//   137, 1990; Godsill & Rayner, Digital Audio Restoration, 1998, ch. 5

import type { FrameSource } from '../resample.js';
import { createWindow } from '../stft.js';
import { exciteOf, fitAutoregression, interpolateMarked, LARGEST_MARKED_SHARE } from './autoregression.js';
import { type DamagedRegion, repairByStretches, STRETCH_FRAMES, type StretchDamage } from './repair-range.js';

export interface ClickOptions {
  /** Level of a click's excitation above that of its surroundings from which it is repaired, in dB. */
  readonly thresholdDb: number;
}

export const DEFAULT_CLICK_OPTIONS: ClickOptions = { thresholdDb: 30 };

const ORDER = 64;
/** Excitation on both sides that a click is compared with. */
const SIDE_FRAMES = 192;
const LONGEST_MS = 3;
/** Samples beside a burst that are replaced as well: it has a tail below the threshold. */
const SKIRT_FRAMES = 3;
/** Share of the threshold at which a burst ends. */
const EDGE_RATIO = 0.35;
/** Excitation below this (−120 dBFS) is rounding, not sound. */
const QUIETEST = 1e-6;

/**
 * Finds clicks in a range, and repairs them where `output` is given. A range without clicks is copied bit for bit.
 * `severityDb` of a region is its peak excitation against the surroundings.
 */
export function repairClicks(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  options: ClickOptions,
  output?: readonly Float64Array[],
): DamagedRegion[] {
  const window = createWindow('hann', STRETCH_FRAMES);
  const longest = Math.round((LONGEST_MS / 1000) * source.sampleRateHz);
  const threshold = 10 ** (options.thresholdDb / 20);
  return repairByStretches(source, startFrame, endFrame, output, (stretch, _channel, stretchStart) => {
    // Where a file begins or ends in the middle of a wave there is a step, and no click.
    const isInside = ({ start, end }: StretchDamage) =>
      stretchStart + start > ORDER && stretchStart + end < source.frameCount - ORDER;
    const fit = fitAutoregression(stretch, ORDER, window);
    const found = findClicks(stretch, fit, threshold, longest).filter(isInside);
    if (found.length === 0) return found;
    // The clicks themselves spoil the fit: mend them, fit again, and look and mend anew.
    const mended = stretch.slice();
    interpolateMarked(mended, markOf(found), fit);
    const coefficients = fitAutoregression(mended, ORDER, window);
    const clicks = findClicks(stretch, coefficients, threshold, longest).filter(isInside);
    interpolateMarked(stretch, markOf(clicks), coefficients);
    return clicks;
  });
}

function findClicks(
  stretch: Float64Array,
  coefficients: Float64Array,
  threshold: number,
  longest: number,
): StretchDamage[] {
  const forward = exciteOf(stretch, coefficients, 1);
  const typical = Math.max(medianOf(forward, 0, forward.length), QUIETEST);
  let loudest = 0;
  for (let n = 0; n < forward.length; n++) if (forward[n]! > loudest) loudest = forward[n]!;
  if (!(loudest > threshold * typical)) return [];
  // Against time the excitation of a click begins at its end: the two together bound it.
  const backward = exciteOf(stretch, coefficients, -1);
  const edge = EDGE_RATIO * threshold * typical;
  const clicks: StretchDamage[] = [];
  for (let n = ORDER; n < stretch.length - ORDER; n++) {
    if (!(forward[n]! > threshold * typical)) continue;
    let last = n;
    let peak = forward[n]!;
    for (let k = n + 1; k < stretch.length - ORDER && k - last <= ORDER; k++) {
      if (forward[k]! > edge) last = k;
      peak = Math.max(peak, forward[k]!);
    }
    let end = last + 1;
    while (end > n + 1 && !(backward[end - 1]! > edge)) end--;
    const before = medianOf(forward, n - SIDE_FRAMES, n - SKIRT_FRAMES);
    const after = medianOf(forward, last + 1, last + 1 + SIDE_FRAMES);
    const around = Math.max(before, after, QUIETEST);
    if (peak > threshold * around && end - n <= longest) {
      const start = Math.max(ORDER, n - SKIRT_FRAMES);
      clicks.push({ start, end: end + SKIRT_FRAMES, severityDb: 20 * Math.log10(peak / around) });
    }
    n = last;
  }
  const markedFrames = clicks.reduce((sum, { start, end }) => sum + end - start, 0);
  return markedFrames > LARGEST_MARKED_SHARE * stretch.length ? [] : clicks;
}

function markOf(clicks: readonly StretchDamage[]): Uint8Array {
  const isMarked = new Uint8Array(STRETCH_FRAMES);
  for (const { start, end } of clicks) isMarked.fill(1, start, end);
  return isMarked;
}

/** Median of values[from … to), cut to the array; 0 where that is empty. */
function medianOf(values: Float64Array, from: number, to: number): number {
  const part = values.slice(Math.max(ORDER, from), Math.max(ORDER, to));
  return part.length === 0 ? 0 : select(part, part.length >> 1);
}

/** The value that would stand at `rank` if the values were sorted; changes their order. @source Hoare 1961 */
function select(values: Float64Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const value = values[left]!;
      values[left++] = values[right]!;
      values[right--] = value;
    }
    if (rank <= right) high = right;
    else if (rank >= left) low = left;
    else break;
  }
  return values[rank]!;
}
