// How long the ducked bed is, where it is repeated and where it fades.
import { type BedTimeline, chooseLoop } from '../../dsp/duck/bed-timeline.js';
import { secToFrames } from '../../units.js';
import type { AudioRef } from '../stage.js';
import type { DuckOptions } from './duck-options.js';

/** Whether the bed has to be repeated, and its bars are wanted. */
export function needsLoop(options: DuckOptions, bed: AudioRef, voiceEndFrame: number): boolean {
  return options.ending === 'loop' && bed.frameCount < wantedEnd(options, bed, voiceEndFrame);
}

/** The timeline of a bed under a voice that ends at `voiceEndFrame`; `downbeatsSec` are those of the bed. */
export function planTimeline(
  options: DuckOptions,
  bed: AudioRef,
  voiceEndFrame: number,
  downbeatsSec: readonly number[],
): BedTimeline {
  const { sampleRateHz, frameCount } = bed;
  if (options.ending === 'keep') {
    const length = options.mix ? Math.max(frameCount, voiceEndFrame) : frameCount;
    return { frameCount: length, loop: null, fade: null };
  }
  const isLooped = needsLoop(options, bed, voiceEndFrame);
  const end = isLooped
    ? wantedEnd(options, bed, voiceEndFrame)
    : Math.min(frameCount, wantedEnd(options, bed, voiceEndFrame));
  const tailFrames = secToFrames(options.tailSec, sampleRateHz);
  return {
    frameCount: Math.max(end, voiceEndFrame),
    loop: isLooped ? chooseLoop(downbeatsSec, frameCount, sampleRateHz) : null,
    fade: { startFrame: Math.max(0, end - tailFrames), endFrame: end },
  };
}

function wantedEnd({ tailSec }: DuckOptions, { sampleRateHz }: AudioRef, voiceEndFrame: number): number {
  return voiceEndFrame + secToFrames(tailSec, sampleRateHz);
}
