// What the two repairs of shimmer share: where it lives, and what a line in a spectrum is compared with.

/** Below this, voices and instruments have their own fast lines. */
export const SHIMMER_LOW_HZ = 4000;
/** Sound of less than this is not heard. */
export const QUIETEST_POWER = 1e-12;
/** Bins beside a line that it leaks into. */
export const LEAK_BINS = 4;
/** Bins on either side that a line is compared with. */
export const AROUND_BINS = 11;

/**
 * What a line at `bin` is compared with: the strong bins beside it (the fourth of eleven), on the louder of its sides.
 * One of many harmonics, a slope, or the edge of a band-limited file is no line; a single line nearby hides none.
 */
export function levelAround(power: Float32Array, bin: number): number {
  return Math.max(strongOf(power, bin, -1), strongOf(power, bin, 1));
}

/** The fourth highest of the bins on one side; keeps the highest so far in order. */
function strongOf(power: Float32Array, bin: number, direction: 1 | -1): number {
  let top1 = 0;
  let top2 = 0;
  let top3 = 0;
  let top4 = 0;
  for (let n = 1; n <= AROUND_BINS; n++) {
    const value = power[bin + direction * (LEAK_BINS + n)] ?? 0;
    if (!(value > top4)) continue;
    top4 = Math.min(value, top3);
    if (value > top3) {
      top3 = Math.min(value, top2);
      if (value > top2) {
        top2 = Math.min(value, top1);
        top1 = Math.max(value, top1);
      }
    }
  }
  return top4;
}
