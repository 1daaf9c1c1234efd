// Power spectra of windows of real sound, two by one complex transform of the kernels (float32).
// A caller pairs windows by their absolute place, so that the rounding of a spectrum never depends on the range.
import { createKernelFft, kernelFftBytes } from './kernels/fft.js';
import { createKernels } from './kernels/instance.js';

export interface PairedSpectrum {
  /** Length of the transform: the power of two that holds the window. */
  readonly size: number;
  /** |X|² of the first and the second window's bins 0 … size/2, valid until the next call. */
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Transforms the windows of `signal` that start at `startA` and `startB`, which it must hold whole. */
  transform(signal: Float32Array, startA: number, startB: number): void;
}

/** Spectra under `window`, zeros behind it up to the next power of two (16 at least). */
export function createPairedSpectrum(window: Float32Array): PairedSpectrum {
  let size = 16;
  while (size < window.length) size *= 2;
  // Windows are weighted four values at a time.
  const length = Math.ceil(window.length / 4) * 4;
  const kernels = createKernels(kernelFftBytes(size) + 2 * (size / 2 + 1) * 8 + 8 * length + 4096);
  const fft = createKernelFft(kernels, size);
  const first = kernels.f64(size / 2 + 1);
  const second = kernels.f64(size / 2 + 1);
  const weights = kernels.f32(length);
  weights.set(window);
  const samples = kernels.f32(length);
  const { re, im } = fft;
  const { multiply, addPowers } = kernels.functions;
  const weigh = (signal: Float32Array, start: number, into: Float32Array): void => {
    samples.set(signal.subarray(start, start + window.length));
    multiply(samples.byteOffset, weights.byteOffset, into.byteOffset, length);
    into.fill(0, window.length);
  };
  return {
    size,
    first,
    second,
    transform(signal, startA, startB) {
      weigh(signal, startA, re);
      weigh(signal, startB, im);
      fft.forward();
      first.fill(0);
      second.fill(0);
      addPowers(re.byteOffset, im.byteOffset, size, first.byteOffset, second.byteOffset);
    },
  };
}

/** A periodic Hann window and its sum. */
export function hannWindow(length: number): { readonly window: Float32Array; readonly sum: number } {
  const window = Float32Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
  return { window, sum: window.reduce((total, value) => total + value, 0) };
}
