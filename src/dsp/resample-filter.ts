// The low-pass filter of the sample-rate converter as a bank of phases: a sinc under a Kaiser window.
// One phase per distinct position between input frames where that table stays small, else some thousand
// phases to interpolate between. Computed in float64; kept for the pair of rates.

/** Depth of the stop band; the Kaiser window's design value. */
const STOP_BAND_DB = 120;
/** End of the pass band as a share of the lower Nyquist frequency: 20.01 kHz at 44.1 kHz. The stop band begins at 1. */
const PASS_BAND_RATIO = 0.9075;
/** Largest table that holds every phase, in coefficients (8 MiB). */
const MAX_EXACT_COEFFICIENTS = 1 << 20;
/**
 * Phases per period of the lower rate where not every one is stored: linear interpolation then errs by less than 1e-7
 * of full scale (−140 dB).
 */
const INTERPOLATED_PHASES = 4096;

export interface FilterBank {
  /** [phase][tap]; one more phase than `phaseCount` where phases are interpolated. */
  readonly coefficients: Float64Array;
  /** Taps of a phase, a multiple of 8. */
  readonly tapCount: number;
  /** The first tap weighs the frame that lies this many frames before the one at or before the output instant. */
  readonly tapsBefore: number;
  readonly phaseCount: number;
  /** Input frames per output frame, as a fraction in lowest terms. */
  readonly stepNumerator: number;
  readonly stepDenominator: number;
}

const banks = new Map<string, FilterBank>();

/** The bank for a pair of rates in Hz (positive integers). */
export function createFilterBank(fromSampleRateHz: number, toSampleRateHz: number): FilterBank {
  const divisor = greatestCommonDivisor(fromSampleRateHz, toSampleRateHz);
  const stepNumerator = fromSampleRateHz / divisor;
  const stepDenominator = toSampleRateHz / divisor;
  const key = `${stepNumerator}/${stepDenominator}`;
  const known = banks.get(key);
  if (known !== undefined) return known;

  // In units of input frames and of cycles per input frame.
  const nyquist = 0.5 * Math.min(1, stepDenominator / stepNumerator);
  const cutoff = (nyquist * (1 + PASS_BAND_RATIO)) / 2;
  const transition = nyquist * (1 - PASS_BAND_RATIO);
  const halfWidth = (STOP_BAND_DB - 7.95) / (14.36 * transition) / 2;
  const tapsBefore = Math.ceil(halfWidth) - 1;
  const tapCount = Math.ceil((2 * tapsBefore + 2) / 8) * 8;
  const isExact = stepDenominator * tapCount <= MAX_EXACT_COEFFICIENTS;
  const phaseCount = isExact ? stepDenominator : Math.ceil(INTERPOLATED_PHASES * 2 * nyquist);
  const storedPhases = isExact ? phaseCount : phaseCount + 1;
  const coefficients = new Float64Array(storedPhases * tapCount);
  for (let phase = 0; phase < storedPhases; phase++) {
    fillPhase(coefficients.subarray(phase * tapCount, (phase + 1) * tapCount), phase / phaseCount);
  }
  const bank = { coefficients, tapCount, tapsBefore, phaseCount, stepNumerator, stepDenominator };
  banks.set(key, bank);
  return bank;

  function fillPhase(taps: Float64Array, fraction: number): void {
    let sum = 0;
    for (let tap = 0; tap < tapCount; tap++) {
      const distance = fraction - (tap - tapsBefore);
      taps[tap] =
        Math.abs(distance) < halfWidth ? sinc(2 * cutoff * distance) * kaiser(distance / halfWidth) : 0;
      sum += taps[tap]!;
    }
    // Unity at 0 Hz in every phase: a constant stays constant.
    for (let tap = 0; tap < tapCount; tap++) taps[tap]! /= sum;
  }
}

/** Kaiser window over −1 … 1. @source Kaiser, Schafer, "On the use of the I0-sinh window", IEEE ASSP-28, 1980 */
function kaiser(position: number): number {
  const beta = 0.1102 * (STOP_BAND_DB - 8.7);
  return besselI0(beta * Math.sqrt(1 - position * position)) / besselI0(beta);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
