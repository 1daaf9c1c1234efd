// Four bands that add up flat: Linkwitz-Riley crossovers of 24 dB/octave as a tree, split in the middle first; each
// half passes an all-pass of the other half's corner, so that the sum is an all-pass of the three. Works on frames of
// pairs in kernel memory (two channels, or mid and side).
import { allPass, type Biquad, BUTTERWORTH_Q, highPass, lowPass } from '../biquad.js';
import type { Kernels } from '../kernels/instance.js';

export const BAND_COUNT = 4;

/** Kernel memory that a split takes, in bytes. */
export function fourBandSplitBytes(blockFrames: number): number {
  return BAND_COUNT * (16 * blockFrames + 64) + 7 * (80 + 128 + 160);
}

export interface FourBandSplit {
  /** Frames of pairs, one array per band, from low to high. */
  readonly bands: readonly Float64Array[];
  /** Splits `frames` (at most the block's) frames of pairs at `pointer` into the bands. */
  split(pointer: number, frames: number): void;
  readonly stateArrays: readonly Float64Array[];
}

/** A split at three corners in Hz, rising. @source Linkwitz & Riley, JAES 24(1), 1976; D'Appolito, JAES 35(4), 1987 */
export function createFourBandSplit(
  kernels: Kernels,
  cornersHz: readonly [number, number, number],
  sampleRateHz: number,
  blockFrames: number,
): FourBandSplit {
  const [low, middle, high] = cornersHz;
  const design = (make: typeof lowPass, cornerHz: number): Biquad =>
    make(cornerHz, BUTTERWORTH_Q, sampleRateHz);
  const bands = Array.from({ length: BAND_COUNT }, () => kernels.f64(2 * blockFrames));
  const [b0, b1, b2, b3] = bands.map((band) => band.byteOffset) as [number, number, number, number];
  const steps: { filters: readonly [Biquad, Biquad]; ports: readonly [number, number, number, number] }[] =
    [];
  const input = -1;
  const add = (
    filters: readonly [Biquad, Biquad],
    ports: readonly [number, number, number, number],
  ): void => {
    steps.push({ filters, ports });
  };
  const split = (cornerHz: number, from: number, toLow: number, toHigh: number): void => {
    const filters = [design(lowPass, cornerHz), design(highPass, cornerHz)] as const;
    add(filters, [from, from, toLow, toHigh]);
    add(filters, [toLow, toHigh, toLow, toHigh]);
  };
  split(middle, input, b0, b2);
  add([design(allPass, high), design(allPass, low)], [b0, b2, b0, b2]);
  split(low, b0, b0, b1);
  split(high, b2, b2, b3);

  const { filterTwo } = kernels.functions;
  const calls = steps.map(({ filters, ports }) => {
    const coefficients = kernels.f64(10);
    coefficients.set([...filters[0], ...filters[1]]);
    return { coefficients, ports, state: kernels.f64(16) };
  });
  return {
    bands,
    split(pointer, frames) {
      for (const { coefficients, ports, state } of calls) {
        const [inA, inB, outA, outB] = ports;
        filterTwo(
          inA === input ? pointer : inA,
          inB === input ? pointer : inB,
          outA,
          outB,
          frames,
          coefficients.byteOffset,
          state.byteOffset,
        );
      }
    },
    stateArrays: calls.map(({ state }) => state),
  };
}
