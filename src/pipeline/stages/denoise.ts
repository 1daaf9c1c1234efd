// The stage `denoise`: takes noise out of recordings, or leaves them alone where that would do harm.
// It first looks for noise, then lets the best denoiser that is here work, then looks at what was taken away: where
// that holds tones of the signal it tries the next denoiser, and in the end gives the input back with the reason.
// A denoiser works in one thread; the looks at what it makes follow it in another.
import * as z from 'zod';
import { type GuardVerdict, judgeContent } from '../../dsp/denoise/content-guard.js';
import {
  judgeNoise,
  type LevelHistogram,
  type NoiseEvidence,
  noisePowerOf,
  steadyLevelDbfs,
} from '../../dsp/denoise/noise-evidence.js';
import type { ResidualFigures } from '../../dsp/denoise/residual-meter.js';
import { dbToGain, gainToDb, powerToDb, roundTo } from '../../units.js';
import { bothOf } from '../in-lanes.js';
import { defineStage, type StageJob, type StageOutcome } from '../stage.js';
import { chooseDenoisers, DENOISERS, type Denoiser, harmOf } from './denoise-decision.js';
import {
  denoiseApply,
  denoisePasses,
  guardScan,
  levelScan,
  type ResidualParams,
  residualScan,
  silenceApply,
} from './denoise-passes.js';
import { hashProfile, learnProfile } from './denoise-profile.js';

/** Unlimited for practical purposes: the models' own convention. */
const NO_LIMIT_DB = 100;
/** Places that the report lists. */
const LISTED_PLACES = 200;
const STRICT_HINT = 'Listen with --what residual; lower --strength-percent or --max-reduction-db.';
/** Deep enough to push noise out of the way, and little enough to keep the room and to hide musical noise. */
const EMBEDDED_LIMIT_DB = 15;

const options = z.strictObject({
  model: z
    .enum(['auto', ...DENOISERS])
    .default('auto')
    .describe('Denoiser; auto takes the best that is installed and fits the material.'),
  strengthPercent: z
    .number()
    .min(0)
    .max(100)
    .default(100)
    .describe('Share of what the denoiser would take away that is taken away.'),
  maxReductionDb: z
    .number()
    .min(0)
    .max(NO_LIMIT_DB)
    .optional()
    .describe(
      'Deepest reduction; unless given 15 dB by the embedded denoiser and no limit by deepfilternet3.',
    ),
  stereo: z
    .enum(['linked', 'independent'])
    .default('linked')
    .describe('Linked channels get the same gains and keep their image.'),
  postFilter: z
    .boolean()
    .default(false)
    .describe('deepfilternet3 only: deepens strong reductions; quieter pauses, worse speech.'),
  what: z
    .enum(['cleaned', 'residual'])
    .default('cleaned')
    .describe('The cleaned audio, or what was taken away.'),
  profile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Where the noise is alone: a place START-END in seconds, or an audio file of it. The embedded denoiser then takes its spectrum from there.',
    ),
  strict: z
    .boolean()
    .default(false)
    .describe('A result of which the guard says that the voice was altered misses its target.'),
  filesSha256: z.string().default('').meta({
    isFilledByPlan: true,
    description:
      'Filled by the plan: hash of the file that profile names, so that a changed file is noticed.',
  }),
});

type Options = z.output<typeof options>;

const decibels = (description: string) => z.number().nullable().describe(description);

const result = z.strictObject({
  model: z
    .strictObject({
      id: z.string(),
      sha256: z
        .record(z.string(), z.string())
        .nullable()
        .describe('By file; null for the embedded denoiser.'),
      licence: z.string(),
    })
    .nullable()
    .describe('What worked on the file; null where it was left alone.'),
  bypassedBecause: z.string().nullable().describe('Why the file was left alone.'),
  noiseFloorDbfs: z.strictObject({
    before: decibels(
      'dBFS. Level of the steady noise: floors of the third octaves that have one. null: none was found.',
    ),
    after: decibels('dBFS. The level of the same bands’ floors in the result. null: none was found before.'),
  }),
  reductionDb: decibels('dB, ≥ 0. noiseFloorDbfs.before − noiseFloorDbfs.after.'),
  residualDb: decibels('dB. Energy of all that was taken away against that of the input. null: nothing was.'),
  steadyNoiseShare: z
    .number()
    .describe('0 to 1. Share of the third octaves that have a steady floor of noise.'),
  levelSpanDb: decibels(
    'dB. 5th to 95th percentile of levels over 100 ms; median of the bands from 300 Hz to 4 kHz.',
  ),
  strengthPercent: z.number(),
  maxReductionDb: z.number().nullable(),
  profile: z.string().nullable().describe('Where the noise was learned. null: all over the file.'),
  contentAltered: z
    .strictObject({
      isAltered: z
        .boolean()
        .describe('Whether the places make up more than a tenth of the time in which a voice is clear.'),
      clearVoiceSec: z.number().describe('Seconds in which the input shows a clear voice.'),
      places: z
        .array(z.strictObject({ startSec: z.number(), endSec: z.number(), share: z.number() }))
        .describe('The first 200, in order. share: of the clear frames there that show it, 0 to 1.'),
    })
    .nullable()
    .describe('What the guard says of the voice. null: the file was left alone.'),
});

/** The stage. */
export const denoiseStage = defineStage({
  id: 'denoise',
  version: 4,
  summary: 'Take noise out of recordings.',
  source:
    'OM-LSA with IMCRA (Cohen & Berdugo 2001, Cohen 2003); DeepFilterNet3 (Schröter et al. 2023) where it is installed',
  options,
  result,
  adapt: (options) => ({ ...options, filesSha256: hashProfile(options.profile) }),
  inputs: () => ['audio'],
  outputs: () => ['audio'],
  models: ({ model }) => (model === 'embedded' ? [] : [{ id: 'deepfilternet3', required: model !== 'auto' }]),
  estimate: () => ({ realTimeFactor: 0.06, memoryMb: 250 }),
  passes: denoisePasses,
  run,
});

async function run(job: StageJob<Options>): Promise<StageOutcome> {
  const audio = job.inputs.audio!;
  const isNothingAsked = job.options.strengthPercent === 0 || job.options.maxReductionDb === 0;
  // A model that a person named works whatever is found: it need not wait.
  const isSettled = job.options.model === 'deepfilternet3' && !isNothingAsked;
  const [settled, levels] = await bothOf(
    isSettled ? denoiseAndLook(job) : Promise.resolve(undefined),
    job.scan(levelScan, null),
  );
  const evidence = judgeNoise(levels, audio.sampleRateHz);
  const isInstalled = job.models.deepfilternet3 !== undefined;
  if (isNothingAsked) return leaveAlone(job, evidence, 'a reduction of 0 was asked for');
  const profile =
    job.options.profile === undefined ? undefined : await learnProfile(audio, job.options.profile);
  // Whoever shows where the noise is has decided that there is some.
  const decision =
    profile === undefined
      ? chooseDenoisers(evidence, job.options.model, isInstalled, audio.name === 'mix')
      : { tries: [isSettled ? ('deepfilternet3' as const) : ('embedded' as const)] };
  if ('reason' in decision) return leaveAlone(job, evidence, decision.reason);
  if (settled !== undefined) {
    const found = harmOf(settled.figures);
    if (found !== undefined) job.note('warning', `deepfilternet3 was asked for, though ${found}`);
    return describeResult(job, evidence, 'deepfilternet3', settled);
  }

  let harm = '';
  for (const denoiser of decision.tries) {
    const figures = await denoise(job, denoiser, profile ?? noisePowerOf(evidence, audio.sampleRateHz));
    const found = harmOf(figures);
    if (found === undefined)
      return describeResult(job, evidence, denoiser, { figures, ...(await lookAtResult(job)) });
    job.note('info', `${denoiser} was not used: ${found}`);
    harm = found;
  }
  return leaveAlone(job, evidence, harm);
}

/** What was seen of a denoiser's work. */
interface Look {
  readonly figures: ResidualFigures;
  /** Levels of the result; null where that is the residual. */
  readonly levels: LevelHistogram | null;
  /** Of an altered voice, 32 ms each. */
  readonly signs: Uint8Array;
}

/** The work of the model that was named, with all looks at it. */
async function denoiseAndLook(job: StageJob<Options>): Promise<Look> {
  const [figures, seen] = await bothOf(
    denoise(job, 'deepfilternet3', new Float64Array(0)),
    lookAtResult(job),
  );
  return { figures, ...seen };
}

/** Lets a denoiser work; gives what it took away. */
async function denoise(
  job: StageJob<Options>,
  denoiser: Denoiser,
  noisePower: Float64Array,
): Promise<ResidualFigures> {
  const { stereo, postFilter, what } = job.options;
  const { channelCount } = job.inputs.audio!;
  const residual: ResidualParams = {
    residualGain: residualGainOf(job.options, denoiser),
    givesResidual: what === 'residual',
  };
  const params = {
    ...residual,
    denoiser,
    maxReductionDb: limitOf(job.options, denoiser),
    isLinked: stereo === 'linked',
    hasPostFilter: postFilter,
    noisePower: denoiser === 'embedded' ? noisePower : new Float64Array(0),
  };
  const work = job.apply(denoiseApply, params, { audio: { channelCount } });
  const [, figures] = await bothOf(work, job.scan(residualScan, residual, { made: job.output('audio') }));
  return figures;
}

/** Looks at what a denoiser has made, or is making. */
async function lookAtResult(job: StageJob<Options>): Promise<Omit<Look, 'figures'>> {
  const isCleaned = job.options.what === 'cleaned';
  const made = job.output('audio');
  const [levels, signs] = await bothOf(
    isCleaned ? job.scan(levelScan, null, { audio: made }) : Promise.resolve(null),
    job.scan(guardScan, { isResidual: !isCleaned }, { made }),
  );
  return { levels, signs };
}

/** Factor of the residual: a network's is scaled to the limit; the embedded denoiser's gain has the limit as its floor. */
function residualGainOf(options: Options, denoiser: Denoiser): number {
  const limitDb = limitOf(options, denoiser);
  const share = denoiser === 'embedded' || limitDb >= NO_LIMIT_DB ? 1 : 1 - dbToGain(-limitDb);
  return (options.strengthPercent / 100) * share;
}

function limitOf({ maxReductionDb }: Options, denoiser: Denoiser): number {
  return maxReductionDb ?? (denoiser === 'embedded' ? EMBEDDED_LIMIT_DB : NO_LIMIT_DB);
}

function describeResult(
  job: StageJob<Options>,
  evidence: NoiseEvidence,
  denoiser: Denoiser,
  { figures, levels, signs }: Look,
): StageOutcome {
  const { sampleRateHz } = job.inputs.audio!;
  const after = levels === null ? null : steadyLevelDbfs(evidence, levels, sampleRateHz);
  const model = job.models.deepfilternet3;
  const before = evidence.noiseFloorDbfs;
  const limitDb = limitOf(job.options, denoiser);
  const gain = residualGainOf(job.options, denoiser);
  const residualDb = powerToDb(figures.residualEnergy / figures.inputEnergy) + gainToDb(gain);
  const verdict = judgeContent(signs);
  const altered = alteredText(verdict);
  if (altered !== undefined) job.note('warning', altered);
  return {
    ...(altered !== undefined && job.options.strict
      ? { missed: { code: 'target/missed' as const, message: altered, hint: STRICT_HINT } }
      : {}),
    data: {
      ...evidenceData(evidence, after),
      model:
        denoiser === 'embedded' || model === undefined
          ? { id: 'embedded', sha256: null, licence: 'MIT' }
          : { id: model.id, sha256: { ...model.sha256 }, licence: model.licence },
      bypassedBecause: null,
      reductionDb: before === null || after === null ? null : rounded(Math.max(0, before - after)),
      residualDb: figures.residualEnergy > 0 ? rounded(residualDb) : null,
      strengthPercent: job.options.strengthPercent,
      maxReductionDb: limitDb >= NO_LIMIT_DB ? null : limitDb,
      profile: job.options.profile ?? null,
      contentAltered: {
        isAltered: verdict.isAltered,
        clearVoiceSec: roundTo(verdict.clearVoiceSec, 3),
        places: verdict.places.slice(0, LISTED_PLACES).map(({ startSec, endSec, share }) => ({
          startSec: roundTo(startSec, 3),
          endSec: roundTo(endSec, 3),
          share: roundTo(share, 2),
        })),
      },
    },
  };
}

/** What the guard has to say of an altered voice; undefined where it is as it was. */
function alteredText({ isAltered, places }: GuardVerdict): string | undefined {
  if (!isAltered) return undefined;
  const shown = places
    .slice(0, 5)
    .map(({ startSec, endSec }) => `${startSec.toFixed(1)}–${endSec.toFixed(1)} s`);
  const more = places.length > shown.length ? ` and ${places.length - shown.length} more` : '';
  return `content altered: what was taken away holds voice at ${shown.join(', ')}${more}`;
}

async function leaveAlone(
  job: StageJob<Options>,
  evidence: NoiseEvidence,
  reason: string,
): Promise<StageOutcome> {
  if (job.options.what === 'cleaned') job.bypass('audio', 'audio', reason);
  else {
    job.note('info', `nothing was taken away: ${reason}`);
    await job.apply(silenceApply, null, { audio: { channelCount: job.inputs.audio!.channelCount } });
  }
  return {
    data: {
      ...evidenceData(evidence, evidence.noiseFloorDbfs),
      model: null,
      bypassedBecause: reason,
      reductionDb: null,
      residualDb: null,
      strengthPercent: job.options.strengthPercent,
      maxReductionDb: job.options.maxReductionDb ?? null,
      profile: job.options.profile ?? null,
      contentAltered: null,
    },
  };
}

function evidenceData(evidence: NoiseEvidence, after: number | null) {
  return {
    noiseFloorDbfs: { before: rounded(evidence.noiseFloorDbfs), after: rounded(after) },
    steadyNoiseShare: roundTo(evidence.steadyShare, 3),
    levelSpanDb: rounded(evidence.spanDb),
  };
}

function rounded(valueDb: number): number;
function rounded(valueDb: number | null): number | null;
function rounded(valueDb: number | null): number | null {
  return valueDb === null || !Number.isFinite(valueDb) ? null : roundTo(valueDb, 2);
}
