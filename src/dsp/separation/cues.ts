// What tells the stems apart in each time-frequency cell: steady or struck, sustained or moving, centre or side.
// Method: medians of the magnitude along time (0.4 s and 1.5 s) and along frequency (330 Hz); agreement of the two
// channels in amplitude and phase, averaged over 3 × 3 cells. All cues depend on the frames within the grid's margin.
import { FREQUENCY_REACH_HZ, type FrameGrid, LONG_REACH, SHORT_REACH } from './frame-grid.js';
import { createRunningMedian } from './running-median.js';
import type { Spectrogram } from './spectrogram.js';

/** Cues as [frame][bin], for the frames [firstFrame, firstFrame + frameCount). */
export interface Cues {
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly binCount: number;
  /** √(|L|² + |R|²). */
  readonly magnitude: Float32Array;
  /** Median of the magnitude along 0.4 s: what holds on. */
  readonly steady: Float32Array;
  /** Median of the magnitude along 330 Hz: what is struck. */
  readonly struck: Float32Array;
  /** Median of the magnitude along 1.5 s: what is sustained. */
  readonly sustained: Float32Array;
  /** 2·Re⟨L·R*⟩ / ⟨|L|² + |R|²⟩ over 3 × 3 cells, from 0 (side, out of phase) to 1 (centre). */
  readonly centre: Float32Array;
}

/**
 * Cues of the frames [firstFrame, lastFrame] from a spectrogram that holds the grid's margin at both sides.
 * @source FitzGerald, Harmonic/percussive separation using median filtering, DAFx 2010; Barry et al., ADRess, DAFx 2004
 */
export function measureCues(
  grid: FrameGrid,
  spectrogram: Spectrogram,
  firstFrame: number,
  lastFrame: number,
): Cues {
  const { binCount } = spectrogram;
  const frameCount = lastFrame - firstFrame + 1;
  const size = frameCount * binCount;
  const skip = firstFrame - spectrogram.firstFrame;
  const cues: Cues = {
    firstFrame,
    frameCount,
    binCount,
    magnitude: spectrogram.magnitude.subarray(skip * binCount, skip * binCount + size),
    steady: new Float32Array(size),
    struck: new Float32Array(size),
    sustained: new Float32Array(size),
    centre: new Float32Array(size),
  };
  filterAlongTime(spectrogram, skip, cues);
  filterAlongFrequency(grid, cues);
  measureCentre(spectrogram, skip, frameCount, cues.centre);
  return cues;
}

function filterAlongTime(spectrogram: Spectrogram, skip: number, cues: Cues): void {
  const { binCount, frameCount } = cues;
  const short = createRunningMedian(SHORT_REACH);
  const long = createRunningMedian(LONG_REACH);
  const held = spectrogram.frameCount;
  const line = new Float32Array(held);
  const median = new Float32Array(held);
  for (let bin = 0; bin < binCount; bin++) {
    for (let t = 0, at = bin; t < held; t++, at += binCount) line[t] = spectrogram.magnitude[at]!;
    short.apply(line, median, held);
    for (let t = 0, at = bin; t < frameCount; t++, at += binCount) cues.steady[at] = median[t + skip]!;
    long.apply(line, median, held);
    for (let t = 0, at = bin; t < frameCount; t++, at += binCount) cues.sustained[at] = median[t + skip]!;
  }
}

function filterAlongFrequency(grid: FrameGrid, cues: Cues): void {
  const { binCount, frameCount } = cues;
  const filter = createRunningMedian(Math.max(1, Math.round(FREQUENCY_REACH_HZ / grid.hzPerBin)));
  for (let t = 0; t < frameCount; t++) {
    const row = t * binCount;
    filter.apply(
      cues.magnitude.subarray(row, row + binCount),
      cues.struck.subarray(row, row + binCount),
      binCount,
    );
  }
}

/** The centre cue of `frameCount` frames of a spectrogram from its frame `skip` on, into [frame][bin]. */
export function measureCentre(
  spectrogram: Spectrogram,
  skip: number,
  frameCount: number,
  centre: Float32Array,
): void {
  const { binCount, magnitude, cross } = spectrogram;
  if (cross === undefined) {
    centre.fill(1);
    return;
  }
  const lastRow = spectrogram.frameCount - 1;
  const crossSum = new Float64Array(binCount);
  const powerSum = new Float64Array(binCount);
  for (let t = 0; t < frameCount; t++) {
    crossSum.fill(0);
    powerSum.fill(0);
    for (let row = Math.max(0, t + skip - 1); row <= Math.min(lastRow, t + skip + 1); row++) {
      for (let bin = 0, at = row * binCount; bin < binCount; bin++, at++) {
        crossSum[bin]! += cross[at]!;
        powerSum[bin]! += magnitude[at]! * magnitude[at]!;
      }
    }
    for (let bin = 0, at = t * binCount; bin < binCount; bin++, at++) {
      const below = Math.max(0, bin - 1);
      const above = Math.min(binCount - 1, bin + 1);
      const power = powerSum[below]! + powerSum[bin]! + powerSum[above]!;
      const agreement = (2 * (crossSum[below]! + crossSum[bin]! + crossSum[above]!)) / (power + 1e-30);
      centre[at] = Math.min(1, Math.max(0, agreement));
    }
  }
}
