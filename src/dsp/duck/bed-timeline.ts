// The bed as long as it is wanted: repeated from one bar line to another, or as it is, with a fade at its end.
// A repeat is joined by a short equal-power cross-fade that ends on the bar line. Every frame follows from its absolute
// position alone.
import type { FrameSource } from '../kernels/frame-window.js';

/** Frames of the source that are repeated: from `startFrame` on whenever `endFrame` is reached. */
export interface BedLoop {
  readonly startFrame: number;
  readonly endFrame: number;
  /** Length of the cross-fade before each joint. */
  readonly fadeFrames: number;
}

/** Frames of the timeline over which the bed goes to silence; it is silent from `endFrame` on. */
export interface BedFade {
  readonly startFrame: number;
  readonly endFrame: number;
}

export interface BedTimeline {
  readonly frameCount: number;
  readonly loop: BedLoop | null;
  readonly fade: BedFade | null;
}

/** A reader of the bed on its timeline; frames outside of it read as zeros. */
export function createBedReader(source: FrameSource, timeline: BedTimeline): FrameSource {
  const { frameCount, loop, fade } = timeline;
  if (loop === null && fade === null && frameCount >= source.frameCount) return source;
  return {
    channelCount: source.channelCount,
    frameCount,
    read(startFrame, into) {
      if (loop === null) source.read(startFrame, into);
      else readLooped(source, loop, startFrame, into);
      const length = into[0]!.length;
      for (const samples of into) {
        if (fade !== null) applyFade(samples, startFrame, fade);
        if (startFrame + length > frameCount) samples.fill(0, Math.max(0, frameCount - startFrame));
      }
    },
  };
}

function readLooped(
  source: FrameSource,
  loop: BedLoop,
  startFrame: number,
  into: readonly Float32Array[],
): void {
  const length = into[0]!.length;
  const period = loop.endFrame - loop.startFrame;
  const fadeFrames = Math.min(loop.fadeFrames, Math.floor(period / 2));
  for (let at = 0; at < length; ) {
    const position = startFrame + at;
    const round = position < loop.endFrame ? 0 : 1 + Math.floor((position - loop.endFrame) / period);
    const joint = loop.endFrame + round * period;
    const count = Math.min(length - at, joint - position);
    const part = into.map((samples) => samples.subarray(at, at + count));
    source.read(position - round * period, part);
    const overlap = position + count - (joint - fadeFrames);
    if (overlap > 0) crossFade(source, loop, fadeFrames, joint, position, part);
    at += count;
  }
}

/** Brings in what lies before the loop's start while the last frames before a joint go. */
function crossFade(
  source: FrameSource,
  { startFrame }: BedLoop,
  fadeFrames: number,
  joint: number,
  position: number,
  part: readonly Float32Array[],
): void {
  const from = Math.max(0, joint - fadeFrames - position);
  const incoming = part.map((samples) => new Float32Array(samples.length - from));
  source.read(startFrame - (joint - position - from), incoming);
  for (const [channel, samples] of part.entries()) {
    for (let n = from; n < samples.length; n++) {
      const angle = (Math.PI / 2) * ((position + n - (joint - fadeFrames) + 0.5) / fadeFrames);
      samples[n] = samples[n]! * Math.cos(angle) + incoming[channel]![n - from]! * Math.sin(angle);
    }
  }
}

/** A half cosine from 1 to 0. */
function applyFade(samples: Float32Array, startFrame: number, fade: BedFade): void {
  const length = fade.endFrame - fade.startFrame;
  for (let n = Math.max(0, fade.startFrame - startFrame); n < samples.length; n++) {
    const done = (startFrame + n - fade.startFrame) / length;
    samples[n] = done >= 1 ? 0 : samples[n]! * (0.5 + 0.5 * Math.cos(Math.PI * done));
  }
}

/** Bars that a loop is a multiple of, where there are so many. */
const PHRASE_BARS = 4;
const JOINT_SEC = 0.02;
/** The joint of a loop without bars. */
const FREE_JOINT_SEC = 1.5;

/**
 * The longest loop from one of the downbeats to a later one, in a multiple of four bars where possible; over the whole
 * bed, with a long cross-fade, where there are fewer than two downbeats.
 * @param downbeatsSec ascending
 */
export function chooseLoop(
  downbeatsSec: readonly number[],
  frameCount: number,
  sampleRateHz: number,
): BedLoop {
  const inside = downbeatsSec.filter((sec) => sec >= 0 && sec * sampleRateHz <= frameCount);
  const bars = inside.length - 1;
  if (bars < 1) {
    const fadeFrames = Math.min(Math.round(FREE_JOINT_SEC * sampleRateHz), Math.floor(frameCount / 4));
    return { startFrame: fadeFrames, endFrame: frameCount, fadeFrames };
  }
  const kept = bars >= PHRASE_BARS ? bars - (bars % PHRASE_BARS) : bars;
  const frameOf = (sec: number) => Math.round(sec * sampleRateHz);
  return {
    startFrame: frameOf(inside[0]!),
    endFrame: frameOf(inside[kept]!),
    fadeFrames: Math.round(JOINT_SEC * sampleRateHz),
  };
}
