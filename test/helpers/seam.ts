// Finds steps at a place where two parts of a signal were joined, for tests.

/** Samples at both sides of a border that tell how fast the signal moves there. */
const REACH = 1500;

/**
 * The largest jump from sample to sample at the border (the four pairs around it) over the largest one nearby: up to 1
 * where nothing stands out. 0 for silence.
 */
export function seamRatio(samples: Float32Array, border: number): number {
  let atBorder = 0;
  let nearby = 0;
  for (let i = Math.max(1, border - REACH); i < Math.min(samples.length, border + REACH); i++) {
    const jump = Math.abs(samples[i]! - samples[i - 1]!);
    if (Math.abs(i - border) <= 2) atBorder = Math.max(atBorder, jump);
    else nearby = Math.max(nearby, jump);
  }
  // What is 120 dB below full scale is no step.
  return atBorder <= 1e-6 ? 0 : atBorder / nearby;
}
