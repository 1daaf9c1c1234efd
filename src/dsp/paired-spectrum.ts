// Power spectra of windows of real sound, two by one complex transform of the kernels (float32).
// A caller pairs windows by their absolute place, so that the rounding of a spectrum never depends on the range.
import { createKernelFft, kernelFftBytes } from './kernels/fft.js';
import type { Kernels } from './kernels/instance.js';
import { createWindow } from './stft.js';

export interface PairedSpectrum {
  /** Length of the transform: the power of two that holds the window. */
  readonly size: number;
  /** |X|² of the first and the second window's bins 0 … size/2, zeros behind them, valid until the next call. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Transforms the windows of samples that start at the pointers `a` and `b` of the same kernel memory. */
  transform(a: number, b: number): void;
}

/** Room behind a spectrum's last bin that stays zero: rows of weights end on a multiple of 4. */
const TAIL_BINS = 4;

function transformSize(windowFrames: number): number {
  let size = 16;
  while (size < windowFrames) size *= 2;
  return size;
}

/** Kernel memory that the spectra of a window take, in bytes. */
export function pairedSpectrumBytes(windowFrames: number): number {
  const size = transformSize(windowFrames);
  return kernelFftBytes(size) + 2 * (size / 2 + 1 + TAIL_BINS) * 4 + 4 * windowFrames + 1024;
}

/** Spectra under `window`, zeros behind it up to the next power of two (16 at least). */
export function createPairedSpectrum(kernels: Kernels, window: Float32Array): PairedSpectrum {
  const size = transformSize(window.length);
  // Windows are weighted four values at a time: the weights behind the last are zeros.
  const length = Math.ceil(window.length / 4) * 4;
  const fft = createKernelFft(kernels, size);
  const first = kernels.f32(size / 2 + 1 + TAIL_BINS);
  const second = kernels.f32(size / 2 + 1 + TAIL_BINS);
  const weights = kernels.f32(length);
  weights.set(window);
  const { re, im } = fft;
  const { multiply, pairPowers } = kernels.functions;
  return {
    size,
    first,
    second,
    transform(a, b) {
      multiply(a, weights.byteOffset, re.byteOffset, length);
      multiply(b, weights.byteOffset, im.byteOffset, length);
      re.fill(0, length);
      im.fill(0, length);
      fft.forward();
      pairPowers(re.byteOffset, im.byteOffset, size, first.byteOffset, second.byteOffset);
    },
  };
}

/** A periodic Hann window and its sum. */
export function hannWindow(length: number): { readonly window: Float32Array; readonly sum: number } {
  const window = Float32Array.from(createWindow('hann', length));
  return { window, sum: window.reduce((total, value) => total + value, 0) };
}
