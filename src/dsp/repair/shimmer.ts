// Metallic shimmer of generated, separated or heavily coded music: narrow lines above 4 kHz that flicker. A line stands
// out from its neighbours in frequency, and it is flicker where it cannot be followed for longer than a note lasts, within
// the slide of a vibrato. Transients are broad and stand out from nothing; sung and played harmonics can be followed;
// noise is broad. What is flicker is turned down to the level of its neighbours, never deeper than a limit.
// Not its matter: lines that never move (still-lines.ts), a whole band that pumps, and what lies below 4 kHz.
import { dbToGain, dbToPower, powerToDb } from '../../units.js';
import type { FrameSource } from '../resample.js';
import { AROUND_BINS, LEAK_BINS, levelAround, QUIETEST_POWER, SHIMMER_LOW_HZ } from './shimmer-lines.js';
import {
  type FrameGains,
  fftSizeFor,
  readSpectra,
  type SpectralRule,
  type SpectraWindow,
} from './spectral-repair.js';

export interface ShimmerOptions {
  readonly sampleRateHz: number;
  /** Deepest gain, in dB. */
  readonly maxReductionDb: number;
  /** Only looks for what is surely a line, as measure of whether there is any shimmer. */
  readonly isSearch?: boolean;
}

const FRAME_SEC = 0.021;
const HOPS_PER_FRAME = 4;
/** A line stands out by this from the strong bins around it: where shimmer is looked for, and where it is known. */
const SURE_LINE_DB = 9;
const LINE_DB = 6;
/** What is turned down comes this far below the strong bins, among the weak ones. */
const BELOW_DB = 4;
/** Shimmer rains: clean music has up to 3 % of its bins above 4 kHz in such lines, by chance; less than this is no shimmer … */
const SHIMMER_SHARE = 0.04;
/** … unless lines that stand still tell of it as well. */
const SHARE_BESIDE_STILL_LINES = 0.012;
/** A line that can be followed for this long is music. */
const MUSIC_SEC = 0.085;
/**
 * It is followed as long as it stays within this of where it was looked at, moving so many bins a frame: widely where
 * shimmer is looked for, closely (no singer slides faster) where it is known to be there.
 */
const FOLLOW_WIDELY = { withinDb: 8, slideBins: 2 };
const FOLLOW_CLOSELY = { withinDb: 6, slideBins: 1 };

function shimmerGrid(sampleRateHz: number): { fftSize: number; hopFrames: number; lowBin: number } {
  const fftSize = fftSizeFor(FRAME_SEC, sampleRateHz);
  return {
    fftSize,
    hopFrames: fftSize / HOPS_PER_FRAME,
    lowBin: Math.max(AROUND_BINS + LEAK_BINS + 1, Math.ceil((SHIMMER_LOW_HZ * fftSize) / sampleRateHz)),
  };
}

/** The rule. At rates without a band above 4 kHz it does nothing. */
export function createShimmerRule(options: ShimmerOptions): SpectralRule {
  const { fftSize, hopFrames, lowBin } = shimmerGrid(options.sampleRateHz);
  const contextFrames = Math.ceil((MUSIC_SEC * options.sampleRateHz) / hopFrames) + 1;
  const floorGain = dbToGain(-options.maxReductionDb);
  const isSearch = options.isSearch === true;
  const line = dbToPower(isSearch ? SURE_LINE_DB : LINE_DB);
  const follow = isSearch ? FOLLOW_WIDELY : FOLLOW_CLOSELY;
  return {
    fftSize,
    hopFrames,
    contextFrames,
    decide(spectra, first, last) {
      const decided: FrameGains[] = [];
      for (let frame = first; frame <= last; frame++) {
        decided.push(decideFrame(spectra, frame, { lowBin, contextFrames, line, follow, floorGain }));
      }
      return decided;
    },
  };
}

interface Following {
  readonly withinDb: number;
  readonly slideBins: number;
}

interface FrameSetting {
  readonly lowBin: number;
  readonly contextFrames: number;
  readonly line: number;
  readonly follow: Following;
  readonly floorGain: number;
}

function decideFrame(spectra: SpectraWindow, frame: number, setting: FrameSetting): FrameGains {
  const { lowBin, contextFrames, line, follow, floorGain } = setting;
  const { binCount } = spectra;
  const at = (frame - spectra.firstFrame) * binCount;
  const power = spectra.power.subarray(at, at + binCount);
  const below = dbToPower(-BELOW_DB);
  let gains: Float32Array | undefined;
  let taken = 0;
  let whole = 0;
  for (let k = lowBin; k < binCount - 1; k++) {
    whole += power[k]!;
    const isTop = power[k]! > power[k - 1]! && power[k]! >= power[k + 1]!;
    if (!isTop || power[k]! < QUIETEST_POWER) continue;
    const level = levelAround(power, k);
    if (!(power[k]! > line * level)) continue;
    if (isFollowed(spectra, frame, k, contextFrames - 1, follow)) continue;
    gains ??= new Float32Array(binCount).fill(1);
    for (let bin = Math.max(lowBin, k - LEAK_BINS); bin <= Math.min(binCount - 1, k + LEAK_BINS); bin++) {
      const gain = Math.max(floorGain, Math.sqrt(Math.min(1, (below * level) / power[bin]!)));
      if (gain < gains[bin]!) {
        taken += (1 - gain * gain) * power[bin]!;
        gains[bin] = gain;
      }
    }
  }
  if (gains === undefined) return { gains };
  return { gains, severityDb: powerToDb(taken / Math.max(whole, QUIETEST_POWER)) };
}

/** Whether a line can be followed through time, back and on, for as long as music lasts. */
function isFollowed(
  spectra: SpectraWindow,
  frame: number,
  bin: number,
  enough: number,
  { withinDb, slideBins }: Following,
): boolean {
  const least = spectra.power[(frame - spectra.firstFrame) * spectra.binCount + bin]! / dbToPower(withinDb);
  let length = 1;
  for (const direction of [-1, 1]) {
    let place = bin;
    for (let step = 1; length < enough; step++) {
      const next = frame + direction * step - spectra.firstFrame;
      if (next < 0 || next >= spectra.frameCount) break;
      place = strongestNear(spectra, next, place, slideBins);
      if (!(spectra.power[next * spectra.binCount + place]! >= least)) break;
      length++;
    }
  }
  return length >= enough;
}

function strongestNear(
  { power, binCount }: SpectraWindow,
  index: number,
  bin: number,
  slideBins: number,
): number {
  let best = bin;
  for (let k = Math.max(0, bin - slideBins); k <= Math.min(binCount - 1, bin + slideBins); k++) {
    if (power[index * binCount + k]! > power[index * binCount + best]!) best = k;
  }
  return best;
}

/** What a range has of shimmer; those of ranges add up. */
export interface ShimmerCounts {
  /** Bins above 4 kHz that were looked at, and those of them that are surely in a line that flickers. */
  readonly bins: number;
  readonly flickering: number;
}

/** Looks through the frames whose middle lies inside of [startFrame, endFrame). */
export function measureShimmer(source: FrameSource, startFrame: number, endFrame: number): ShimmerCounts {
  const { sampleRateHz } = source;
  const { lowBin, hopFrames } = shimmerGrid(sampleRateHz);
  const rule = createShimmerRule({ sampleRateHz, maxReductionDb: 1, isSearch: true });
  const first = Math.ceil(startFrame / hopFrames);
  const last = Math.ceil(endFrame / hopFrames) - 1;
  const spectra = readSpectra(source, rule, first - rule.contextFrames, last + rule.contextFrames);
  const { binCount } = spectra;
  let flickering = 0;
  let bins = 0;
  for (const [n, { gains }] of rule.decide(spectra, first, last).entries()) {
    if (gains !== undefined) for (const gain of gains) if (gain < 1) flickering++;
    const at = (first + n - spectra.firstFrame) * binCount;
    const power = spectra.power.subarray(at + lowBin, at + binCount);
    if (power.some((value) => value >= QUIETEST_POWER)) bins += power.length;
  }
  return { bins, flickering };
}

/** The counts of several ranges. */
export function addShimmer(parts: readonly ShimmerCounts[]): ShimmerCounts {
  return {
    bins: parts.reduce((sum, part) => sum + part.bins, 0),
    flickering: parts.reduce((sum, part) => sum + part.flickering, 0),
  };
}

/** Share of the bins above 4 kHz that flicker, 0 … 1. */
export function shimmerShareOf({ flickering, bins }: ShimmerCounts): number {
  return flickering / Math.max(1, bins);
}

/** Whether that is shimmer. */
export function isShimmer(counts: ShimmerCounts, hasStillLines: boolean): boolean {
  return shimmerShareOf(counts) >= (hasStillLines ? SHARE_BESIDE_STILL_LINES : SHIMMER_SHARE);
}
