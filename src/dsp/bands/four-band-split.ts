// Crossovers that add up flat: Linkwitz-Riley of 24 dB/octave, and four bands of them as a tree, split in the middle
// first; each half passes an all-pass of the other half's corner, so that the sum is an all-pass of the three. Works on
// frames of pairs in kernel memory (two channels, or mid and side).
import { BUTTERWORTH_Q, lowPass } from '../biquad.js';
import type { Kernels } from '../kernels/instance.js';

export const BAND_COUNT = 4;
const SECTION_COUNT = 8;

/** Kernel memory that a split takes, in bytes. */
export function fourBandSplitBytes(blockFrames: number): number {
  return BAND_COUNT * (16 * blockFrames + 80) + SECTION_COUNT * 32 + 9 * 8 + 160;
}

/** Where the bands lie in kernel memory. */
export type BandPointers = readonly [number, number, number, number];

export interface FourBandSplit {
  /** Frames of pairs, one array per band, from low to high. */
  readonly bands: readonly Float64Array[];
  readonly pointers: BandPointers;
  /** Splits `frames` (at most the block's) frames of pairs at `pointer` into the bands. */
  split(pointer: number, frames: number): void;
  readonly stateArrays: readonly Float64Array[];
}

/** What the kernels want of a corner: a1, a2, and the gain of two low passes. @source Linkwitz & Riley, JAES 24(1), 1976 */
export function crossoverCoefficients(cornerHz: number, sampleRateHz: number): [number, number, number] {
  const [b0, , , a1, a2] = lowPass(cornerHz, BUTTERWORTH_Q, sampleRateHz);
  return [a1, a2, b0 * b0];
}

/** A split at three corners in Hz, rising. @source Linkwitz & Riley, JAES 24(1), 1976; D'Appolito, JAES 35(4), 1987 */
export function createFourBandSplit(
  kernels: Kernels,
  [low, middle, high]: readonly [number, number, number],
  sampleRateHz: number,
  blockFrames: number,
): FourBandSplit {
  const bands = Array.from({ length: BAND_COUNT }, () => kernels.f64(2 * blockFrames));
  const pointers = bands.map((band) => band.byteOffset) as unknown as BandPointers;
  const [band0, band1, band2, band3] = pointers;
  const coefficients = kernels.f64(9);
  coefficients.set([middle, low, high].flatMap((corner) => crossoverCoefficients(corner, sampleRateHz)));
  const state = kernels.f64(4 * SECTION_COUNT);
  const { splitFour } = kernels.functions;
  return {
    bands,
    pointers,
    split: (pointer, frames) =>
      splitFour(pointer, band0, band1, band2, band3, frames, coefficients.byteOffset, state.byteOffset),
    stateArrays: [state],
  };
}

/** Gains of four bands that run straight from hop to hop, and the bands' sum by them. */
export interface RampGains {
  /** Per band: the gains of both lanes at the start of the first hop and at the end of every hop. */
  readonly bands: readonly Float64Array[];
  /** Writes the sum of the bands, each times its gain, to `target`: hops × hopFrames frames of pairs. */
  sum(pointers: BandPointers, hopFrames: number, target: number): void;
}

/** Gains for `hops` hops; they begin as nothing. */
export function createRampGains(kernels: Kernels, hops: number): RampGains {
  const length = 2 * (hops + 1);
  const all = kernels.f64(BAND_COUNT * length);
  const { sumRamped } = kernels.functions;
  return {
    bands: Array.from({ length: BAND_COUNT }, (_, band) => all.subarray(band * length, (band + 1) * length)),
    sum: ([band0, band1, band2, band3], hopFrames, target) =>
      sumRamped(band0, band1, band2, band3, all.byteOffset, hops, hopFrames, target),
  };
}
