// The correction that brings a spectrum towards a target: by third octaves, smoothed, bounded, and without raising what
// is not music: bands that hold next to nothing, and a top that an earlier encoder or a low rate has cut off.
import type { GainPoint } from '../equaliser/fir-design.js';
import { THIRD_OCTAVES_HZ, thirdOctaveCentreHz } from './bands.js';

/** Levels in dB that a third octave should have: the median, and the bounds of what is common. */
export interface TargetBand {
  readonly lowDb: number;
  readonly medianDb: number;
  readonly highDb: number;
}

export interface CorrectionOptions {
  /** 0 does nothing, 100 the whole. */
  readonly amountPercent: number;
  /** Largest gain or cut in dB. */
  readonly limitDb: number;
  /** True corrects to the bounds alone (what is common stays); false to the median. */
  readonly isTolerant: boolean;
  /** A band so far under its target is empty, and not raised. */
  readonly emptyDb?: number;
}

export interface Correction {
  /** Gain per third octave, by rising frequency; empty where nothing is to be done. */
  readonly points: readonly GainPoint[];
  /** From here on the spectrum is cut off and left alone; null where it is not. */
  readonly cutOffHz: number | null;
  /** Mean absolute distance from the target's median over the bands that count, in dB. */
  readonly distanceDb: number;
}

/** Bands that align the two spectra: 100 Hz to 8 kHz. */
const ALIGNED = [7, 26] as const;
/** No boost below this: what is missing there is rarely missed, and rumble is not music. */
const LOWEST_BOOST_HZ = 40;
const EMPTY_DB = 24;
/** Weights of a band and its neighbours in smoothing. */
const SMOOTHING = [0.25, 0.5, 0.25] as const;
/** Less than this is not worth a filter. */
const SMALLEST_DB = 0.25;

/** The correction of a spectrum given in dB per band of THIRD_OCTAVES_HZ (null: no power, or beyond half the rate). */
export function designCorrection(
  levelsDb: readonly (number | null)[],
  target: readonly (TargetBand | null)[],
  options: CorrectionOptions,
): Correction {
  const distances = distancesFrom(levelsDb, target);
  const { emptyDb = EMPTY_DB } = options;
  const cutOff = findCutOff(distances, emptyDb);
  const counted = distances.filter(
    (value, i): value is number => value !== null && i < (cutOff ?? distances.length),
  );
  const distanceDb =
    counted.length === 0 ? 0 : counted.reduce((sum, value) => sum + Math.abs(value), 0) / counted.length;

  const wanted = distances.map((distance, i) => {
    if (distance === null || (cutOff !== null && i >= cutOff)) return 0;
    const band = target[i]!;
    const above = options.isTolerant ? band.highDb - band.medianDb : 0;
    const below = options.isTolerant ? band.medianDb - band.lowDb : 0;
    const gainDb = distance > above ? above - distance : distance < -below ? -below - distance : 0;
    if (gainDb > 0 && (distance < -emptyDb || THIRD_OCTAVES_HZ[i]! < LOWEST_BOOST_HZ)) return 0;
    return gainDb;
  });
  const smoothed = wanted.map((_, i) =>
    SMOOTHING.reduce((sum, weight, k) => sum + weight * (wanted[i + k - 1] ?? wanted[i]!), 0),
  );
  const gains = smoothed.map((gainDb, i) => {
    const scaled = (gainDb * options.amountPercent) / 100;
    const bounded = Math.min(options.limitDb, Math.max(-options.limitDb, scaled));
    // Smoothing must not carry a boost over the edge into what is cut off.
    return cutOff !== null && i >= cutOff ? Math.min(0, bounded) : bounded;
  });
  const cutOffHz = cutOff === null ? null : THIRD_OCTAVES_HZ[cutOff]!;
  if (gains.every((gainDb) => Math.abs(gainDb) < SMALLEST_DB)) return { points: [], cutOffHz, distanceDb };
  const points = gains.map((gainDb, i) => ({
    frequencyHz: Math.round(thirdOctaveCentreHz(i) * 100) / 100,
    gainDb: Math.round(gainDb * 100) / 100,
  }));
  return { points, cutOffHz, distanceDb };
}

/** Level above the target's median per band in dB, the two aligned from 100 Hz to 8 kHz; null where one is missing. */
export function distancesFrom(
  levelsDb: readonly (number | null)[],
  target: readonly (TargetBand | null)[],
): (number | null)[] {
  const offsetDb = alignment(levelsDb, target);
  return levelsDb.map((level, i) => {
    const band = target[i];
    return level === null || band === null || band === undefined ? null : level - offsetDb - band.medianDb;
  });
}

/** Mean level above the target's, over the bands that both have. */
function alignment(levelsDb: readonly (number | null)[], target: readonly (TargetBand | null)[]): number {
  const differences: number[] = [];
  for (let i = ALIGNED[0]; i <= ALIGNED[1]; i++) {
    const level = levelsDb[i];
    const band = target[i];
    if (level !== null && level !== undefined && band) differences.push(level - band.medianDb);
  }
  if (differences.length === 0) return 0;
  // The median is not led astray by a few empty bands.
  const sorted = differences.sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** First band of a top that stays empty to the end; null where there is none. */
function findCutOff(distances: readonly (number | null)[], emptyDb: number): number | null {
  let first = distances.length;
  while (first > 0) {
    const distance = distances[first - 1];
    if (distance !== null && distance !== undefined && distance > -emptyDb) break;
    first--;
  }
  return first < distances.length ? first : null;
}
