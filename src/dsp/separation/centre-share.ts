// How much of a song lies in the centre: where nearly all does, being there tells a voice from nothing else.
// Method: every sixteenth frame of the separator's grid, power weighted by the centre cue; lows left out.
import { measureCentre } from './cues.js';
import type { FrameGrid } from './frame-grid.js';
import { createPairStft } from './pair-stft.js';
import { measureSpectrogram } from './spectrogram.js';

const FRAME_STEP = 16;
/** Lows are in the centre of every song. */
const LOWEST_HZ = 107;

/** Sums of one range, to be added in range order. */
export interface CentreSums {
  readonly centrePower: number;
  readonly power: number;
}

/** The sums over the frames whose middle lies in the samples [startSample, endSample). */
export function sumCentre(
  grid: FrameGrid,
  read: (startSample: number, into: readonly Float32Array[]) => void,
  song: { readonly channelCount: number; readonly frameCount: number },
  startSample: number,
  endSample: number,
): CentreSums {
  const { fftSize, hopFrames, binCount } = grid;
  const stft = createPairStft(fftSize, hopFrames);
  const block = Array.from({ length: song.channelCount }, () => new Float32Array(fftSize + 2 * hopFrames));
  const centre = new Float32Array(binCount);
  const firstBin = Math.round(LOWEST_HZ / grid.hzPerBin);
  let centrePower = 0;
  let power = 0;
  const step = FRAME_STEP * hopFrames;
  for (let middle = Math.ceil(startSample / step) * step; middle < endSample; middle += step) {
    const frame = middle / hopFrames;
    const blockStart = (frame - 1) * hopFrames - fftSize / 2;
    read(blockStart, block);
    const spectrogram = measureSpectrogram(
      grid,
      stft,
      block.slice(0, 2),
      blockStart,
      song.frameCount,
      frame - 1,
      frame + 1,
    );
    measureCentre(spectrogram, 1, 1, centre);
    for (let bin = firstBin; bin < binCount; bin++) {
      const own = spectrogram.magnitude[binCount + bin]! ** 2;
      centrePower += centre[bin]! * own;
      power += own;
    }
  }
  return { centrePower, power };
}

/** The song's share, from 0 to 1; 1 for silence. */
export function centreShareOf(parts: readonly CentreSums[]): number {
  const power = parts.reduce((sum, part) => sum + part.power, 0);
  return power > 0 ? parts.reduce((sum, part) => sum + part.centrePower, 0) / power : 1;
}
