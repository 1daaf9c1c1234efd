// Figures of a mean power spectrum: bands, third octaves, centroid, flatness, roll-off and tilt. Null for silence.
import { powerToDb } from '../../units.js';
import { bandPower, thirdOctaveCentreHz, thirdOctaveEdgesHz, thirdOctavePowers } from './bands.js';

/** Band edges in Hz, as every report of forge has them. */
export const BAND_EDGES_HZ = {
  subBass: [20, 60],
  bass: [60, 250],
  lowMid: [250, 500],
  mid: [500, 2000],
  highMid: [2000, 6000],
  presence: [6000, 12_000],
  air: [12_000, 20_000],
} as const;

export type BandName = keyof typeof BAND_EDGES_HZ;
export const BAND_NAMES = Object.keys(BAND_EDGES_HZ) as BandName[];

export interface SpectrumFigures {
  /** dB of the total power; null for a band that is empty or beyond half the rate. */
  readonly bands: Readonly<Record<BandName, number | null>>;
  readonly centroidHz: number | null;
  readonly flatness: number | null;
  readonly rolloffHz: number | null;
  readonly tiltDbPerOctave: number | null;
  /** dB of the total power, one per band of THIRD_OCTAVES_HZ. */
  readonly thirdOctavesDb: readonly (number | null)[];
}

const ROLLOFF_SHARE = 0.85;
/** Third-octave bands from 100 Hz to 10 kHz carry the tilt. */
const TILT_BANDS = [7, 27] as const;

/** Figures of mean powers per bin (spectrum-meter.ts, meanPowers) with bins `binHz` apart. */
export function spectrumFigures(powers: Float64Array, sampleRateHz: number): SpectrumFigures {
  const binHz = sampleRateHz / 2 / (powers.length - 1);
  let total = 0;
  for (let k = 1; k < powers.length; k++) total += powers[k]!;
  const share = (power: number | null): number | null =>
    power !== null && power > 0 && total > 0 ? powerToDb(power / total) : null;
  const bands = Object.fromEntries(
    BAND_NAMES.map((name) => {
      const [lowHz, highHz] = BAND_EDGES_HZ[name];
      return [name, share(bandPower(powers, binHz, lowHz, highHz))];
    }),
  ) as Record<BandName, number | null>;
  const thirdOctavesDb = thirdOctavePowers(powers, binHz, sampleRateHz).map(share);
  if (!(total > 0)) {
    return {
      bands,
      centroidHz: null,
      flatness: null,
      rolloffHz: null,
      tiltDbPerOctave: null,
      thirdOctavesDb,
    };
  }
  let moment = 0;
  let passed = 0;
  let rolloffHz: number | null = null;
  for (let k = 1; k < powers.length; k++) {
    moment += k * binHz * powers[k]!;
    passed += powers[k]!;
    if (rolloffHz === null && passed >= ROLLOFF_SHARE * total) rolloffHz = k * binHz;
  }
  return {
    bands,
    centroidHz: moment / total,
    flatness: flatnessOf(powers, binHz),
    rolloffHz,
    tiltDbPerOctave: tiltOf(thirdOctavesDb),
    thirdOctavesDb,
  };
}

/** Geometric over arithmetic mean of the powers from 20 Hz to 20 kHz: 1 for white noise, 0 for a pure tone. */
function flatnessOf(powers: Float64Array, binHz: number): number | null {
  const first = Math.max(1, Math.ceil(20 / binHz));
  const last = Math.min(powers.length - 1, Math.floor(20_000 / binHz));
  let sum = 0;
  let logSum = 0;
  for (let k = first; k <= last; k++) {
    sum += powers[k]!;
    logSum += Math.log(powers[k]!);
  }
  const count = last - first + 1;
  return sum > 0 ? Math.exp(logSum / count) / (sum / count) : null;
}

/** Slope of the power per Hz of the third octaves from 100 Hz to 10 kHz, by least squares. */
function tiltOf(thirdOctavesDb: readonly (number | null)[]): number | null {
  const points: [octave: number, levelDb: number][] = [];
  for (let index = TILT_BANDS[0]; index <= TILT_BANDS[1]; index++) {
    const levelDb = thirdOctavesDb[index];
    if (levelDb === null || levelDb === undefined) continue;
    const [lowHz, highHz] = thirdOctaveEdgesHz(index);
    points.push([Math.log2(thirdOctaveCentreHz(index)), levelDb - powerToDb(highHz - lowHz)]);
  }
  if (points.length < 2) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}
