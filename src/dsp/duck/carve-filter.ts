// Takes the planned dips out of a bed: what is to be subtracted, by a short-time Fourier transform on a fixed grid.
// Gains are smooth over frequency and time, the phase is linear and there is no delay. Where no dip is, nothing is
// transformed, so the bed keeps its very samples. Two channels share one complex transform.
import { createKernelFft, kernelFftBytes } from '../kernels/fft.js';
import { createKernels } from '../kernels/instance.js';
import { createWindow } from '../stft.js';
import { BAND_COUNT, BAND_HZ } from './bands.js';
import type { Dips } from './carve-plan.js';
import { CONTROLS_PER_SEC } from './control.js';

const WINDOW_SEC = 0.04;

export interface CarveFilter {
  /** Frames before and after a range that it reads. */
  readonly marginFrames: number;
  /**
   * Fills `into` with what the dips take out of frames [startFrame, startFrame + length); `signal` begins
   * `marginFrames` before and ends as far behind. False where no dip is, and `into` is left as it was.
   */
  difference(signal: readonly Float32Array[], startFrame: number, into: readonly Float32Array[]): boolean;
}

export function createCarveFilter(dips: Dips, sampleRateHz: number): CarveFilter {
  const size = 2 ** Math.ceil(Math.log2(WINDOW_SEC * sampleRateHz));
  const hop = size / 2;
  const kernels = createKernels(kernelFftBytes(size) + 4096);
  const fft = createKernelFft(kernels, size);
  const window = createWindow('sqrt-hann', size);
  const bins = interpolateBands(size, sampleRateHz);
  const midTake = new Float64Array(size / 2 + 1);
  const sideTake = new Float64Array(size / 2 + 1);
  const scale = 1 / size;

  /** Fills `take` with what is taken of every bin at a moment; false where that is nothing. */
  function lookUp(bytes: Uint8Array, position: number, take: Float64Array): boolean {
    const points = bytes.length / BAND_COUNT;
    const point = Math.min(Math.max(Math.floor(position), 0), points - 1);
    const next = Math.min(point + 1, points - 1);
    const part = position - point;
    let hasDip = false;
    for (let band = 0; band < BAND_COUNT; band++) {
      const db = bytes[point * BAND_COUNT + band]! * (1 - part) + bytes[next * BAND_COUNT + band]! * part;
      levels[band] = db / 10;
      if (db > 0) hasDip = true;
    }
    if (!hasDip) return false;
    take.fill(0);
    for (let bin = bins.first; bin < bins.end; bin++) {
      const low = bins.band[bin]!;
      const share = bins.share[bin]!;
      const db = (levels[low] ?? 0) * (1 - share) + (levels[low + 1] ?? 0) * share;
      take[bin] = 1 - 10 ** (-db / 20);
    }
    return true;
  }
  const levels = new Float64Array(BAND_COUNT);

  /** Transforms one frame of a pair of channels and adds what is taken to `into`. */
  function addFrame(
    [left, right]: readonly [Float32Array, Float32Array | undefined],
    at: number,
    isMidSide: boolean,
    intoLeft: Float32Array,
    intoRight: Float32Array | undefined,
    offset: number,
  ): void {
    for (let n = 0; n < size; n++) {
      const a = left[at + n]! * window[n]!;
      const b = right === undefined ? 0 : right[at + n]! * window[n]!;
      fft.re[n] = isMidSide ? (a + b) / 2 : a;
      fft.im[n] = isMidSide ? (a - b) / 2 : b;
    }
    fft.forward();
    takeBins(isMidSide);
    fft.inverse();
    const from = Math.max(0, -offset);
    const to = Math.min(size, intoLeft.length - offset);
    for (let n = from; n < to; n++) {
      const weight = window[n]! * scale;
      const a = fft.re[n]! * weight;
      const b = fft.im[n]! * weight;
      intoLeft[offset + n]! += isMidSide ? a + b : a;
      if (intoRight !== undefined) intoRight[offset + n]! += isMidSide ? a - b : b;
    }
  }

  /** Multiplies both signals of the transform by what is taken of their bins: mid by one curve, side by the other. */
  function takeBins(isMidSide: boolean): void {
    const { re, im } = fft;
    re[0] = 0;
    im[0] = 0;
    for (let bin = 1; bin <= size / 2; bin++) {
      const mirror = size - bin;
      const mid = midTake[bin]!;
      const side = isMidSide ? sideTake[bin]! : mid;
      // The first signal is the conjugate-symmetric half of the spectrum, the second the other one.
      const aRe = (mid * (re[bin]! + re[mirror]!)) / 2;
      const aIm = (mid * (im[bin]! - im[mirror]!)) / 2;
      const bRe = (side * (re[bin]! - re[mirror]!)) / 2;
      const bIm = (side * (im[bin]! + im[mirror]!)) / 2;
      re[bin] = aRe + bRe;
      im[bin] = aIm + bIm;
      re[mirror] = aRe - bRe;
      im[mirror] = bIm - aIm;
    }
  }

  return {
    marginFrames: size,
    difference(signal, startFrame, into) {
      const length = into[0]!.length;
      const isMidSide = signal.length === 2;
      const firstFrame = Math.floor(startFrame / hop) - 1;
      const lastFrame = Math.floor((startFrame + length - 1) / hop);
      let hasAny = false;
      for (let frame = firstFrame; frame <= lastFrame; frame++) {
        const position = ((frame * hop + hop) * CONTROLS_PER_SEC) / sampleRateHz;
        const hasMid = lookUp(dips.mid, position, midTake);
        const hasSide = isMidSide && lookUp(dips.side, position, sideTake);
        if (!hasMid && !hasSide) continue;
        if (!hasMid) midTake.fill(0);
        if (!hasSide) sideTake.fill(0);
        if (!hasAny) for (const samples of into) samples.fill(0);
        hasAny = true;
        const offset = frame * hop - startFrame;
        for (let left = 0; left < signal.length; left += 2) {
          const pair = [signal[left]!, signal[left + 1]] as const;
          addFrame(pair, offset + size, isMidSide, into[left]!, into[left + 1], offset);
        }
      }
      return hasAny;
    },
  };
}

/** For every bin, the band below it and how far it lies towards the next, on a logarithmic axis. */
function interpolateBands(
  size: number,
  sampleRateHz: number,
): {
  readonly first: number;
  readonly end: number;
  readonly band: Int32Array;
  readonly share: Float64Array;
} {
  const band = new Int32Array(size / 2 + 1);
  const share = new Float64Array(size / 2 + 1);
  const place = (hz: number) => 10 * Math.log10(hz / BAND_HZ[0]!);
  let first = size / 2 + 1;
  let end = 0;
  for (let bin = 1; bin <= size / 2; bin++) {
    const at = place((bin * sampleRateHz) / size);
    if (at <= -1 || at >= BAND_COUNT) continue;
    band[bin] = Math.floor(at);
    share[bin] = at - Math.floor(at);
    first = Math.min(first, bin);
    end = bin + 1;
  }
  return { first, end, band, share };
}
