// From energies of 100 ms to loudness: gated integration and loudness range. Pure arithmetic on short arrays; energies
// are channel-weighted sums of squares of K-weighted samples, divided by the sample rate and 0.1 s (mean squares).

/** Hops of 100 ms in a gating block, and in a short-term window. */
export const MOMENTARY_HOPS = 4;
export const SHORT_TERM_HOPS = 30;

const ABSOLUTE_GATE_LUFS = -70;
const INTEGRATED_GATE_LU = -10;
const RANGE_GATE_LU = -20;

/** Loudness in LUFS of a mean square; null for none at all. @source ITU-R BS.1770-5, Annex 1, eq. (2) */
export function loudnessOf(meanSquare: number): number | null {
  return meanSquare > 0 ? -0.691 + 10 * Math.log10(meanSquare) : null;
}

function meanSquareOf(lufs: number): number {
  return 10 ** ((lufs + 0.691) / 10);
}

/** Mean squares of the windows of `windowHops` hops, one per hop from the first full window on. */
export function windowMeans(hopMeans: Float64Array, windowHops: number): Float64Array {
  const means = new Float64Array(Math.max(0, hopMeans.length - windowHops + 1));
  for (let i = 0; i < means.length; i++) {
    let sum = 0;
    for (let k = 0; k < windowHops; k++) sum += hopMeans[i + k]!;
    means[i] = sum / windowHops;
  }
  return means;
}

/**
 * Integrated loudness in LUFS over gating blocks of 400 ms every 100 ms; null where no block is above −70 LUFS.
 * @source ITU-R BS.1770-5, Annex 1, eq. (5) to (7)
 */
export function integratedLoudness(hopMeans: Float64Array): number | null {
  const blocks = windowMeans(hopMeans, MOMENTARY_HOPS);
  const ungated = meanAbove(blocks, meanSquareOf(ABSOLUTE_GATE_LUFS));
  if (ungated === null) return null;
  const relativeGate = ungated * 10 ** (INTEGRATED_GATE_LU / 10);
  const gated = meanAbove(blocks, Math.max(relativeGate, meanSquareOf(ABSOLUTE_GATE_LUFS)));
  return gated === null ? null : loudnessOf(gated);
}

/** Mean of the values above a gate; null where there are none. */
function meanAbove(values: Float64Array, gate: number): number | null {
  let sum = 0;
  let count = 0;
  // By index: over hours of hops an iterator would leave megabytes to be collected.
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > gate) {
      sum += values[i]!;
      count++;
    }
  }
  return count === 0 ? null : sum / count;
}

/**
 * Loudness range in LU: from the 10th to the 95th percentile of short-term loudness every 100 ms, above −70 LUFS and
 * 20 LU below the mean; null for less than 3 s of sound. @source EBU Tech 3342 (2023), §3
 */
export function loudnessRange(hopMeans: Float64Array): number | null {
  const windows = windowMeans(hopMeans, SHORT_TERM_HOPS);
  const absoluteGate = meanSquareOf(ABSOLUTE_GATE_LUFS);
  const ungated = meanAbove(windows, absoluteGate);
  if (ungated === null) return null;
  const gate = Math.max(absoluteGate, ungated * 10 ** (RANGE_GATE_LU / 10));
  windows.sort();
  const kept = windows.subarray(windows.findIndex((mean) => mean >= gate));
  const low = kept[Math.round((kept.length - 1) * 0.1)]!;
  const high = kept[Math.round((kept.length - 1) * 0.95)]!;
  return 10 * Math.log10(high / low);
}
