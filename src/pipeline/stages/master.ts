// The stage `master`: measures the mix, shapes it after character and curve, finds gain and limiting that reach the
// target, renders, encodes, and measures what was written. A peak above the ceiling (by dither, rate conversion or a
// lossy codec) lowers the ceiling and renders again.
import { dynamicsFigures } from '../../dsp/levels/figures.js';
import { foretellLimitedLoudness } from '../../dsp/limiter/foretell.js';
import { type LimiterOptions, limiter } from '../../dsp/limiter/limiter.js';
import { measureDialogue } from '../../dsp/loudness/dialogue.js';
import type { TickLevels } from '../../dsp/loudness/meter.js';
import { hopMeansOf, type Loudness, loudnessFigures } from '../../dsp/loudness/programme.js';
import { bandPower } from '../../dsp/spectrum/bands.js';
import type { Spectrum } from '../../dsp/spectrum/spectrum-meter.js';
import type { ErrorRecord } from '../../errors.js';
import { powerToDb, roundTo } from '../../units.js';
import { loadMasterTarget, type MasterTarget } from '../master-target.js';
import { type AudioRef, defineStage, type EncodedRef, type Json, type StageJob } from '../stage.js';
import { VOICE_ACTIVITY_MODELS, voiceActivityPasses } from '../voice-activity.js';
import { loudnessReport, pictureOfTicks, spectrumReport } from './analyze-report.js';
import { type FoundDialogue, findDialogue } from './dialogue.js';
import type { ChainLink } from './master-chain.js';
import {
  type Check,
  checkTarget,
  describeFailed,
  LOUDNESS_TOLERANCE_LU,
  type Written,
} from './master-checks.js';
import { completeDelivery, describeForm, judgeForm } from './master-delivery.js';
import { hashNamedFiles } from './master-files.js';
import { faintLoudness, type Goal, goalOf, HEADROOM_DB, isSparse, peakOf } from './master-goal.js';
import { type MasterOptions, masterOptions } from './master-options.js';
import { bandsPass, type Limited, renderPass, shapePass } from './master-passes.js';
import { measureReferences } from './master-reference.js';
import { masterSchema } from './master-schema.js';
import { type FoundGain, findGain } from './master-search.js';
import { type Shaped, shapeMix } from './master-shape.js';
import {
  MASTER_MEASURES,
  type MeasureWish,
  MIX_MEASURES,
  measurePass,
  type ProgrammeMeasures,
} from './measure-pass.js';

type Job = StageJob<MasterOptions>;

/** Renders at most: the first, and three after a ceiling was lowered. */
const MAX_RENDERS = 4;

/** The stage. */
export const masterStage = defineStage({
  id: 'master',
  version: 11,
  summary:
    'Brings a mix to the sound, the loudness and the peaks of a target, and proves it on the written file.',
  source: 'ITU-R BS.1770-5; EBU R 128; AES TD1008',
  options: masterOptions,
  result: masterSchema,
  adapt: (options) => ({ ...options, filesSha256: hashNamedFiles(options) }),
  completeWish(wish, { preset }, { sampleRateHz, channelCount }) {
    const { delivery, isMono } = loadMasterTarget(preset);
    return completeDelivery(delivery, wish, { sampleRateHz, channelCount: isMono ? 1 : channelCount });
  },
  inputs: () => ['mix'],
  outputs: () => ['master'],
  delivers: true,
  estimate: ({ character }) => ({ realTimeFactor: character === 'none' ? 0.01 : 0.03, memoryMb: 120 }),
  models: ({ preset }) => (loadMasterTarget(preset).dialogueLufs === undefined ? [] : VOICE_ACTIVITY_MODELS),
  passes: {
    measure: measurePass,
    bands: bandsPass,
    shape: shapePass,
    render: renderPass,
    ...voiceActivityPasses,
  },
  async run(job) {
    const { reference: paths, referenceWeights } = job.options;
    const target = loadMasterTarget(job.options.preset);
    const mix = job.inputs.mix!;
    const measure = (audio: AudioRef, what: MeasureWish): Promise<ProgrammeMeasures> =>
      measureAudio(job, audio, what);
    const before = await measure(mix, MIX_MEASURES);
    const reference =
      paths.length === 0 ? undefined : await measureReferences(paths, referenceWeights, measure);
    const dialogue =
      target.dialogueLufs === undefined
        ? undefined
        : await findDialogue(job, mix, 'mix', hopMeansOf(before.loudness, mix.sampleRateHz));
    const goal = goalOf(target, loudnessOf(mix, before), before, reference?.integratedLufs, dialogue);

    const skipped = skipReason(job, target, goal, loudnessOf(mix, before));
    if (skipped !== undefined) job.bypass('master', 'mix', skipped);
    const shaped: Shaped =
      skipped === undefined
        ? await shapeMix(job, target, mix, before, reference, measure)
        : { audio: mix, measures: before, links: [], choice: undefined };
    const made =
      skipped === undefined ? await reachTarget(job, target, goal, shaped) : await deliverUntouched(job);

    const after = loudnessOf(made.written, made.measures);
    const soundChecks = checkTarget(target, {
      ...writtenFacts(target, made, dialogue),
      isTrackOfAlbum: job.options.albumGainDb !== undefined,
    });
    const form = judgeForm(target.delivery, made.written.form);
    const wrongForm = describeForm(form.checks, form.flags);
    if (wrongForm !== undefined) job.note('warning', `${target.id}: the file has another form: ${wrongForm}`);
    const entry = {
      preset: target.id,
      target: { ...target },
      before: report(mix, before),
      after: report(made.written, made.measures),
      gainDb: roundTo(made.gainDb, 3),
      ...(shaped.choice === undefined ? {} : { choice: shaped.choice }),
      chain: [...shaped.links, ...made.links],
      checks: [...soundChecks, ...form.checks],
      picture: {
        before: pictureOfTicks(before.loudness, before.spectrum, mix.sampleRateHz),
        after: pictureOfTicks(made.measures.loudness, made.measures.spectrum, made.written.sampleRateHz),
      },
    } as unknown as Json;
    const missed = describeMissed(soundChecks, after, target);
    if (missed.length === 0) return { data: entry };
    const record: ErrorRecord = {
      code: 'target/missed',
      message: `${target.id}: ${missed.join('; ')}`,
      hint: 'Choose a quieter target, or one that allows more gain reduction.',
    };
    return { data: entry, missed: record };
  },
});

/** What the platform sheet judges. Speech is where it was in the mix. */
function writtenFacts(
  { monoBelowHz }: MasterTarget,
  { written, measures }: Made,
  dialogue: FoundDialogue | undefined,
): Omit<Written, 'isTrackOfAlbum'> {
  const { sampleRateHz, channelCount } = written;
  const hopMeans = hopMeansOf(measures.loudness, sampleRateHz);
  return {
    loudness: loudnessOf(written, measures),
    dynamics: dynamicsFigures(measures.levels!),
    channelCount,
    lowSideToMidDb:
      monoBelowHz === undefined ? null : lowSideToMidDb(measures.spectrum!, sampleRateHz, monoBelowHz),
    dialogue:
      dialogue === undefined
        ? undefined
        : {
            dialogueLufs: measureDialogue(hopMeans, dialogue.segments).dialogueLufs,
            isSparse: isSparse(dialogue),
          },
  };
}

/** Side over mid power below a frequency, in dB; null where there is no mid. */
function lowSideToMidDb({ mid, side, size }: Spectrum, sampleRateHz: number, belowHz: number): number | null {
  const binHz = sampleRateHz / size;
  // Half an octave below the corner, where a filter of fourth order has done its work.
  const highHz = belowHz / Math.SQRT2;
  const midPower = bandPower(mid, binHz, 20, highHz);
  return midPower === 0 ? null : powerToDb(bandPower(side, binHz, 20, highHz) / midPower + 1e-12);
}

function measureAudio(job: Job, audio: AudioRef, what: MeasureWish): Promise<ProgrammeMeasures> {
  const nothing = { isWithLevels: false, isWithSpectrum: false };
  const params = { role: 'mix', ...nothing, ...what };
  return job.scan(measurePass, params, { mix: audio }, { isShared: true });
}

function loudnessOf(audio: AudioRef, { loudness }: ProgrammeMeasures): Loudness {
  return loudnessFigures(loudness, audio.sampleRateHz);
}

function report(audio: AudioRef, { loudness, spectrum }: ProgrammeMeasures) {
  return {
    loudness: loudnessReport(loudness, audio.sampleRateHz),
    spectrum: spectrumReport(spectrum!, audio.channelCount, audio.sampleRateHz),
  };
}

function skipReason(job: Job, target: MasterTarget, goal: Goal, before: Loudness): string | undefined {
  const { skipWithinLu } = job.options;
  const { integratedLufs } = before;
  const peakDb = peakOf(goal, before);
  if (skipWithinLu === 0 || goal.targetLufs === null || integratedLufs === null || peakDb === null)
    return undefined;
  const offLu = Math.abs(integratedLufs - goal.targetLufs);
  if (offLu > skipWithinLu || peakDb > goal.ceilingDb || target.isMono) return undefined;
  return `it lies ${offLu.toFixed(2)} LU from the target and under its ceiling`;
}

/** A written master. */
interface Made {
  readonly written: EncodedRef;
  readonly measures: ProgrammeMeasures;
  readonly gainDb: number;
  readonly links: readonly ChainLink[];
}

async function deliverUntouched(job: Job): Promise<Made> {
  const written = await job.encode('master', job.delivery);
  const measures = await measureAudio(job, written, MASTER_MEASURES);
  return { written, measures, gainDb: 0, links: [] };
}

async function reachTarget(job: Job, target: MasterTarget, goal: Goal, shaped: Shaped): Promise<Made> {
  const { audio } = shaped;
  const measured = loudnessOf(audio, shaped.measures);
  const start = {
    ...measured,
    integratedLufs: measured.integratedLufs ?? faintLoudness(shaped.measures, audio.sampleRateHz),
    ticks: shaped.measures.loudness.ticks!,
  };
  const maxGainReductionDb = job.options.linearOnly ? 0 : target.maxGainReductionDb;
  let ceilingDb = goal.ceilingDb - HEADROOM_DB;
  let offsetLu = 0;
  let found: FoundGain | undefined;
  for (let renders = 1; ; renders++) {
    const limit = { ceilingDb, maxGainReductionDb, offsetLu };
    const settingsFor = (inputGainDb: number) =>
      limiter.options.parse({ inputGainDb, ceilingDb, detection: goal.detection });
    let limited: Limited | undefined;
    found = await chooseGain(job, goal, start, limit, settingsFor, found?.lossFactor, async (gainDb) => {
      limited = await renderWith(job, audio, settingsFor(gainDb), true);
      return limited.integratedLufs;
    });
    limited ??= await renderWith(job, audio, settingsFor(found.gainDb), false);
    const written = await job.encode('master', job.delivery);
    const measures = await measureAudio(job, written, MASTER_MEASURES);
    const result = loudnessOf(written, measures);
    const overshootDb = (peakOf(goal, result) ?? Number.NEGATIVE_INFINITY) - goal.ceilingDb;
    const errorLu =
      result.integratedLufs === null ? 0 : errorOf(target, found, result.integratedLufs, measures);
    const isOff = job.options.albumGainDb === undefined && Math.abs(errorLu) > LOUDNESS_TOLERANCE_LU / 2;
    if ((overshootDb <= 0 && !isOff) || renders === MAX_RENDERS) {
      const links = describeLinks(found, goal, ceilingDb, limited.largestReductionDb);
      return { written, measures, gainDb: found.gainDb, links };
    }
    if (overshootDb > 0) ceilingDb -= overshootDb + HEADROOM_DB;
    if (isOff) offsetLu -= errorLu;
  }
}

/** Gain and limiter: writes `master`. */
function renderWith(
  job: Job,
  audio: AudioRef,
  limiter: LimiterOptions,
  isMeasured: boolean,
): Promise<Limited> {
  const { channelCount } = audio;
  return job.apply(renderPass, { limiter, isMeasured }, { master: { channelCount } }, { mix: audio });
}

/** How far the written file is from what the search promised, or from the level that a target asks for. */
function errorOf(
  { rmsTargetDbfs }: MasterTarget,
  found: FoundGain,
  integratedLufs: number,
  measures: ProgrammeMeasures,
): number {
  const { rmsDbfs } = dynamicsFigures(measures.levels!);
  if (rmsTargetDbfs !== undefined && rmsDbfs !== null && !found.isAtLimit) return rmsDbfs - rmsTargetDbfs;
  return integratedLufs - found.integratedLufs;
}

async function chooseGain(
  job: Job,
  goal: Goal,
  start: Loudness & { readonly ticks: TickLevels },
  limit: { readonly ceilingDb: number; readonly maxGainReductionDb: number; readonly offsetLu: number },
  settingsFor: (gainDb: number) => LimiterOptions,
  lossFactor: number | undefined,
  evaluate: (gainDb: number) => Promise<number | null>,
): Promise<FoundGain> {
  const { integratedLufs } = start;
  const peakDb = peakOf(goal, start);
  const { albumGainDb } = job.options;
  if (integratedLufs === null || peakDb === null || goal.targetLufs === null || albumGainDb !== undefined) {
    const gainDb = albumGainDb ?? 0;
    const isLinear = peakDb === null || peakDb + gainDb <= limit.ceilingDb;
    return {
      gainDb,
      integratedLufs: (integratedLufs ?? 0) + gainDb,
      isLinear,
      isAtLimit: false,
      lossFactor: 1,
    };
  }
  const { ceilingDb, maxGainReductionDb, offsetLu } = limit;
  const found = await findGain({
    targetLufs: goal.targetLufs + offsetLu,
    integratedLufs,
    peakDb,
    ceilingDb,
    maxGainReductionDb,
    ...(lossFactor === undefined ? {} : { lossFactor }),
    foretell: (gainDb) => foretellLimitedLoudness(start.ticks, settingsFor(gainDb)),
    evaluate,
  });
  return { ...found, integratedLufs: found.integratedLufs - offsetLu };
}

function describeLinks(found: FoundGain, goal: Goal, ceilingDb: number, reductionDb: number): ChainLink[] {
  const aim = goal.targetLufs === null ? 'no loudness is asked for' : `${roundTo(goal.targetLufs, 2)} LUFS`;
  const gain = {
    device: 'gain',
    settings: { gainDb: roundTo(found.gainDb, 3) },
    reason: found.isLinear
      ? `Gain alone, towards ${aim} under the ceiling.`
      : `Gain into the limiter, found by search for ${aim} behind it.`,
  };
  if (found.isLinear) return [gain];
  const settings = { ceilingDb: roundTo(ceilingDb, 3), detection: goal.detection };
  const most = found.isAtLimit ? ', the most that the target allows' : '';
  return [
    gain,
    {
      device: 'limiter',
      settings,
      reason: `Takes ${reductionDb.toFixed(2)} dB off the highest peak${most}.`,
    },
  ];
}

function describeMissed(checks: readonly Check[], after: Loudness, target: MasterTarget): string[] {
  const missed = describeFailed(checks);
  if (after.integratedLufs === null && target.integratedLufs !== null) {
    missed.push('there is no sound above −70 LUFS to measure');
  }
  return missed;
}
