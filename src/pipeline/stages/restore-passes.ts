// The passes of the stage `restore`: one scan for all damage, one pass for clipped peaks, one for clicks and DC.
import { repairClicks } from '../../dsp/repair/clicks.js';
import {
  type ClipCeilings,
  ceilingOf,
  type FlatTops,
  joinFlatTops,
  measureFlatTops,
  repairClipping,
} from '../../dsp/repair/clipping.js';
import type { DamagedRegion } from '../../dsp/repair/repair-range.js';
import { defineApply, defineScan } from '../stage.js';

/** Regions, counted whole and listed at their beginning, so that a ruined file does not fill the memory. */
export interface RegionSummary {
  readonly count: number;
  readonly frames: number;
  readonly first: readonly DamagedRegion[];
}

/** What the scan finds in a file; `ceilings` and `dcOffsets` per channel. */
export interface Defects {
  readonly ceilings: readonly ClipCeilings[];
  readonly dcOffsets: readonly number[];
  readonly clicks: RegionSummary;
}

interface DefectPart {
  readonly positive: readonly FlatTops[];
  readonly negative: readonly FlatTops[];
  /** Means of successive blocks of 100 ms, per channel. */
  readonly blockMeans: readonly (readonly number[])[];
  readonly clicks: RegionSummary;
}

/** What a repair did. */
export interface RepairSummary {
  readonly regions: RegionSummary;
  /** Highest magnitude of the samples that were written. */
  readonly peak: number;
}

const BLOCK_FRAMES = 1 << 17;
const LISTED = 200;
const LEAST_MEANS = 10;

export const defectScan = defineScan<
  unknown,
  { readonly clickThresholdDb: number; readonly looksForClicks: boolean },
  DefectPart,
  Defects
>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 30,
  run(context) {
    const { params, range, channelCount } = context;
    const audio = context.input('audio');
    const positive = Array.from({ length: channelCount }, () => ({ peak: 0, runCount: 0 }) as FlatTops);
    const negative = positive.slice();
    const blockMeans = Array.from({ length: channelCount }, () => [] as number[]);
    const meanFrames = Math.round(0.1 * context.sampleRateHz);
    const found: DamagedRegion[] = [];
    for (let start = range.startFrame; start < range.endFrame; start += BLOCK_FRAMES) {
      const end = Math.min(start + BLOCK_FRAMES, range.endFrame);
      const block = Array.from({ length: channelCount }, () => new Float64Array(end - start));
      audio.read(start, block);
      for (const [channel, samples] of block.entries()) {
        positive[channel] = joinFlatTops(positive[channel]!, measureFlatTops(samples, 1));
        negative[channel] = joinFlatTops(negative[channel]!, measureFlatTops(samples, -1));
        for (let at = 0; at + meanFrames <= samples.length; at += meanFrames) {
          blockMeans[channel]!.push(meanOf(samples, at, at + meanFrames));
        }
      }
      if (params.looksForClicks) {
        found.push(...repairClicks(audio, start, end, { thresholdDb: params.clickThresholdDb }));
      }
      context.progress(end - range.startFrame);
    }
    return { part: { positive, negative, blockMeans, clicks: summaryOf(found) } };
  },
  merge([...parts], _, { channelCount }) {
    const channels = Array.from({ length: channelCount }, (__, channel) => channel);
    const none: FlatTops = { peak: 0, runCount: 0 };
    const join = (pick: (part: DefectPart) => FlatTops) => parts.map(pick).reduce(joinFlatTops, none);
    return {
      ceilings: channels.map((channel) => ({
        positive: ceilingOf(join((part) => part.positive[channel]!)),
        negative: ceilingOf(join((part) => part.negative[channel]!)),
      })),
      dcOffsets: channels.map((channel) => medianOf(parts.flatMap((part) => part.blockMeans[channel]!))),
      clicks: joinSummaries(parts.map((part) => part.clicks)),
    };
  },
});

export const clippingApply = defineApply<
  unknown,
  { readonly ceilings: readonly ClipCeilings[] },
  RepairSummary,
  RepairSummary
>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 30,
  run(context) {
    const { params, range, channelCount } = context;
    const audio = context.input('audio');
    const found: DamagedRegion[] = [];
    let peak = 0;
    for (let start = range.startFrame; start < range.endFrame; start += BLOCK_FRAMES) {
      const end = Math.min(start + BLOCK_FRAMES, range.endFrame);
      const output = Array.from({ length: channelCount }, () => new Float64Array(end - start));
      found.push(...repairClipping(audio, start, end, params.ceilings, output));
      for (const samples of output) for (const value of samples) peak = Math.max(peak, Math.abs(value));
      context.write('audio', start, output);
      context.progress(end - range.startFrame);
    }
    return { part: { regions: summaryOf(found), peak } };
  },
  merge: (parts) => joinRepairs([...parts]),
});

export const clicksApply = defineApply<
  unknown,
  { readonly clickThresholdDb: number; readonly mendsClicks: boolean; readonly dcOffsets: readonly number[] },
  null,
  null
>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 30,
  run(context) {
    const { params, range, channelCount } = context;
    const audio = context.input('audio');
    for (let start = range.startFrame; start < range.endFrame; start += BLOCK_FRAMES) {
      const end = Math.min(start + BLOCK_FRAMES, range.endFrame);
      const output = Array.from({ length: channelCount }, () => new Float64Array(end - start));
      if (params.mendsClicks)
        repairClicks(audio, start, end, { thresholdDb: params.clickThresholdDb }, output);
      else audio.read(start, output);
      for (const [channel, samples] of output.entries()) {
        const offset = params.dcOffsets[channel]!;
        if (offset !== 0) for (let n = 0; n < samples.length; n++) samples[n] = samples[n]! - offset;
      }
      context.write('audio', start, output);
      context.progress(end - range.startFrame);
    }
    return { part: null };
  },
  merge: () => null,
});

function meanOf(samples: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let n = from; n < to; n++) sum += samples[n]!;
  return sum / (to - from);
}

/** A true offset is there all the time, so that the median shows it; 0 where there is less than a second to judge by. */
function medianOf(means: readonly number[]): number {
  if (means.length < LEAST_MEANS) return 0;
  const sorted = [...means].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function summaryOf(regions: readonly DamagedRegion[]): RegionSummary {
  const frames = regions.reduce((sum, region) => sum + region.endFrame - region.startFrame, 0);
  return { count: regions.length, frames, first: regions.slice(0, LISTED) };
}

function joinSummaries(parts: readonly RegionSummary[]): RegionSummary {
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    frames: parts.reduce((sum, part) => sum + part.frames, 0),
    first: parts.flatMap((part) => part.first).slice(0, LISTED),
  };
}

function joinRepairs(parts: readonly RepairSummary[]): RepairSummary {
  return {
    regions: joinSummaries(parts.map((part) => part.regions)),
    peak: parts.reduce((most, part) => Math.max(most, part.peak), 0),
  };
}
