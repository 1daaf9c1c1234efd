// Where a file's spectrum ends: a lossy coder, a low sample rate in its past, or a generator leaves a cliff, above which
// there is nothing. A spectrum that only falls, as that of all instruments does, has none.

import type { FrameSource } from '../resample.js';
import { createStft } from '../stft.js';
import { fftSizeFor } from './spectral-repair.js';

/** Sums of power per bin over frames; those of ranges add up. */
export interface SpectrumSum {
  readonly frames: number;
  readonly power: Float64Array;
}

const FRAME_SEC = 0.043;
/** Frames of less than −80 dBFS say nothing of the band. */
const QUIETEST_POWER = 1e-8;
const LOWEST_HZ = 3000;
/** The cliff: so much between the band below it and the loudest place anywhere above. */
const CLIFF_DB = 24;
const BELOW_HZ = [1200, 300] as const;
const ABOVE_HZ = 400;
const SMOOTH_HZ = 100;
/** Converters end here; a cliff above this is no loss. */
const FULL_BAND_HZ = 19_500;
const FULL_SHARE = 0.93;

/** Adds the power of the frames whose start lies inside of the range. */
export function measureBand(source: FrameSource, startFrame: number, endFrame: number): SpectrumSum {
  const fftSize = fftSizeFor(FRAME_SEC, source.sampleRateHz);
  const stft = createStft({ fftSize, hopFrames: fftSize / 2, window: createBlackman(fftSize) });
  const block = Array.from({ length: source.channelCount }, () => new Float64Array(fftSize));
  const re = new Float64Array(stft.binCount);
  const im = new Float64Array(stft.binCount);
  const one = new Float64Array(stft.binCount);
  const power = new Float64Array(stft.binCount);
  let frames = 0;
  for (let index = Math.ceil(startFrame / fftSize); index * fftSize < endFrame; index++) {
    if ((index + 1) * fftSize > source.frameCount) break;
    source.read(index * fftSize, block);
    one.fill(0);
    let total = 0;
    for (const samples of block) {
      stft.analyse(samples, 0, re, im);
      for (let k = 0; k < one.length; k++) one[k] = one[k]! + (re[k]! ** 2 + im[k]! ** 2) / fftSize ** 2;
    }
    for (const value of one) total += value;
    if (total < QUIETEST_POWER) continue;
    frames++;
    for (let k = 0; k < power.length; k++) power[k] = power[k]! + one[k]!;
  }
  return { frames, power };
}

/** The sum of several ranges. */
export function addSpectra(parts: readonly SpectrumSum[]): SpectrumSum {
  const power = new Float64Array(parts[0]?.power.length ?? 0);
  for (const part of parts) for (let k = 0; k < power.length; k++) power[k] = power[k]! + part.power[k]!;
  return { frames: parts.reduce((sum, part) => sum + part.frames, 0), power };
}

/** The frequency at which the spectrum ends, in Hz; null where it does not end before 19.5 kHz or half of the rate. */
export function findBandLimit({ frames, power }: SpectrumSum, sampleRateHz: number): number | null {
  if (frames === 0) return null;
  const binHz = sampleRateHz / (2 * (power.length - 1));
  const smooth = Math.max(1, Math.round(SMOOTH_HZ / binHz));
  const levelDb = power.map((_, k) => {
    let sum = 0;
    for (let d = -smooth; d <= smooth; d++) sum += power[Math.min(power.length - 1, Math.max(0, k + d))]!;
    return 10 * Math.log10(sum / frames / (2 * smooth + 1) + 1e-20);
  });
  const loudestFrom = new Float64Array(power.length + 1).fill(Number.NEGATIVE_INFINITY);
  for (let k = power.length - 1; k >= 0; k--) loudestFrom[k] = Math.max(loudestFrom[k + 1]!, levelDb[k]!);
  const at = (hz: number) => Math.round(hz / binHz);
  const end = Math.min(at(FULL_BAND_HZ), Math.floor(FULL_SHARE * (power.length - 1)));
  let best: { bin: number; fallDb: number } | undefined;
  for (let k = at(LOWEST_HZ); k < end; k++) {
    let below = 0;
    const from = k - at(BELOW_HZ[0]);
    const to = k - at(BELOW_HZ[1]);
    for (let n = from; n < to; n++) below += levelDb[n]! / (to - from);
    if (below - loudestFrom[k + at(ABOVE_HZ)]! < CLIFF_DB) continue;
    const fallDb = levelDb[k - at(BELOW_HZ[1] / 2)]! - levelDb[k + at(BELOW_HZ[1] / 2)]!;
    if (best === undefined || fallDb > best.fallDb) best = { bin: k, fallDb };
  }
  return best === undefined ? null : best.bin * binHz;
}

/** Side lobes of a Hann window would lay a floor over the quiet band. */
function createBlackman(size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, n) => {
    const angle = (2 * Math.PI * (n + 0.5)) / size;
    return 0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle);
  });
}
