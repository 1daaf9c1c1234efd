// The time grid of ducking: 20 points a second. Gains and dips are points on it, energies are sums between two points.

export const CONTROLS_PER_SEC = 20;
export const CONTROL_SEC = 1 / CONTROLS_PER_SEC;

/** First frame of control `index`. */
export function controlStart(index: number, sampleRateHz: number): number {
  return Math.round((index * sampleRateHz) / CONTROLS_PER_SEC);
}

/** Controls that cover a file, the last of them perhaps in part. */
export function controlCount(frameCount: number, sampleRateHz: number): number {
  return Math.ceil((frameCount * CONTROLS_PER_SEC) / sampleRateHz);
}

/** Mean of the values in [k − reach, k + reach] that lie in [first, end), for every k there; 0 elsewhere. */
export function meansWithin(
  values: ArrayLike<number>,
  reach: number,
  first: number,
  end: number,
): Float64Array {
  const sums = new Float64Array(end - first + 1);
  for (let k = first; k < end; k++) sums[k - first + 1] = sums[k - first]! + values[k]!;
  const means = new Float64Array(end - first);
  for (let k = 0; k < means.length; k++) {
    const from = Math.max(0, k - reach);
    const to = Math.min(means.length, k + reach + 1);
    means[k] = (sums[to]! - sums[from]!) / (to - from);
  }
  return means;
}
