// Crest factor and stereo image of each of the seven bands, out of the mean spectrum and the bands' detail. Null for a
// band that holds nothing; images are null for mono.
import { gainToDb, powerToDb } from '../../units.js';
import { correlationOf, ratioDb } from '../levels/figures.js';
import { WINDOW_MEAN_SQUARE } from './analysis-window.js';
import { bandPower } from './bands.js';
import { BAND_EDGES_HZ, BAND_NAMES, type BandName } from './figures.js';
import type { Spectrum } from './spectrum-meter.js';

export interface BandImage {
  readonly correlation: number | null;
  readonly sideToMidDb: number | null;
  readonly monoLossDb: number | null;
  readonly balanceDb: number | null;
}

/** Less than this share of the whole power is rounding, not sound. */
const EMPTY_SHARE = 1e-12;

/** Peak of a band over its level in dB, mean of the first two channels; the level is that of the bins in the band. */
export function bandCrestFactors(
  spectrum: Spectrum,
  channelCount: number,
  sampleRateHz: number,
): Record<BandName, number | null> {
  const { size, windowCount, detail } = spectrum;
  const powers = bandPowers(spectrum, sampleRateHz);
  return byBand((name, index) => {
    const { mid, side, isEmpty } = powers[name];
    if (isEmpty || detail === undefined) return null;
    // A one-sided sum counts twice. |l|² + |r|² = 2 (|m|² + |s|²).
    const meanSquare =
      (2 * (channelCount === 1 ? mid : mid + side)) / (windowCount * size * size * WINDOW_MEAN_SQUARE);
    return gainToDb(detail.peaks[index]!) - powerToDb(meanSquare);
  });
}

/** Image of the first two channels by band. */
export function bandImages(
  spectrum: Spectrum,
  channelCount: number,
  sampleRateHz: number,
): Record<BandName, BandImage> {
  const powers = bandPowers(spectrum, sampleRateHz);
  return byBand((name, index) => {
    const { mid, side, isEmpty } = powers[name];
    if (isEmpty || channelCount === 1 || spectrum.detail === undefined) {
      return { correlation: null, sideToMidDb: null, monoLossDb: null, balanceDb: null };
    }
    const cross = spectrum.detail.cross[index]!;
    const left = Math.max(0, mid + side + 2 * cross);
    const right = Math.max(0, mid + side - 2 * cross);
    return {
      correlation: correlationOf(left, right, mid - side),
      sideToMidDb: ratioDb(side, mid),
      monoLossDb: ratioDb(mid + side, mid),
      balanceDb: ratioDb(right, left),
    };
  });
}

interface BandPowers {
  readonly mid: number;
  readonly side: number;
  readonly isEmpty: boolean;
}

function bandPowers({ mid, side, size }: Spectrum, sampleRateHz: number): Record<BandName, BandPowers> {
  const binHz = sampleRateHz / size;
  const whole = bandPower(mid, binHz, 0, sampleRateHz) + bandPower(side, binHz, 0, sampleRateHz);
  return byBand((name) => {
    const [lowHz, highHz] = BAND_EDGES_HZ[name];
    const powers = { mid: bandPower(mid, binHz, lowHz, highHz), side: bandPower(side, binHz, lowHz, highHz) };
    return { ...powers, isEmpty: powers.mid + powers.side <= EMPTY_SHARE * whole };
  });
}

function byBand<Value>(make: (name: BandName, index: number) => Value): Record<BandName, Value> {
  return Object.fromEntries(BAND_NAMES.map((name, index) => [name, make(name, index)])) as Record<
    BandName,
    Value
  >;
}
