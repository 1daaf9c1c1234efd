// The passes of the stage `restore`: a survey of what is wrong with the whole file, closer looks at hum, voice and band
// where the survey gives reason, a search for damaged places, and the pass that mends one kind of damage.
import { concat } from '../../dsp/concat.js';
import { addSpectra, measureBand, type SpectrumSum } from '../../dsp/repair/band-limit.js';
import { measureSlopes } from '../../dsp/repair/bandwidth.js';
import {
  type ClipCeilings,
  ceilingOf,
  type FlatTops,
  joinFlatTops,
  measureFlatTops,
} from '../../dsp/repair/clipping.js';
import { measureCombs, measurePhasors } from '../../dsp/repair/hum-lines.js';
import { type DamagedRegion, joinTouching } from '../../dsp/repair/repair-range.js';
import { type RepairSetting, runRepair } from '../../dsp/repair/repairs.js';
import { measureRumble } from '../../dsp/repair/rumble.js';
import { addShimmer, measureShimmer, type ShimmerCounts } from '../../dsp/repair/shimmer.js';
import { type LongCombs, measureLongCombs } from '../../dsp/repair/soft-hum.js';
import { addLineCounts, countLines, type LineCounts } from '../../dsp/repair/still-lines.js';
import {
  addVoiceLevels,
  measureVoiceLevels,
  type VoiceLevels,
  type VoiceSpans,
} from '../../dsp/repair/voice.js';
import { defineApply, defineScan, type RangeContext } from '../stage.js';

/** What the survey looks for. */
export interface SurveyParams {
  readonly hum: boolean;
  readonly rumble: boolean;
  readonly shimmer: boolean;
}

/** What the survey finds; `ceilings` and `dcOffsets` per channel. */
export interface Survey {
  readonly ceilings: readonly ClipCeilings[];
  readonly dcOffsets: readonly number[];
  readonly combScores: Uint8Array;
  /** Of ranges of RANGE_SEC. */
  readonly longCombs: readonly LongCombs[];
  readonly rumble: Uint32Array;
  readonly band: SpectrumSum;
  readonly shimmer: ShimmerCounts | null;
  readonly lines: LineCounts | null;
}

interface SurveyPart {
  readonly positive: readonly FlatTops[];
  readonly negative: readonly FlatTops[];
  /** Means of successive blocks of 100 ms, per channel. */
  readonly blockMeans: readonly (readonly number[])[];
  readonly combScores: Uint8Array;
  readonly longCombs: LongCombs | null;
  readonly rumble: Uint32Array;
  readonly band: SpectrumSum;
  readonly shimmer: ShimmerCounts | null;
  readonly lines: LineCounts | null;
}

/** Regions, counted whole and listed at their beginning, so that a ruined file does not fill the memory. */
export interface RegionSummary {
  readonly count: number;
  readonly frames: number;
  readonly first: readonly DamagedRegion[];
}

/** Frames of a range that are worked on at a time. */
const BLOCK_FRAMES = 1 << 18;
/** Regions that are listed of each repair; all are counted. */
export const LISTED_REGIONS = 200;
const LEAST_MEANS = 10;
export const RANGE_SEC = 60;

export const surveyScan = defineScan<unknown, SurveyParams, SurveyPart, Survey>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 60,
  run(context) {
    const { params, range, channelCount, sampleRateHz } = context;
    const audio = context.input('audio');
    const positive = Array.from({ length: channelCount }, () => ({ peak: 0, runCount: 0 }) as FlatTops);
    const negative = positive.slice();
    const blockMeans = Array.from({ length: channelCount }, () => [] as number[]);
    const meanFrames = Math.round(0.1 * sampleRateHz);
    const shimmer: ShimmerCounts[] = [];
    const lines: LineCounts[] = [];
    forBlocks(context, (start, end) => {
      const block = Array.from({ length: channelCount }, () => new Float64Array(end - start));
      audio.read(start, block);
      for (const [channel, samples] of block.entries()) {
        positive[channel] = joinFlatTops(positive[channel]!, measureFlatTops(samples, 1));
        negative[channel] = joinFlatTops(negative[channel]!, measureFlatTops(samples, -1));
        for (let at = 0; at + meanFrames <= samples.length; at += meanFrames) {
          blockMeans[channel]!.push(meanOf(samples, at, at + meanFrames));
        }
      }
      if (!params.shimmer) return;
      shimmer.push(measureShimmer(audio, start, end));
      lines.push(countLines(audio, start, end));
    });
    const { startFrame, endFrame } = range;
    return {
      part: {
        positive,
        negative,
        blockMeans,
        combScores: params.hum ? measureCombs(audio, startFrame, endFrame) : new Uint8Array(0),
        longCombs: params.hum ? measureLongCombs(audio, startFrame, endFrame) : null,
        rumble: params.rumble ? measureRumble(audio, startFrame, endFrame) : new Uint32Array(0),
        band: measureBand(audio, startFrame, endFrame),
        shimmer: params.shimmer ? addShimmer(shimmer) : null,
        lines: params.shimmer ? addLineCounts(lines) : null,
      },
    };
  },
  merge(partsInOrder, params, { channelCount }) {
    const parts = [...partsInOrder];
    const channels = Array.from({ length: channelCount }, (_, channel) => channel);
    const none: FlatTops = { peak: 0, runCount: 0 };
    const join = (pick: (part: SurveyPart) => FlatTops) => parts.map(pick).reduce(joinFlatTops, none);
    const rumble = new Uint32Array(parts[0]?.rumble.length ?? 0);
    for (const part of parts)
      for (let n = 0; n < rumble.length; n++) rumble[n] = rumble[n]! + part.rumble[n]!;
    return {
      ceilings: channels.map((channel) => ({
        positive: ceilingOf(join((part) => part.positive[channel]!)),
        negative: ceilingOf(join((part) => part.negative[channel]!)),
      })),
      dcOffsets: channels.map((channel) => medianOf(parts.flatMap((part) => part.blockMeans[channel]!))),
      combScores: concat(
        Uint8Array,
        parts.map((part) => part.combScores),
      ),
      longCombs: parts.flatMap((part) => part.longCombs ?? []),
      rumble,
      band: addSpectra(parts.map((part) => part.band)),
      shimmer: params.shimmer ? addShimmer(parts.flatMap((part) => part.shimmer ?? [])) : null,
      lines: params.shimmer ? addLineCounts(parts.flatMap((part) => part.lines ?? [])) : null,
    };
  },
});

/** Phasors of the mains' harmonics along a track, [block][channel][2·harmonics]. */
export const humScan = defineScan<
  unknown,
  { readonly track: Float64Array },
  Float32Array[][],
  Float32Array[][]
>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 30,
  run({ params, range, input }) {
    return { part: measurePhasors(input('audio'), range.startFrame, range.endFrame, params.track) };
  },
  merge: (parts) => [...parts].flat(),
});

/** How loud the voice and its pauses are. */
export const voiceScan = defineScan<unknown, { readonly spans: VoiceSpans }, VoiceLevels, VoiceLevels>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 30,
  run(context) {
    const audio = context.input('audio');
    const parts: VoiceLevels[] = [];
    forBlocks(context, (start, end) =>
      parts.push(measureVoiceLevels(audio, start, end, context.params.spans)),
    );
    return { part: addVoiceLevels(parts) };
  },
  merge: (parts) => addVoiceLevels([...parts]),
});

/** How the spectrum falls towards its end. */
export const slopeScan = defineScan<unknown, { readonly cutoffHz: number }, Uint32Array, Uint32Array>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 30,
  run(context) {
    const audio = context.input('audio');
    const parts: Uint32Array[] = [];
    forBlocks(context, (start, end) => parts.push(measureSlopes(audio, start, end, context.params.cutoffHz)));
    return { part: addCounts(parts) };
  },
  merge: (parts) => addCounts([...parts]),
});

/** Where the damage is, of each setting. */
export const regionScan = defineScan<
  unknown,
  { readonly settings: readonly RepairSetting[] },
  readonly RegionSummary[],
  readonly RegionSummary[]
>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 60,
  run(context) {
    const audio = context.input('audio');
    const { settings } = context.params;
    const found = settings.map(() => [] as DamagedRegion[]);
    forBlocks(context, (start, end) => {
      for (const [n, setting] of settings.entries()) found[n]!.push(...runRepair(setting, audio, start, end));
    });
    return { part: found.map(summaryOf) };
  },
  merge(partsInOrder, { settings }) {
    const parts = [...partsInOrder];
    return settings.map((_, n) => joinSummaries(parts.map((part) => part[n]!)));
  },
});

/** Mends one kind of damage; gives the highest magnitude that was written. */
export const repairApply = defineApply<unknown, { readonly setting: RepairSetting }, number, number>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 60,
  run(context) {
    const audio = context.input('audio');
    let peak = 0;
    forBlocks(context, (start, end) => {
      const output = Array.from({ length: context.channelCount }, () => new Float64Array(end - start));
      runRepair(context.params.setting, audio, start, end, output);
      for (const samples of output) for (const value of samples) peak = Math.max(peak, Math.abs(value));
      context.write('audio', start, output);
    });
    return { part: peak };
  },
  merge: (parts) => Math.max(0, ...parts),
});

function forBlocks<Options, Params>(
  { range, progress }: RangeContext<Options, Params>,
  work: (startFrame: number, endFrame: number) => void,
): void {
  for (let start = range.startFrame; start < range.endFrame; start += BLOCK_FRAMES) {
    const end = Math.min(start + BLOCK_FRAMES, range.endFrame);
    work(start, end);
    progress(end - range.startFrame);
  }
}

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

function addCounts(parts: readonly Uint32Array[]): Uint32Array {
  const total = new Uint32Array(parts[0]?.length ?? 0);
  for (const part of parts) for (let n = 0; n < total.length; n++) total[n] = total[n]! + part[n]!;
  return total;
}

function summaryOf(regions: readonly DamagedRegion[]): RegionSummary {
  const joined = joinTouching(regions);
  const frames = joined.reduce((sum, region) => sum + region.endFrame - region.startFrame, 0);
  return { count: joined.length, frames, first: joined.slice(0, LISTED_REGIONS) };
}

function joinSummaries(parts: readonly RegionSummary[]): RegionSummary {
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    frames: parts.reduce((sum, part) => sum + part.frames, 0),
    first: joinTouching(parts.flatMap((part) => part.first)).slice(0, LISTED_REGIONS),
  };
}
