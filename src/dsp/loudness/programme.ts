// Puts the parts of a programme together, in order, into its loudness figures. Windows across the borders of ranges
// are summed from the ticks at either side, so the cut into ranges shows in no figure.
import { gainToDb, roundTo } from '../../units.js';
import { concat } from '../concat.js';
import {
  integratedLoudness,
  loudnessOf,
  loudnessRange,
  MOMENTARY_HOPS,
  SHORT_TERM_HOPS,
  windowMeans,
} from './gating.js';
import {
  type LoudnessPart,
  largestWindow,
  MOMENTARY_TICKS,
  SHORT_TERM_TICKS,
  TICKS_PER_HOP,
  TICKS_PER_SEC,
} from './meter.js';

/** Figures of a programme; null where there is no sound, or too little for the figure. */
export interface Loudness {
  readonly integratedLufs: number | null;
  readonly loudnessRangeLu: number | null;
  readonly momentaryMaxLufs: number | null;
  readonly shortTermMaxLufs: number | null;
  readonly truePeakDbtp: number | null;
  readonly samplePeakDbfs: number | null;
  /** True peak minus integrated loudness. */
  readonly plrLu: number | null;
}

/** Loudness at 10 Hz: the value at index i is that of the window that ends (i + 1) × 0.1 s after the start. */
export interface LoudnessHistory {
  readonly momentaryLufs: readonly (number | null)[];
  readonly shortTermLufs: readonly (number | null)[];
}

/** One mono channel that will be played on two speakers is 3.01 LU louder there. */
export const DUAL_MONO_LU = 10 * Math.log10(2);

/** The whole programme's parts as one. */
export function joinParts(parts: readonly LoudnessPart[]): LoudnessPart {
  let head: Float64Array = new Float64Array(0);
  let tail: Float64Array = new Float64Array(0);
  let momentaryMax = 0;
  let shortTermMax = 0;
  for (const part of parts) {
    momentaryMax = Math.max(momentaryMax, part.momentaryMax, acrossBorder(tail, part, MOMENTARY_TICKS));
    shortTermMax = Math.max(shortTermMax, part.shortTermMax, acrossBorder(tail, part, SHORT_TERM_TICKS));
    if (head.length < SHORT_TERM_TICKS)
      head = concat(Float64Array, [head, part.headTicks]).slice(0, SHORT_TERM_TICKS);
    tail = concat(Float64Array, [tail, part.tailTicks]).slice(-SHORT_TERM_TICKS);
  }
  return {
    hops: concat(
      Float64Array,
      parts.map(({ hops }) => hops),
    ),
    headTicks: head,
    tailTicks: tail,
    momentaryMax,
    shortTermMax,
    truePeaks: largestByChannel(parts.map((part) => part.truePeaks)),
    samplePeaks: largestByChannel(parts.map((part) => part.samplePeaks)),
    ...(parts[0]?.ticks !== undefined
      ? {
          ticks: {
            ticksPerLevel: parts[0]!.ticks!.ticksPerLevel,
            meanSquares: concat(
              Float32Array,
              parts.map(({ ticks }) => ticks!.meanSquares),
            ),
            peaks: concat(
              Float32Array,
              parts.map(({ ticks }) => ticks!.peaks),
            ),
          },
        }
      : {}),
  };
}

/** Largest sum over windows that begin in `tail` and end in the part. */
function acrossBorder(tail: Float64Array, part: LoudnessPart, length: number): number {
  const before = tail.slice(Math.max(0, tail.length - length + 1));
  return largestWindow(concat(Float64Array, [before, part.headTicks.slice(0, length - 1)]), length);
}

function largestByChannel(peaks: readonly Float64Array[]): Float64Array {
  return (peaks[0] ?? new Float64Array(0)).map((_, channel) =>
    Math.max(...peaks.map((one) => one[channel]!)),
  );
}

/** Mean squares of the hops of 100 ms. */
export function hopMeansOf(part: LoudnessPart, sampleRateHz: number): Float64Array {
  const framesPerHop = (sampleRateHz * TICKS_PER_HOP) / TICKS_PER_SEC;
  const means = new Float64Array(part.hops.length);
  for (let i = 0; i < means.length; i++) means[i] = part.hops[i]! / framesPerHop;
  return means;
}

/** Figures of the whole programme. `offsetLu` is added to every loudness (DUAL_MONO_LU where that is asked for). */
export function loudnessFigures(programme: LoudnessPart, sampleRateHz: number, offsetLu = 0): Loudness {
  const hopMeans = hopMeansOf(programme, sampleRateHz);
  const framesPerTick = sampleRateHz / TICKS_PER_SEC;
  const shifted = (lufs: number | null): number | null => (lufs === null ? null : lufs + offsetLu);
  const integratedLufs = shifted(integratedLoudness(hopMeans));
  const truePeakDbtp = peakDb(programme.truePeaks);
  return {
    integratedLufs,
    loudnessRangeLu: loudnessRange(hopMeans),
    momentaryMaxLufs: shifted(loudnessOf(programme.momentaryMax / (framesPerTick * MOMENTARY_TICKS))),
    shortTermMaxLufs: shifted(loudnessOf(programme.shortTermMax / (framesPerTick * SHORT_TERM_TICKS))),
    truePeakDbtp,
    samplePeakDbfs: peakDb(programme.samplePeaks),
    plrLu: truePeakDbtp === null || integratedLufs === null ? null : truePeakDbtp - integratedLufs,
  };
}

/** Momentary and short-term loudness over time, to `digits` decimals. The first values are null until a window is full. */
export function loudnessHistory(
  programme: LoudnessPart,
  sampleRateHz: number,
  offsetLu = 0,
  digits = 9,
): LoudnessHistory {
  const hopMeans = hopMeansOf(programme, sampleRateHz);
  // Hours of values: each is made once, in an array of its length.
  const trace = (windowHops: number): (number | null)[] => {
    const means = windowMeans(hopMeans, windowHops);
    const values = new Array<number | null>(hopMeans.length).fill(null);
    const first = hopMeans.length - means.length;
    for (let i = 0; i < means.length; i++) {
      const lufs = loudnessOf(means[i]!);
      if (lufs !== null) values[first + i] = roundTo(lufs + offsetLu, digits);
    }
    return values;
  };
  return { momentaryLufs: trace(MOMENTARY_HOPS), shortTermLufs: trace(SHORT_TERM_HOPS) };
}

/** Short-term loudness every `everyHops` × 0.1 s, to `digits` decimals; null until a window is full. */
export function shortTermHistory(
  programme: LoudnessPart,
  sampleRateHz: number,
  everyHops: number,
  digits: number,
): (number | null)[] {
  const hopMeans = hopMeansOf(programme, sampleRateHz);
  const values: (number | null)[] = [];
  for (let end = everyHops; end <= hopMeans.length; end += everyHops) {
    const window = hopMeans.subarray(Math.max(0, end - SHORT_TERM_HOPS), end);
    const lufs =
      window.length < SHORT_TERM_HOPS ? null : loudnessOf(windowMeans(window, SHORT_TERM_HOPS)[0]!);
    values.push(lufs === null ? null : roundTo(lufs, digits));
  }
  return values;
}

/** Level in dB of the largest of some linear peaks; null for silence. */
export function peakDb(peaks: Float64Array): number | null {
  const peak = Math.max(0, ...peaks);
  return peak > 0 ? gainToDb(peak) : null;
}
