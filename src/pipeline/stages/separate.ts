// Takes a mix apart into vocals, drums, bass and other. The method is dsp/separation's; the stems sum to the mix.
import * as z from 'zod';
import { loudnessFigures } from '../../dsp/loudness/programme.js';
import { type BlendedSeparator, createBlendedSeparator } from '../../dsp/separation/blended-range.js';
import { type CentreSums, centreShareOf, sumCentre } from '../../dsp/separation/centre-share.js';
import { createFrameGrid } from '../../dsp/separation/frame-grid.js';
import { isNetworkRate } from '../../dsp/separation/network-range.js';
import {
  judgeQuality,
  measureQuality,
  nullOfFilesDb,
  type QualitySums,
} from '../../dsp/separation/quality.js';
import {
  createRangeSeparator,
  type RangeSeparator,
  type ReadSong,
  STEM_NAMES,
  type Stems,
} from '../../dsp/separation/separate-range.js';
import type { SongLevel } from '../../models/separation/estimate-range.js';
import { createShareNetwork } from '../../models/separation/share-network.js';
import { roundTo } from '../../units.js';
import {
  type AudioRef,
  defineApply,
  defineScan,
  defineStage,
  type ModelFiles,
  type RangeContext,
  type StageJob,
} from '../stage.js';
import { pictureOfTicks } from './analyze-report.js';
import { type Picture, pictureSchema } from './analyze-schema.js';
import { measurePass } from './measure-pass.js';
import { estimatePass, finishPass, inspectPass, levelPass, separateByNetwork } from './separate-network.js';
import {
  chooseModel,
  EMBEDDED_ID,
  isCompleteSet,
  LITE_ID,
  modelNeeds,
  outputNames,
  restName,
  type SeparateOptions,
  separateOptions,
} from './separate-options.js';

/** A stem this far below the mix is as good as absent. */
const NEAR_SILENT_DB = -40;
/** Frames of a range: 15 s at 48 kHz; fixed, so that higher rates take no more memory. */
const RANGE_FRAMES = 720_896;
/** The same of forge-lite, which holds two opinions of a range at once. */
const LITE_RANGE_FRAMES = 262_144;

/** How much of the song lies in the centre. */
const survey = defineScan<SeparateOptions, null, CentreSums, number>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 16,
  run(context) {
    const { range, sampleRateHz } = context;
    const mix = context.input('audio');
    const part = sumCentre(
      createFrameGrid(sampleRateHz),
      (start, into) => mix.read(start, into),
      context,
      range.startFrame,
      range.endFrame,
    );
    return { part };
  },
  merge: (parts) => centreShareOf([...parts]),
});

const apply = defineApply<SeparateOptions, { readonly centreShare: number }, null, null>({
  order: 'parallel',
  rangeSec: 15,
  rangeFrames: () => RANGE_FRAMES,
  memoryMb: 170,
  async run(context) {
    const { sampleRateHz, channelCount, frameCount } = context;
    const separator = await context.resource<RangeSeparator>(`separator ${sampleRateHz}`, () =>
      createRangeSeparator(sampleRateHz),
    );
    const song = { channelCount, frameCount, centreShare: context.params.centreShare };
    writeStems(context, separator.separate(...rangeOf(context, song)));
    return { part: null };
  },
  merge: () => null,
});

interface LiteParams {
  readonly centreShare: number;
  readonly level: SongLevel;
}

/** The same by forge's own network and the rules. */
const applyLite = defineApply<SeparateOptions, LiteParams, null, null>({
  order: 'parallel',
  rangeSec: 6,
  rangeFrames: () => LITE_RANGE_FRAMES,
  memoryMb: 130,
  async run(context) {
    const { sampleRateHz, channelCount, frameCount } = context;
    const { centreShare, level } = context.params;
    const separator = await context.resource<BlendedSeparator>(`${LITE_ID} ${sampleRateHz}`, async () =>
      createBlendedSeparator(
        sampleRateHz,
        await createShareNetwork(context.models[LITE_ID]!.files['forge-lite.onnx']!),
      ),
    );
    const song = { channelCount, frameCount, centreShare, midRms: level.deviation };
    writeStems(context, await separator.separate(...rangeOf(context, song)));
    return { part: null };
  },
  merge: () => null,
});

/** What a separator is called with for a range. */
function rangeOf<Params, Song>(context: RangeContext<SeparateOptions, Params>, song: Song) {
  const mix = context.input('audio');
  const read: ReadSong = (start, into) => mix.read(start, into);
  const { startFrame, endFrame } = context.range;
  return [read, song, startFrame, endFrame, (done: number) => context.progress(done)] as const;
}

/** Writes a range of what the options ask for. */
function writeStems<Params>(context: RangeContext<SeparateOptions, Params>, stems: Stems): void {
  const { options, range } = context;
  const { twoStems } = options;
  for (const name of outputNames(options)) {
    const isRest = twoStems !== undefined && name === restName(twoStems);
    const parts = isRest ? STEM_NAMES.filter((stem) => stem !== twoStems) : [name];
    context.write(name, range.startFrame, sumOf(stems, parts));
  }
}

/** Sum of some of the stems; silence for `residual`, for these stems leave none. */
function sumOf(stems: Stems, names: readonly string[]): readonly Float32Array[] {
  const parts = STEM_NAMES.filter((stem) => names.includes(stem)).map((stem) => stems[stem]);
  if (parts.length === 1) return parts[0]!;
  return stems.other.map((samples, channel) =>
    samples.map((_, i) => parts.reduce((sum, part) => sum + part[channel]![i]!, 0)),
  );
}

const judge = defineScan<SeparateOptions, null, QualitySums, ReturnType<typeof judgeQuality>>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 20,
  run(context) {
    const { sampleRateHz, channelCount, range } = context;
    const readerOf = (role: string) => {
      const reader = context.input(role);
      return (start: number, into: readonly Float32Array[]) => reader.read(start, into);
    };
    const part = measureQuality(
      sampleRateHz,
      channelCount,
      range.startFrame,
      range.endFrame,
      readerOf('audio'),
      outputNames(context.options).map(readerOf),
    );
    return { part };
  },
  merge: (parts) => judgeQuality([...parts]),
});

const figureDb = (description: string) => z.number().nullable().meta({ description });

const result = z.object({
  model: z.object({ id: z.string(), sha256: z.string().nullable(), licence: z.string() }),
  mixIntegratedLufs: figureDb('Integrated loudness of the mix (BS.1770); null for silence.'),
  stems: z.array(
    z.object({
      name: z.string(),
      path: z.string().meta({ description: 'The delivered file, from the folder of the track.' }),
      integratedLufs: figureDb('Integrated loudness (BS.1770); null for silence.'),
      levelDb: figureDb('Energy of the stem over that of the mix.'),
      samplePeakDbfs: figureDb('Largest sample; above 0 dBFS the stem is written as float.'),
      bleedDb: figureDb(
        'Estimate without the true stems: power that the stem shares with the rest of the mix in the same time-frequency cells, over its own; lower is cleaner.',
      ),
      artefactDb: figureDb(
        'Estimate without the true stems: power of cells that stand out of the stem on all sides, over its own; lower is smoother.',
      ),
    }),
  ),
  nullDb: figureDb(
    'Level of the mixture minus the sum of the stems, against the mixture, before the delivery’s rounding; −200 for an exact null; null for silence and for a subset of the stems.',
  ),
  nullOfFilesDb: z.object({ bits16: z.number(), bits24: z.number() }).nullable().meta({
    description:
      'The same for files of 16 and of 24 bits with plain dither: nullDb and what their rounding adds; null where nullDb is.',
  }),
  picture: z.record(z.string(), pictureSchema).optional(),
});

/** Loudness of the mix or a stem, in LUFS, and its picture. */
async function loudnessOf(
  job: StageJob<SeparateOptions>,
  audio: AudioRef,
): Promise<{ readonly integratedLufs: number | null; readonly picture: Picture }> {
  const params = { role: 'audio', isWithLevels: false, isWithSpectrum: true, ticksFor: 'picture' as const };
  const { loudness, spectrum } = await job.scan(measurePass, params, { audio });
  const { sampleRateHz } = audio;
  const { integratedLufs } = loudnessFigures(loudness, sampleRateHz);
  return {
    integratedLufs: integratedLufs === null ? null : roundTo(integratedLufs, 2),
    picture: pictureOfTicks(loudness, spectrum, sampleRateHz),
  };
}

/** A model as the report names it: its networks' hashes in the order of their names, one after the other. */
function identityOf({ id, sha256, licence }: ModelFiles) {
  const hashes = Object.keys(sha256)
    .sort()
    .map((name) => sha256[name]);
  return { id, sha256: hashes.join(' '), licence };
}

/** The stage `separate`. */
export const separateStage = defineStage({
  id: 'separate',
  version: 12,
  summary: 'Takes a mix apart into vocals, drums, bass and other.',
  source:
    'FitzGerald, DAFx 2010 (medians); Barry et al., DAFx 2004 (centre); a network of our own; Rouard et al., 2022 (HTDemucs)',
  options: separateOptions,
  result,
  inputs: () => ['audio'],
  outputs: outputNames,
  models: modelNeeds,
  estimate: ({ model }) =>
    model === 'auto' || model === EMBEDDED_ID || model === LITE_ID
      ? { realTimeFactor: 0.3, memoryMb: 170 }
      : { realTimeFactor: model === 'htdemucs_ft' ? 5.8 : 1.5, memoryMb: 2400 },
  passes: {
    survey,
    apply,
    applyLite,
    inspect: inspectPass,
    level: levelPass,
    estimate: estimatePass,
    finish: finishPass,
    judge,
    measure: measurePass,
  },
  async run(job) {
    const { options } = job;
    const names = outputNames(options);
    const { channelCount } = job.inputs.audio!;
    const model = chooseModel(options, job.models, job.inputs.audio!.sampleRateHz);
    const outputs = Object.fromEntries(names.map((name) => [name, { channelCount }]));
    if (model === undefined) {
      await job.apply(apply, { centreShare: await job.scan(survey, null) }, outputs);
    } else if (model.id === LITE_ID) {
      if (!isNetworkRate(job.inputs.audio!.sampleRateHz))
        job.note(
          'warning',
          `${LITE_ID} learned on songs at 44.1 kHz: at this rate ${EMBEDDED_ID} may separate better`,
        );
      const centreShare = await job.scan(survey, null);
      await job.apply(applyLite, { centreShare, level: await job.scan(levelPass, null) }, outputs);
    } else {
      await separateByNetwork(job, model);
    }
    const made = Object.fromEntries(names.map((name) => [name, job.output(name)]));
    const quality = await job.scan(judge, null, made);
    const nullDb = isCompleteSet(options) ? quality.nullDb : null;
    const mixPower = quality.mixEnergy / (channelCount * job.inputs.audio!.frameCount);
    const filesDb = (bits: number, db: number) => nullOfFilesDb(db, bits, names.length, mixPower);
    const stems = [];
    const mix = await loudnessOf(job, job.inputs.audio!);
    const pictures: Record<string, Picture> = { mix: mix.picture };
    for (const [k, name] of names.entries()) {
      const figures = quality.stems[k]!;
      if (name !== 'residual' && (figures.levelDb === null || figures.levelDb < NEAR_SILENT_DB))
        job.note('warning', `no ${name} found: the stem is near silent`);
      if ((figures.samplePeakDbfs ?? 0) > 0)
        job.note(
          'info',
          `${name} passes full scale (${figures.samplePeakDbfs} dBFS); its samples are kept as they are`,
        );
      const path = `stems/${name}.${job.delivery.container}`;
      const { integratedLufs, picture } = await loudnessOf(job, job.output(name));
      pictures[name] = picture;
      stems.push({ name, path, integratedLufs, ...figures });
    }
    return {
      data: {
        model: model === undefined ? { id: EMBEDDED_ID, sha256: null, licence: 'MIT' } : identityOf(model),
        mixIntegratedLufs: mix.integratedLufs,
        stems,
        nullDb,
        nullOfFilesDb: nullDb === null ? null : { bits16: filesDb(16, nullDb), bits24: filesDb(24, nullDb) },
        picture: pictures,
      },
    };
  },
});
