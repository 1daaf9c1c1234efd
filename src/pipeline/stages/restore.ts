// The stage `restore`: mends what is damaged, each kind of damage only where it is found.
// A survey measures the whole file and decides what there is to look for; a search finds the places; then the repairs
// run one after the other, each over what the one before has made. A file without damage passes untouched. Noise is the
// matter of `denoise`.

import { findBandLimit } from '../../dsp/repair/band-limit.js';
import { brightSlope } from '../../dsp/repair/bandwidth.js';
import { type Hum, resolveHum, trackHum } from '../../dsp/repair/hum-track.js';
import type { RepairSetting } from '../../dsp/repair/repairs.js';
import { isRumble, rumbleLevelDbfs } from '../../dsp/repair/rumble.js';
import { isShimmer, shimmerShareOf } from '../../dsp/repair/shimmer.js';
import { trackSoftHum } from '../../dsp/repair/soft-hum.js';
import { findStillLines, type StillLine } from '../../dsp/repair/still-lines.js';
import { judgeVoice, type Voice } from '../../dsp/repair/voice.js';
import { gainToDb, powerToDb, roundTo } from '../../units.js';
import { defineStage, type StageJob } from '../stage.js';
import { type FoundVoice, findVoice, sileroNeed, voiceActivityPasses } from '../voice-activity.js';
import {
  humScan,
  LISTED_REGIONS,
  RANGE_SEC,
  type RegionSummary,
  regionScan,
  repairApply,
  type Survey,
  slopeScan,
  surveyScan,
  voiceScan,
} from './restore-passes.js';
import {
  REPAIRS,
  type Repair,
  type RestoreOptions,
  type RestoreResult,
  restoreOptions,
  restoreResult,
} from './restore-schema.js';

/** A DC offset below this (−60 dBFS) costs no headroom and is left alone: low notes have means as well. */
const LEAST_DC = 1e-3;
const VOICE_REPAIRS: readonly Repair[] = ['plosives', 'breaths', 'sibilance'];
/** Severity of what concerns the whole file counts from here. */
const LEAST_DBFS = -100;

type Job = StageJob<RestoreOptions>;

/** The stage. */
export const restoreStage = defineStage({
  id: 'restore',
  version: 5,
  summary: 'Mend clipped peaks, clicks, hum, rumble, plosives, sibilants, shimmer; extend the band.',
  source:
    'Janssen et al. 1986; Vaseghi & Rayner 1990; Godsill & Rayner 1998; spectral band replication: Dietz et al. 2002',
  options: restoreOptions,
  result: restoreResult,
  inputs: () => ['audio'],
  outputs: ({ detect }) => (detect ? [] : ['audio']),
  files: { audio: 'restored' },
  models: ({ repairs, detector }) => (repairs.some(isVoiceRepair) ? sileroNeed(detector) : []),
  estimate: ({ repairs }, { channelCount }) => ({
    realTimeFactor: (0.02 + 0.015 * repairs.length) * channelCount,
    memoryMb: 160,
  }),
  passes: {
    survey: surveyScan,
    hum: humScan,
    voiceLevels: voiceScan,
    slopes: slopeScan,
    regions: regionScan,
    repair: repairApply,
    ...voiceActivityPasses,
  },
  run,
});

/** What was found in the file. */
interface Findings {
  readonly survey: Survey;
  readonly hum: Hum | undefined;
  readonly rumbleDbfs: number | null;
  readonly stillLines: readonly StillLine[];
  readonly bandLimitHz: number | null;
  readonly speech: FoundVoice | undefined;
  readonly voice: Voice | undefined;
}

async function run(job: Job): Promise<{ data: RestoreResult }> {
  const findings = await examine(job);
  const settings = await settingsFor(job, findings);
  const local = settings.filter(({ repair }) => isLocal(repair));
  const summaries = local.length === 0 ? [] : await job.scan(regionScan, { settings: local });
  const regions = new Map(local.map(({ repair }, n) => [repair, summaries[n]!]));

  let peakAfter: number | undefined;
  let isChanged = false;
  for (const setting of settings) {
    if (job.options.detect) break;
    if (regions.get(setting.repair)?.count === 0) continue;
    const peak = await job.apply(
      repairApply,
      { setting },
      { audio: { channelCount: job.inputs.audio!.channelCount } },
      isChanged ? { audio: job.output('audio') } : undefined,
    );
    isChanged = true;
    if (setting.repair === 'clipping') peakAfter = peak;
  }
  if (job.options.detect) {
    job.note('info', 'nothing was changed: only detection was asked for');
  } else if (!isChanged) {
    job.bypass('audio', 'audio', 'no damage was found');
  } else if (peakAfter !== undefined && peakAfter > 1) {
    job.note('info', `rebuilt peaks reach ${gainToDb(peakAfter).toFixed(1)} dBFS: they need headroom`);
  }
  return {
    data: describe(job, findings, settings, regions, isChanged ? (peakAfter ?? null) : null, isChanged),
  };
}

function isAsked({ options }: Job, repair: Repair): boolean {
  return options.repairs.includes(repair);
}

function isVoiceRepair(repair: Repair): boolean {
  return VOICE_REPAIRS.includes(repair);
}

function isLocal(repair: RepairSetting['repair']): boolean {
  return !['dc', 'rumble', 'hum', 'stillLines', 'bandwidth'].includes(repair);
}

async function examine(job: Job): Promise<Findings> {
  const audio = job.inputs.audio!;
  const survey = await job.scan(surveyScan, {
    hum: isAsked(job, 'hum'),
    rumble: isAsked(job, 'rumble'),
    shimmer: isAsked(job, 'shimmer'),
  });
  const hum = isAsked(job, 'hum') ? await findHum(job, survey) : undefined;
  const wantsVoice = job.options.repairs.some(isVoiceRepair);
  const speech = wantsVoice
    ? await findVoice(job, audio, { role: 'audio', wish: job.options.detector })
    : undefined;
  let voice: Voice | undefined;
  if (speech !== undefined) {
    const spans = Float64Array.from(
      speech.segments.flatMap(({ startSec, endSec }) => [
        startSec * audio.sampleRateHz,
        endSec * audio.sampleRateHz,
      ]),
    );
    voice = judgeVoice(await job.scan(voiceScan, { spans }), spans);
    if (speech.detector === 'own')
      job.note('info', 'speech was found by forge’s own detector: silero-vad is not installed');
    if (voice === undefined)
      job.note('info', 'nobody speaks: plosives, breaths and sibilants were not looked for');
  }
  return {
    survey,
    hum,
    rumbleDbfs: isAsked(job, 'rumble') ? rumbleLevelDbfs(survey.rumble) : null,
    stillLines: survey.lines === null ? [] : findStillLines(survey.lines, audio.sampleRateHz),
    bandLimitHz: findBandLimit(survey.band, audio.sampleRateHz),
    speech,
    voice,
  };
}

/** Hum that stands out second by second, else what stands out of a minute as a whole. */
async function findHum(job: Job, { combScores, longCombs }: Survey): Promise<Hum | undefined> {
  const { frameCount, sampleRateHz } = job.inputs.audio!;
  const tracks = [trackHum(combScores), trackSoftHum(longCombs, RANGE_SEC, frameCount / sampleRateHz)];
  for (const found of tracks) {
    if (found === undefined) continue;
    const hum = resolveHum(found, await job.scan(humScan, { track: found.track }));
    if (hum !== undefined) return hum;
  }
  return undefined;
}

/** The repairs that there is reason for, in the order of REPAIRS. */
async function settingsFor(job: Job, findings: Findings): Promise<RepairSetting[]> {
  const { options } = job;
  const { survey, hum, voice, stillLines, bandLimitHz } = findings;
  const offsets = survey.dcOffsets.map((offset) => (Math.abs(offset) >= LEAST_DC ? offset : 0));
  const possible: Record<Repair, RepairSetting | undefined> = {
    clipping: survey.ceilings.some(isCut) ? { repair: 'clipping', ceilings: survey.ceilings } : undefined,
    clicks: { repair: 'clicks', thresholdDb: options.clickThresholdDb },
    dc: offsets.some((offset) => offset !== 0) ? { repair: 'dc', offsets } : undefined,
    rumble: isAsked(job, 'rumble') && isRumble(survey.rumble) ? { repair: 'rumble' } : undefined,
    hum: hum === undefined ? undefined : { repair: 'hum', hum },
    plosives: voice && {
      repair: 'plosives',
      voice,
      thresholdDb: options.plosiveThresholdDb,
      maxReductionDb: 30,
    },
    breaths: voice && { repair: 'breaths', voice, reductionDb: options.breathReductionDb },
    sibilance: voice && {
      repair: 'sibilance',
      voice,
      thresholdDb: options.sibilanceThresholdDb,
      maxReductionDb: options.sibilanceLimitDb,
    },
    shimmer:
      survey.shimmer !== null && isShimmer(survey.shimmer, stillLines.length > 0)
        ? { repair: 'shimmer', maxReductionDb: options.shimmerLimitDb }
        : undefined,
  };
  const settings = REPAIRS.filter((repair) => isAsked(job, repair)).flatMap(
    (repair) => possible[repair] ?? [],
  );
  if (stillLines.length > 0) {
    // Before the lines that flicker, which are then judged without them.
    const at = settings.findIndex(({ repair }) => repair === 'shimmer');
    const setting = {
      repair: 'stillLines',
      lines: stillLines,
      maxReductionDb: options.shimmerLimitDb,
    } as const;
    settings.splice(at < 0 ? settings.length : at, 0, setting);
  }
  if (options.bandwidthPercent > 0) {
    if (bandLimitHz === null) job.note('info', 'nothing was added above the band: it is whole');
    else {
      const slopeDbPerOctave = brightSlope(await job.scan(slopeScan, { cutoffHz: bandLimitHz }));
      const share = options.bandwidthPercent / 100;
      settings.push({ repair: 'bandwidth', cutoffHz: bandLimitHz, slopeDbPerOctave, share });
    }
  }
  return settings;
}

/** Whether a channel has a ceiling on either side. */
function isCut({ positive, negative }: { readonly positive: number; readonly negative: number }): boolean {
  return Number.isFinite(positive) || Number.isFinite(negative);
}

function describe(
  job: Job,
  findings: Findings,
  settings: readonly RepairSetting[],
  regions: ReadonlyMap<string, RegionSummary>,
  peakAfter: number | null,
  isChanged: boolean,
): RestoreResult {
  const { sampleRateHz } = job.inputs.audio!;
  const { survey, hum, voice, speech } = findings;
  const ceiling = Math.min(...survey.ceilings.flatMap(({ positive, negative }) => [positive, negative]));
  const countOf = (repair: Repair) => (isAsked(job, repair) ? (regions.get(repair)?.count ?? 0) : null);
  const mendedFrames = (regions.get('clipping')?.frames ?? 0) + (regions.get('clicks')?.frames ?? 0);
  const largestDc = survey.dcOffsets.reduce(
    (most, offset) => (Math.abs(offset) > Math.abs(most) ? offset : most),
    0,
  );
  return {
    changed: isChanged,
    clippedPeakCount: countOf('clipping'),
    clipCeilingDbfs:
      isAsked(job, 'clipping') && Number.isFinite(ceiling) ? roundTo(gainToDb(ceiling), 2) : null,
    clickCount: countOf('clicks'),
    dcOffset: isAsked(job, 'dc') ? roundTo(largestDc, 7) : null,
    rumbleDbfs: findings.rumbleDbfs,
    hum:
      hum === undefined
        ? null
        : {
            mainsHz: hum.mainsHz,
            minHz: roundTo(hum.minHz, 3),
            maxHz: roundTo(hum.maxHz, 3),
            harmonics: [...hum.harmonics],
            levelDbfs: roundTo(hum.levelDbfs, 1),
          },
    plosiveCount: countOf('plosives'),
    breathCount: countOf('breaths'),
    sibilantCount: countOf('sibilance'),
    shimmerShare: survey.shimmer === null ? null : roundTo(shimmerShareOf(survey.shimmer), 4),
    combLinesHz:
      survey.lines === null
        ? null
        : findings.stillLines.map(({ lowHz, highHz }) => Math.round((lowHz + highHz) / 2)),
    bandLimitHz: findings.bandLimitHz === null ? null : Math.round(findings.bandLimitHz),
    bandwidthAddedPercent:
      isChanged && settings.some(({ repair }) => repair === 'bandwidth') ? job.options.bandwidthPercent : 0,
    voice:
      speech === undefined
        ? null
        : {
            detector: speech.detector,
            speechSec: roundTo(
              speech.segments.reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0),
              3,
            ),
            levelDbfs: voice === undefined ? null : roundTo(powerToDb(voice.power), 1),
            roomDbfs:
              voice === undefined || voice.roomPower === 0 ? null : roundTo(powerToDb(voice.roomPower), 1),
          },
    mendedSec: isChanged ? roundTo(mendedFrames / sampleRateHz, 6) : 0,
    peakAfterDbfs: peakAfter === null ? null : roundTo(gainToDb(peakAfter), 2),
    regions: listRegions(job, findings, settings, regions),
  };
}

function listRegions(
  job: Job,
  { survey, hum, rumbleDbfs }: Findings,
  settings: readonly RepairSetting[],
  regions: ReadonlyMap<string, RegionSummary>,
): RestoreResult['regions'] {
  const { sampleRateHz, frameCount, channelCount } = job.inputs.audio!;
  const listed: RestoreResult['regions'] = [];
  const whole = (repair: Repair, channel: number | null, levelDbfs: number) =>
    listed.push({
      repair,
      channel,
      startSec: 0,
      endSec: roundTo(frameCount / sampleRateHz, 6),
      severityDb: roundTo(levelDbfs - LEAST_DBFS, 1),
    });
  for (const setting of settings) {
    if (setting.repair === 'hum' && hum !== undefined) whole('hum', null, hum.levelDbfs);
    if (setting.repair === 'rumble' && rumbleDbfs !== null) whole('rumble', null, rumbleDbfs);
    if (setting.repair !== 'dc') continue;
    for (const [channel, offset] of setting.offsets.entries())
      if (offset !== 0) whole('dc', channel, gainToDb(Math.abs(survey.dcOffsets[channel]!)));
  }
  for (const [repair, { first }] of regions) {
    for (const found of first.slice(0, LISTED_REGIONS)) {
      listed.push({
        repair: repair as Repair,
        channel: channelCount === 1 ? 0 : found.channel,
        startSec: roundTo(found.startFrame / sampleRateHz, 6),
        endSec: roundTo(Math.min(frameCount, found.endFrame) / sampleRateHz, 6),
        severityDb: roundTo(found.severityDb, 1),
      });
    }
  }
  return listed.sort((a, b) => a.startSec - b.startSec || (a.channel ?? -1) - (b.channel ?? -1));
}
