// The passes of the stage separate that run a network: its contract and the song's level, the estimates by
// overlapping segments, and the finish that makes the outputs sum to the mix.
import { availableParallelism } from 'node:os';
import { spreadRemainder } from '../../dsp/separation/spread-remainder.js';
import { ForgeError } from '../../errors.js';
import { findCard, type SeparationForm } from '../../models/card.js';
import { planChunks, shiftOffsets } from '../../models/separation/chunks.js';
import {
  estimateRange,
  NETWORK_RATE_HZ,
  rangeGeometry,
  type SongLevel,
  songLevel,
} from '../../models/separation/estimate-range.js';
import type { SeparationNetwork } from '../../models/separation/segment-network.js';
import { createSeparationNetwork } from '../../models/separation/separation-network.js';
import { createSession } from '../../models/session.js';
import { roundTo } from '../../units.js';
import { defineApply, defineScan, type ModelFiles, type RangeContext, type StageJob } from '../stage.js';
import { outputNames, pairStem, type SeparateOptions, stemsOfModel } from './separate-options.js';

/** Seconds that segments overlap by with quality fast. */
const FAST_OVERLAP_SEC = 0.25;
/** Seconds that segments of a free length overlap by, and last, unless told otherwise. */
const FREE_OVERLAP_SEC = 2;
const FREE_SEGMENT_SEC = { fast: 5, normal: 10, high: 30 };
const FINISH_RANGE_FRAMES = 720_896;
const MEASURE_BLOCK_FRAMES = 65536;

/** One network of a model and the stems that are taken from it. */
interface NetworkUse {
  readonly file: string;
  /** Indices into the model's stems. */
  readonly stems: readonly number[];
}

interface ModelUse {
  readonly modelId: string;
  readonly stemCount: number;
  readonly networks: readonly NetworkUse[];
  readonly form: SeparationForm;
  /** Samples of a segment where the networks take any length. */
  readonly wishedFrames: number;
}

/** What is told of a model's networks by opening them: the same for all of a bag. */
interface NetworkShape {
  readonly segmentFrames: number;
  readonly contextFrames: number;
  readonly isFreeLength: boolean;
  readonly isNormalised: boolean;
}

interface EstimateParams extends ModelUse, NetworkShape {
  readonly strideFrames: number;
  readonly shiftFrames: readonly number[];
  readonly level: SongLevel;
  /** Names of the estimates by index of the stem. */
  readonly stemNames: readonly string[];
}

/** The network of a file, kept for the worker's life. */
function networkOf(
  context: RangeContext<SeparateOptions, ModelUse>,
  file: string,
): Promise<SeparationNetwork> {
  const { modelId, stemCount, form, wishedFrames } = context.params;
  const { device } = context.options;
  return context.resource(`separation ${modelId}/${file} ${device} ${wishedFrames}`, async () => {
    const label = `${modelId}/${file}`;
    const session = await createSession(context.models[modelId]!.files[file]!, {
      label,
      device,
      threads: availableParallelism(),
      useMemoryArena: false,
    });
    return createSeparationNetwork(session, stemCount, label, form, wishedFrames);
  });
}

/** The shape of the model's networks. */
export const inspectPass = defineScan<SeparateOptions, ModelUse, NetworkShape, NetworkShape>({
  order: 'sequential',
  rangeSec: 60,
  rangeFrames: (shape) => Math.max(1, shape.frameCount),
  coresPerRange: () => availableParallelism(),
  memoryMb: 2400,
  async run(context) {
    const shapes: NetworkShape[] = [];
    for (const { file } of context.params.networks) {
      const { segmentFrames, contextFrames, isFreeLength, isNormalised } = await networkOf(context, file);
      shapes.push({ segmentFrames, contextFrames, isFreeLength, isNormalised });
    }
    const [first, ...others] = shapes;
    if (others.some((shape) => JSON.stringify(shape) !== JSON.stringify(first))) {
      const lengths = shapes.map(({ segmentFrames }) => segmentFrames).join(', ');
      throw new ForgeError(
        'model/incompatible',
        `expected networks of one segment length in ${context.params.modelId}, got ${lengths}`,
      );
    }
    return { part: first! };
  },
  merge: ([shape]) => shape!,
});

/** Mean and deviation of the mid signal. */
export const levelPass = defineScan<SeparateOptions, null, { sum: number; squares: number }, SongLevel>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 8,
  run(context) {
    const { range, channelCount } = context;
    const reader = context.input('audio');
    let sum = 0;
    let squares = 0;
    for (let start = range.startFrame; start < range.endFrame; start += MEASURE_BLOCK_FRAMES) {
      const frames = Math.min(MEASURE_BLOCK_FRAMES, range.endFrame - start);
      const block = Array.from({ length: channelCount }, () => new Float32Array(frames));
      reader.read(start, block);
      const left = block[0]!;
      const right = block[1] ?? left;
      for (let i = 0; i < frames; i++) {
        const mid = 0.5 * (left[i]! + right[i]!);
        sum += mid;
        squares += mid * mid;
      }
      context.progress(start + frames - range.startFrame);
    }
    return { part: { sum, squares } };
  },
  merge(parts, _params, { frameCount }) {
    let sum = 0;
    let squares = 0;
    for (const part of parts) {
      sum += part.sum;
      squares += part.squares;
    }
    return songLevel(sum, squares, frameCount);
  },
});

/** Estimates of the stems, each an output of its own; they need not sum to the mix. */
export const estimatePass = defineApply<SeparateOptions, EstimateParams, null, null>({
  order: 'parallel',
  rangeSec: 15,
  rangeFrames: (shape, params) =>
    rangeGeometry(params.segmentFrames, params.strideFrames, shape.sampleRateHz).rangeFrames,
  tailFrames: (shape, params) =>
    rangeGeometry(params.segmentFrames, params.strideFrames, shape.sampleRateHz).tailFrames,
  coresPerRange: () => availableParallelism(),
  memoryMb: 2400,
  async run(context) {
    const { params, range, sampleRateHz, frameCount } = context;
    const songFrames = Math.ceil((frameCount * NETWORK_RATE_HZ) / sampleRateHz);
    const plan = planChunks(songFrames, params.segmentFrames, params.strideFrames, params.shiftFrames);
    const networks: { readonly use: NetworkUse; readonly network: SeparationNetwork }[] = [];
    for (const use of params.networks) networks.push({ use, network: await networkOf(context, use.file) });
    const taken = params.networks.flatMap((use) => use.stems);
    const bag = {
      contextFrames: params.contextFrames,
      async separate(left: Float32Array, right: Float32Array) {
        const stems = [];
        for (const { use, network } of networks) {
          const all = await network.separate(left, right);
          stems.push(...use.stems.map((stem) => all[stem]!));
        }
        return stems;
      },
    };
    const estimate = await estimateRange(
      context.input('audio'),
      plan,
      params.level,
      range.startFrame,
      range.endFrame,
      taken.length,
      bag,
      (done) => context.progress(done),
    );
    for (const [k, block] of estimate.stems.entries())
      context.write(estimateRole(params.stemNames[taken[k]!]!), estimate.startFrame, block);
    return { part: null };
  },
  merge: () => null,
});

interface FinishParams {
  /** Stems of which there is an estimate. */
  readonly estimated: readonly string[];
  /** Whether they are all of the model's, so that the remainder can be shared out. */
  readonly isWhole: boolean;
}

/** The outputs from the estimates: with the remainder spread, or with it as an output of its own. */
export const finishPass = defineApply<SeparateOptions, FinishParams, null, null>({
  order: 'parallel',
  rangeSec: 15,
  rangeFrames: () => FINISH_RANGE_FRAMES,
  memoryMb: 250,
  run(context) {
    const { range, params, options, channelCount, sampleRateHz } = context;
    const { startFrame, endFrame } = range;
    const makeBlock = (count: number) =>
      Array.from({ length: count }, () => new Float32Array(endFrame - startFrame));
    const readerOf = (role: string) => {
      const reader = context.input(role);
      return (start: number, into: readonly Float32Array[]) => reader.read(start, into);
    };
    const readMix = readerOf('audio');
    const readEstimates = params.estimated.map((name) => readerOf(estimateRole(name)));
    const stems =
      params.isWhole && !options.residual
        ? spreadRemainder(
            sampleRateHz,
            channelCount,
            startFrame,
            endFrame,
            readMix,
            readEstimates,
            restIndex(params.estimated),
          )
        : readEstimates.map((read) => {
            const block = makeBlock(channelCount);
            read(startFrame, block.slice(0, 2));
            return block;
          });
    const wholeMix = makeBlock(channelCount);
    readMix(startFrame, wholeMix);
    /** The mix minus some stems. */
    const without = (parts: readonly (readonly Float32Array[])[]) =>
      wholeMix.map((samples, channel) =>
        samples.map((sample, i) => parts.reduce((left, part) => left - part[channel]![i]!, sample)),
      );
    for (const name of outputNames(options)) {
      const index = params.estimated.indexOf(name);
      if (index >= 0) context.write(name, startFrame, stems[index]!);
      else if (name === 'residual') context.write(name, startFrame, without(stems));
      else
        context.write(
          name,
          startFrame,
          without([stems[params.estimated.indexOf(pairStem(options, params.estimated)!)]!]),
        );
    }
    context.progress(endFrame - startFrame);
    return { part: null };
  },
  merge: () => null,
});

/** The stem that takes what has no power of its own in the model: `other`, else the instrumental, else the last. */
function restIndex(estimated: readonly string[]): number {
  const named = ['other', 'instrumental'].find((name) => estimated.includes(name)) ?? estimated.at(-1)!;
  return estimated.indexOf(named);
}

/** The role of an estimate, an output that no later stage sees. */
function estimateRole(stem: string): string {
  return `estimate-${stem}`;
}

/**
 * Runs a model over the song and makes the stage's outputs.
 * @throws ForgeError model/incompatible, model/device-unavailable, model/run-failed
 */
export async function separateByNetwork(job: StageJob<SeparateOptions>, model: ModelFiles): Promise<void> {
  const { options } = job;
  const { channelCount } = job.inputs.audio!;
  const stemNames = stemsOfModel(model.id);
  const pair = pairStem(options, stemNames);
  const wanted = pair === undefined ? (options.stems ?? stemNames) : [pair];
  const use = modelUse(model, stemNames, wanted, options);
  const shape = await job.scan(inspectPass, use);
  if (options.segmentSec !== undefined && !shape.isFreeLength) {
    const fixedSec = roundTo(shape.segmentFrames / NETWORK_RATE_HZ, 2);
    job.note('warning', `segmentSec has no effect: segments of ${model.id} last ${fixedSec} s`);
  }
  const level = shape.isNormalised ? await job.scan(levelPass, null) : { mean: 0, deviation: 1 };
  const shiftCount = options.shifts ?? (options.quality === 'high' ? 2 : 0);
  const params: EstimateParams = {
    ...use,
    ...shape,
    strideFrames: strideOf(options, shape),
    shiftFrames: shiftOffsets(shiftCount, job.seed),
    level,
    stemNames,
  };
  const estimated = use.networks.flatMap((network) => network.stems).map((stem) => stemNames[stem]!);
  const stemChannels = { channelCount: Math.min(2, channelCount) };
  await job.apply(
    estimatePass,
    params,
    Object.fromEntries(estimated.map((name) => [estimateRole(name), stemChannels])),
  );
  const isWhole = estimated.length === stemNames.length && estimated.length > 1;
  await job.apply(
    finishPass,
    { estimated, isWhole },
    Object.fromEntries(outputNames(options).map((name) => [name, { channelCount }])),
    Object.fromEntries(estimated.map((name) => [estimateRole(name), job.output(estimateRole(name))])),
  );
}

/** Which networks run: all stems from one, or, of a bag of specialists, only those of the stems wanted. */
function modelUse(
  model: ModelFiles,
  stemNames: readonly string[],
  wanted: readonly string[],
  { quality, segmentSec }: SeparateOptions,
): ModelUse {
  const card = findCard(model.id);
  const files = card.files.filter((file) => model.files[file.name] !== undefined);
  const specialists = stemNames.flatMap((name, stem) => {
    const file = files.find((one) => one.stem === name);
    return file === undefined ? [] : [{ name, use: { file: file.name, stems: [stem] } }];
  });
  const networks =
    specialists.length === stemNames.length
      ? specialists.filter(({ name }) => wanted.includes(name)).map(({ use }) => use)
      : [{ file: files[0]!.name, stems: stemNames.map((_, stem) => stem) }];
  return {
    modelId: model.id,
    stemCount: stemNames.length,
    networks,
    form: card.separation ?? {},
    wishedFrames: Math.round((segmentSec ?? FREE_SEGMENT_SEC[quality]) * NETWORK_RATE_HZ),
  };
}

/** Samples from one segment's start to the next one's: a quarter of a fixed length less, 2 s of a free one. */
function strideOf(
  { quality, overlapSec }: SeparateOptions,
  { segmentFrames, isFreeLength }: NetworkShape,
): number {
  const shortest = Math.floor(0.25 * segmentFrames);
  const asked =
    overlapSec ?? (quality === 'fast' ? FAST_OVERLAP_SEC : isFreeLength ? FREE_OVERLAP_SEC : null);
  if (asked === null) return Math.floor(0.75 * segmentFrames);
  return Math.max(shortest, segmentFrames - Math.round(asked * NETWORK_RATE_HZ));
}
