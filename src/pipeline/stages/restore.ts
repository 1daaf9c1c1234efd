// The stage `restore`: mends clipped peaks, clicks and a DC offset, each only where it is found.
// One scan finds everything and decides; the repairs then run one after the other over what is damaged. A file without
// damage passes untouched. Noise is the matter of `denoise`.
import { z } from 'zod';
import type { DamagedRegion } from '../../dsp/repair/repair-range.js';
import { gainToDb, roundTo } from '../../units.js';
import { defineStage, type Json, type StageJob } from '../stage.js';
import {
  clicksApply,
  clippingApply,
  type Defects,
  defectScan,
  type RepairSummary,
} from './restore-passes.js';

export const REPAIRS = ['clipping', 'clicks', 'dc'] as const;
type Repair = (typeof REPAIRS)[number];

/** A DC offset below this (−60 dBFS) costs no headroom and is left alone: low notes have means as well. */
const LEAST_DC = 1e-3;
/** Regions that the report lists of each repair; all are counted. */
const LISTED_REGIONS = 200;

const options = z.strictObject({
  repairs: z
    .array(z.enum(REPAIRS))
    .min(1)
    .default([...REPAIRS])
    .describe('What to look for and to mend.'),
  clickThresholdDb: z
    .number()
    .min(15)
    .max(80)
    .default(30)
    .describe('How far a click stands out from the sound around it, in what that sound does not foretell.'),
  detect: z.boolean().default(false).describe('Only reports what is damaged, and changes nothing.'),
});

type Options = z.output<typeof options>;

const region = z.strictObject({
  repair: z.enum(REPAIRS),
  channel: z.number(),
  startSec: z.number(),
  endSec: z.number(),
  severityDb: z
    .number()
    .describe(
      'dB. clicks: peak against the surroundings in the excitation. clipping: length against three samples.',
    ),
});

const result = z.strictObject({
  changed: z.boolean(),
  clippedPeakCount: z
    .number()
    .nullable()
    .describe('Flat tops at the ceiling, all channels. null: not looked for.'),
  clipCeilingDbfs: z.number().nullable().describe('dBFS. The lowest ceiling of all channels. null: none.'),
  clickCount: z.number().nullable().describe('Clicks, all channels. null: not looked for.'),
  dcOffset: z
    .number()
    .nullable()
    .describe(
      'Full scale = 1. Median of the means over 100 ms, of the channel where it is largest. null: not looked for.',
    ),
  mendedSec: z.number().describe('Seconds of sound that were replaced, all channels.'),
  peakAfterDbfs: z
    .number()
    .nullable()
    .describe('dBFS. Highest sample after rebuilding peaks. null: none was rebuilt.'),
  regions: z.array(region).describe(`The first ${LISTED_REGIONS} of each repair, in order of time.`),
});

/** The stage. */
export const restoreStage = defineStage({
  id: 'restore',
  version: 1,
  summary: 'Mend clipped peaks, clicks and a DC offset.',
  source: 'Janssen et al. 1986; Vaseghi & Rayner 1990; Godsill & Rayner 1998',
  options,
  result,
  inputs: () => ['audio'],
  outputs: () => ['audio'],
  estimate: (_, { channelCount }) => ({ realTimeFactor: 0.06 * channelCount, memoryMb: 100 }),
  passes: { defects: defectScan, clipping: clippingApply, clicks: clicksApply },
  run,
});

async function run(job: StageJob<Options>): Promise<{ data: Json }> {
  const audio = job.inputs.audio!;
  const { detect, clickThresholdDb } = job.options;
  const outputs = { audio: { channelCount: audio.channelCount } };
  const defects = await job.scan(defectScan, { clickThresholdDb, looksForClicks: isAsked(job, 'clicks') });
  const isClipped = isAsked(job, 'clipping') && defects.ceilings.some(isCut);
  const dcOffsets = defects.dcOffsets.map((offset) => (Math.abs(offset) >= LEAST_DC ? offset : 0));
  const hasDc = isAsked(job, 'dc') && dcOffsets.some((offset) => offset !== 0);

  let clipping: RepairSummary | undefined;
  if (isClipped) clipping = await job.apply(clippingApply, { ceilings: defects.ceilings }, outputs);
  const hasClicks = defects.clicks.count > 0;
  if (!detect && (hasClicks || hasDc)) {
    const source = clipping === undefined ? undefined : { audio: job.output('audio') };
    const offsets = hasDc ? dcOffsets : dcOffsets.map(() => 0);
    await job.apply(
      clicksApply,
      { clickThresholdDb, mendsClicks: hasClicks, dcOffsets: offsets },
      outputs,
      source,
    );
  }
  const isChanged = !detect && (isClipped || hasClicks || hasDc);
  if (!isChanged)
    job.bypass('audio', 'audio', detect ? 'only detection was asked for' : 'no damage was found');
  else if (clipping !== undefined && clipping.peak > 1) {
    job.note('info', `rebuilt peaks reach ${gainToDb(clipping.peak).toFixed(1)} dBFS: they need headroom`);
  }
  return { data: describe(job, defects, clipping, isChanged) };
}

function isAsked(job: StageJob<Options>, repair: Repair): boolean {
  return job.options.repairs.includes(repair);
}

/** Whether a channel has a ceiling on either side. */
function isCut({ positive, negative }: { readonly positive: number; readonly negative: number }): boolean {
  return Number.isFinite(positive) || Number.isFinite(negative);
}

function describe(
  job: StageJob<Options>,
  defects: Defects,
  clipping: RepairSummary | undefined,
  isChanged: boolean,
): Json {
  const { sampleRateHz } = job.inputs.audio!;
  const ceiling = Math.min(...defects.ceilings.flatMap(({ positive, negative }) => [positive, negative]));
  const listed = (repair: Repair, regions: readonly DamagedRegion[]) =>
    regions.slice(0, LISTED_REGIONS).map((found) => ({
      repair,
      channel: found.channel,
      startSec: roundTo(found.startFrame / sampleRateHz, 6),
      endSec: roundTo(found.endFrame / sampleRateHz, 6),
      severityDb: roundTo(found.severityDb, 1),
    }));
  const mendedFrames = (clipping?.regions.frames ?? 0) + defects.clicks.frames;
  const largestDc = defects.dcOffsets.reduce(
    (most, offset) => (Math.abs(offset) > Math.abs(most) ? offset : most),
    0,
  );
  return {
    changed: isChanged,
    clippedPeakCount: isAsked(job, 'clipping') ? (clipping?.regions.count ?? 0) : null,
    clipCeilingDbfs: clipping === undefined ? null : roundTo(gainToDb(ceiling), 2),
    clickCount: isAsked(job, 'clicks') ? defects.clicks.count : null,
    dcOffset: isAsked(job, 'dc') ? roundTo(largestDc, 7) : null,
    mendedSec: isChanged ? roundTo(mendedFrames / sampleRateHz, 6) : 0,
    peakAfterDbfs: isChanged && clipping !== undefined ? roundTo(gainToDb(clipping.peak), 2) : null,
    regions: [
      ...listed('clipping', clipping?.regions.first ?? []),
      ...listed('clicks', defects.clicks.first),
    ].sort((a, b) => a.startSec - b.startSec || a.channel - b.channel),
  };
}
