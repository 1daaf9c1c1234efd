// How deep to carve a bed, band by band and moment by moment: only while the voice speaks, only where its own spectrum
// has something to say, and only as deep as it takes for the ear not to lose that under the bed. The centre of a
// stereo bed goes first; its sides follow where that is not enough.
import { powerToDb } from '../../units.js';
import { designKWeighting } from '../loudness/k-weighting.js';
import { BAND_COUNT, BAND_HZ, BYTE_POWERS, SPREADING } from './bands.js';
import { CONTROL_SEC, meansWithin } from './control.js';
import { limitSlope } from './gain-curve.js';
import type { Heard } from './listen.js';
import type { Phrase } from './phrases.js';

export type CarveStrength = 'off' | 'gentle' | 'firm';

export interface CarveOptions {
  readonly strength: CarveStrength;
  /** Bands whose middle lies in this range are carved. */
  readonly lowHz: number;
  readonly highHz: number;
  readonly sampleRateHz: number;
}

/** Dips in tenths of a decibel at the points of the grid, BAND_COUNT a point. */
export interface Dips {
  readonly mid: Uint8Array;
  readonly side: Uint8Array;
}

/** What a strength means: how far the voice shall stand above the bed in a band, and the deepest dip for it. */
const STRENGTHS = {
  gentle: { audibleDb: 12, lowDipDb: 6, highDipDb: 5 },
  firm: { audibleDb: 18, lowDipDb: 12, highDipDb: 9 },
} as const;
/** Up to here a voice's body lies, and a bed may give way most. */
const BODY_HZ = 560;
/** Bands of the voice that lie this far under its loudest one ask for nothing; those nearer ask in part. */
const UNHEARD_DB = 36;
const HEARD_DB = 26;
/** Controls to each side over which spectra are averaged: a word of the voice, less of the bed. */
const VOICE_REACH = 10;
const BED_REACH = 4;
const SMOOTH_REACH = 3;
/** Long phrases are gone through in pieces of a minute, so that the work space stays small. */
const PIECE_CONTROLS = 1200;
/** Slope of a dip; with that of the gain below 0.5 dB in 10 ms. */
const MAX_SLOPE_DB_PER_SEC = 10;
/** The longest ramp beside a phrase: that of the deepest dip. */
export const DIP_RAMP_SEC = STRENGTHS.firm.lowDipDb / MAX_SLOPE_DB_PER_SEC;
/** Where other bands mask as much, a deeper dip in this one would free nothing. */
const OWN_SHARE_DB = 3;

/**
 * Dips for a bed that plays at `gainDb` (points of the grid). `voice` and `bed` were heard with bands over the same
 * controls. `shares` scales the dips of each phrase, 0 to 1.
 */
export function planDips(
  voice: Heard,
  bed: Heard,
  gainDb: Float32Array,
  phrases: readonly Phrase[],
  options: CarveOptions,
  shares: readonly number[],
): Dips {
  const points = gainDb.length;
  const dips = { mid: new Uint8Array(points * BAND_COUNT), side: new Uint8Array(points * BAND_COUNT) };
  if (options.strength === 'off') return dips;
  const carved = BAND_HZ.map((hz) => hz >= options.lowHz * 0.95 && hz <= options.highHz * 1.05);
  for (const [p, phrase] of phrases.entries()) {
    for (let first = phrase.first; first < phrase.end; first += PIECE_CONTROLS) {
      const end = Math.min(phrase.end, first + PIECE_CONTROLS);
      const heard = {
        voice: bandMeans(voice.mid, first, end, VOICE_REACH),
        mid: bandMeans(bed.mid, first, end, BED_REACH),
        side: bandMeans(bed.side, first, end, BED_REACH),
      };
      const needs = needsOf(heard, gainDb.subarray(first, end), options.strength, carved);
      for (const [name, rows] of Object.entries(needs) as ['mid' | 'side', Float64Array[]][]) {
        for (let band = 0; band < BAND_COUNT; band++) {
          if (!rows[band]!.some((db) => db > 0)) continue;
          storeDip(dips[name], band, first, rows[band]!, shares[p]!);
        }
      }
    }
  }
  return dips;
}

interface BandRows {
  readonly voice: readonly Float64Array[];
  readonly mid: readonly Float64Array[];
  readonly side: readonly Float64Array[];
}

/** Powers of every band in a phrase, [band][control], averaged over the neighbours. */
function bandMeans(bytes: Uint8Array, first: number, end: number, reach: number): Float64Array[] {
  const powers = new Float64Array(end - first);
  return Array.from({ length: BAND_COUNT }, (_, band) => {
    for (let k = 0; k < powers.length; k++) powers[k] = BYTE_POWERS[bytes[(first + k) * BAND_COUNT + band]!]!;
    return meansWithin(powers, reach, 0, powers.length);
  });
}

/** The dip in dB that each band needs at each control of a phrase. */
function needsOf(
  { voice, mid, side }: BandRows,
  gainDb: Float32Array,
  strength: 'gentle' | 'firm',
  carved: readonly boolean[],
): { readonly mid: Float64Array[]; readonly side: Float64Array[] } {
  const { audibleDb, lowDipDb, highDipDb } = STRENGTHS[strength];
  const make = () => Array.from({ length: BAND_COUNT }, () => new Float64Array(gainDb.length));
  const needs = { mid: make(), side: make() };
  const audible = 10 ** (audibleDb / 10);
  for (let k = 0; k < gainDb.length; k++) {
    const gain = 10 ** (gainDb[k]! / 10);
    let loudest = 0;
    for (const row of voice) loudest = Math.max(loudest, row[k]!);
    if (loudest === 0) continue;
    for (let band = 0; band < BAND_COUNT; band++) {
      const own = gain * (mid[band]![k]! + side[band]![k]!);
      if (!carved[band] || own === 0) continue;
      const share = heardShare(voice[band]![k]! / loudest);
      if (share === 0) continue;
      let others = 0;
      const spreading = SPREADING[band]!;
      for (let masker = 0; masker < BAND_COUNT; masker++)
        if (masker !== band) others += spreading[masker]! * gain * (mid[masker]![k]! + side[masker]![k]!);
      const neededDb = powerToDb(((own + others) * audible) / voice[band]![k]!);
      const usefulDb = others === 0 ? neededDb : powerToDb(own / others) + OWN_SHARE_DB;
      const deepestDb = BAND_HZ[band]! <= BODY_HZ ? lowDipDb : highDipDb;
      const dipDb = share * Math.min(neededDb, usefulDb, deepestDb);
      if (dipDb <= 0) continue;
      const split = centreFirst(mid[band]![k]!, side[band]![k]!, dipDb, deepestDb);
      needs.mid[band]![k] = split.midDb;
      needs.side[band]![k] = split.sideDb;
    }
  }
  return needs;
}

/** 0 for a band that nobody would hear beside the voice's loudest, 1 for one that counts. */
function heardShare(ratio: number): number {
  if (ratio <= 0) return 0;
  return Math.min(1, Math.max(0, (powerToDb(ratio) + UNHEARD_DB) / (UNHEARD_DB - HEARD_DB)));
}

/** Dips of centre and sides that take `dipDb` off their sum: the centre as far as it may, then the sides. */
function centreFirst(
  mid: number,
  side: number,
  dipDb: number,
  deepestDb: number,
): { readonly midDb: number; readonly sideDb: number } {
  const wanted = (mid + side) * 10 ** (-dipDb / 10);
  const depthOf = (power: number, goal: number) =>
    power <= 0 ? 0 : goal <= 0 ? deepestDb : Math.min(deepestDb, Math.max(0, powerToDb(power / goal)));
  const midDb = depthOf(mid, wanted - side);
  const sideDb = depthOf(side, wanted - mid * 10 ** (-midDb / 10));
  return { midDb, sideDb };
}

/** Writes a phrase's dip in one band, smoothed, with ramps before and after it. */
function storeDip(dips: Uint8Array, band: number, first: number, db: Float64Array, share: number): void {
  const smooth = meansWithin(db, SMOOTH_REACH, 0, db.length).map((value) => share * value);
  const step = MAX_SLOPE_DB_PER_SEC * CONTROL_SEC;
  const ramp = Math.ceil(Math.max(...smooth) / step);
  const negative = new Float64Array(ramp + smooth.length + ramp);
  for (let k = 0; k < smooth.length; k++) negative[ramp + k] = -smooth[k]!;
  const limited = limitSlope(negative, step);
  for (let k = 0; k < limited.length; k++) {
    const at = (first - ramp + k) * BAND_COUNT + band;
    if (at >= 0 && at < dips.length) dips[at] = Math.max(dips[at]!, Math.round(-10 * limited[k]!));
  }
}

/** The share of a band's power that a dip takes, by its tenths of a decibel. */
const TAKEN_SHARES = Float64Array.from({ length: 256 }, (_, tenths) => 1 - 10 ** (-tenths / 100));
/** Bands are measured around a control, energies within it: what is left is never taken for nothing. */
const LEAST_LEFT = 0.02;

/** What share of a bed's K-weighted energy its dips leave, one value a control. */
export function energyLeft(bed: Heard, dips: Dips, sampleRateHz: number): Float64Array {
  const weights = BAND_HZ.map((hz) => (hz < 0.45 * sampleRateHz ? weightAt(hz, sampleRateHz) : 0));
  const left = new Float64Array(bed.energies.length).fill(1);
  for (let k = 0; k < left.length; k++) {
    if (bed.energies[k]! <= 0) continue;
    let taken = 0;
    for (let band = 0; band < BAND_COUNT; band++) {
      const at = k * BAND_COUNT + band;
      const mid = BYTE_POWERS[bed.mid[at]!]! * TAKEN_SHARES[dips.mid[at]!]!;
      const side = BYTE_POWERS[bed.side[at]!]! * TAKEN_SHARES[dips.side[at]!]!;
      taken += weights[band]! * (mid + side);
    }
    left[k] = Math.max(LEAST_LEFT, 1 - taken / bed.energies[k]!);
  }
  return left;
}

/** Power gain of K-weighting at a frequency. */
function weightAt(hz: number, sampleRateHz: number): number {
  const { shelf, highPass } = designKWeighting(sampleRateHz);
  const angle = (2 * Math.PI * hz) / sampleRateHz;
  const power = (c0: number, c1: number, c2: number) =>
    (c0 + c1 * Math.cos(angle) + c2 * Math.cos(2 * angle)) ** 2 +
    (c1 * Math.sin(angle) + c2 * Math.sin(2 * angle)) ** 2;
  return (power(...shelf.b) / power(1, ...shelf.a)) * (power(1, -2, 1) / power(1, ...highPass.a));
}
