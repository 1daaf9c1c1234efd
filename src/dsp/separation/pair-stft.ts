// Short-time spectra of one or two channels by one complex transform of the kernels (float32): the left channel is the
// real part, the right one the imaginary. A mask that is real and the same for both channels then applies to the whole
// transform at once. Periodic Hann windows, weighted overlap-add as in stft.ts; outside of the signal lie zeros.
import { createKernelFft, kernelFftBytes } from '../kernels/fft.js';
import { createKernels } from '../kernels/instance.js';
import { createWindow } from '../stft.js';

/** One frame at a time; an instance serves one thread. */
export interface PairStft {
  readonly fftSize: number;
  readonly hopFrames: number;
  /**
   * Transform of the last frame: bin k of left + i·right, k from 0 to fftSize − 1. Of a single channel the imaginary
   * part of the signal is zero.
   */
  readonly re: Float32Array;
  readonly im: Float32Array;
  /** Transforms channels[0…1][startFrame … startFrame+fftSize). */
  analyse(channels: readonly Float32Array[], startFrame: number): void;
  /**
   * Adds the last frame under `mask` (one factor for each of its bins, 0 beyond them) to into[0…1][startFrame …); what
   * falls outside of the arrays is dropped.
   */
  synthesise(mask: Float64Array, into: readonly Float32Array[], startFrame: number): void;
  /** The same with a mask for the mid and one for the side, of one length; of a single channel the mid's holds. */
  synthesiseMidSide(
    midMask: Float32Array,
    sideMask: Float32Array,
    into: readonly Float32Array[],
    startFrame: number,
  ): void;
}

/** @source Griffin & Lim 1984 (least squares overlap-add) */
export function createPairStft(fftSize: number, hopFrames: number): PairStft {
  const kernels = createKernels(kernelFftBytes(fftSize) + 8 * fftSize + 1024);
  const fft = createKernelFft(kernels, fftSize);
  const re = kernels.f32(fftSize);
  const im = kernels.f32(fftSize);
  const hann = createWindow('hann', fftSize);
  const analysis = Float32Array.from(hann);
  // Also divides by the length of the inverse transform.
  const synthesis = Float32Array.from({ length: fftSize }, (_, n) => {
    let weight = 0;
    for (let k = n % hopFrames; k < fftSize; k += hopFrames) weight += hann[k]! * hann[k]!;
    return hann[n]! / weight / fftSize;
  });

  const load = (samples: Float32Array | undefined, startFrame: number, part: Float32Array): void => {
    if (samples === undefined) {
      part.fill(0);
      return;
    }
    const from = Math.min(fftSize, Math.max(0, -startFrame));
    const to = Math.max(from, Math.min(fftSize, samples.length - startFrame));
    part.fill(0, 0, from);
    for (let n = from; n < to; n++) part[n] = samples[startFrame + n]! * analysis[n]!;
    part.fill(0, to);
  };
  const add = (part: Float32Array, into: Float32Array | undefined, startFrame: number): void => {
    if (into === undefined) return;
    const from = Math.max(0, -startFrame);
    const to = Math.min(fftSize, into.length - startFrame);
    for (let n = from; n < to; n++) into[startFrame + n]! += part[n]! * synthesis[n]!;
  };

  return {
    fftSize,
    hopFrames,
    re,
    im,
    analyse(channels, startFrame) {
      load(channels[0], startFrame, fft.re);
      load(channels[1], startFrame, fft.im);
      fft.forward();
      re.set(fft.re);
      im.set(fft.im);
    },
    synthesiseMidSide(midMask, sideMask, into, startFrame) {
      fft.re.fill(0);
      fft.im.fill(0);
      const last = Math.min(midMask.length - 1, fftSize / 2);
      const isStereo = into.length > 1;
      for (let bin = 0; bin <= last; bin++) {
        const mirrored = bin === 0 ? 0 : fftSize - bin;
        const side = isStereo ? sideMask[bin]! : midMask[bin]!;
        // left' = own·left + crossed·right and right' = own·right + crossed·left, of the transform of left + i·right.
        const own = 0.5 * (midMask[bin]! + side);
        const crossed = 0.5 * (midMask[bin]! - side);
        fft.re[bin] = own * re[bin]! + crossed * im[mirrored]!;
        fft.im[bin] = own * im[bin]! + crossed * re[mirrored]!;
        fft.re[mirrored] = own * re[mirrored]! + crossed * im[bin]!;
        fft.im[mirrored] = own * im[mirrored]! + crossed * re[bin]!;
      }
      fft.inverse();
      add(fft.re, into[0], startFrame);
      add(fft.im, into[1], startFrame);
    },
    synthesise(mask, into, startFrame) {
      fft.re.fill(0);
      fft.im.fill(0);
      fft.re[0] = re[0]! * mask[0]!;
      fft.im[0] = im[0]! * mask[0]!;
      const last = Math.min(mask.length - 1, fftSize / 2);
      for (let bin = 1, mirrored = fftSize - 1; bin <= last; bin++, mirrored--) {
        const factor = mask[bin]!;
        fft.re[bin] = re[bin]! * factor;
        fft.im[bin] = im[bin]! * factor;
        fft.re[mirrored] = re[mirrored]! * factor;
        fft.im[mirrored] = im[mirrored]! * factor;
      }
      fft.inverse();
      add(fft.re, into[0], startFrame);
      add(fft.im, into[1], startFrame);
    },
  };
}
