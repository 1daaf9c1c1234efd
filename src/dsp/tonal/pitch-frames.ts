// A spectrum on a logarithmic axis, three bins to a semitone from C1 to B7, in windows of 0.37 s: what tuning, chords
// and keys are read from. Window and resolution are the same in seconds and hertz at every sample rate; bins above
// 0.46 of the rate stay at the floor.
import type { Kernels } from '../kernels/instance.js';
import { powersToBytes } from '../level-byte.js';
import { createPairedSpectrum, hannWindow, pairedSpectrumBytes } from '../paired-spectrum.js';
import { createSparseRows, sparseRowsBytes } from '../sparse-rows.js';
import type { WindowAnalyser } from '../window-analyser.js';

export const PITCH_FRAMES_PER_SEC = 10;
export const BINS_PER_SEMITONE = 3;
export const LOWEST_NOTE = 24;
export const NOTE_COUNT = 84;
export const PITCH_BIN_COUNT = NOTE_COUNT * BINS_PER_SEMITONE;
const WINDOW_SEC = 4096 / 11025;
const RESOLUTION_HZ = 1 / WINDOW_SEC;

/** Frequency in Hz of a pitch bin at A4 = 440 Hz; bin 1 of three is the note itself. */
export function pitchBinHz(bin: number): number {
  return 440 * 2 ** ((LOWEST_NOTE - 69 + (bin - 1) / BINS_PER_SEMITONE) / 12);
}

/** Frames of sound on each side of a window's centre. */
export function pitchMarginFrames(sampleRateHz: number): number {
  return Math.max(8, Math.round((WINDOW_SEC * sampleRateHz) / 2));
}

/** Kernel memory that a pitch analyser takes, in bytes. */
export function pitchAnalyserBytes(sampleRateHz: number): number {
  const windowFrames = 2 * pitchMarginFrames(sampleRateHz);
  return pairedSpectrumBytes(windowFrames) + sparseRowsBytes(PITCH_BIN_COUNT, 2 * windowFrames);
}

/**
 * An analyser of PITCH_BIN_COUNT bytes a window for one sample rate; a sine of amplitude 1 on a bin gives +5 dB (its main
 * lobe is summed).
 */
export function createPitchAnalyser(kernels: Kernels, sampleRateHz: number): WindowAnalyser {
  const { window, sum } = hannWindow(2 * pitchMarginFrames(sampleRateHz));
  const spectrum = createPairedSpectrum(kernels, window);
  const binHz = sampleRateHz / spectrum.size;
  const rows = createSparseRows(kernels, PITCH_BIN_COUNT, spectrum.size / 2 + 1, (bin) => {
    const centreHz = pitchBinHz(bin);
    const isIn = centreHz <= 0.46 * sampleRateHz;
    const widthHz = isIn ? Math.max(RESOLUTION_HZ, centreHz * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1)) : 0;
    return {
      fromBin: (centreHz - widthHz) / binHz,
      toBin: (centreHz + widthHz) / binHz,
      weightAt: (k) => 0.5 + 0.5 * Math.cos((Math.PI * (k * binHz - centreHz)) / widthHz),
    };
  });
  const scale = ((2 / sum) * binHz) / RESOLUTION_HZ;
  const { squareRoots } = kernels.functions;
  const levels = new Float32Array(PITCH_BIN_COUNT);
  const write = (powers: Float32Array, into: Uint8Array, place: number): void => {
    if (place < 0) return;
    squareRoots(powers.byteOffset, rows.usedBins);
    rows.weigh(powers.byteOffset);
    for (let bin = 0; bin < PITCH_BIN_COUNT; bin++) levels[bin] = rows.sums[bin]! * rows.sums[bin]!;
    powersToBytes(levels, PITCH_BIN_COUNT, scale * scale, into, place);
  };
  return {
    analysePair(a, b, into, placeA, placeB) {
      spectrum.transform(a, b);
      write(spectrum.first, into, placeA);
      write(spectrum.second, into, placeB);
    },
  };
}
