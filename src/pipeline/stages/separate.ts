// Takes a mix apart into vocals, drums, bass and other. The method is dsp/separation's; the stems sum to the mix.
import { z } from 'zod';
import { loudnessFigures } from '../../dsp/loudness/programme.js';
import { judgeQuality, measureQuality, type QualitySums } from '../../dsp/separation/quality.js';
import {
  createRangeSeparator,
  type RangeSeparator,
  STEM_NAMES,
  type StemName,
} from '../../dsp/separation/separate-range.js';
import { roundTo } from '../../units.js';
import { defineApply, defineScan, defineStage, type StageJob } from '../stage.js';
import { measurePass } from './measure-pass.js';

/** A stem this far below the mix is as good as absent. */
const NEAR_SILENT_DB = -40;
/** Frames of a range: 15 s at 48 kHz; fixed, so that higher rates take no more memory. */
const RANGE_FRAMES = 720_896;

const options = z.strictObject({
  model: z
    .enum(['auto', 'forge-classic'])
    .default('auto')
    .describe('The separator; auto takes the best that is installed.'),
  stems: z
    .array(z.enum(STEM_NAMES))
    .min(1)
    .default([...STEM_NAMES])
    .describe('The stems to write.'),
  twoStems: z
    .enum(STEM_NAMES)
    .optional()
    .describe('Writes this stem and what is left of the mix without it, instead of `stems`.'),
});

type Options = z.output<typeof options>;

/** Names of what is written: the stems asked for, or one of them and its rest. */
function outputNames({ stems, twoStems }: Options): string[] {
  if (twoStems === undefined) return STEM_NAMES.filter((name) => stems.includes(name));
  return [twoStems, restName(twoStems)];
}

function restName(stem: StemName): string {
  return stem === 'vocals' ? 'instrumental' : `no-${stem}`;
}

const apply = defineApply<Options, null, null, null>({
  order: 'parallel',
  rangeSec: 15,
  rangeFrames: () => RANGE_FRAMES,
  memoryMb: 170,
  async run(context) {
    const { sampleRateHz, range } = context;
    const { twoStems } = context.options;
    const separator = await context.resource<RangeSeparator>(`separator ${sampleRateHz}`, () =>
      createRangeSeparator(sampleRateHz),
    );
    const mix = context.input('audio');
    const stems = separator.separate(
      (start, into) => mix.read(start, into),
      context,
      range.startFrame,
      range.endFrame,
      (done) => context.progress(done),
    );
    for (const name of outputNames(context.options)) {
      const isRest = twoStems !== undefined && name === restName(twoStems);
      const parts = isRest ? STEM_NAMES.filter((stem) => stem !== twoStems) : [name as StemName];
      context.write(name, range.startFrame, sumOf(parts.map((part) => stems[part])));
    }
    return { part: null };
  },
  merge: () => null,
});

function sumOf(parts: readonly (readonly Float32Array[])[]): readonly Float32Array[] {
  const [first, ...others] = parts;
  return first!.map((samples, channel) =>
    others.length === 0
      ? samples
      : samples.map((sample, i) => others.reduce((sum, part) => sum + part[channel]![i]!, sample)),
  );
}

const judge = defineScan<Options, null, QualitySums, ReturnType<typeof judgeQuality>>({
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
  merge: (parts) => judgeQuality(parts),
});

const figureDb = (description: string) => z.number().nullable().meta({ description });

const result = z.object({
  model: z.object({ id: z.string(), sha256: z.string().nullable(), licence: z.string() }),
  stems: z.array(
    z.object({
      name: z.string(),
      path: z.string().meta({ description: 'The delivered file, from the folder of the track.' }),
      integratedLufs: figureDb('Integrated loudness (BS.1770); null for silence.'),
      levelDb: figureDb('Energy of the stem over that of the mix.'),
      samplePeakDbfs: figureDb('Largest sample; above 0 dBFS the stem is written as float.'),
      bleedDb: figureDb(
        'Estimate without the true stems: power that the stem shares with the others in the same time-frequency cells, over its own; lower is cleaner.',
      ),
      artefactDb: figureDb(
        'Estimate without the true stems: power of cells that stand out of the stem on all sides, over its own; lower is smoother.',
      ),
    }),
  ),
  nullDb: figureDb(
    'Level of the mixture minus the sum of the stems, against the mixture, before the delivery’s rounding; null for silence, for a subset of the stems and for an exact null.',
  ),
});

/** Loudness of an output, in LUFS. */
async function loudnessOf(job: StageJob<Options>, name: string): Promise<number | null> {
  const params = { role: 'audio', isWithLevels: false, isWithSpectrum: false };
  const { loudness } = await job.scan(measurePass, params, { audio: job.output(name) });
  const { integratedLufs } = loudnessFigures(loudness, job.output(name).sampleRateHz);
  return integratedLufs === null ? null : roundTo(integratedLufs, 2);
}

/** The stage `separate`. */
export const separateStage = defineStage({
  id: 'separate',
  version: 1,
  summary: 'Takes a mix apart into vocals, drums, bass and other.',
  source: 'FitzGerald, DAFx 2010 (medians); Barry et al., DAFx 2004 (centre)',
  options,
  result,
  inputs: () => ['audio'],
  outputs: outputNames,
  estimate: () => ({ realTimeFactor: 0.25, memoryMb: 170 }),
  passes: { apply, judge, measure: measurePass },
  async run(job) {
    const names = outputNames(job.options);
    const { channelCount } = job.inputs.audio!;
    await job.apply(apply, null, Object.fromEntries(names.map((name) => [name, { channelCount }])));
    const quality = await job.scan(
      judge,
      null,
      Object.fromEntries(names.map((name) => [name, job.output(name)])),
    );
    const isComplete = job.options.twoStems !== undefined || names.length === STEM_NAMES.length;
    const stems = [];
    for (const [k, name] of names.entries()) {
      const figures = quality.stems[k]!;
      if (figures.levelDb === null || figures.levelDb < NEAR_SILENT_DB)
        job.note('warning', `no ${name} found: the stem is near silent`);
      if ((figures.samplePeakDbfs ?? 0) > 0)
        job.note(
          'info',
          `${name} passes full scale (${figures.samplePeakDbfs} dBFS); its samples are kept as they are`,
        );
      const path = `stems/${name}.${job.delivery.container}`;
      stems.push({ name, path, integratedLufs: await loudnessOf(job, name), ...figures });
    }
    return {
      data: {
        model: { id: 'forge-classic', sha256: null, licence: 'MIT' },
        stems,
        nullDb: isComplete ? quality.nullDb : null,
      },
    };
  },
});
