// A piece as a row of bars, each with its harmony, its timbre and its energy: what sections are found on.
import { byteToDb } from '../level-byte.js';
import { BAND_COUNT, BAND_FRAMES_PER_SEC } from '../rhythm/band-frames.js';
import type { Segment } from '../tonal/segments.js';

const TIMBRE_COEFFICIENTS = 10;
/** Bar length where there are no downbeats. */
const PLAIN_BAR_SEC = 2;

export interface Bar {
  readonly startSec: number;
  readonly endSec: number;
  /** Twelve pitch classes, length 1 as a vector; zeros for silence. */
  readonly chroma: Float64Array;
  /** Shape of the spectrum by a cosine transform of band levels, each in deviations over the piece. */
  readonly timbre: Float64Array;
  /** Mean power over all bands, in dB. */
  readonly energyDb: number;
  /** Mean power below 160 Hz, in dB. */
  readonly lowEnergyDb: number;
}

/**
 * Bars from [frames][BAND_COUNT] band levels and tonal segments; a bar begins at each downbeat, and at 0.
 * Without downbeats bars are two seconds long.
 */
export function describeBars(
  bands: Uint8Array,
  segments: readonly Segment[],
  durationSec: number,
  downbeatsSec: readonly number[],
): Bar[] {
  const cuts = barCuts(durationSec, downbeatsSec);
  const bars: Bar[] = [];
  for (let k = 0; k + 1 < cuts.length; k++) {
    const startSec = cuts[k]!;
    const endSec = cuts[k + 1]!;
    bars.push({
      startSec,
      endSec,
      chroma: chromaOf(segments, startSec, endSec),
      ...spectrumOf(bands, startSec, endSec),
    });
  }
  return standardiseTimbre(bars);
}

function barCuts(durationSec: number, downbeatsSec: readonly number[]): number[] {
  const plain = Array.from({ length: Math.ceil(durationSec / PLAIN_BAR_SEC) }, (_, k) => k * PLAIN_BAR_SEC);
  const inside = (downbeatsSec.length > 0 ? downbeatsSec : plain).filter(
    (sec) => sec > 0.3 && sec < durationSec - 0.3,
  );
  return [0, ...inside, durationSec];
}

function chromaOf(segments: readonly Segment[], startSec: number, endSec: number): Float64Array {
  const chroma = new Float64Array(12);
  for (const segment of segments) {
    const shared = Math.min(endSec, segment.endSec) - Math.max(startSec, segment.startSec);
    if (shared <= 0) continue;
    for (let pc = 0; pc < 12; pc++) chroma[pc] = chroma[pc]! + shared * segment.chroma[pc]!;
  }
  const length = Math.sqrt(chroma.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? chroma : chroma.map((value) => value / length);
}

const POWERS = Float64Array.from({ length: 256 }, (_, byte) =>
  byte === 0 ? 0 : 10 ** (byteToDb(byte) / 10),
);
/** Bands below 160 Hz. */
const LOW_BANDS = 5;

function spectrumOf(
  bands: Uint8Array,
  startSec: number,
  endSec: number,
): { timbre: Float64Array; energyDb: number; lowEnergyDb: number } {
  const bytes = new Float64Array(BAND_COUNT);
  const first = Math.round(startSec * BAND_FRAMES_PER_SEC);
  const end = Math.min(
    bands.length / BAND_COUNT,
    Math.max(first + 1, Math.round(endSec * BAND_FRAMES_PER_SEC)),
  );
  let power = 0;
  let lowPower = 0;
  for (let t = first; t < end; t++) {
    for (let band = 0; band < BAND_COUNT; band++) {
      const byte = bands[t * BAND_COUNT + band]!;
      bytes[band] = bytes[band]! + byte;
      power += POWERS[byte]!;
      if (band < LOW_BANDS) lowPower += POWERS[byte]!;
    }
  }
  const count = Math.max(1, end - first);
  const levelsDb = bytes.map((sum) => byteToDb(sum / count));
  const timbre = Float64Array.from({ length: TIMBRE_COEFFICIENTS }, (_, k) => {
    let sum = 0;
    for (let band = 0; band < BAND_COUNT; band++) {
      sum += levelsDb[band]! * Math.cos((Math.PI * k * (band + 0.5)) / BAND_COUNT);
    }
    return sum;
  });
  const toDb = (value: number): number => 10 * Math.log10(Math.max(1e-12, value / count));
  return { timbre, energyDb: toDb(power), lowEnergyDb: toDb(lowPower) };
}

function standardiseTimbre(bars: readonly Bar[]): Bar[] {
  const mean = new Float64Array(TIMBRE_COEFFICIENTS);
  const deviation = new Float64Array(TIMBRE_COEFFICIENTS);
  for (const { timbre } of bars)
    timbre.forEach((value, k) => {
      mean[k] = mean[k]! + value / bars.length;
    });
  for (const { timbre } of bars) {
    timbre.forEach((value, k) => {
      deviation[k] = deviation[k]! + (value - mean[k]!) ** 2 / bars.length;
    });
  }
  return bars.map((bar) => ({
    ...bar,
    timbre: bar.timbre.map((value, k) => (value - mean[k]!) / (Math.sqrt(deviation[k]!) + 1)),
  }));
}
