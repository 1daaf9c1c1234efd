// The plan of one track: what runs on what, which files come out, and what it will cost. Pure: it opens nothing.
import { basename } from 'node:path';
import type { AudioShape, SampleFormat } from '../audio/audio-file.js';
import type { AudioInfo } from '../audio/probe.js';
import { ForgeError } from '../errors.js';
import type { OptionOrigin, Pipeline } from './preset.js';
import { rangeFramesOf } from './ranges.js';
import type { DeliverySpec, DeliveryWish, ModelNeed, PlanSituation, StageDefinition } from './stage.js';

/** The run's input, as audio to work on. */
export const INPUT_NODE = 'input';

/** One stage at work on named audio. */
export interface PlanNode {
  readonly id: string;
  readonly stage: StageDefinition;
  readonly on: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, OptionOrigin>>;
  readonly models: readonly ModelNeed[];
  /** By role: `input`, or `<node>.<role>`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** By role: the name under which later stages find it. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The form of what the node delivers. */
  readonly delivery: DeliverySpec;
}

/** A file that the run delivers. */
export interface PlannedDelivery {
  readonly kind: 'stem' | 'denoised' | 'restored' | 'bed' | 'mix' | 'master';
  readonly name: string;
  /** `<node>.<role>`. */
  readonly from: string;
  /** True where the stage encodes the file itself. */
  readonly isEncoded: boolean;
  /** Relative to the track's folder. */
  readonly file: string;
  readonly spec: DeliverySpec;
  /** The result that -o names: what the last stage makes last. */
  readonly isMain: boolean;
}

export interface PlanEstimate {
  /** Of one core, for the stages alone. */
  readonly workSec: number;
  readonly timeSec: number;
  readonly memoryMb: number;
  readonly diskBytes: number;
}

export interface TrackPlan {
  readonly nodes: readonly PlanNode[];
  readonly deliveries: readonly PlannedDelivery[];
  /** The form of the results. */
  readonly delivery: DeliverySpec;
  /** What was asked of that form. */
  readonly wish: DeliveryWish;
  /** Changes of form on the way in and out, in words. */
  readonly conversions: readonly string[];
  readonly estimate: PlanEstimate;
}

const LOSSLESS_SOURCE_FORMAT: SampleFormat = { kind: 'int', bits: 24 };
/** Cores assumed for the estimate of time. */
const ESTIMATE_CORES = 2;
const BASE_MEMORY_MB = 90;
const START_SEC = 0.3;

/** Binds the steps of a pipeline to an input. @throws ForgeError preset/invalid when a stage needs what is not there */
export function planTrack(pipeline: Pipeline, info: AudioInfo, wish: DeliveryWish): TrackPlan {
  const versions = new Map<string, string[]>([['mix', [INPUT_NODE]]]);
  const nodes: PlanNode[] = [];
  for (const step of pipeline.steps) {
    const situation = situationOf(versions);
    const options = step.stage.adapt?.(step.options, situation) ?? step.options;
    const bound = { ...step, options: options as Readonly<Record<string, unknown>> };
    const inputs = step.stage
      .inputs(options)
      .map((role) => [role, bindInput(bound, role, versions)] as const);
    const outputs = step.stage.outputs(options).map((role) => [role, outputName(bound, role)] as const);
    for (const [role, name] of outputs)
      versions.set(name, [...(versions.get(name) ?? []), `${step.id}.${role}`]);
    nodes.push({
      ...bound,
      models: step.stage.models?.(options) ?? [],
      inputs: Object.fromEntries(inputs),
      outputs: Object.fromEntries(outputs),
      delivery: deliverySpec(info, step.stage.completeWish?.(wish, options, info) ?? wish),
    });
  }
  const spec = deliverySpec(info, wish);
  return {
    nodes,
    delivery: spec,
    wish,
    deliveries: planDeliveries(nodes, versions, spec, stemSpec(spec, wish)),
    conversions: conversionsOf(info, nodes.findLast(({ stage }) => stage.delivers)?.delivery ?? spec),
    estimate: estimateOf(nodes, info),
  };
}

/** The form in which results are delivered: the input's own unless asked otherwise; 24 bits where the input was lossy. */
export function deliverySpec(info: AudioInfo, wish: DeliveryWish): DeliverySpec {
  const own = info.isLossy ? LOSSLESS_SOURCE_FORMAT : info.sampleFormat;
  // 8-bit and companded sources are worked on at far better resolution than they have: 16 bits hold the result.
  const kept: SampleFormat = own.kind === 'int' && own.bits < 16 ? { kind: 'int', bits: 16 } : own;
  const container = wish.container ?? 'wav';
  return {
    container,
    sampleRateHz: wish.sampleRateHz ?? (container === 'opus' ? 48_000 : info.sampleRateHz),
    sampleFormat: wish.sampleFormat ?? kept,
    ...(wish.bitrateKbps === undefined ? {} : { bitrateKbps: wish.bitrateKbps }),
    ...(wish.dither === undefined ? {} : { dither: wish.dither }),
  };
}

/** The frames of one range for every pass of a stage whose length does not depend on its parameters. */
export function rangeLengths(stage: StageDefinition, shape: AudioShape): Record<string, number> {
  const lengths: Record<string, number> = {};
  for (const [id, pass] of Object.entries(stage.passes)) {
    const isConstant = typeof pass.rangeSec === 'number' && pass.rangeFrames === undefined;
    if (isConstant) lengths[id] = rangeFramesOf(pass, undefined, shape);
  }
  return lengths;
}

/** The shape of an input whose length may be known only after decoding. */
export function shapeOf(info: AudioInfo): AudioShape {
  const { sampleRateHz, channelCount } = info;
  const frameCount = info.frameCount ?? Math.round((info.durationSec ?? 0) * sampleRateHz);
  return { sampleRateHz, channelCount, frameCount };
}

function situationOf(versions: ReadonlyMap<string, readonly string[]>): PlanSituation {
  const names = [...versions.keys()];
  return { available: names, changed: names.filter((name) => versions.get(name)!.length > 1) };
}

function bindInput(
  step: { readonly id: string; readonly on: string },
  role: string,
  versions: ReadonlyMap<string, readonly string[]>,
): string {
  const [which, staged] = role.includes(':') ? role.split(':', 2) : ['after', undefined];
  const name = staged ?? (role === 'audio' ? step.on : role);
  const made = versions.get(name!);
  const found = which === 'before' ? made?.[0] : made?.at(-1);
  if (found === undefined) {
    throw new ForgeError(
      'preset/invalid',
      `stage ${step.id} needs "${name}", which no stage before it makes`,
      {
        hint: `There is: ${[...versions.keys()].join(', ')}.`,
      },
    );
  }
  return found;
}

function outputName(step: { readonly on: string }, role: string): string {
  return role === 'audio' ? step.on : role;
}

function planDeliveries(
  nodes: readonly PlanNode[],
  versions: ReadonlyMap<string, readonly string[]>,
  spec: DeliverySpec,
  specOfStems: DeliverySpec,
): PlannedDelivery[] {
  const deliveries: Omit<PlannedDelivery, 'isMain'>[] = [];
  for (const [name, made] of versions) {
    const from = made.at(-1)!;
    const maker = nodes.find((node) => from.startsWith(`${node.id}.`));
    if (maker === undefined || maker.stage.delivers === true) continue;
    const role = from.slice(maker.id.length + 1);
    const own = maker.stage.files?.[role];
    const isStem = name !== 'mix' && (role === 'audio' || own === undefined);
    const kind = isStem ? 'stem' : (own ?? 'denoised');
    const file = `${kind === 'stem' ? `stems/${name}` : kind}.${spec.container}`;
    const isNulled = kind === 'stem' || kind === 'bed';
    deliveries.push({ kind, name, from, isEncoded: false, file, spec: isNulled ? specOfStems : spec });
  }
  for (const node of nodes) {
    if (node.stage.delivers !== true) continue;
    for (const role of Object.keys(node.outputs)) {
      deliveries.push({
        kind: 'master',
        name: node.id,
        from: `${node.id}.${role}`,
        isEncoded: true,
        file: `${fileStemOf(node, role)}.${node.delivery.container}`,
        spec: node.delivery,
      });
    }
  }
  const made = nodes.flatMap((node) => Object.keys(node.outputs).map((role) => `${node.id}.${role}`));
  const main = made.filter((from) => deliveries.some((delivery) => delivery.from === from)).at(-1);
  return deliveries.map((delivery) => ({ ...delivery, isMain: delivery.from === main }));
}

/** `master`, or `master.<id>` where the node was given an id of its own. */
function fileStemOf(node: PlanNode, role: string): string {
  return node.id === node.stage.id ? role : `${role}.${node.id}`;
}

/** Stems and beds keep at least 24 bits unless another depth is asked for, so that they null with the input. */
function stemSpec(spec: DeliverySpec, wish: DeliveryWish): DeliverySpec {
  const { kind, bits } = spec.sampleFormat;
  const isEnough = wish.sampleFormat !== undefined || kind === 'float' || bits >= 24;
  return isEnough ? spec : { ...spec, sampleFormat: { kind: 'int', bits: 24 } };
}

function conversionsOf(info: AudioInfo, spec: DeliverySpec): string[] {
  const words: string[] = [];
  if (info.decoder !== 'wav') words.push(`decode ${info.codec} by ${info.decoder} into a scratch file`);
  if (spec.sampleRateHz !== info.sampleRateHz)
    words.push(`deliver at ${spec.sampleRateHz} Hz (input ${info.sampleRateHz} Hz)`);
  if (spec.container !== 'wav') words.push(`encode as ${spec.container}`);
  return words;
}

function estimateOf(nodes: readonly PlanNode[], info: AudioInfo): PlanEstimate {
  const shape = shapeOf(info);
  const durationSec = shape.frameCount / shape.sampleRateHz;
  let workSec = 0;
  let memoryMb = BASE_MEMORY_MB;
  let diskBytes = info.decoder === 'wav' ? 0 : 4 * shape.channelCount * shape.frameCount;
  for (const node of nodes) {
    const estimate = node.stage.estimate?.(node.options, shape);
    workSec += (estimate?.realTimeFactor ?? 0) * durationSec;
    memoryMb = Math.max(memoryMb, estimate?.memoryMb ?? 0);
    diskBytes += Object.keys(node.outputs).length * 2 * 4 * shape.channelCount * shape.frameCount;
  }
  return { workSec, timeSec: START_SEC + workSec / ESTIMATE_CORES, memoryMb, diskBytes };
}

/** A short name of the input for messages. */
export function displayName(info: AudioInfo): string {
  return basename(info.path);
}
