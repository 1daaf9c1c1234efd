// The bed under the voice, and the finished mix, as readers: every frame follows from its absolute position, so any
// cut into ranges gives the same bytes, and nothing is held in memory. Where gain and dips are 0 dB the bed's own
// samples come out.
import { dbToGain } from '../../units.js';
import type { FrameSource } from '../kernels/frame-window.js';
import { BAND_COUNT } from './bands.js';
import { CARVE_BLOCK_FRAMES, type Carver } from './carve-filter.js';
import type { Dips } from './carve-plan.js';
import { CONTROLS_PER_SEC, controlStart } from './control.js';

/** Points of the control grid from `firstPoint` on: all that what is read draws on. */
export interface PlayedPlan {
  readonly firstPoint: number;
  readonly gainDb: Float32Array;
  /** Absent where there is none. */
  readonly dips: Dips | undefined;
}

export interface DuckedBed {
  readonly bed: FrameSource;
  /** Drums and bass of the bed, which go down less. */
  readonly rest?: FrameSource | undefined;
  readonly plan: PlayedPlan;
  readonly restShare: number;
  /** Gain of the whole bed. */
  readonly levelDb: number;
  readonly sampleRateHz: number;
  /** For the bed's rate and channels. */
  readonly carver: Carver;
}

/** A reader of the ducked bed. */
export function createDuckedReader(ducked: DuckedBed): FrameSource {
  const { bed, carver } = ducked;
  const work = {
    restGains: new Float64Array(CARVE_BLOCK_FRAMES),
    rest: ducked.rest === undefined ? [] : carver.input.map((samples) => new Float32Array(samples.length)),
  };
  return {
    channelCount: bed.channelCount,
    frameCount: bed.frameCount,
    read(startFrame, into) {
      const length = into[0]!.length;
      for (let at = 0; at < length; at += CARVE_BLOCK_FRAMES) {
        const frames = Math.min(CARVE_BLOCK_FRAMES, length - at);
        const block = into.map((samples) => samples.subarray(at, at + frames));
        duckBlock(ducked, startFrame + at, block, work);
      }
    },
  };
}

interface WorkSpace {
  readonly restGains: Float64Array;
  readonly rest: readonly Float32Array[];
}

function duckBlock(
  { bed, rest, plan, restShare, levelDb, sampleRateHz, carver }: DuckedBed,
  startFrame: number,
  into: readonly Float32Array[],
  work: WorkSpace,
): void {
  const frames = into[0]!.length;
  const { restGains } = work;
  const gains = carver.gains.subarray(0, frames);
  const isOpen = fillGains(plan, dbToGain(levelDb), 1, startFrame, gains, sampleRateHz);
  if (isOpen && !hasDips(plan, startFrame, frames + carver.marginFrames, sampleRateHz)) {
    bed.read(startFrame, into);
    if (levelDb !== 0) for (const samples of into) for (let n = 0; n < frames; n++) samples[n]! *= gains[n]!;
    return;
  }
  const margin = carver.marginFrames;
  const input = carver.input.map((samples) => samples.subarray(0, frames + 2 * margin));
  bed.read(startFrame - margin, input);
  if (rest !== undefined) {
    const others = work.rest.map((samples) => samples.subarray(0, frames + 2 * margin));
    rest.read(startFrame - margin, others);
    for (const [c, samples] of input.entries()) {
      const other = others[c]!;
      for (let n = 0; n < samples.length; n++) samples[n]! -= other[n]!;
    }
    fillGains(plan, dbToGain(levelDb), restShare, startFrame, restGains.subarray(0, frames), sampleRateHz);
  }
  if (plan.dips === undefined) for (const samples of carver.taken) samples.fill(0, 0, frames);
  else carver.take(plan.dips, plan.firstPoint, startFrame, frames);
  carver.lower(frames);
  for (const [c, samples] of into.entries()) {
    samples.set(carver.taken[c]!.subarray(0, frames));
    if (rest === undefined) continue;
    const other = work.rest[c]!;
    for (let n = 0; n < frames; n++) samples[n]! += other[margin + n]! * restGains[n]!;
  }
}

/** Whether a dip lies within `reach` frames after `startFrame`, or one window before. */
function hasDips(
  { dips, firstPoint }: PlayedPlan,
  startFrame: number,
  reach: number,
  sampleRateHz: number,
): boolean {
  if (dips === undefined) return false;
  const pointAt = (frame: number) => Math.floor((frame * CONTROLS_PER_SEC) / sampleRateHz) - firstPoint;
  const from = BAND_COUNT * Math.max(0, pointAt(startFrame) - 2);
  const to = BAND_COUNT * (pointAt(startFrame + reach) + 3);
  return (
    dips.mid.subarray(from, to).some((dip) => dip > 0) || dips.side.subarray(from, to).some((dip) => dip > 0)
  );
}

/**
 * Fills `gains` with linear gains from `startFrame` on: `level` times the curve (its decibels times `share`), straight
 * between the points of the grid. True where the curve is at 0 dB throughout.
 */
export function fillGains(
  { gainDb, firstPoint }: PlayedPlan,
  level: number,
  share: number,
  startFrame: number,
  gains: Float64Array,
  sampleRateHz: number,
): boolean {
  const last = gainDb.length - 1;
  let isOpen = true;
  let point = Math.max(0, Math.floor((startFrame * CONTROLS_PER_SEC) / sampleRateHz) - 1);
  for (let n = 0; n < gains.length; ) {
    const position = startFrame + n;
    while (controlStart(point + 1, sampleRateHz) <= position) point++;
    const start = controlStart(point, sampleRateHz);
    const end = controlStart(point + 1, sampleRateHz);
    const fromDb = gainDb[Math.min(point - firstPoint, last)] ?? 0;
    const toDb = gainDb[Math.min(point + 1 - firstPoint, last)] ?? 0;
    const count = Math.max(1, Math.min(gains.length - n, end - position));
    if (fromDb === 0 && toDb === 0) gains.fill(level, n, n + count);
    else {
      isOpen = false;
      const from = level * dbToGain(share * fromDb);
      const step = (level * dbToGain(share * toDb) - from) / (end - start);
      for (let i = 0; i < count; i++) gains[n + i] = from + step * (position + i - start);
    }
    n += count;
  }
  return isOpen;
}

/** A reader of a source that begins `delayFrames` later (or earlier, where negative). */
export function createDelayedReader(
  source: FrameSource,
  delayFrames: number,
  frameCount: number,
): FrameSource {
  return {
    channelCount: source.channelCount,
    frameCount,
    read: (startFrame, into) => source.read(startFrame - delayFrames, into),
  };
}

/** Channels of the mix of a bed and a voice. */
export function mixChannelCount(bedChannels: number, voiceChannels: number): number {
  return Math.max(bedChannels, Math.min(2, voiceChannels));
}

/**
 * A reader of bed plus voice. One channel that meets two goes to both at −3 dB, so that its loudness stays; a voice of
 * more than two channels is taken for its first two, and joins the first two of the bed.
 */
export function createMixReader(bed: FrameSource, voice: FrameSource, voiceDb: number): FrameSource {
  const channelCount = mixChannelCount(bed.channelCount, voice.channelCount);
  const voiceLevel = dbToGain(voiceDb);
  const spread = (source: FrameSource) => (source.channelCount === 1 && channelCount > 1 ? Math.SQRT1_2 : 1);
  const bedGain = spread(bed);
  const voiceGain = voiceLevel * spread(voice);
  let under = blockOf(bed.channelCount, 0);
  let over = blockOf(voice.channelCount, 0);
  return {
    channelCount,
    frameCount: bed.frameCount,
    read(startFrame, into) {
      const frames = into[0]!.length;
      if (under[0]!.length !== frames) {
        under = blockOf(bed.channelCount, frames);
        over = blockOf(voice.channelCount, frames);
      }
      bed.read(startFrame, under);
      voice.read(startFrame, over);
      for (const [c, samples] of into.entries()) {
        const low = under[Math.min(c, under.length - 1)]!;
        for (let n = 0; n < frames; n++) samples[n] = bedGain * low[n]!;
        if (c >= 2) continue;
        const high = over[Math.min(c, over.length - 1)]!;
        for (let n = 0; n < frames; n++) samples[n]! += voiceGain * high[n]!;
      }
    },
  };
}

function blockOf(channelCount: number, frames: number): Float32Array[] {
  return Array.from({ length: channelCount }, () => new Float32Array(frames));
}

/** A reader of the weighted sum of sources of one shape. */
export function createSumReader(sources: readonly FrameSource[], weights: readonly number[]): FrameSource {
  const [first] = sources as [FrameSource, ...FrameSource[]];
  let part = blockOf(first.channelCount, 0);
  return {
    channelCount: first.channelCount,
    frameCount: first.frameCount,
    read(startFrame, into) {
      const frames = into[0]!.length;
      if (part[0]!.length !== frames) part = blockOf(first.channelCount, frames);
      for (const samples of into) samples.fill(0);
      for (const [k, source] of sources.entries()) {
        source.read(startFrame, part);
        const weight = weights[k]!;
        for (const [c, samples] of into.entries()) {
          const added = part[c]!;
          for (let n = 0; n < frames; n++) samples[n]! += weight * added[n]!;
        }
      }
    },
  };
}
