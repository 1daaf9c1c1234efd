// Processors one behind the other as one processor, and their run over a range of a file.
import { type FrameSource, FrameWindow } from './kernels/frame-window.js';
import type { Processor, ProcessorBlock } from './processor.js';

/** The processors in order; their latencies add up. */
export function createChain(processors: readonly Processor[]): Processor {
  const latencyFrames = processors.reduce((sum, processor) => sum + processor.latencyFrames, 0);
  const process = (block: ProcessorBlock): void => {
    for (const processor of processors) processor.process(block);
  };
  return {
    latencyFrames,
    process,
    flush(into) {
      for (const samples of into) samples.fill(0);
      process(into);
    },
    saveState: () => processors.map((processor) => processor.saveState()),
    loadState(state) {
      for (const [index, saved] of (state as unknown[]).entries()) processors[index]!.loadState(saved);
    },
  };
}

/** Which frames of a processed file are wanted. */
export interface RenderRange {
  readonly startFrame: number;
  readonly endFrame: number;
  /** Frames before `startFrame` over which the processor's state settles; it starts from nothing. */
  readonly settleFrames: number;
  /** Processed frames before `startFrame` (at most `settleFrames`) that are handed over too, in blocks of their own. */
  readonly leadFrames?: number;
}

const BLOCK_FRAMES = 4096;
/** Reading begins on this grid, so that devices that work in blocks or steps see the same ones in every range. */
const GRID_FRAMES = 4096;

/**
 * Processes frames of `source` and hands the wanted ones to `onBlock`, in order: they lie in `window.channels` from
 * index 0 on, and nothing behind them may be changed. The source reads as zeros beyond its ends. `processor` must be
 * fresh; it sees whole blocks alone, so that the blocks of its devices are not cut.
 */
export function renderRange(
  source: FrameSource,
  processor: Processor,
  { startFrame, endFrame, settleFrames, leadFrames = 0 }: RenderRange,
  window: FrameWindow,
  onBlock: (startFrame: number, frames: number) => void,
): void {
  const block = window.channels.map((samples) => samples.subarray(0, BLOCK_FRAMES));
  const firstFrame = Math.max(0, startFrame - leadFrames);
  let readAt = Math.max(0, startFrame - settleFrames);
  readAt -= readAt % GRID_FRAMES;
  for (let at = readAt - processor.latencyFrames; at < endFrame; at += BLOCK_FRAMES) {
    window.load(source, readAt, BLOCK_FRAMES);
    processor.process(block);
    readAt += BLOCK_FRAMES;
    const end = Math.min(at + BLOCK_FRAMES, endFrame);
    for (let from = Math.max(at, firstFrame); from < end; ) {
      const to = from < startFrame ? Math.min(startFrame, end) : end;
      if (from > at) for (const samples of block) samples.copyWithin(0, from - at, to - at);
      onBlock(from, to - from);
      window.shift(to - from);
      from = to;
    }
  }
}

/** A window that renderRange can work in, with room for `extraBytes` of the caller's own. */
export function createRenderWindow(channelCount: number, extraBytes = 0): FrameWindow {
  return new FrameWindow(channelCount, BLOCK_FRAMES, extraBytes);
}
