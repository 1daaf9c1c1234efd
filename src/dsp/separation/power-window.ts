// What the separating network hears: powers of mid and side in a stretch of frames that moves on through a block. Frames that
// two stretches share are measured once, and no more than one stretch is held.
import type { PairStft } from './pair-stft.js';

export interface PowerWindow {
  /**
   * Powers [|M|², |S|², Re(M·S*)][frames][bins] of the block's frames [start, start + count), times `scale`; they hold until the
   * next call. Of a single channel the side is silent. A call with start 0 begins a block, the others go on in it.
   */
  measure(channels: readonly Float32Array[], start: number, count: number, scale: number): Float32Array;
}

/** A window over `stft`'s frames and the bins from 0 on; bins beyond half the rate are 0. It serves one thread. */
export function createPowerWindow(stft: PairStft, binCount: number): PowerWindow {
  let powers = new Float32Array(0);
  let [from, to] = [0, 0];
  return {
    measure(channels, start, count, scale) {
      const size = count * binCount;
      const next = powers.length === 3 * size ? powers : new Float32Array(3 * size);
      const kept = start === 0 ? 0 : Math.min(count, Math.max(0, to - start));
      for (let k = 0; k < 3; k++) {
        const at = (k * (to - from) + start - from) * binCount;
        next.set(powers.subarray(at, at + kept * binCount), k * size);
      }
      powers = next;
      [from, to] = [start, start + count];
      for (let t = kept; t < count; t++) {
        stft.analyse(channels, (start + t) * stft.hopFrames);
        writePowers(stft, channels.length > 1, scale / 16, powers, t * binCount, size, binCount);
      }
      return powers;
    },
  };
}

/** Writes powers of the last frame at `at` and one and two `size`s further; `scale` is over 16, for spectra are doubled. */
function writePowers(
  { re, im, fftSize }: PairStft,
  isStereo: boolean,
  scale: number,
  powers: Float32Array,
  at: number,
  size: number,
  binCount: number,
): void {
  const bins = Math.min(binCount, fftSize / 2 + 1);
  for (let bin = 0, cell = at; bin < bins; bin++, cell++) {
    const mirrored = bin === 0 ? 0 : fftSize - bin;
    // Twice the spectra of both channels, from bins k and −k of left + i·right.
    const leftRe = re[bin]! + re[mirrored]!;
    const leftIm = im[bin]! - im[mirrored]!;
    const rightRe = isStereo ? im[bin]! + im[mirrored]! : leftRe;
    const rightIm = isStereo ? re[mirrored]! - re[bin]! : leftIm;
    const midRe = leftRe + rightRe;
    const midIm = leftIm + rightIm;
    const sideRe = leftRe - rightRe;
    const sideIm = leftIm - rightIm;
    powers[cell] = scale * (midRe * midRe + midIm * midIm);
    powers[size + cell] = scale * (sideRe * sideRe + sideIm * sideIm);
    powers[2 * size + cell] = scale * (midRe * sideRe + midIm * sideIm);
  }
}
