// How a pass cuts a file into ranges. The cut depends on the pass, its parameters and the shape of the audio,
// never on the number of workers: it is part of what makes results repeatable.
import type { AudioShape } from '../audio/audio-file.js';
import { ForgeError } from '../errors.js';
import type { AnyPass, FrameRange } from './stage.js';

/** Frames of one range of a pass, at least 1. */
export function rangeFramesOf(pass: AnyPass, params: unknown, shape: AudioShape): number {
  if (pass.rangeFrames !== undefined) return Math.max(1, Math.floor(pass.rangeFrames(shape, params)));
  const rangeSec = typeof pass.rangeSec === 'function' ? pass.rangeSec(params, shape) : pass.rangeSec;
  if (!(rangeSec > 0))
    throw new ForgeError('internal/defect', `expected a range length above 0, got ${rangeSec}`);
  return Math.max(1, Math.round(rangeSec * shape.sampleRateHz));
}

/** All ranges of a pass in order; they cover [0, frameCount) without gaps. The last may be shorter. */
export function rangesOf(pass: AnyPass, params: unknown, shape: AudioShape): FrameRange[] {
  const length = rangeFramesOf(pass, params, shape);
  const count = Math.ceil(shape.frameCount / length);
  return Array.from({ length: count }, (_, index) => ({
    index,
    count,
    startFrame: index * length,
    endFrame: Math.min((index + 1) * length, shape.frameCount),
  }));
}
