// Power spectrum of the noise under a signal, tracked frame by frame by improved minima controlled recursive
// averaging: two rounds of smoothing and minimum search find bins without signal, a soft presence probability
// steers the average. Works on the power of one analysed signal; says nothing of what the noise is.
//
// @source Cohen, Noise spectrum estimation in adverse environments: improved minima controlled recursive averaging,
//   IEEE Trans. Speech Audio Process. 11(5), 2003

/** Smoothing of the periodogram over frames of 8 ms. */
const SMOOTHING = 0.9;
/** Recursive averaging of the noise where no signal is present. */
const NOISE_SMOOTHING = 0.85;
/** Makes up for the bias of a mean over frames judged free of signal. */
const BIAS = 1.47;
/** Ratio of the mean to the minimum of smoothed noise. */
const MINIMUM_BIAS = 1.66;
const GAMMA_0 = 4.6;
const GAMMA_1 = 3;
const ZETA_0 = 1.67;
/** A minimum is searched over WINDOWS sub-windows of WINDOW_FRAMES frames: about one second. */
const WINDOWS = 8;
const WINDOW_FRAMES = 15;
/** Weights over three neighbouring bins. */
const SIDE = 0.25;
const MIDDLE = 0.5;

/** Everything that the tracker knows; typed arrays only, so that it can be cloned. */
export interface NoiseTrackerState {
  frame: number;
  readonly noise: Float64Array;
  readonly smoothed: Float64Array;
  readonly minimum: Float64Array;
  readonly subMinimum: Float64Array;
  readonly history: readonly Float64Array[];
  readonly gatedSmoothed: Float64Array;
  readonly gatedMinimum: Float64Array;
  readonly gatedSubMinimum: Float64Array;
  readonly gatedHistory: readonly Float64Array[];
}

/**
 * A tracker's first state.
 * @param initialNoise power of the noise per bin where it is known before (a measure of the whole file); the tracker
 *   then starts settled instead of taking the first frames for noise
 */
export function createNoiseTracker(initialNoise: Float64Array): NoiseTrackerState {
  // Minima of smoothed noise lie below its mean by the bias.
  const minimum = initialNoise.map((power) => power / MINIMUM_BIAS);
  const copies = () => Array.from({ length: WINDOWS }, () => minimum.slice());
  return {
    frame: 0,
    noise: initialNoise.map((power) => power / BIAS),
    smoothed: initialNoise.slice(),
    minimum: minimum.slice(),
    subMinimum: initialNoise.slice(),
    history: copies(),
    gatedSmoothed: initialNoise.slice(),
    gatedMinimum: minimum.slice(),
    gatedSubMinimum: initialNoise.slice(),
    gatedHistory: copies(),
  };
}

/**
 * Takes the power of the next frame and writes the noise's into `noise`.
 * @param power |X|² per bin
 * @param prioriSnr the caller's estimate of signal to noise per bin, used for the presence probability
 */
export function trackNoise(
  state: NoiseTrackerState,
  power: Float64Array,
  prioriSnr: Float64Array,
  noise: Float64Array,
): void {
  const { smoothed, minimum, subMinimum, gatedSmoothed, gatedMinimum, gatedSubMinimum } = state;
  const bins = power.length;
  for (let k = 0; k < bins; k++) {
    const below = power[k > 0 ? k - 1 : k]!;
    const above = power[k < bins - 1 ? k + 1 : k]!;
    const local = SIDE * (below + above) + MIDDLE * power[k]!;
    const s = SMOOTHING * smoothed[k]! + (1 - SMOOTHING) * local;
    smoothed[k] = s;
    if (s < minimum[k]!) minimum[k] = s;
    if (s < subMinimum[k]!) subMinimum[k] = s;
  }
  for (let k = 0; k < bins; k++) {
    let weighted = 0;
    let weights = 0;
    for (let side = -1; side <= 1; side++) {
      const n = k + side;
      if (n < 0 || n >= bins) continue;
      const floor = MINIMUM_BIAS * minimum[n]!;
      if (power[n]! < GAMMA_0 * floor && smoothed[n]! < ZETA_0 * floor) {
        const weight = side === 0 ? MIDDLE : SIDE;
        weighted += weight * power[n]!;
        weights += weight;
      }
    }
    if (weights > 0) {
      gatedSmoothed[k] = SMOOTHING * gatedSmoothed[k]! + (1 - SMOOTHING) * (weighted / weights);
    }
    const g = gatedSmoothed[k]!;
    if (g < gatedMinimum[k]!) gatedMinimum[k] = g;
    if (g < gatedSubMinimum[k]!) gatedSubMinimum[k] = g;

    const floor = MINIMUM_BIAS * gatedMinimum[k]!;
    const presence = presenceProbability(power[k]!, smoothed[k]!, floor, state.noise[k]!, prioriSnr[k]!);
    const smoothing = NOISE_SMOOTHING + (1 - NOISE_SMOOTHING) * presence;
    const mean = smoothing * state.noise[k]! + (1 - smoothing) * power[k]!;
    state.noise[k] = mean;
    noise[k] = BIAS * mean;
  }
  state.frame++;
  if (state.frame % WINDOW_FRAMES === 0) renewMinima(state);
}

/** Probability that a bin holds signal, by where its power stands against the floor. */
function presenceProbability(
  power: number,
  smoothed: number,
  floor: number,
  noise: number,
  prioriSnr: number,
): number {
  const ratio = power / floor;
  if (!(smoothed < ZETA_0 * floor) || !(ratio < GAMMA_1)) return 1;
  if (ratio <= 1) return 0;
  const absence = (GAMMA_1 - ratio) / (GAMMA_1 - 1);
  const exponent = ((power / (BIAS * noise)) * prioriSnr) / (1 + prioriSnr);
  return 1 / (1 + (absence / (1 - absence)) * (1 + prioriSnr) * Math.exp(-Math.min(exponent, 500)));
}

/** At the end of a sub-window the oldest one is forgotten. */
function renewMinima(state: NoiseTrackerState): void {
  const slot = (state.frame / WINDOW_FRAMES) % WINDOWS;
  renew(state.minimum, state.subMinimum, state.history, slot, state.smoothed);
  renew(state.gatedMinimum, state.gatedSubMinimum, state.gatedHistory, slot, state.gatedSmoothed);
}

function renew(
  minimum: Float64Array,
  subMinimum: Float64Array,
  history: readonly Float64Array[],
  slot: number,
  current: Float64Array,
): void {
  history[slot]!.set(subMinimum);
  minimum.set(history[0]!);
  for (const past of history) {
    for (let k = 0; k < minimum.length; k++) if (past[k]! < minimum[k]!) minimum[k] = past[k]!;
  }
  subMinimum.set(current);
}
