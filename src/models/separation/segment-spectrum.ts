// The spectra that HTDemucs takes and gives for one segment: 4096-point transforms at a hop of 1024 with a periodic
// Hann window, scaled by 1/64, Nyquist bin dropped, real and imaginary parts of both channels as four planes.
// The tensor layout is [4][2048][frames]: left real, left imaginary, right real, right imaginary.
import { createRealFft } from '../../dsp/fft.js';
import { createWindow } from '../../dsp/stft.js';

const FFT_SIZE = 4096;
const HOP_FRAMES = 1024;
const BIN_COUNT = FFT_SIZE / 2;
const PAD_FRAMES = (FFT_SIZE - HOP_FRAMES) / 2;
const SCALE = Math.sqrt(FFT_SIZE);

export interface SegmentSpectrum {
  /** Time frames of a segment: its length over 1024, rounded up. */
  readonly frameCount: number;
  readonly binCount: number;
  /** Spectrum of a stereo segment, as a fresh tensor. */
  analyse(left: Float32Array, right: Float32Array): Float32Array;
  /** Adds the signal of the spectrum at `offset` of `tensor` to `left` and `right`. */
  synthesise(tensor: Float32Array, offset: number, left: Float32Array, right: Float32Array): void;
}

/**
 * Transforms for segments of `segmentFrames` samples (2 or more); an instance serves one thread.
 * @source Défossez et al., Hybrid Transformers for Music Source Separation, 2022; demucs/hdemucs.py _spec, _ispec
 */
export function createSegmentSpectrum(segmentFrames: number): SegmentSpectrum {
  const frameCount = Math.ceil(segmentFrames / HOP_FRAMES);
  const fft = createRealFft(FFT_SIZE);
  const window = createWindow('hann', FFT_SIZE);
  const re = new Float64Array(fft.binCount);
  const im = new Float64Array(fft.binCount);
  const frame = new Float64Array(FFT_SIZE);
  const planeSize = BIN_COUNT * frameCount;
  // Two silent frames stand at each side of the inverse, so its first whole sample lies that much later.
  const padded = new Float64Array((frameCount + 3) * HOP_FRAMES + FFT_SIZE);
  const weight = new Float64Array(padded.length);
  for (let t = 0; t < frameCount + 4; t++)
    for (let n = 0; n < FFT_SIZE; n++) weight[t * HOP_FRAMES + n]! += window[n]! ** 2;
  const firstSample = 2 * HOP_FRAMES + PAD_FRAMES;

  const analyseChannel = (samples: Float32Array, tensor: Float32Array, plane: number) => {
    for (let t = 0; t < frameCount; t++) {
      const start = t * HOP_FRAMES - PAD_FRAMES;
      for (let n = 0; n < FFT_SIZE; n++) frame[n] = samples[reflect(start + n, segmentFrames)]! * window[n]!;
      fft.forward(frame, re, im);
      for (let bin = 0, at = plane * planeSize + t; bin < BIN_COUNT; bin++, at += frameCount) {
        tensor[at] = re[bin]! / SCALE;
        tensor[at + planeSize] = im[bin]! / SCALE;
      }
    }
  };
  const synthesiseChannel = (tensor: Float32Array, offset: number, into: Float32Array) => {
    padded.fill(0);
    re[BIN_COUNT] = 0;
    im[BIN_COUNT] = 0;
    for (let t = 0; t < frameCount; t++) {
      for (let bin = 0, at = offset + t; bin < BIN_COUNT; bin++, at += frameCount) {
        re[bin] = tensor[at]!;
        im[bin] = tensor[at + planeSize]!;
      }
      fft.inverse(re, im, frame);
      const start = (t + 2) * HOP_FRAMES;
      for (let n = 0; n < FFT_SIZE; n++) padded[start + n]! += frame[n]! * window[n]!;
    }
    for (let i = 0; i < segmentFrames; i++)
      into[i]! += (padded[firstSample + i]! * SCALE) / weight[firstSample + i]!;
  };

  return {
    frameCount,
    binCount: BIN_COUNT,
    analyse(left, right) {
      const tensor = new Float32Array(4 * planeSize);
      analyseChannel(left, tensor, 0);
      analyseChannel(right, tensor, 2);
      return tensor;
    },
    synthesise(tensor, offset, left, right) {
      synthesiseChannel(tensor, offset, left);
      synthesiseChannel(tensor, offset + 2 * planeSize, right);
    },
  };
}

/** Index of a sample mirrored at both ends, the end samples not repeated. */
function reflect(index: number, count: number): number {
  const last = count - 1;
  const period = 2 * last;
  const folded = ((index % period) + period) % period;
  return folded <= last ? folded : period - folded;
}
