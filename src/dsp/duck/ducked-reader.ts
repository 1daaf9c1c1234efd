// The bed under the voice, and the finished mix, as readers: every frame follows from its absolute position, so any
// cut into ranges gives the same bytes, and nothing is held in memory. Where gain and dips are 0 dB the bed's own
// samples come out.
import { dbToGain } from '../../units.js';
import type { FrameSource } from '../kernels/frame-window.js';
import { createCarveFilter } from './carve-filter.js';
import type { Dips } from './carve-plan.js';
import { controlStart } from './control.js';

export interface DuckedBed {
  readonly bed: FrameSource;
  /** Drums and bass of the bed, which go down less. */
  readonly rest?: FrameSource | undefined;
  /** Points of the control grid. */
  readonly gainDb: Float32Array;
  readonly restShare: number;
  readonly dips: Dips | undefined;
  /** Gain of the whole bed. */
  readonly levelDb: number;
  readonly sampleRateHz: number;
}

/** A reader of the ducked bed. */
export function createDuckedReader(ducked: DuckedBed): FrameSource {
  const { bed, rest, gainDb, restShare, dips, sampleRateHz } = ducked;
  const level = dbToGain(ducked.levelDb);
  const filter = dips === undefined ? undefined : createCarveFilter(dips, sampleRateHz);
  const margin = filter?.marginFrames ?? 0;
  return {
    channelCount: bed.channelCount,
    frameCount: bed.frameCount,
    read(startFrame, into) {
      const frames = into[0]!.length;
      const make = (length: number) => into.map(() => new Float32Array(length));
      const input = make(frames + 2 * margin);
      bed.read(startFrame - margin, input);
      const others = rest === undefined ? undefined : make(frames + 2 * margin);
      if (rest !== undefined && others !== undefined) {
        rest.read(startFrame - margin, others);
        for (const [c, samples] of input.entries())
          for (let n = 0; n < samples.length; n++) samples[n]! -= others[c]![n]!;
      }
      const taken = make(frames);
      const hasDips = filter?.difference(input, startFrame, taken) === true;
      const gains = gainsOf(gainDb, 1, startFrame, frames, sampleRateHz);
      const restGains =
        others === undefined ? undefined : gainsOf(gainDb, restShare, startFrame, frames, sampleRateHz);
      for (const [c, samples] of into.entries()) {
        const masking = input[c]!;
        for (let n = 0; n < frames; n++) {
          const dip = hasDips ? taken[c]![n]! : 0;
          let value = (masking[margin + n]! - dip) * gains[n]!;
          if (others !== undefined) value += others[c]![margin + n]! * restGains![n]!;
          samples[n] = level * value;
        }
      }
    },
  };
}

/** Linear gains of frames [startFrame, startFrame + frames): straight between the points of the grid. */
export function gainsOf(
  gainDb: Float32Array,
  share: number,
  startFrame: number,
  frames: number,
  sampleRateHz: number,
): Float64Array {
  const gains = new Float64Array(frames);
  const last = gainDb.length - 1;
  let point = Math.max(0, Math.floor((startFrame * 20) / sampleRateHz));
  while (point > 0 && controlStart(point, sampleRateHz) > startFrame) point--;
  for (let n = 0; n < frames; ) {
    const position = startFrame + n;
    while (controlStart(point + 1, sampleRateHz) <= position) point++;
    const start = controlStart(point, sampleRateHz);
    const end = controlStart(point + 1, sampleRateHz);
    const from = dbToGain(share * (gainDb[Math.min(point, last)] ?? 0));
    const to = dbToGain(share * (gainDb[Math.min(point + 1, last)] ?? 0));
    const count = Math.min(frames - n, end - position);
    for (let i = 0; i < count; i++)
      gains[n + i] = from + ((to - from) * (position + i - start)) / (end - start);
    n += count;
  }
  return gains;
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
  return {
    channelCount,
    frameCount: bed.frameCount,
    read(startFrame, into) {
      const frames = into[0]!.length;
      const read = (source: FrameSource) => {
        const block = Array.from({ length: source.channelCount }, () => new Float32Array(frames));
        source.read(startFrame, block);
        return block;
      };
      const under = read(bed);
      const over = read(voice);
      for (const [c, samples] of into.entries()) {
        const low = under[Math.min(c, under.length - 1)]!;
        const high = c < 2 ? over[Math.min(c, over.length - 1)]! : undefined;
        for (let n = 0; n < frames; n++)
          samples[n] = bedGain * low[n]! + (high === undefined ? 0 : voiceGain * high[n]!);
      }
    },
  };
}

/** A reader of the weighted sum of sources of one shape. */
export function createSumReader(sources: readonly FrameSource[], weights: readonly number[]): FrameSource {
  const [first] = sources as [FrameSource, ...FrameSource[]];
  return {
    channelCount: first.channelCount,
    frameCount: first.frameCount,
    read(startFrame, into) {
      const part = into.map((samples) => new Float32Array(samples.length));
      for (const samples of into) samples.fill(0);
      for (const [k, source] of sources.entries()) {
        source.read(startFrame, part);
        const weight = weights[k]!;
        for (const [c, samples] of into.entries())
          for (let n = 0; n < samples.length; n++) samples[n]! += weight * part[c]![n]!;
      }
    },
  };
}
