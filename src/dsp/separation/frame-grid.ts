// Sizes of the separator's time-frequency grid for a sample rate: one window of about 93 ms at any rate, a quarter
// of it as the hop, and the reach of every filter in frames and bins. Frame t is centred on sample t·hopFrames.

const WINDOW_SEC = 0.0929;
/** Cells above this frequency are not analysed. */
const TOP_HZ = 20000;

export interface FrameGrid {
  readonly sampleRateHz: number;
  readonly fftSize: number;
  readonly hopFrames: number;
  /** Bins that are analysed: all below 20 kHz. */
  readonly binCount: number;
  readonly hzPerBin: number;
  /** Frames that a cell's cues depend on at both sides. */
  readonly marginFrames: number;
}

/** Reach of the longest filter along time, in frames at both sides. */
export const LONG_REACH = 32;
/** Reach of the short median along time: 17 frames, 0.4 s. */
export const SHORT_REACH = 8;
/** Reach of the median along frequency in Hz at both sides. */
export const FREQUENCY_REACH_HZ = 162;

/** The grid for a sample rate from 1 Hz. */
export function createFrameGrid(sampleRateHz: number): FrameGrid {
  const fftSize = 2 ** Math.max(6, Math.round(Math.log2(WINDOW_SEC * sampleRateHz)));
  const hopFrames = fftSize / 4;
  const hzPerBin = sampleRateHz / fftSize;
  return {
    sampleRateHz,
    fftSize,
    hopFrames,
    binCount: Math.min(fftSize / 2 + 1, Math.ceil(TOP_HZ / hzPerBin)),
    hzPerBin,
    marginFrames: LONG_REACH + 1,
  };
}

/** First and last frame (inclusive) whose windows touch the samples [startFrame, endFrame). */
export function framesTouching(
  grid: Pick<FrameGrid, 'fftSize' | 'hopFrames'>,
  startFrame: number,
  endFrame: number,
): { readonly first: number; readonly last: number } {
  const half = grid.fftSize / 2;
  return {
    first: Math.floor((startFrame - half) / grid.hopFrames) + 1,
    last: Math.ceil((endFrame + half) / grid.hopFrames) - 1,
  };
}
