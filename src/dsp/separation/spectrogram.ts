// The spectra of one or two channels over a run of frames, and what the cues are measured from.
// Frames whose window hangs over an end of the song count, for the cues, as the first or last that does not.
import type { FrameGrid } from './frame-grid.js';
import type { PairStft } from './pair-stft.js';

/** Values as [frame][bin], for the frames [firstFrame, firstFrame + frameCount). */
export interface Spectrogram {
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly binCount: number;
  /** √(|L|² + |R|²); of a single channel as if it were both. */
  readonly magnitude: Float32Array;
  /** Re(L·R*); undefined for a single channel. */
  readonly cross: Float32Array | undefined;
}

/**
 * Magnitudes and channel products of the frames [firstFrame, lastFrame]. `channels` are one or two channels that
 * start at sample `startSample` of the song.
 */
export function measureSpectrogram(
  grid: FrameGrid,
  stft: PairStft,
  channels: readonly Float32Array[],
  startSample: number,
  songFrames: number,
  firstFrame: number,
  lastFrame: number,
): Spectrogram {
  const { binCount, hopFrames, fftSize } = grid;
  const frameCount = lastFrame - firstFrame + 1;
  const isStereo = channels.length === 2;
  const magnitude = new Float32Array(frameCount * binCount);
  const cross = isStereo ? new Float32Array(frameCount * binCount) : undefined;
  const { re, im } = stft;
  // A song shorter than a window has one frame that counts, in its middle.
  const middle = Math.round(songFrames / 2 / hopFrames);
  const firstWhole = Math.min(middle, Math.ceil(fftSize / 2 / hopFrames));
  const lastWhole = Math.max(middle, Math.floor((songFrames - fftSize / 2) / hopFrames));
  let known = Number.NaN;
  for (let t = 0; t < frameCount; t++) {
    const row = t * binCount;
    const frame = Math.min(lastWhole, Math.max(firstWhole, firstFrame + t));
    if (frame === known) {
      magnitude.copyWithin(row, row - binCount, row);
      cross?.copyWithin(row, row - binCount, row);
      continue;
    }
    known = frame;
    const at = frame * hopFrames - fftSize / 2 - startSample;
    stft.analyse(channels, at);
    for (let bin = 0, mirrored = 0; bin < binCount; bin++, mirrored = fftSize - bin) {
      // Twice the spectra of both channels, from bins k and −k of left + i·right.
      const leftRe = re[bin]! + re[mirrored]!;
      const leftIm = im[bin]! - im[mirrored]!;
      const rightRe = im[bin]! + im[mirrored]!;
      const rightIm = re[mirrored]! - re[bin]!;
      const leftPower = leftRe * leftRe + leftIm * leftIm;
      const rightPower = isStereo ? rightRe * rightRe + rightIm * rightIm : leftPower;
      magnitude[row + bin] = 0.5 * Math.sqrt(leftPower + rightPower);
      if (cross !== undefined) cross[row + bin] = 0.25 * (leftRe * rightRe + leftIm * rightIm);
    }
  }
  return { firstFrame, frameCount, binCount, magnitude, cross };
}
