// A spectrum on a logarithmic axis, three bins to a semitone from C1 to B7, in windows of 0.37 s: what tuning, chords
// and keys are read from. Window and resolution are the same in seconds and hertz at every sample rate; bins above
// 0.46 of the rate stay at the floor.
import { powerToByte } from '../level-byte.js';
import { createPairedSpectrum, hannWindow } from '../paired-spectrum.js';
import { createSparseRows, sumRow } from '../sparse-rows.js';

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

export interface PitchAnalyser {
  /** Frames of sound that a window needs on each side of its centre. */
  readonly marginFrames: number;
  /**
   * Writes PITCH_BIN_COUNT bytes of each of the windows centred on `centreA` and `centreB` of `signal`, which must
   * hold the margins. A negative place leaves that window's bytes out.
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

/** A pitch analyser for one sample rate; a sine of amplitude 1 on a bin gives +5 dB (its main lobe is summed). */
export function createPitchAnalyser(sampleRateHz: number): PitchAnalyser {
  const half = Math.max(8, Math.round((WINDOW_SEC * sampleRateHz) / 2));
  const { window, sum } = hannWindow(2 * half);
  const spectrum = createPairedSpectrum(window);
  const binHz = sampleRateHz / spectrum.size;
  const rows = createSparseRows(PITCH_BIN_COUNT, spectrum.first.length, (bin) => {
    const centreHz = pitchBinHz(bin);
    const isIn = centreHz <= 0.46 * sampleRateHz;
    const widthHz = isIn ? Math.max(RESOLUTION_HZ, centreHz * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1)) : 0;
    return {
      fromBin: (centreHz - widthHz) / binHz,
      toBin: (centreHz + widthHz) / binHz,
      weightAt: (k) => 0.5 + 0.5 * Math.cos((Math.PI * (k * binHz - centreHz)) / widthHz),
    };
  });
  const usedBins =
    rows.firstBin[PITCH_BIN_COUNT - 1]! + rows.weights.length - rows.firstWeight[PITCH_BIN_COUNT - 1]!;
  const scale = ((2 / sum) * binHz) / RESOLUTION_HZ;
  const write = (powers: Float64Array, into: Uint8Array, place: number): void => {
    if (place < 0) return;
    for (let k = 0; k < usedBins; k++) powers[k] = Math.sqrt(powers[k]!);
    for (let bin = 0; bin < PITCH_BIN_COUNT; bin++) {
      const level = scale * sumRow(rows, bin, powers);
      into[place + bin] = powerToByte(level * level);
    }
  };
  return {
    marginFrames: half,
    analysePair(signal, centreA, centreB, into, placeA, placeB) {
      spectrum.transform(signal, centreA - half, centreB - half);
      write(spectrum.first, into, placeA);
      write(spectrum.second, into, placeB);
    },
  };
}
