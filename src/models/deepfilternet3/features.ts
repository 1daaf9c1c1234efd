// DeepFilterNet3's view of a spectrum: band energies in dB and the first complex bins, both against running means.
// Constants are those of the published configuration (48 kHz, FFT 960, hop 480, 32 ERB bands, 96 complex bins).
// The recipe equals the original's: no normalisation over the whole file, no look-ahead.

export const SAMPLE_RATE_HZ = 48_000;
export const FFT_SIZE = 960;
export const HOP_FRAMES = 480;
export const BIN_COUNT = 481;
export const BAND_COUNT = 32;
/** Bins that the deep filter replaces, from 0 up (4.8 kHz). */
export const FILTER_BIN_COUNT = 96;
/** Taps of the deep filter: frames t-4 … t. */
export const FILTER_TAPS = 5;
/** Row t of the networks belongs to spectrum t - 2. */
export const LOOKAHEAD_FRAMES = 2;

/** Decay of the running means: exp(-hop/rate/1 s), rounded to three decimals as the original does. */
const DECAY = 0.99;

/** Bins of each band; ERB steps with at least two bins. */
const BAND_WIDTHS = [
  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 5, 5, 7, 7, 8, 10, 12, 13, 15, 18, 20, 24, 28, 31, 37, 42, 50, 56,
  67,
];

/** The band of each bin. */
export const BAND_OF_BIN = Uint8Array.from(
  BAND_WIDTHS.flatMap((width, band) => Array<number>(width).fill(band)),
);

/** Running means of one analysed signal. */
export interface FeatureState {
  /** Mean level of each band in dB. */
  readonly bandMeanDb: Float64Array;
  /** Mean magnitude of each complex bin. */
  readonly binMean: Float64Array;
}

export function createFeatureState(): FeatureState {
  return {
    bandMeanDb: Float64Array.from({ length: BAND_COUNT }, (_, band) => -60 - (30 * band) / (BAND_COUNT - 1)),
    binMean: Float64Array.from(
      { length: FILTER_BIN_COUNT },
      (_, bin) => 0.001 - (0.0009 * bin) / (FILTER_BIN_COUNT - 1),
    ),
  };
}

/**
 * Features of one spectrum; updates the running means.
 * @param re,im BIN_COUNT bins of rfft(frame · window)/960, at offset `at`
 * @param bands row of `feat_erb`, at `bandsAt`
 * @param planes `feat_spec` [2, frames, 96]: the real plane at `realAt`, the imaginary one at `imaginaryAt`
 */
export function computeFeatures(
  state: FeatureState,
  re: Float64Array,
  im: Float64Array,
  at: number,
  bands: Float32Array,
  bandsAt: number,
  planes: Float32Array,
  realAt: number,
  imaginaryAt: number,
): void {
  const { bandMeanDb, binMean } = state;
  let bin = at;
  for (let band = 0; band < BAND_COUNT; band++) {
    const width = BAND_WIDTHS[band]!;
    let power = 0;
    for (let n = 0; n < width; n++, bin++) power += re[bin]! * re[bin]! + im[bin]! * im[bin]!;
    const levelDb = 10 * Math.log10(power / width + 1e-10);
    const mean = (1 - DECAY) * levelDb + DECAY * bandMeanDb[band]!;
    bandMeanDb[band] = mean;
    bands[bandsAt + band] = (levelDb - mean) / 40;
  }
  for (let f = 0; f < FILTER_BIN_COUNT; f++) {
    const x = re[at + f]!;
    const y = im[at + f]!;
    const mean = (1 - DECAY) * Math.sqrt(x * x + y * y) + DECAY * binMean[f]!;
    binMean[f] = mean;
    const scale = 1 / Math.sqrt(mean);
    planes[realAt + f] = x * scale;
    planes[imaginaryAt + f] = y * scale;
  }
}
