// Looks for steady noise under a signal, and says how sure one can be, before anything is taken away.
// Per third octave, a histogram of levels over 100 ms: noise shows as a floor on which a good part of the file lies
// (the lower quartile of levels within 2 dB), with a flat spectrum inside of the band (a drone's is not). Histograms of
// ranges add up. Noise that comes and goes, or that never is alone anywhere in the band, is not found.
import { powerToDb } from '../../units.js';
import type { FrameSource } from '../resample.js';
import { createStft } from '../stft.js';
import { analysisOf } from './embedded-denoiser.js';

/** Frames of one level, overlapping by half: 96 ms. */
const FRAMES_PER_LEVEL = 6;
const HOPS_PER_STEP = 2;
const LOWEST_BIN = 2;
const MIN_BAND_BINS = 3;
const BAND_RATIO = 2 ** (1 / 3);

const LOWEST_DB = -150;
const STEP_DB = 0.25;
const STEPS = 680;
/** Below this total a level is digital silence and is not counted. */
const SILENCE_DBFS = -115;

const LOW_SHARE = 0.05;
const QUARTER = 0.25;
const HIGH_SHARE = 0.95;
/** A floor is steady where the 5th and the 25th percentile of levels lie this near. */
const STEADY_SPREAD_DB = 2;
/** Mean flatness (geometric over arithmetic mean of bins) of noise at this averaging is 0.88; of a tone below 0.4. */
const STEADY_FLATNESS = 0.7;
/** Bands with fewer bins cannot tell a tone from noise; they follow the band above. */
const FLATNESS_BINS = 6;
/** A steady floor below this density (level of white noise of that density) is not worth a word. */
const LOWEST_FLOOR_DBFS = -100;
/** Noise is broad where this share of the bands is steady; the others may then have this much more. */
const BROAD_SHARE = 0.5;
const BROAD_MARGIN_DB = 6;
const BROAD_SLOPE_DB_PER_OCTAVE = 3;
/** Levels needed to say anything: 2 s. */
const MIN_LEVELS = 20;

/** Sums of one range; those of all ranges add up. */
export interface LevelHistogram {
  /** [band][step] counts. */
  readonly counts: Uint32Array;
  /** Sums of flatness of the same levels. */
  readonly flatness: Float64Array;
  readonly levelCount: number;
  /** Σ power over counted levels, as a mean square of samples. */
  readonly power: number;
}

/** What the histograms say. Levels of bands are densities: the level of white noise of that density in dBFS. */
export interface NoiseEvidence {
  readonly bands: readonly NoiseBand[];
  /** Level of the steady noise in dBFS; null where none was found. */
  readonly noiseFloorDbfs: number | null;
  /** Level of everything in dBFS; null for silence. */
  readonly levelDbfs: number | null;
  /** Share of the bands that have a steady floor, 0 … 1. */
  readonly steadyShare: number;
  /** Median over the bands from 300 Hz to 4 kHz of the span from the 5th to the 95th percentile; null for silence. */
  readonly spanDb: number | null;
}

export interface NoiseBand {
  readonly lowBin: number;
  /** First bin after the band. */
  readonly endBin: number;
  readonly floorDb: number;
  readonly isSteady: boolean;
}

/** Bands in bins of the analysis at a rate: edges, the last one exclusive. */
function bandEdges(binCount: number): number[] {
  const edges = [LOWEST_BIN];
  for (let edge = LOWEST_BIN; edge < binCount - 1; ) {
    edge = Math.min(binCount, Math.max(edge + MIN_BAND_BINS, Math.round(edge * BAND_RATIO)));
    if (binCount - edge < MIN_BAND_BINS) edge = binCount;
    edges.push(edge);
  }
  return edges;
}

/**
 * Levels whose frames begin inside of [startFrame, endFrame) and end inside of the file.
 * @param onProgress frames done
 */
export function measureLevels(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  onProgress: (framesDone: number) => void = () => undefined,
): LevelHistogram {
  const { fftSize, hopFrames, binCount } = analysisOf(source.sampleRateHz);
  const edges = bandEdges(binCount);
  const bandCount = edges.length - 1;
  const counts = new Uint32Array(bandCount * STEPS);
  const flatness = new Float64Array(bandCount * STEPS);
  const stepFrames = HOPS_PER_STEP * hopFrames;
  const levelFrames = FRAMES_PER_LEVEL * stepFrames;
  const spanFrames = levelFrames - stepFrames + fftSize;
  const stft = createStft({ fftSize, hopFrames: stepFrames, window: 'hann' });
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(spanFrames));
  const power = new Float64Array(binCount);
  const re = new Float64Array(binCount);
  const im = new Float64Array(binCount);
  // The squared window sums to 3/8 fftSize: with this scale white noise of variance σ² gives σ² in every bin. Not the
  // denoiser's window, whose leakage would lay a floor under every loud tone.
  const scale = 1 / (FRAMES_PER_LEVEL * source.channelCount * 0.375 * fftSize);
  let levelCount = 0;
  let powerSum = 0;

  const first = Math.ceil(startFrame / levelFrames);
  for (let index = first; index * levelFrames < endFrame; index++) {
    const start = index * levelFrames;
    if (start + spanFrames > source.frameCount) break;
    source.read(start, block);
    power.fill(0);
    for (const samples of block) {
      for (let n = 0; n < FRAMES_PER_LEVEL; n++) {
        stft.analyse(samples, n * stepFrames, re, im);
        for (let k = 0; k < binCount; k++) power[k] = power[k]! + scale * (re[k]! * re[k]! + im[k]! * im[k]!);
      }
    }
    let total = 0;
    for (let k = LOWEST_BIN; k < binCount; k++) total += power[k]! / binCount;
    onProgress(start - startFrame);
    if (!(powerToDb(total) > SILENCE_DBFS)) continue;
    levelCount++;
    powerSum += total;
    for (let band = 0; band < bandCount; band++) {
      let sum = 0;
      let logSum = 0;
      const width = edges[band + 1]! - edges[band]!;
      for (let k = edges[band]!; k < edges[band + 1]!; k++) {
        sum += power[k]!;
        logSum += Math.log(power[k]! + 1e-30);
      }
      const mean = sum / width;
      const step = Math.round((powerToDb(mean + 1e-30) - LOWEST_DB) / STEP_DB);
      const at = band * STEPS + Math.min(STEPS - 1, Math.max(0, step));
      counts[at] = counts[at]! + 1;
      flatness[at] = flatness[at]! + Math.exp(logSum / width) / (mean + 1e-30);
    }
  }
  return { counts, flatness, levelCount, power: powerSum };
}

/** The histogram of several ranges. */
export function addHistograms(parts: Iterable<LevelHistogram>): LevelHistogram {
  let counts = new Uint32Array(0);
  let flatness = new Float64Array(0);
  let levelCount = 0;
  let power = 0;
  for (const part of parts) {
    if (counts.length === 0) {
      counts = new Uint32Array(part.counts.length);
      flatness = new Float64Array(part.flatness.length);
    }
    for (let n = 0; n < counts.length; n++) {
      counts[n] = counts[n]! + part.counts[n]!;
      flatness[n] = flatness[n]! + part.flatness[n]!;
    }
    levelCount += part.levelCount;
    power += part.power;
  }
  return { counts, flatness, levelCount, power };
}

/** Reads the evidence out of a whole file's histogram. */
export function judgeNoise(histogram: LevelHistogram, sampleRateHz: number): NoiseEvidence {
  const { fftSize, binCount } = analysisOf(sampleRateHz);
  const edges = bandEdges(binCount);
  if (histogram.levelCount < MIN_LEVELS) {
    const levelDbfs = histogram.levelCount > 0 ? powerToDb(histogram.power / histogram.levelCount) : null;
    return { bands: [], noiseFloorDbfs: null, levelDbfs, steadyShare: 0, spanDb: null };
  }
  const bands: NoiseBand[] = [];
  const spans: number[] = [];
  let steadyPower = 0;
  // From the top down, because the narrow low bands follow the one above.
  for (let band = edges.length - 2; band >= 0; band--) {
    const lowBin = edges[band]!;
    const endBin = edges[band + 1]!;
    const counts = histogram.counts.subarray(band * STEPS, (band + 1) * STEPS);
    const [low, quarter, high] = [LOW_SHARE, QUARTER, HIGH_SHARE].map((share) =>
      percentileDb(counts, histogram.levelCount, share),
    );
    const isFlat =
      endBin - lowBin >= FLATNESS_BINS
        ? flatnessUpTo(histogram, band, quarter!) >= STEADY_FLATNESS
        : bands[0]?.isSteady === true;
    const isSteady = quarter! - low! <= STEADY_SPREAD_DB && isFlat && quarter! > LOWEST_FLOOR_DBFS;
    // Half-way between the two percentiles lies close to the mean of steady noise, and below it where there is signal.
    const floorDb = isSteady ? (low! + quarter!) / 2 : low!;
    bands.unshift({ lowBin, endBin, floorDb, isSteady });
    if (isSteady) steadyPower += (10 ** (floorDb / 10) * (endBin - lowBin)) / binCount;
    const centreHz = (((lowBin + endBin) / 2) * sampleRateHz) / fftSize;
    if (centreHz > 300 && centreHz < 4000) spans.push(high! - low!);
  }
  spans.sort((a, b) => a - b);
  return {
    bands,
    noiseFloorDbfs: steadyPower > 0 ? powerToDb(steadyPower) : null,
    levelDbfs: powerToDb(histogram.power / histogram.levelCount),
    steadyShare: bands.filter((band) => band.isSteady).length / bands.length,
    spanDb: spans[Math.floor(spans.length / 2)] ?? null,
  };
}

/**
 * Power of the noise per bin of the embedded denoiser's transform. Bands without a steady floor of their own take the
 * nearest one's (more where noise is broad, as rooms are louder towards low frequencies), and never more than their
 * quietest levels.
 */
export function noisePowerOf(evidence: NoiseEvidence, sampleRateHz: number): Float64Array {
  const { fftSize, binCount } = analysisOf(sampleRateHz);
  const { bands } = evidence;
  if (bands.length === 0) return new Float64Array(binCount);
  const steady = bands.filter((band) => band.isSteady);
  const isBroad = evidence.steadyShare >= BROAD_SHARE;
  const levels = bands.map((band) => {
    if (band.isSteady || steady.length === 0) return band.floorDb;
    const nearest = steady.reduce((best, other) =>
      Math.abs(other.lowBin - band.lowBin) < Math.abs(best.lowBin - band.lowBin) ? other : best,
    );
    const octavesBelow = Math.max(0, Math.log2(nearest.lowBin / band.lowBin));
    const riseDb = isBroad ? BROAD_MARGIN_DB + BROAD_SLOPE_DB_PER_OCTAVE * octavesBelow : 0;
    return Math.min(band.floorDb, nearest.floorDb + riseDb);
  });
  const centres = bands.map((band) => (band.lowBin + band.endBin - 1) / 2);
  const power = new Float64Array(binCount);
  let band = 0;
  for (let k = 0; k < binCount; k++) {
    while (band + 1 < bands.length && centres[band + 1]! < k) band++;
    const next = Math.min(band + 1, bands.length - 1);
    const distance = centres[next]! - centres[band]!;
    const share = distance > 0 ? Math.min(1, Math.max(0, (k - centres[band]!) / distance)) : 0;
    const levelDb = levels[band]! + share * (levels[next]! - levels[band]!);
    power[k] = 10 ** (levelDb / 10) * (fftSize / 2);
  }
  return power;
}

/** Level in dBFS that the bands with a steady floor in `evidence` have in another file's histogram; null without any. */
export function steadyLevelDbfs(
  evidence: NoiseEvidence,
  histogram: LevelHistogram,
  sampleRateHz: number,
): number | null {
  const { binCount } = analysisOf(sampleRateHz);
  let power = 0;
  for (const [band, { isSteady, lowBin, endBin }] of evidence.bands.entries()) {
    if (!isSteady) continue;
    const counts = histogram.counts.subarray(band * STEPS, (band + 1) * STEPS);
    const floorDb =
      (percentileDb(counts, histogram.levelCount, LOW_SHARE) +
        percentileDb(counts, histogram.levelCount, QUARTER)) /
      2;
    power += (10 ** (floorDb / 10) * (endBin - lowBin)) / binCount;
  }
  return power > 0 ? powerToDb(power) : null;
}

function percentileDb(counts: Uint32Array, total: number, share: number): number {
  let left = share * total;
  for (let step = 0; step < counts.length; step++) {
    left -= counts[step]!;
    if (left < 0) return LOWEST_DB + step * STEP_DB;
  }
  return LOWEST_DB + (counts.length - 1) * STEP_DB;
}

/** Mean flatness of the levels of a band up to `levelDb`. */
function flatnessUpTo(histogram: LevelHistogram, band: number, levelDb: number): number {
  const last = Math.round((levelDb - LOWEST_DB) / STEP_DB);
  let sum = 0;
  let count = 0;
  for (let step = 0; step <= last; step++) {
    sum += histogram.flatness[band * STEPS + step]!;
    count += histogram.counts[band * STEPS + step]!;
  }
  return count > 0 ? sum / count : 0;
}
