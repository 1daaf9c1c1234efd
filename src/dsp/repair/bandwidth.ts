// Bandwidth extension by spectral band replication: the octave below the cut-off is shifted up, frame by frame, and
// given the level that the slope below the cut-off foretells. Slopes of single frames are uncertain: they are drawn half
// way to that of the song's own brighter frames. What is below the cut-off passes bit for bit but for the rounding of
// the sum. It makes a likeness, not what was there: tones land beside their harmonics, which nobody hears up there.
//
// @source Dietz, Liljeryd, Kjörling & Kunz, Spectral Band Replication, AES 112th Convention, paper 5553, 2002
import type { FrameSource } from '../resample.js';
import { fftSizeFor, readSpectra } from './spectral-repair.js';

export interface BandwidthOptions {
  readonly cutoffHz: number;
  /** Slope of the song's brighter frames below the cut-off, dB per octave, from `brightSlope`. */
  readonly slopeDbPerOctave: number;
  /** Level of what is added, 0 … 1. */
  readonly share: number;
}

const FRAME_SEC = 0.021;
const HOPS_PER_FRAME = 4;
/** Bands from 0.4 to 0.95 of the cut-off, whose levels give the slope. */
const SLOPE_BANDS = 6;
const SLOPE_FROM = 0.4;
const SLOPE_TO = 0.95;
/** Slopes that music has up there. */
const FLATTEST_DB = -12;
const STEEPEST_DB = -60;
/** What is made ends here. */
const TOP_HZ = 20_500;
/** Bins over which the level of the source is evened out. */
const EVEN_BINS = 8;
/** Frames of less than this (−96 dBFS) below the cut-off get nothing. */
const QUIETEST_POWER = 2.5e-10;
const SLOPE_STEPS = 70;
const BRIGHT_SHARE = 0.75;

function gridOf(sampleRateHz: number) {
  const fftSize = fftSizeFor(FRAME_SEC, sampleRateHz);
  return { fftSize, hopFrames: fftSize / HOPS_PER_FRAME };
}

/** Counts of the frames' slopes, in steps of 1 dB per octave from 0 down, of frames whose middle lies in the range. */
export function measureSlopes(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  cutoffHz: number,
): Uint32Array {
  const grid = gridOf(source.sampleRateHz);
  const counts = new Uint32Array(SLOPE_STEPS);
  const first = Math.ceil(startFrame / grid.hopFrames);
  const last = Math.ceil(endFrame / grid.hopFrames) - 1;
  const spectra = readSpectra(source, grid, first, last);
  for (let frame = first; frame <= last; frame++) {
    const at = (frame - first) * spectra.binCount;
    const line = lineBelow(spectra.power.subarray(at, at + spectra.binCount), cutoffHz, source.sampleRateHz);
    if (line === undefined) continue;
    const step = Math.min(SLOPE_STEPS - 1, Math.max(0, Math.round(-line.slopeDb)));
    counts[step] = counts[step]! + 1;
  }
  return counts;
}

/** Slope of the brighter frames (the flattest quarter) of counts that were added up; −24 where there are none. */
export function brightSlope(counts: Uint32Array): number {
  let left = (1 - BRIGHT_SHARE) * counts.reduce((sum, value) => sum + value, 0);
  if (left === 0) return -24;
  for (let step = 0; step < counts.length; step++) {
    left -= counts[step]!;
    if (left < 0) return Math.max(STEEPEST_DB, Math.min(FLATTEST_DB, -step));
  }
  return STEEPEST_DB;
}

/** Level (dB, per bin) at the cut-off and slope (dB per octave) of the spectrum below it; undefined for silence. */
function lineBelow(
  power: Float32Array | Float64Array,
  cutoffHz: number,
  sampleRateHz: number,
): { levelDb: number; slopeDb: number } | undefined {
  const fftSize = 2 * (power.length - 1);
  let total = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXx = 0;
  let sumXy = 0;
  const step = (SLOPE_TO / SLOPE_FROM) ** (1 / SLOPE_BANDS);
  for (let band = 0; band < SLOPE_BANDS; band++) {
    const lowHz = cutoffHz * SLOPE_FROM * step ** band;
    const low = Math.round((lowHz * fftSize) / sampleRateHz);
    const high = Math.max(low + 1, Math.round((lowHz * step * fftSize) / sampleRateHz));
    let sum = 0;
    for (let k = low; k < high; k++) sum += power[k]!;
    total += sum;
    const x = Math.log2((lowHz * Math.sqrt(step)) / cutoffHz);
    const y = 10 * Math.log10(sum / (high - low) + 1e-20);
    sumX += x;
    sumY += y;
    sumXx += x * x;
    sumXy += x * y;
  }
  if (total < QUIETEST_POWER) return undefined;
  const slopeDb = (SLOPE_BANDS * sumXy - sumX * sumY) / (SLOPE_BANDS * sumXx - sumX * sumX);
  return { levelDb: (sumY - slopeDb * sumX) / SLOPE_BANDS, slopeDb };
}

/** Fills `output` with the range and what was added to it. The result does not depend on the cut into ranges. */
export function extendBandwidth(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  options: BandwidthOptions,
  output: readonly Float64Array[],
): void {
  const grid = gridOf(source.sampleRateHz);
  const { fftSize, hopFrames } = grid;
  const half = fftSize / 2;
  const first = Math.floor((startFrame - half) / hopFrames) + 1;
  const last = Math.ceil((endFrame + half) / hopFrames) - 1;
  const { stft, block, blockStart } = readSpectra(source, grid, first, last);
  for (const [channel, samples] of output.entries())
    samples.set(block[channel]!.subarray(startFrame - blockStart, endFrame - blockStart));
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const power = new Float64Array(stft.binCount);
  const shifter = createShifter(stft.binCount, source.sampleRateHz, options);
  const scale = 4 / fftSize ** 2;
  for (let frame = first; frame <= last; frame++) {
    const start = frame * hopFrames - half;
    for (const [channel, samples] of block.entries()) {
      stft.analyse(samples, start - blockStart, re, im);
      for (let k = 0; k < power.length; k++) power[k] = scale * (re[k]! ** 2 + im[k]! ** 2);
      const line = lineBelow(power, options.cutoffHz, source.sampleRateHz);
      if (line === undefined) continue;
      shifter(re, im, power, line);
      stft.synthesise(re, im, output[channel]!, start - startFrame);
    }
  }
}

/** Replaces a spectrum by what is to be added to it. */
function createShifter(binCount: number, sampleRateHz: number, options: BandwidthOptions) {
  const fftSize = 2 * (binCount - 1);
  const { cutoffHz, slopeDbPerOctave, share } = options;
  const cutoffBin = Math.floor((cutoffHz * fftSize) / sampleRateHz);
  const topBin = Math.min(binCount - 1, Math.round((TOP_HZ * fftSize) / sampleRateHz));
  // Shifts by multiples of the number of hops in a frame keep the phases of successive frames together.
  const shift = HOPS_PER_FRAME * Math.max(1, Math.floor(cutoffBin / 2 / HOPS_PER_FRAME));
  // The source stays clear of the slope of the cut-off itself.
  const sourceEnd = Math.floor(SLOPE_TO * cutoffBin);
  const madeRe = new Float64Array(binCount);
  const madeIm = new Float64Array(binCount);
  return (
    re: Float64Array,
    im: Float64Array,
    power: Float64Array,
    { levelDb, slopeDb }: { levelDb: number; slopeDb: number },
  ): void => {
    madeRe.fill(0);
    madeIm.fill(0);
    const slope = Math.max(STEEPEST_DB, Math.min(FLATTEST_DB, (slopeDb + slopeDbPerOctave) / 2));
    for (let k = cutoffBin; k <= topBin; k++) {
      let from = k - shift;
      while (from >= sourceEnd) from -= shift;
      let around = 0;
      let count = 0;
      for (let n = Math.max(1, from - EVEN_BINS); n <= Math.min(sourceEnd, from + EVEN_BINS); n++) {
        around += power[n]!;
        count++;
      }
      const wanted = 10 ** ((levelDb + slope * Math.log2(k / cutoffBin)) / 10);
      const missing = Math.max(0, wanted - power[k]!);
      const gain = share * Math.sqrt(missing / (around / Math.max(1, count) + 1e-20));
      madeRe[k] = gain * re[from]!;
      madeIm[k] = gain * im[from]!;
    }
    re.set(madeRe);
    im.set(madeIm);
  };
}
