// Runs meters over one range of a file: loads it hop by hop into a window, lets filters settle on what lies before,
// and shows the peaks what lies behind.
import { type FrameSource, FrameWindow } from '../kernels/frame-window.js';
import { K_WEIGHTING_SETTLE_SEC } from './k-weighting.js';
import {
  LoudnessMeter,
  type LoudnessPart,
  METER_BYTES,
  PEAK_MARGIN_FRAMES,
  TICKS_PER_HOP,
  tickStart,
} from './meter.js';

/** Another meter on the same frames (levels, stereo …). */
export interface WindowMeter {
  measure(frames: number): void;
}

export interface RangeMeasureOptions {
  readonly sampleRateHz: number;
  readonly weights: Float64Array;
  readonly startFrame: number;
  readonly endFrame: number;
  /** Meters that see every frame of the range once, in order. */
  readonly others?: (window: FrameWindow) => readonly WindowMeter[];
  readonly othersBytes?: number;
  /** Keeps the levels of every so many ticks of 10 ms (MeterOptions). */
  readonly ticksPerLevel?: number;
  readonly onProgress?: (framesDone: number) => void;
}

/** Loudness of frames [startFrame, endFrame) of a source. `startFrame` must begin a hop of 100 ms. */
export function measureRange(source: FrameSource, options: RangeMeasureOptions): LoudnessPart {
  const { sampleRateHz, startFrame, endFrame } = options;
  const chunkFrames = Math.ceil(sampleRateHz / 10) + 1;
  const settleFrames = Math.round(K_WEIGHTING_SETTLE_SEC * sampleRateHz);
  const extraBytes = METER_BYTES + (options.othersBytes ?? 0);
  const window = new FrameWindow(source.channelCount, Math.max(chunkFrames, settleFrames), extraBytes);
  const meter = new LoudnessMeter(window, options);
  const others = options.others?.(window) ?? [];
  if (startFrame > 0) {
    window.load(source, startFrame - settleFrames, settleFrames);
    meter.settle(settleFrames);
    window.shift(settleFrames);
  }
  meter.begin(startFrame, endFrame);
  let hop = Math.round((startFrame * 10) / sampleRateHz);
  for (let at = startFrame; at < endFrame; hop++) {
    const next = Math.min(endFrame, tickStart((hop + 1) * TICKS_PER_HOP, sampleRateHz));
    window.load(source, at, next - at);
    meter.measure(next - at);
    for (const other of others) other.measure(next - at);
    window.shift(next - at);
    at = next;
    options.onProgress?.(at - startFrame);
  }
  window.load(source, endFrame, PEAK_MARGIN_FRAMES);
  return meter.end();
}
