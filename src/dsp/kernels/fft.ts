// The float32 Fourier transform of the kernels with its tables: for spectra and filters of audio, where −135 dB of
// rounding is far below the signal. Where float64 is needed, src/dsp/fft.ts has it.
import type { Kernels } from './instance.js';

/** Transforms `re` and `im` (in kernel memory) forward in place; an inverse exchanges the two and divides by size. */
export interface KernelFft {
  readonly size: number;
  readonly re: Float32Array;
  readonly im: Float32Array;
  /** Transforms `re` + i·`im` forward in place. */
  forward(): void;
  /** The inverse, not divided by `size`. */
  inverse(): void;
}

/** Kernel memory that a transform takes, in bytes. */
export function kernelFftBytes(size: number): number {
  return size * 4 * 4 + size * 8 + 1024;
}

/** A complex transform of `size` values: a power of two from 16 on. */
export function createKernelFft(kernels: Kernels, size: number): KernelFft {
  const re = kernels.f32(size);
  const im = kernels.f32(size);
  const workRe = kernels.f32(size);
  const workIm = kernels.f32(size);
  const twiddles = kernels.f32(2 * size);
  let at = 0;
  for (let n = size; n >= 4; n /= 4) {
    const m = n / 4;
    for (let p = 0; p < m; p++) {
      for (let k = 1; k <= 3; k++) {
        const angle = (-2 * Math.PI * k * p) / n;
        twiddles[at + (2 * k - 2) * m + p] = Math.cos(angle);
        twiddles[at + (2 * k - 1) * m + p] = Math.sin(angle);
      }
    }
    at += 6 * m;
  }
  const { fftForward } = kernels.functions;
  const run = (a: Float32Array, b: Float32Array): void =>
    fftForward(a.byteOffset, b.byteOffset, workRe.byteOffset, workIm.byteOffset, size, twiddles.byteOffset);
  return { size, re, im, forward: () => run(re, im), inverse: () => run(im, re) };
}
