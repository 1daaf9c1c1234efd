// Levels of 40 bands, 20 Hz to 16 kHz, in windows of 46 ms: what onsets, beats and timbre are read from.
// Triangles that overlap by half on the scale ln(1 + f/200 Hz): 22 Hz apart at the bottom, a tenth of the frequency at
// the top. Lengths follow the sample rate, so that one sound gives one result at every rate (bands above half of the
// rate stay at the floor).
import { powerToByte } from '../level-byte.js';
import { createPairedSpectrum, hannWindow } from '../paired-spectrum.js';
import { createSparseRows, sumRow } from '../sparse-rows.js';

export const BAND_FRAMES_PER_SEC = 100;
export const BAND_COUNT = 40;
const WINDOW_SEC = 2048 / 44100;
const LOWEST_HZ = 20;
const HIGHEST_HZ = 16000;
const BEND_HZ = 200;

/** Centre of a band in Hz. */
export function bandCentreHz(band: number): number {
  return edgeHz(band + 1);
}

/** Corner k of the triangles: band b rises from corner b to b+1 and falls to b+2. */
function edgeHz(corner: number): number {
  const low = Math.log1p(LOWEST_HZ / BEND_HZ);
  const high = Math.log1p(HIGHEST_HZ / BEND_HZ);
  return BEND_HZ * Math.expm1(low + ((high - low) * corner) / (BAND_COUNT + 1));
}

export interface BandAnalyser {
  /** Frames of sound that a window needs on each side of its centre. */
  readonly marginFrames: number;
  /**
   * Writes BAND_COUNT bytes of each of the windows centred on `centreA` and `centreB` of `signal`, which must hold
   * the margins. A negative place leaves that window's bytes out.
   */
  analysePair(
    signal: Float32Array,
    centreA: number,
    centreB: number,
    into: Uint8Array,
    placeA: number,
    placeB: number,
  ): void;
}

/** A band analyser for one sample rate; a sine of amplitude 1 amid a band gives 0 dB. */
export function createBandAnalyser(sampleRateHz: number): BandAnalyser {
  const half = Math.max(4, Math.round((WINDOW_SEC * sampleRateHz) / 2));
  const { window, sum } = hannWindow(2 * half);
  const spectrum = createPairedSpectrum(window);
  const binHz = sampleRateHz / spectrum.size;
  const rows = createSparseRows(BAND_COUNT, spectrum.first.length, (band) => {
    const centreHz = edgeHz(band + 1);
    // The lowest triangles are narrower than a bin at some rates: never less than one bin on each side.
    const belowHz = Math.max(binHz, centreHz - edgeHz(band));
    const aboveHz = Math.max(binHz, edgeHz(band + 2) - centreHz);
    return {
      fromBin: (centreHz - belowHz) / binHz,
      toBin: (centreHz + aboveHz) / binHz,
      weightAt: (bin) => {
        const offsetHz = bin * binHz - centreHz;
        return 1 - (offsetHz < 0 ? -offsetHz / belowHz : offsetHz / aboveHz);
      },
    };
  });
  // A sine's power spreads over the Hann window's main lobe: 1.5 bins of the peak.
  const scale = (4 / (sum * sum) / 1.5) * (window.length / spectrum.size);
  return {
    marginFrames: half,
    analysePair(signal, centreA, centreB, into, placeA, placeB) {
      spectrum.transform(signal, centreA - half, centreB - half);
      for (let band = 0; band < BAND_COUNT; band++) {
        if (placeA >= 0) into[placeA + band] = powerToByte(scale * sumRow(rows, band, spectrum.first));
        if (placeB >= 0) into[placeB + band] = powerToByte(scale * sumRow(rows, band, spectrum.second));
      }
    },
  };
}
