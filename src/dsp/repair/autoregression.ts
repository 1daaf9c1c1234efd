// A short stretch of sound as an autoregressive process: what cannot be told from the past is its excitation, and
// missing samples are those that make the excitation smallest. The tool of the repairs of clicks and clipped peaks.
// It knows nothing of why samples are missing. Work is done in the caller's arrays where that matters.

/** Where more than this share of a stretch is marked, nothing can be told from the rest. */
export const LARGEST_MARKED_SHARE = 0.3;
/** Keeps the fit stable where a spectrum has deep holes: −90 dB of white noise. */
const WHITE_NOISE_SHARE = 1e-9;

/**
 * Prediction-error filter 1 + a1·z^-1 + … of `samples` by the autocorrelation method; [1, 0, 0 …] for silence.
 * @source Levinson 1947, Durbin 1960
 */
export function fitAutoregression(samples: Float64Array, order: number, window: Float64Array): Float64Array {
  const length = samples.length;
  const windowed = new Float64Array(length + 4);
  for (let n = 0; n < length; n++) windowed[n] = samples[n]! * window[n]!;
  // Four lags at a time: every sample is read once for all of them, and handed on from lag to lag. Behind the end there
  // are zeros.
  const correlation = new Float64Array(order + 4);
  for (let lag = 0; lag <= order; lag += 4) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    let ahead0 = windowed[lag]!;
    let ahead1 = windowed[lag + 1]!;
    let ahead2 = windowed[lag + 2]!;
    for (let n = 0; n + lag < length; n++) {
      const value = windowed[n]!;
      const ahead3 = windowed[n + lag + 3]!;
      sum0 += value * ahead0;
      sum1 += value * ahead1;
      sum2 += value * ahead2;
      sum3 += value * ahead3;
      ahead0 = ahead1;
      ahead1 = ahead2;
      ahead2 = ahead3;
    }
    correlation[lag] = sum0;
    correlation[lag + 1] = sum1;
    correlation[lag + 2] = sum2;
    correlation[lag + 3] = sum3;
  }
  const coefficients = new Float64Array(order + 1);
  coefficients[0] = 1;
  let error = correlation[0]! * (1 + WHITE_NOISE_SHARE);
  if (!(error > 0)) return coefficients;
  const previous = new Float64Array(order + 1);
  for (let i = 1; i <= order; i++) {
    let sum = correlation[i]!;
    for (let j = 1; j < i; j++) sum += coefficients[j]! * correlation[i - j]!;
    const reflection = -sum / error;
    previous.set(coefficients);
    for (let j = 1; j < i; j++) coefficients[j] = previous[j]! + reflection * previous[i - j]!;
    coefficients[i] = reflection;
    error *= 1 - reflection * reflection;
    if (!(error > 0)) break;
  }
  return coefficients;
}

/**
 * Magnitude of what the filter leaves of `samples`, read forward (step 1) or backward (step -1); the first `order`
 * values, whose past is unknown, are 0. Values stand where their sample stands.
 */
export function exciteOf(samples: Float64Array, coefficients: Float64Array, step: 1 | -1): Float64Array {
  const order = coefficients.length - 1;
  const { length } = samples;
  const excitation = new Float64Array(length);
  const first = step === 1 ? order : length - 1 - order;
  // Four values at a time: every coefficient is read once for all of them, and every sample handed on.
  let done = 0;
  for (; done + 4 <= length - order; done += 4) {
    const n = first + step * done;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    let sample1 = samples[n + step]!;
    let sample2 = samples[n + 2 * step]!;
    let sample3 = samples[n + 3 * step]!;
    for (let k = 0; k <= order; k++) {
      const weight = coefficients[k]!;
      const sample0 = samples[n - step * k]!;
      sum0 += weight * sample0;
      sum1 += weight * sample1;
      sum2 += weight * sample2;
      sum3 += weight * sample3;
      sample3 = sample2;
      sample2 = sample1;
      sample1 = sample0;
    }
    excitation[n] = Math.abs(sum0);
    excitation[n + step] = Math.abs(sum1);
    excitation[n + 2 * step] = Math.abs(sum2);
    excitation[n + 3 * step] = Math.abs(sum3);
  }
  for (; done < length - order; done++) {
    const n = first + step * done;
    let sum = 0;
    for (let k = 0; k <= order; k++) sum += coefficients[k]! * samples[n - step * k]!;
    excitation[n] = Math.abs(sum);
  }
  return excitation;
}

/**
 * Replaces the marked samples by those that make the excitation's energy smallest. Marked samples within `order` of
 * the ends are left as they are.
 * @source Janssen, Veldhuis & Vries, Adaptive interpolation of discrete-time signals that can be modeled as AR
 *   processes, IEEE Trans. ASSP 34(2), 1986
 */
export function interpolateMarked(
  samples: Float64Array,
  isMarked: Uint8Array,
  coefficients: Float64Array,
): void {
  const order = coefficients.length - 1;
  // Autocorrelation of the filter: the coupling of two samples by their distance.
  const coupling = new Float64Array(order + 1);
  for (let lag = 0; lag <= order; lag++) {
    for (let k = 0; k + lag <= order; k++)
      coupling[lag] = coupling[lag]! + coefficients[k]! * coefficients[k + lag]!;
  }
  for (let n = order; n < samples.length - order; n++) {
    if (isMarked[n] === 0) continue;
    // Marked samples nearer to each other than the filter's length depend on each other.
    const cluster = [n];
    let next = n + 1;
    for (; next < samples.length - order && next - cluster.at(-1)! <= order; next++) {
      if (isMarked[next] !== 0) cluster.push(next);
    }
    solveCluster(samples, isMarked, cluster, coupling);
    n = cluster.at(-1)!;
  }
}

/** Solves the normal equations of one cluster by Cholesky's factorisation, within the band that is not zero. */
function solveCluster(
  samples: Float64Array,
  isMarked: Uint8Array,
  cluster: readonly number[],
  coupling: Float64Array,
): void {
  const order = coupling.length - 1;
  const size = cluster.length;
  const factor = new Float64Array(size * size);
  const values = new Float64Array(size);
  // Samples farther apart than the filter's length are not coupled, and so neither are their rows of the factor.
  const firstOf = new Int32Array(size);
  for (const [i, at] of cluster.entries()) {
    let known = 0;
    for (let k = at - order; k <= at + order; k++) {
      if (isMarked[k] === 0) known += coupling[Math.abs(k - at)]! * samples[k]!;
    }
    values[i] = -known;
    let first = i === 0 ? 0 : firstOf[i - 1]!;
    while (at - cluster[first]! > order) first++;
    firstOf[i] = first;
    for (let j = first; j <= i; j++) {
      let sum = coupling[at - cluster[j]!]!;
      for (let k = Math.max(first, firstOf[j]!); k < j; k++)
        sum -= factor[i * size + k]! * factor[j * size + k]!;
      factor[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / factor[j * size + j]!;
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = values[i]!;
    for (let k = firstOf[i]!; k < i; k++) sum -= factor[i * size + k]! * values[k]!;
    values[i] = sum / factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    const value = values[i]! / factor[i * size + i]!;
    samples[cluster[i]!] = value;
    for (let k = firstOf[i]!; k < i; k++) values[k] = values[k]! - factor[i * size + k]! * value;
  }
}
