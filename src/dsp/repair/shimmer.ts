// Metallic shimmer of generated, separated or heavily coded music: narrow lines above 4 kHz that flicker, and lines that
// never move. A line stands out from its neighbours in frequency. It is flicker where it cannot be followed for longer
// than a note lasts, within the slide of a vibrato; it is a comb line where it stands at one place in most of the file.
// Transients are broad and stand out from nothing; sung and played harmonics can be followed; noise is broad. What is
// flicker is turned down to the level of its neighbours, never deeper than a limit.
// Not its matter: artefacts that are broad (a whole band that pumps), or that lie below 4 kHz.
import type { FrameSource } from '../resample.js';
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
  /** Bins of lines that never move, from `findCombLines`. */
  readonly combBins: readonly number[];
  /** Only looks for what is surely a line, as measure of whether there is any shimmer. */
  readonly isSearch?: boolean;
}

const FRAME_SEC = 0.021;
const HOPS_PER_FRAME = 4;
/** Below this, voices and instruments have their own fast lines. */
export const SHIMMER_LOW_HZ = 4000;
/** A line stands out by this from the strong bins around it: where shimmer is looked for, and where it is known. */
const SURE_LINE_DB = 9;
const LINE_DB = 6;
/** What is turned down comes this far below the strong bins, among the weak ones. */
const BELOW_DB = 4;
/** Shimmer rains: clean music has up to 3 % of its bins above 4 kHz in such lines, by chance; less than this is no shimmer. */
export const SHIMMER_SHARE = 0.04;
/** Bins on either side that a line is compared with, and their rank from the top; and those beside that it leaks into. */
const AROUND_BINS = 11;
const STRONG_RANK = 4;
const LEAK_BINS = 4;
/** A line that can be followed for this long is music. */
const MUSIC_SEC = 0.085;
/** It is followed as long as it stays within this of where it was looked at, moving so many bins a frame. */
const FOLLOW_DB = 8;
const SLIDE_BINS = 2;
/** Sound of less than this is not heard. */
const QUIETEST_POWER = 1e-12;
/** A comb line stands out in so much of the frames. */
const COMB_SHARE = 0.4;

/** Counts of frames in which each bin is the top of a line; those of ranges add up. */
export interface LineCounts {
  readonly frames: number;
  readonly lines: Uint32Array;
}

export function shimmerGrid(sampleRateHz: number): { fftSize: number; hopFrames: number; lowBin: number } {
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
  const floorGain = 10 ** (-options.maxReductionDb / 20);
  const line = 10 ** ((options.isSearch === true ? SURE_LINE_DB : LINE_DB) / 10);
  const isComb = new Uint8Array(fftSize / 2 + 1);
  for (const bin of options.combBins) isComb[bin] = 1;
  return {
    fftSize,
    hopFrames,
    contextFrames,
    decide(spectra, first, last) {
      const side = new Float64Array(AROUND_BINS);
      const decided: FrameGains[] = [];
      for (let frame = first; frame <= last; frame++) {
        decided.push(decideFrame(spectra, frame, { lowBin, contextFrames, line, floorGain, isComb, side }));
      }
      return decided;
    },
  };
}

interface FrameSetting {
  readonly lowBin: number;
  readonly contextFrames: number;
  readonly line: number;
  readonly floorGain: number;
  readonly isComb: Uint8Array;
  readonly side: Float64Array;
}

function decideFrame(spectra: SpectraWindow, frame: number, setting: FrameSetting): FrameGains {
  const { lowBin, contextFrames, line, floorGain, isComb, side } = setting;
  const { binCount } = spectra;
  const at = (frame - spectra.firstFrame) * binCount;
  const power = spectra.power.subarray(at, at + binCount);
  const below = 10 ** (-BELOW_DB / 10);
  let gains: Float32Array | undefined;
  let taken = 0;
  let whole = 0;
  for (let k = lowBin; k < binCount - 1; k++) {
    whole += power[k]!;
    const isTop = power[k]! > power[k - 1]! && power[k]! >= power[k + 1]!;
    if (!isTop || power[k]! < QUIETEST_POWER) continue;
    const level = levelAround(power, k, side);
    if (!(power[k]! > line * level)) continue;
    if (isComb[k] === 0 && isFollowed(spectra, frame, k, contextFrames - 1)) continue;
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
  return { gains, severityDb: 10 * Math.log10(taken / Math.max(whole, QUIETEST_POWER)) };
}

/**
 * What a line at `bin` is compared with: the strong bins beside it (the fourth of eleven), on the louder of its sides.
 * One of many harmonics, a slope, or the edge of a band-limited file is no line; a single line nearby hides none.
 */
function levelAround(power: Float32Array, bin: number, side: Float64Array): number {
  let level = 0;
  for (const direction of [-1, 1]) {
    for (let n = 0; n < side.length; n++) side[n] = power[bin + direction * (LEAK_BINS + 1 + n)] ?? 0;
    side.sort();
    level = Math.max(level, side[side.length - STRONG_RANK]!);
  }
  return level;
}

/** Whether a line can be followed through time, back and on, for as long as music lasts. */
function isFollowed(spectra: SpectraWindow, frame: number, bin: number, enough: number): boolean {
  const least =
    spectra.power[(frame - spectra.firstFrame) * spectra.binCount + bin]! / 10 ** (FOLLOW_DB / 10);
  let length = 1;
  for (const direction of [-1, 1]) {
    let place = bin;
    for (let step = 1; length < enough; step++) {
      const next = frame + direction * step - spectra.firstFrame;
      if (next < 0 || next >= spectra.frameCount) break;
      place = strongestNear(spectra, next, place);
      if (!(spectra.power[next * spectra.binCount + place]! >= least)) break;
      length++;
    }
  }
  return length >= enough;
}

function strongestNear({ power, binCount }: SpectraWindow, index: number, bin: number): number {
  let best = bin;
  for (let k = Math.max(0, bin - SLIDE_BINS); k <= Math.min(binCount - 1, bin + SLIDE_BINS); k++) {
    if (power[index * binCount + k]! > power[index * binCount + best]!) best = k;
  }
  return best;
}

/** Counts lines in a window of spectra, for `findCombLines`. */
export function countLines(spectra: SpectraWindow, lowBin: number, first: number, last: number): LineCounts {
  const lines = new Uint32Array(spectra.binCount);
  const side = new Float64Array(AROUND_BINS);
  let frames = 0;
  for (let frame = first; frame <= last; frame++) {
    const at = (frame - spectra.firstFrame) * spectra.binCount;
    const power = spectra.power.subarray(at, at + spectra.binCount);
    let loudest = 0;
    for (let k = lowBin; k < power.length; k++) loudest = Math.max(loudest, power[k]!);
    if (loudest < QUIETEST_POWER) continue;
    frames++;
    for (let k = lowBin; k < power.length - 1; k++) {
      const isTop = power[k]! > power[k - 1]! && power[k]! >= power[k + 1]!;
      if (isTop && power[k]! > 10 ** (SURE_LINE_DB / 10) * levelAround(power, k, side))
        lines[k] = lines[k]! + 1;
    }
  }
  return { frames, lines };
}

/** Bins in which a line stands in most of the file. */
export function findCombLines({ frames, lines }: LineCounts): number[] {
  if (frames === 0) return [];
  const found: number[] = [];
  for (const [bin, count] of lines.entries()) {
    // A line between two bins is the top of either.
    const together = count + Math.max(lines[bin - 1] ?? 0, lines[bin + 1] ?? 0);
    if (count > 0 && together >= COMB_SHARE * frames && count >= 0.1 * frames) found.push(bin);
  }
  return found;
}

/** What a range has of shimmer; those of ranges add up. */
export interface ShimmerCounts extends LineCounts {
  /** Bins above 4 kHz that were looked at, and those of them that are surely in a line that flickers. */
  readonly bins: number;
  readonly flickering: number;
}

/** Looks through the frames whose middle lies inside of [startFrame, endFrame). */
export function measureShimmer(source: FrameSource, startFrame: number, endFrame: number): ShimmerCounts {
  const { sampleRateHz } = source;
  const { lowBin, hopFrames } = shimmerGrid(sampleRateHz);
  const rule = createShimmerRule({ sampleRateHz, maxReductionDb: 1, combBins: [], isSearch: true });
  const first = Math.ceil(startFrame / hopFrames);
  const last = Math.ceil(endFrame / hopFrames) - 1;
  const spectra = readSpectra(source, rule, first - rule.contextFrames, last + rule.contextFrames);
  let flickering = 0;
  for (const { gains } of rule.decide(spectra, first, last)) {
    if (gains !== undefined) for (const gain of gains) if (gain < 1) flickering++;
  }
  const counts = countLines(spectra, lowBin, first, last);
  return { ...counts, bins: counts.frames * Math.max(0, spectra.binCount - lowBin), flickering };
}

/** The counts of several ranges. */
export function addShimmer(parts: readonly ShimmerCounts[]): ShimmerCounts {
  const sum = (pick: (part: ShimmerCounts) => number) => parts.reduce((total, part) => total + pick(part), 0);
  const lines = new Uint32Array(parts[0]?.lines.length ?? 0);
  for (const part of parts) for (let k = 0; k < lines.length; k++) lines[k] = lines[k]! + part.lines[k]!;
  return {
    frames: sum((part) => part.frames),
    lines,
    bins: sum((part) => part.bins),
    flickering: sum((part) => part.flickering),
  };
}
