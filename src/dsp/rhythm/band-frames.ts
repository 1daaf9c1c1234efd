// Levels of 40 bands, 20 Hz to 16 kHz, in windows of 46 ms: what onsets, beats and timbre are read from.
// Triangles that overlap by half on the scale ln(1 + f/200 Hz): 22 Hz apart at the bottom, a tenth of the frequency at
// the top. Lengths follow the sample rate, so that one sound gives one result at every rate (bands above half of the
// rate stay at the floor).
import type { Kernels } from '../kernels/instance.js';
import { powersToBytes } from '../level-byte.js';
import { createPairedSpectrum, hannWindow, pairedSpectrumBytes } from '../paired-spectrum.js';
import { createSparseRows, sparseRowsBytes } from '../sparse-rows.js';
import type { WindowAnalyser } from '../window-analyser.js';

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

/** Frames of sound on each side of a window's centre. */
export function bandMarginFrames(sampleRateHz: number): number {
  return Math.max(4, Math.round((WINDOW_SEC * sampleRateHz) / 2));
}

/** Kernel memory that a band analyser takes, in bytes. */
export function bandAnalyserBytes(sampleRateHz: number): number {
  const windowFrames = 2 * bandMarginFrames(sampleRateHz);
  return pairedSpectrumBytes(windowFrames) + sparseRowsBytes(BAND_COUNT, windowFrames + 1);
}

/** An analyser of BAND_COUNT bytes a window for one sample rate; a sine of amplitude 1 amid a band gives 0 dB. */
export function createBandAnalyser(kernels: Kernels, sampleRateHz: number): WindowAnalyser {
  const { window, sum } = hannWindow(2 * bandMarginFrames(sampleRateHz));
  const spectrum = createPairedSpectrum(kernels, window);
  const binHz = sampleRateHz / spectrum.size;
  const rows = createSparseRows(kernels, BAND_COUNT, spectrum.size / 2 + 1, (band) => {
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
  const write = (powers: Float32Array, into: Uint8Array, place: number): void => {
    if (place < 0) return;
    rows.weigh(powers.byteOffset);
    powersToBytes(rows.sums, BAND_COUNT, scale, into, place);
  };
  return {
    analysePair(a, b, into, placeA, placeB) {
      spectrum.transform(a, b);
      write(spectrum.first, into, placeA);
      write(spectrum.second, into, placeB);
    },
  };
}
