// What a listener without a trained network can tell of a frame of audio: levels in bands of the speech range, and
// how periodic it is at a voice's pitch. 32 ms a frame, computed from 64 ms around it at 16 kHz.
// Every frame is computed from its absolute position alone, so ranges of a file join to the whole.
import { createKernels } from '../kernels/instance.js';
import { createTwinFft, twinFftBytes } from '../kernels/twin-fft.js';
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
/** Samples on each side of a frame that its window reaches into. */
export const SPEECH_MARGIN = (WINDOW_SAMPLES - SPEECH_HOP) / 2;
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
const BLOCK_SAMPLES = (FRAMES_PER_READ - 1) * SPEECH_HOP + WINDOW_SAMPLES;

/** Reads mono samples at SPEECH_RATE_HZ; zeros outside of the file. */
export type SampleSource = (startSample: number, into: Float32Array) => void;

/** Measures frames [firstFrame, endFrame): SPEECH_FEATURES bytes each. */
export type SpeechMeter = (read: SampleSource, firstFrame: number, endFrame: number) => Uint8Array;

/**
 * A meter with its tables. Silence gives level bytes 0 and periodicity 0.
 * @source pitch strength: Boersma 1993, autocorrelation over the window's own
 */
export function createSpeechMeter(): SpeechMeter {
  const kernels = createKernels(twinFftBytes(FFT_SIZE) + 16 * FFT_SIZE + 4 * BLOCK_SAMPLES + 4096);
  const fft = createTwinFft(kernels, FFT_SIZE);
  const powers = kernels.f64(FFT_SIZE + 2);
  const window = kernels.f64(WINDOW_SAMPLES);
  window.set(createWindow('hann', WINDOW_SAMPLES));
  const block = kernels.f32(BLOCK_SAMPLES);
  const windowEnergy = window.reduce((sum, value) => sum + value * value, 0);
  const bandBins = EDGES_HZ.map((hz) => Math.round(hz / BIN_HZ));
  const powerScale = 2 / (FFT_SIZE * windowEnergy);
  const { twinWindow, twinPowers } = kernels.functions;

  /** Powers of what lies in the transform, and from them its autocorrelation by bins [firstBin, endBin) alone. */
  function correlate(endBin: number, firstBin: number): void {
    fft.forward();
    twinPowers(fft.re.byteOffset, fft.im.byteOffset, powers.byteOffset, powers.length / 2);
    fft.re.fill(0);
    fft.re.set(powers.subarray(2 * firstBin, 2 * endBin), 2 * firstBin);
    fft.inverseReal();
  }

  /** Autocorrelation of one of the two signals at lags up to LAG_LAST + 1. */
  function correlationOf(signal: 0 | 1, into: Float64Array): Float64Array {
    for (let lag = 0; lag < into.length; lag++)
      into[lag] = (lag % 2 === 0 ? fft.even : fft.odd)[(lag & ~1) + signal]!;
    return into;
  }

  for (let n = 0; n < WINDOW_SAMPLES; n++) (n % 2 === 0 ? fft.even : fft.odd)[n & ~1] = window[n]!;
  correlate(Math.round(8000 / BIN_HZ), 0);
  const windowCorrelation = correlationOf(0, new Float64Array(LAG_LAST + 2));
  const correlation = new Float64Array(LAG_LAST + 2);

  function describe(signal: 0 | 1, row: Uint8Array): void {
    for (let band = 0; band < SPEECH_BANDS; band++) {
      let power = 0;
      for (let bin = bandBins[band]!; bin < bandBins[band + 1]!; bin++) power += powers[2 * bin + signal]!;
      row[band] = levelByte(power * powerScale);
    }
    const { strength, lag } = strongestPeriod(correlationOf(signal, correlation), windowCorrelation);
    row[SPEECH_BANDS] = Math.round(255 * strength);
    row[SPEECH_BANDS + 1] = lag;
  }

  return (read, firstFrame, endFrame) => {
    const features = new Uint8Array(Math.max(0, endFrame - firstFrame) * SPEECH_FEATURES);
    const rowOf = (frame: number) => features.subarray((frame - firstFrame) * SPEECH_FEATURES);
    for (let first = firstFrame; first < endFrame; first += FRAMES_PER_READ) {
      const end = Math.min(endFrame, first + FRAMES_PER_READ);
      const length = (end - first - 1) * SPEECH_HOP + WINDOW_SAMPLES;
      read(first * SPEECH_HOP - SPEECH_MARGIN, block.subarray(0, length));
      const pointerOf = (frame: number) => block.byteOffset + 4 * (frame - first) * SPEECH_HOP;
      for (let frame = first; frame < end; frame += 2) {
        // Two frames at a time; at the end perhaps one of them twice.
        const other = Math.min(frame + 1, end - 1);
        fft.even.fill(0);
        fft.odd.fill(0);
        twinWindow(
          pointerOf(frame),
          pointerOf(other),
          window.byteOffset,
          fft.even.byteOffset,
          fft.odd.byteOffset,
          WINDOW_SAMPLES,
        );
        correlate(Math.round(PERIODIC_HIGH_HZ / BIN_HZ), Math.round(PITCH_LOW_HZ / BIN_HZ));
        describe(0, rowOf(frame));
        if (other > frame) describe(1, rowOf(other));
      }
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
