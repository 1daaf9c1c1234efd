// Makes a target curve out of recordings: every spectrum is brought to one level, then each third octave gets the
// median of the recordings and their 10th and 90th percentile as bounds.
import { THIRD_OCTAVES_HZ } from './bands.js';
import type { TargetBand } from './correction.js';

/** Bands that bring spectra to one level: 100 Hz to 8 kHz. */
const ALIGNED = [7, 26] as const;
/** Bounds are never nearer to the median than this, however few recordings there are. */
const LEAST_SPREAD_DB = 1;

/**
 * Levels per band of THIRD_OCTAVES_HZ, in dB, out of spectra in dB of the same bands; null for a band that fewer than
 * half of the recordings hold. Without recordings all bands are null.
 */
export function learnCurve(spectra: readonly (readonly (number | null)[])[]): (TargetBand | null)[] {
  const aligned = spectra.map((levels) => {
    const present = levels.slice(ALIGNED[0], ALIGNED[1] + 1).filter((level) => level !== null);
    const mean = present.reduce((sum, level) => sum + level, 0) / Math.max(1, present.length);
    return levels.map((level) => (level === null ? null : level - mean));
  });
  return THIRD_OCTAVES_HZ.map((_, i) => {
    const levels = aligned
      .map((spectrum) => spectrum[i])
      .filter((level) => level !== null && level !== undefined);
    if (levels.length === 0 || levels.length < spectra.length / 2) return null;
    const sorted = levels.sort((a, b) => a - b);
    const medianDb = percentile(sorted, 0.5);
    return {
      lowDb: Math.min(percentile(sorted, 0.1), medianDb - LEAST_SPREAD_DB),
      medianDb,
      highDb: Math.max(percentile(sorted, 0.9), medianDb + LEAST_SPREAD_DB),
    };
  });
}

/** Percentile by straight lines between the sorted values. */
function percentile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}
