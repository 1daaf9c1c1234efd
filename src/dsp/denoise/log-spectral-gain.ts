// Gain that estimates the log-spectral amplitude of a signal under noise, weighted by how likely signal is present
// (OM-LSA). The presence probability looks at a bin's neighbourhood, near and wide, and at the whole frame, which
// keeps isolated peaks of noise from sounding as musical tones.
//
// @source Cohen & Berdugo, Speech enhancement for non-stationary noise environments, Signal Processing 81, 2001;
//   Ephraim & Malah, IEEE Trans. ASSP 33(2), 1985

/** Weight of the past in the decision-directed estimate of signal to noise. */
const PRIORI_SMOOTHING = 0.92;
/** Smallest signal to noise that is assumed: −25 dB. */
const PRIORI_MINIMUM = 10 ** -2.5;
const LOCAL_SMOOTHING = 0.7;
/** Signal to noise, −10 and −5 dB, between which the presence in a neighbourhood rises from 0 to 1. */
const ZETA_MIN = 10 ** -1;
const ZETA_MAX = 10 ** -0.5;
const PEAK_MIN = 1;
const PEAK_MAX = 10;
const ABSENCE_MAX = 0.95;
/** Half widths of the neighbourhoods in Hz: a bin's own, and its surroundings. */
const LOCAL_HALF_WIDTH_HZ = 31;
const GLOBAL_HALF_WIDTH_HZ = 470;

/** What the gain remembers of the frame before. */
export interface GainState {
  /** Estimated power of the signal over the noise: gain² · posterior. */
  readonly cleanRatio: Float64Array;
  /** Smoothed a-priori signal to noise. */
  readonly zeta: Float64Array;
  /** Its mean over the frame, and the last peak of that mean, [2]. */
  readonly frameZeta: Float64Array;
}

export function createGainState(binCount: number): GainState {
  return {
    cleanRatio: new Float64Array(binCount).fill(1),
    zeta: new Float64Array(binCount),
    frameZeta: Float64Array.of(0, PEAK_MIN),
  };
}

/** Estimates gains frame by frame; an instance has work space of its own and no state. */
export interface LogSpectralGain {
  /** A-priori signal to noise of the next frame, for `noise` as it is known so far. */
  estimatePriori(state: GainState, power: Float64Array, noise: Float64Array, priori: Float64Array): void;
  /**
   * Gains per bin, from `floorGain` to 1, and the update of `state`.
   * @param priori of `estimatePriori` for the noise of this frame
   */
  computeGains(
    state: GainState,
    power: Float64Array,
    noise: Float64Array,
    priori: Float64Array,
    floorGain: number,
    gains: Float64Array,
  ): void;
}

/** @param binWidthHz distance of two bins */
export function createLogSpectralGain(binCount: number, binWidthHz: number): LogSpectralGain {
  const localHalf = Math.max(1, Math.round(LOCAL_HALF_WIDTH_HZ / binWidthHz));
  const globalHalf = Math.max(localHalf + 1, Math.round(GLOBAL_HALF_WIDTH_HZ / binWidthHz));
  const local = new Float64Array(binCount);
  const wide = new Float64Array(binCount);
  const sums = new Float64Array(binCount + 1);
  const logFloorCache = { floorGain: -1, log: 0 };

  /** Means over ± half bins, fewer at the edges. */
  function smooth(values: Float64Array, half: number, into: Float64Array): void {
    for (let k = 0; k < binCount; k++) sums[k + 1] = sums[k]! + values[k]!;
    for (let k = 0; k < binCount; k++) {
      const from = Math.max(0, k - half);
      const to = Math.min(binCount, k + half + 1);
      into[k] = (sums[to]! - sums[from]!) / (to - from);
    }
  }

  /** Presence in the frame as a whole, with the hold of the last peak. */
  function framePresence(state: GainState): number {
    const [before, peakBefore] = state.frameZeta as unknown as [number, number];
    const mean = sums[binCount]! / binCount;
    state.frameZeta[0] = mean;
    if (!(mean > ZETA_MIN)) return 0;
    if (mean > before) {
      state.frameZeta[1] = Math.min(Math.max(mean, PEAK_MIN), PEAK_MAX);
      return 1;
    }
    const peak = peakBefore;
    if (mean <= peak * ZETA_MIN) return 0;
    if (mean >= peak * ZETA_MAX) return 1;
    return Math.log(mean / peak / ZETA_MIN) / Math.log(ZETA_MAX / ZETA_MIN);
  }

  return {
    estimatePriori(state, power, noise, priori) {
      for (let k = 0; k < binCount; k++) {
        const posterior = power[k]! / noise[k]!;
        const estimate =
          PRIORI_SMOOTHING * state.cleanRatio[k]! + (1 - PRIORI_SMOOTHING) * Math.max(posterior - 1, 0);
        priori[k] = Math.max(estimate, PRIORI_MINIMUM);
      }
    },
    computeGains(state, power, noise, priori, floorGain, gains) {
      if (logFloorCache.floorGain !== floorGain) {
        logFloorCache.floorGain = floorGain;
        logFloorCache.log = Math.log(floorGain);
      }
      const logFloor = logFloorCache.log;
      const { zeta, cleanRatio } = state;
      for (let k = 0; k < binCount; k++) {
        zeta[k] = LOCAL_SMOOTHING * zeta[k]! + (1 - LOCAL_SMOOTHING) * priori[k]!;
      }
      smooth(zeta, localHalf, local);
      smooth(zeta, globalHalf, wide);
      const inFrame = framePresence(state);
      for (let k = 0; k < binCount; k++) {
        const snr = priori[k]!;
        const posterior = power[k]! / noise[k]!;
        const exponent = Math.max((posterior * snr) / (1 + snr), 1e-10);
        const gain = Math.min(1, (snr / (1 + snr)) * Math.exp(0.5 * exponentialIntegral(exponent)));
        cleanRatio[k] = Math.min(gain * gain * posterior, 1e12);
        const presence = rampPresence(local[k]!) * rampPresence(wide[k]!) * inFrame;
        const absence = Math.min(1 - presence, ABSENCE_MAX);
        const odds = (absence / (1 - absence)) * (1 + snr) * Math.exp(-Math.min(exponent, 500));
        const probability = 1 / (1 + odds);
        // gain^p · floor^(1-p)
        gains[k] = Math.max(floorGain, Math.exp(probability * Math.log(gain) + (1 - probability) * logFloor));
      }
    },
  };
}

/** 0 below ZETA_MIN, 1 above ZETA_MAX, logarithmic between. */
function rampPresence(zeta: number): number {
  if (zeta <= ZETA_MIN) return 0;
  if (zeta >= ZETA_MAX) return 1;
  return Math.log(zeta / ZETA_MIN) / Math.log(ZETA_MAX / ZETA_MIN);
}

/**
 * E1(x), x > 0, with a relative error below 1e-4.
 * @source Abramowitz & Stegun 5.1.53 and 5.1.54
 */
export function exponentialIntegral(x: number): number {
  if (x <= 1) {
    const series =
      -0.57721566 +
      x * (0.99999193 + x * (-0.24991055 + x * (0.05519968 + x * (-0.00976004 + x * 0.00107857))));
    return series - Math.log(x);
  }
  const top = x * x + 2.334733 * x + 0.250621;
  const bottom = x * x + 3.330657 * x + 1.681534;
  return (Math.exp(-x) / x) * (top / bottom);
}
