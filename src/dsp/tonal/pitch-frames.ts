// A spectrum on a logarithmic axis, three bins to a semitone from C1 to B7, in windows of 0.37 s: what tuning, chords
// and keys are read from. The sound is first brought down to about 11 kHz by a linear-phase low-pass, at positions
// that are multiples of the factor in the whole file, so that ranges agree with it.
import { fastTransformSize } from '../fast-size.js';
import { createRealFft } from '../fft.js';
import { powerToByte } from '../level-byte.js';
import { createSparseRows, sumRow } from '../sparse-rows.js';

export const PITCH_FRAMES_PER_SEC = 10;
export const BINS_PER_SEMITONE = 3;
export const LOWEST_NOTE = 24;
export const NOTE_COUNT = 84;
export const PITCH_BIN_COUNT = NOTE_COUNT * BINS_PER_SEMITONE;
const WINDOW_SEC = 4096 / 11025;
const LOWEST_RATE_HZ = 10500;
const TAPS_PER_STEP = 16;

/** Frequency in Hz of a pitch bin at A4 = 440 Hz; bin 1 of three is the note itself. */
export function pitchBinHz(bin: number): number {
  return 440 * 2 ** ((LOWEST_NOTE - 69 + (bin - 1) / BINS_PER_SEMITONE) / 12);
}

export interface PitchAnalyser {
  /** Frames of sound that a window needs on each side of its centre. */
  readonly marginFrames: number;
  /** Takes a block of sound whose first value is frame `originFrame` of the file. */
  load(signal: Float32Array, originFrame: number): void;
  /** Writes PITCH_BIN_COUNT bytes of the window centred on `centreFrame` of the file, margin inside of the block. */
  analyse(centreFrame: number, into: Uint8Array, at: number): void;
}

/** A pitch analyser for one sample rate; a sine of amplitude 1 on a bin gives 0 dB. */
export function createPitchAnalyser(sampleRateHz: number): PitchAnalyser {
  const step = Math.max(1, Math.floor(sampleRateHz / LOWEST_RATE_HZ));
  const rateHz = sampleRateHz / step;
  const half = Math.max(8, Math.round((WINDOW_SEC * rateHz) / 2));
  const taps = createLowPass(step);
  const reach = taps.length - 1;
  const fft = createRealFft(fastTransformSize(2 * half));
  const window = new Float64Array(2 * half);
  let windowSum = 0;
  for (let n = 0; n < window.length; n++) {
    window[n] = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / window.length);
    windowSum += window[n]!;
  }
  const frame = new Float64Array(fft.size);
  const re = new Float64Array(fft.binCount);
  const im = new Float64Array(fft.binCount);
  const binHz = rateHz / fft.size;
  const rows = createSparseRows(PITCH_BIN_COUNT, fft.binCount, (bin) => {
    const centreHz = pitchBinHz(bin);
    const widthHz =
      centreHz > 0.46 * rateHz ? 0 : Math.max(binHz, centreHz * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1));
    return {
      fromBin: (centreHz - widthHz) / binHz,
      toBin: (centreHz + widthHz) / binHz,
      weightAt: (k) => 0.5 + 0.5 * Math.cos((Math.PI * (k * binHz - centreHz)) / widthHz),
    };
  });
  const amplitude = 2 / windowSum;
  let low = new Float64Array(0);
  let firstLow = 0;
  return {
    marginFrames: (half + 1) * step + reach,
    load(signal, originFrame) {
      firstLow = Math.ceil((originFrame + reach) / step);
      const lastLow = Math.floor((originFrame + signal.length - 1 - reach) / step);
      const count = Math.max(0, lastLow - firstLow + 1);
      if (low.length < count) low = new Float64Array(count);
      for (let m = 0; m < count; m++) {
        const centre = (firstLow + m) * step - originFrame;
        let sum = taps[0]! * signal[centre]!;
        for (let k = 1; k <= reach; k++) sum += taps[k]! * (signal[centre - k]! + signal[centre + k]!);
        low[m] = sum;
      }
    },
    analyse(centreFrame, into, at) {
      const start = Math.round(centreFrame / step) - half - firstLow;
      for (let n = 0; n < window.length; n++) frame[n] = low[start + n]! * window[n]!;
      fft.forward(frame, re, im);
      for (let k = 0; k < re.length; k++) {
        re[k] = amplitude * Math.sqrt(re[k]! * re[k]! + im[k]! * im[k]!);
      }
      for (let bin = 0; bin < PITCH_BIN_COUNT; bin++) {
        const level = sumRow(rows, bin, re);
        into[at + bin] = powerToByte(level * level);
      }
    },
  };
}

/** Right half of a linear-phase low-pass at half of the lower rate (Blackman window); the identity for step 1. */
function createLowPass(step: number): Float64Array {
  if (step === 1) return Float64Array.of(1);
  const reach = (TAPS_PER_STEP / 2) * step;
  const taps = Float64Array.from({ length: reach + 1 }, (_, k) => {
    const x = k / step;
    const sinc = k === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const angle = (Math.PI * k) / (reach + 1);
    return sinc * (0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle));
  });
  let sum = taps[0]!;
  for (let k = 1; k < taps.length; k++) sum += 2 * taps[k]!;
  return taps.map((tap) => tap / sum);
}
