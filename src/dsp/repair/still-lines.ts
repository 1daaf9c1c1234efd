// Lines above 4 kHz that never move: the images that strided up-sampling leaves in generated music, whistles of a clock
// or of a switched supply. A line is known by standing at one place in much of the file, within 25 Hz, whether steady or
// flickering there; spectra of 85 ms tell it from the sound around. Its narrow band is turned down to the level beside
// it, never deeper than a limit.
// Its only judge is time: a drone whose high harmonics stand still for half of the file would be taken for such lines.
// A drum's ring in a loop stands as still, so that a few lines count only where they are there nearly always.
import { dbToGain, dbToPower } from '../../units.js';
import type { FrameSource } from '../resample.js';
import { LEAK_BINS, levelAround, QUIETEST_POWER, SHIMMER_LOW_HZ } from './shimmer-lines.js';
import {
  type FrameGains,
  fftSizeFor,
  readSpectra,
  type SpectraGrid,
  type SpectralRule,
} from './spectral-repair.js';

const FRAME_SEC = 0.085;
/** Frames are surveyed every half of their length, and mended every quarter. */
const SURVEY_HOPS_PER_FRAME = 2;
const HOPS_PER_FRAME = 4;
/** A line stands out by this from the strong bins around it, and is louder than −100 dBFS. */
const LINE_DB = 8;
const QUIETEST_LINE_POWER = 1e-10;
/** It stands in so much of the frames, at one place within so many bins to either side … */
const STILL_SHARE = 0.45;
const STILL_BINS = 2;
/** … and where there are fewer lines than these, in so much. */
const MANY_LINES = 6;
const FEW_LINES_SHARE = 0.8;
/** A bin belongs to a line where it is the line's top in so much of the frames. */
const LEAST_SHARE = 0.1;
/** What is turned down lies this near to a line, and is compared with the sound so far around. */
const ZONE_HZ = 40;
const AROUND_HZ = 200;
/** Power above this against the mean beside the line stands out; noise alone seldom does. */
const STANDS_OUT = 2;
/** Mean over median of the power of noise in a bin. */
const MEAN_OVER_MEDIAN = 1 / Math.LN2;

/** A line's place in the spectrum. */
export interface StillLine {
  readonly lowHz: number;
  readonly highHz: number;
}

/** Counts of frames in which each bin is the top of a line; those of ranges add up. */
export interface LineCounts {
  readonly frames: number;
  readonly lines: Uint32Array;
}

/** Counts lines in the frames whose middle lies inside of [startFrame, endFrame). */
export function countLines(source: FrameSource, startFrame: number, endFrame: number): LineCounts {
  const { sampleRateHz } = source;
  const grid = gridFor(sampleRateHz, SURVEY_HOPS_PER_FRAME);
  const first = Math.ceil(startFrame / grid.hopFrames);
  const last = Math.ceil(endFrame / grid.hopFrames) - 1;
  const { power: powers, binCount, frameCount } = readSpectra(source, grid, first, last);
  const lines = new Uint32Array(binCount);
  const lowBin = lowBinOf(grid, sampleRateHz);
  const line = dbToPower(LINE_DB);
  let frames = 0;
  for (let frame = 0; frame < frameCount; frame++) {
    const power = powers.subarray(frame * binCount, (frame + 1) * binCount);
    let loudest = 0;
    for (let k = lowBin; k < binCount; k++) loudest = Math.max(loudest, power[k]!);
    if (loudest < QUIETEST_POWER) continue;
    frames++;
    for (let k = lowBin; k < binCount - 1; k++) {
      const isTop = power[k]! > power[k - 1]! && power[k]! >= power[k + 1]!;
      if (isTop && power[k]! > Math.max(QUIETEST_LINE_POWER, line * levelAround(power, k)))
        lines[k] = lines[k]! + 1;
    }
  }
  return { frames, lines };
}

/** The counts of several ranges. */
export function addLineCounts(parts: readonly LineCounts[]): LineCounts {
  const lines = new Uint32Array(parts[0]?.lines.length ?? 0);
  for (const part of parts) for (let k = 0; k < lines.length; k++) lines[k] = lines[k]! + part.lines[k]!;
  return { frames: parts.reduce((sum, part) => sum + part.frames, 0), lines };
}

/** The lines that stand still for much of the file, from the low to the high. */
export function findStillLines(counts: LineCounts, sampleRateHz: number): StillLine[] {
  const binHz = sampleRateHz / gridFor(sampleRateHz, HOPS_PER_FRAME).fftSize;
  const runs = stillRuns(counts);
  const lines = runs.length >= MANY_LINES ? runs : runs.filter(({ share }) => share >= FEW_LINES_SHARE);
  return lines.map(({ lowBin, highBin }) => ({ lowHz: lowBin * binHz, highHz: highBin * binHz }));
}

/** Runs of bins that belong to one line, with the share of the frames that it stands in. */
function stillRuns({ frames, lines }: LineCounts): { lowBin: number; highBin: number; share: number }[] {
  const runs: { lowBin: number; highBin: number; share: number }[] = [];
  for (let bin = 0; frames > 0 && bin < lines.length; bin++) {
    if (lines[bin]! < LEAST_SHARE * frames) continue;
    let together = 0;
    for (let near = bin - STILL_BINS; near <= bin + STILL_BINS; near++) together += lines[near] ?? 0;
    const share = together / frames;
    if (share < STILL_SHARE) continue;
    const last = runs.at(-1);
    if (last !== undefined && bin - last.highBin <= 2 * STILL_BINS) {
      last.highBin = bin;
      last.share = Math.max(last.share, share);
    } else runs.push({ lowBin: bin, highBin: bin, share });
  }
  return runs;
}

/** The rule that turns the lines down. */
export function createStillLineRule(options: {
  readonly sampleRateHz: number;
  readonly lines: readonly StillLine[];
  /** Deepest gain, in dB. */
  readonly maxReductionDb: number;
}): SpectralRule {
  const grid = gridFor(options.sampleRateHz, HOPS_PER_FRAME);
  const floorGain = dbToGain(-options.maxReductionDb);
  const bands = bandsOf(options.lines, grid, options.sampleRateHz);
  return {
    ...grid,
    contextFrames: 0,
    decide(spectra, first, last) {
      const decided: FrameGains[] = [];
      for (let frame = first; frame <= last; frame++) {
        const at = (frame - spectra.firstFrame) * spectra.binCount;
        const power = spectra.power.subarray(at, at + spectra.binCount);
        const gains = new Float32Array(spectra.binCount).fill(1);
        let isTouched = false;
        for (const { low, high, around } of bands) {
          const level = MEAN_OVER_MEDIAN * medianPower(power, around);
          for (let k = low; k <= high; k++) {
            if (!(power[k]! > Math.max(STANDS_OUT * level, QUIETEST_POWER))) continue;
            gains[k] = Math.max(floorGain, Math.sqrt(level / power[k]!));
            isTouched = true;
          }
        }
        decided.push({ gains: isTouched ? gains : undefined });
      }
      return decided;
    },
  };
}

/** Bins [low, high] around each line, without those of the line before, and those `around` that belong to no line. */
function bandsOf(lines: readonly StillLine[], { fftSize }: SpectraGrid, sampleRateHz: number) {
  const binHz = sampleRateHz / fftSize;
  const isLine = new Uint8Array(fftSize / 2 + 1);
  const zones = lines.map(({ lowHz, highHz }) => ({
    low: Math.max(1, Math.ceil((lowHz - ZONE_HZ) / binHz)),
    high: Math.min(fftSize / 2 - 1, Math.floor((highHz + ZONE_HZ) / binHz)),
  }));
  for (const { low, high } of zones) isLine.fill(1, low, high + 1);
  return zones.map(({ low, high }, n) => {
    const around: number[] = [];
    for (let distance = 1; distance * binHz <= AROUND_HZ; distance++)
      for (const bin of [low - distance, high + distance]) if (isLine[bin] === 0) around.push(bin);
    return { low: Math.max(low, (zones[n - 1]?.high ?? 0) + 1), high, around };
  });
}

function medianPower(power: Float32Array, bins: readonly number[]): number {
  const values = Float32Array.from(bins, (bin) => power[bin]!).sort();
  return values[values.length >> 1] ?? Number.POSITIVE_INFINITY;
}

function gridFor(sampleRateHz: number, hopsPerFrame: number): SpectraGrid {
  const fftSize = fftSizeFor(FRAME_SEC, sampleRateHz);
  return { fftSize, hopFrames: fftSize / hopsPerFrame };
}

function lowBinOf({ fftSize }: SpectraGrid, sampleRateHz: number): number {
  return Math.max(LEAK_BINS + 1, Math.ceil((SHIMMER_LOW_HZ * fftSize) / sampleRateHz));
}
