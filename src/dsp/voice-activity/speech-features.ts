// What a listener without a trained network can tell of a frame of audio: levels in bands of the speech range, and
// how periodic it is at a voice's pitch. 32 ms a frame, computed from 64 ms around it at 16 kHz.
// Every frame is computed from its absolute position alone, so ranges of a file join to the whole.
import { createRealFft } from '../fft.js';
import { createWindow } from '../stft.js';

/** Rate at which frames are measured. */
export const SPEECH_RATE_HZ = 16000;
/** Samples from frame to frame: 32 ms. */
export const SPEECH_HOP = 512;
/** Edges of the bands, spaced like the ear's. */
const EDGES_HZ = [80, 200, 350, 550, 800, 1150, 1650, 2300, 3200, 4500, 7000];
export const SPEECH_BANDS = EDGES_HZ.length - 1;
/** Bytes of a frame: band levels, then periodicity, then the period's place. */
export const SPEECH_FEATURES = SPEECH_BANDS + 2;
/** Level of byte 0, and bytes per dB. */
export const LEVEL_FLOOR_DBFS = -110;
export const BYTES_PER_DB = 2;

const WINDOW_SAMPLES = 1024;
const FFT_SIZE = 2048;
const BIN_HZ = SPEECH_RATE_HZ / FFT_SIZE;
/** Pitch of voices. */
const PITCH_LOW_HZ = 70;
const PITCH_HIGH_HZ = 400;
const LAG_FIRST = Math.round(SPEECH_RATE_HZ / PITCH_HIGH_HZ);
const LAG_LAST = Math.round(SPEECH_RATE_HZ / PITCH_LOW_HZ);
/** Harmonics above this one tell little of the pitch in noise. */
const PERIODIC_HIGH_HZ = 1600;

/** Frames that are read at a time, so that what they share is read (and resampled) once. */
const FRAMES_PER_READ = 64;

/** Reads mono samples at SPEECH_RATE_HZ; zeros outside of the file. */
export type SampleSource = (startSample: number, into: Float32Array) => void;

/** Measures frames [firstFrame, endFrame): SPEECH_FEATURES bytes each. */
export type SpeechMeter = (read: SampleSource, firstFrame: number, endFrame: number) => Uint8Array;

/**
 * A meter with its tables. Silence gives level bytes 0 and periodicity 0.
 * @source pitch strength: Boersma 1993, autocorrelation over the window's own
 */
export function createSpeechMeter(): SpeechMeter {
  const fft = createRealFft(FFT_SIZE);
  const window = createWindow('hann', WINDOW_SAMPLES);
  const block = new Float32Array((FRAMES_PER_READ - 1) * SPEECH_HOP + WINDOW_SAMPLES);
  const padded = new Float64Array(FFT_SIZE);
  const re = new Float64Array(fft.binCount);
  const im = new Float64Array(fft.binCount);
  const powers = new Float64Array(fft.binCount);
  const windowEnergy = window.reduce((sum, value) => sum + value * value, 0);
  const bandBins = EDGES_HZ.map((hz) => Math.round(hz / BIN_HZ));
  const powerScale = 2 / (FFT_SIZE * windowEnergy);
  padded.set(window);
  const windowCorrelation = correlate(Math.round(8000 / BIN_HZ)).slice();

  /** Autocorrelation of `padded` with the bins from `firstBin` to `endBin` alone, at lags up to LAG_LAST. */
  function correlate(endBin: number, firstBin = 0): Float64Array {
    fft.forward(padded, re, im);
    for (let bin = 0; bin < powers.length; bin++) powers[bin] = re[bin]! ** 2 + im[bin]! ** 2;
    for (let bin = 0; bin < powers.length; bin++)
      re[bin] = bin >= firstBin && bin < endBin ? powers[bin]! : 0;
    im.fill(0);
    fft.inverse(re, im, padded);
    return padded.subarray(0, LAG_LAST + 2);
  }

  return (read, firstFrame, endFrame) => {
    const features = new Uint8Array(Math.max(0, endFrame - firstFrame) * SPEECH_FEATURES);
    for (let frame = firstFrame; frame < endFrame; frame++) {
      const inBlock = (frame - firstFrame) % FRAMES_PER_READ;
      if (inBlock === 0) {
        const frames = Math.min(FRAMES_PER_READ, endFrame - frame);
        const length = (frames - 1) * SPEECH_HOP + WINDOW_SAMPLES;
        read(frame * SPEECH_HOP - (WINDOW_SAMPLES - SPEECH_HOP) / 2, block.subarray(0, length));
      }
      const from = inBlock * SPEECH_HOP;
      padded.fill(0);
      for (let n = 0; n < WINDOW_SAMPLES; n++) padded[n] = block[from + n]! * window[n]!;
      const correlation = correlate(Math.round(PERIODIC_HIGH_HZ / BIN_HZ), Math.round(PITCH_LOW_HZ / BIN_HZ));
      const at = (frame - firstFrame) * SPEECH_FEATURES;
      for (let band = 0; band < SPEECH_BANDS; band++) {
        let power = 0;
        for (let bin = bandBins[band]!; bin < bandBins[band + 1]!; bin++) power += powers[bin]!;
        features[at + band] = levelByte(power * powerScale);
      }
      const { strength, lag } = strongestPeriod(correlation, windowCorrelation);
      features[at + SPEECH_BANDS] = Math.round(255 * strength);
      features[at + SPEECH_BANDS + 1] = lag;
    }
    return features;
  };
}

function levelByte(power: number): number {
  if (power <= 0) return 0;
  const byte = Math.round((10 * Math.log10(power) - LEVEL_FLOOR_DBFS) * BYTES_PER_DB);
  return Math.min(255, Math.max(0, byte));
}

/** The highest peak of the autocorrelation over that of the window, 0 … 1, and its lag in samples (≤ 229). */
function strongestPeriod(
  correlation: Float64Array,
  windowCorrelation: Float64Array,
): { strength: number; lag: number } {
  const energy = correlation[0]!;
  if (energy <= 1e-12) return { strength: 0, lag: 0 };
  let strength = 0;
  let lag = 0;
  for (let k = LAG_FIRST; k <= LAG_LAST; k++) {
    const isPeak = correlation[k]! >= correlation[k - 1]! && correlation[k]! >= correlation[k + 1]!;
    if (!isPeak) continue;
    const value = (correlation[k]! / energy) * (windowCorrelation[0]! / windowCorrelation[k]!);
    if (value > strength) {
      strength = value;
      lag = k;
    }
  }
  return { strength: Math.min(1, strength), lag };
}
