// The stage `denoise`: takes noise out of recordings, or leaves them alone where that would do harm.
// It first looks for noise, then lets the best denoiser that is here work, then looks at what was taken away: where
// that holds tones of the signal it tries the next denoiser, and in the end gives the input back with the reason.
import { z } from 'zod';
import {
  judgeNoise,
  type NoiseEvidence,
  noisePowerOf,
  steadyLevelDbfs,
} from '../../dsp/denoise/noise-evidence.js';
import type { ResidualFigures } from '../../dsp/denoise/residual-meter.js';
import { dbToGain, gainToDb, powerToDb, roundTo } from '../../units.js';
import { defineStage, type Json, type StageJob } from '../stage.js';
import { chooseDenoisers, DENOISERS, type Denoiser, harmOf } from './denoise-decision.js';
import { denoiseApply, levelScan, silenceApply } from './denoise-passes.js';

/** Unlimited for practical purposes: the models' own convention. */
const NO_LIMIT_DB = 100;
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
});

/** The stage. */
export const denoiseStage = defineStage({
  id: 'denoise',
  version: 1,
  summary: 'Take noise out of recordings.',
  source:
    'OM-LSA with IMCRA (Cohen & Berdugo 2001, Cohen 2003); DeepFilterNet3 (Schröter et al. 2023) where it is installed',
  options,
  result,
  inputs: () => ['audio'],
  outputs: () => ['audio'],
  models: ({ model }) => (model === 'embedded' ? [] : [{ id: 'deepfilternet3', required: model !== 'auto' }]),
  estimate: () => ({ realTimeFactor: 0.06, memoryMb: 250 }),
  passes: { levels: levelScan, denoise: denoiseApply, silence: silenceApply },
  run,
});

async function run(job: StageJob<Options>): Promise<{ data: Json }> {
  const audio = job.inputs.audio!;
  const evidence = judgeNoise(await job.scan(levelScan, null), audio.sampleRateHz);
  const isInstalled = job.models.deepfilternet3 !== undefined;
  if (job.options.strengthPercent === 0 || job.options.maxReductionDb === 0) {
    return leaveAlone(job, evidence, 'a reduction of 0 was asked for');
  }
  const decision = chooseDenoisers(evidence, job.options.model, isInstalled, audio.name === 'mix');
  if ('reason' in decision) return leaveAlone(job, evidence, decision.reason);

  let harm = '';
  for (const denoiser of decision.tries) {
    const figures = await applyDenoiser(job, evidence, denoiser);
    const found = harmOf(figures);
    if (found === undefined || job.options.model === 'deepfilternet3') {
      if (found !== undefined) job.note('warning', `${denoiser} was asked for, though ${found}`);
      return describeResult(job, evidence, denoiser, figures);
    }
    job.note('info', `${denoiser} was not used: ${found}`);
    harm = found;
  }
  return leaveAlone(job, evidence, harm);
}

function applyDenoiser(
  job: StageJob<Options>,
  evidence: NoiseEvidence,
  denoiser: Denoiser,
): Promise<ResidualFigures> {
  const { stereo, postFilter, what } = job.options;
  const { sampleRateHz, channelCount } = job.inputs.audio!;
  const params = {
    denoiser,
    residualGain: residualGainOf(job.options, denoiser),
    maxReductionDb: limitOf(job.options, denoiser),
    isLinked: stereo === 'linked',
    hasPostFilter: postFilter,
    givesResidual: what === 'residual',
    noisePower: denoiser === 'embedded' ? noisePowerOf(evidence, sampleRateHz) : new Float64Array(0),
  };
  return job.apply(denoiseApply, params, { audio: { channelCount } });
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

async function describeResult(
  job: StageJob<Options>,
  evidence: NoiseEvidence,
  denoiser: Denoiser,
  figures: ResidualFigures,
): Promise<{ data: Json }> {
  const { sampleRateHz } = job.inputs.audio!;
  const isCleaned = job.options.what === 'cleaned';
  const after = isCleaned
    ? steadyLevelDbfs(evidence, await job.scan(levelScan, null, { audio: job.output('audio') }), sampleRateHz)
    : null;
  const model = job.models.deepfilternet3;
  const before = evidence.noiseFloorDbfs;
  const limitDb = limitOf(job.options, denoiser);
  const gain = residualGainOf(job.options, denoiser);
  const residualDb = powerToDb(figures.residualEnergy / figures.inputEnergy) + gainToDb(gain);
  return {
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
    },
  };
}

async function leaveAlone(
  job: StageJob<Options>,
  evidence: NoiseEvidence,
  reason: string,
): Promise<{ data: Json }> {
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
