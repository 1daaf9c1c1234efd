// Applies what DeepFilterNet3's networks say to one spectrum, and gives what that takes away.
// Band gains over all bins; below 4.8 kHz a complex filter over five frames of the noisy spectrum replaces them.
// The gate by local signal-to-noise ratio of the original's library is left out: at its command line's settings it
// never acts.
import {
  BAND_COUNT,
  BAND_OF_BIN,
  BIN_COUNT,
  FILTER_BIN_COUNT,
  FILTER_TAPS,
  LOOKAHEAD_FRAMES,
} from './features.js';

/** Strength of the optional post-filter; the original's default. */
const POST_FILTER_BETA = 0.02;
const TINY = 1e-12;

/**
 * The residual X - Y of one frame.
 * @param re,im spectra one after the other, BIN_COUNT each; `at` is that of row t, the frames before lie before it
 * @param bandGains,coefficients rows of the networks, `row` = t
 * @param outRe,outIm BIN_COUNT values for frame t - 2
 */
export function filterFrame(
  re: Float64Array,
  im: Float64Array,
  at: number,
  bandGains: Float32Array,
  coefficients: Float32Array,
  row: number,
  hasPostFilter: boolean,
  outRe: Float64Array,
  outIm: Float64Array,
): void {
  const frameAt = at - LOOKAHEAD_FRAMES * BIN_COUNT;
  const firstTapAt = at - (FILTER_TAPS - 1) * BIN_COUNT;
  let coefficient = row * FILTER_BIN_COUNT * 2 * FILTER_TAPS;
  for (let bin = 0; bin < FILTER_BIN_COUNT; bin++) {
    let sumRe = 0;
    let sumIm = 0;
    for (
      let tap = 0, from = firstTapAt + bin;
      tap < FILTER_TAPS;
      tap++, from += BIN_COUNT, coefficient += 2
    ) {
      const cRe = coefficients[coefficient]!;
      const cIm = coefficients[coefficient + 1]!;
      const xRe = re[from]!;
      const xIm = im[from]!;
      sumRe += cRe * xRe - cIm * xIm;
      sumIm += cRe * xIm + cIm * xRe;
    }
    outRe[bin] = sumRe;
    outIm[bin] = sumIm;
  }
  const gainsAt = row * BAND_COUNT;
  for (let bin = FILTER_BIN_COUNT; bin < BIN_COUNT; bin++) {
    const gain = bandGains[gainsAt + BAND_OF_BIN[bin]!]!;
    outRe[bin] = gain * re[frameAt + bin]!;
    outIm[bin] = gain * im[frameAt + bin]!;
  }
  if (hasPostFilter) applyPostFilter(re, im, frameAt, outRe, outIm);
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    outRe[bin] = re[frameAt + bin]! - outRe[bin]!;
    outIm[bin] = im[frameAt + bin]! - outIm[bin]!;
  }
}

/** Deepens strong reductions; leaves the Nyquist bin alone, as the original does. @source Valin et al. 2020 (PercepNet) */
function applyPostFilter(
  re: Float64Array,
  im: Float64Array,
  frameAt: number,
  outRe: Float64Array,
  outIm: Float64Array,
): void {
  for (let bin = 0; bin < BIN_COUNT - 1; bin++) {
    const noisy = Math.hypot(re[frameAt + bin]!, im[frameAt + bin]!);
    const clean = Math.hypot(outRe[bin]!, outIm[bin]!);
    const gain = Math.min(1, Math.max(TINY, clean / (noisy + TINY)));
    const ratio = 1 / Math.sin((Math.PI * gain) / 2);
    const scale = (1 + POST_FILTER_BETA) / (1 + POST_FILTER_BETA * ratio * ratio);
    outRe[bin] = outRe[bin]! * scale;
    outIm[bin] = outIm[bin]! * scale;
  }
}
