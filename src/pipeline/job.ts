// Runs one stage: gives run(job) its passes, keeps what every range gave, and repeats nothing that is done.
//
//   <folder>/pass-<n>-<hash>/<range>.done     what one range gave, and <range>.bulk (range-records.ts)
//   <folder>/pass-<n>-<hash>/<role>.wav       an output, preallocated float32; whole when there is a file `joined`
//   <folder>/<role>[.<label>].delivery.<ext>  an encoded deliverable
//
// After a crash the same calls in the same order find their recorded results.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { makeDurable } from '../audio/atomic-file.js';
import type { AudioShape, SampleFormat } from '../audio/audio-file.js';
import type { AudioInfo } from '../audio/probe.js';
import { createWavWriter } from '../audio/wav-writer.js';
import { ForgeError } from '../errors.js';
import { sha256Of } from '../file-hash.js';
import type { Executor } from './executor.js';
import { bothOf, inLanes } from './in-lanes.js';
import { isLong } from './long-recording.js';
import { hasRecord } from './range-records.js';
import { joinBorders, type OutputTarget, type RangeReply } from './range-task.js';
import { rangesOf } from './ranges.js';
import type {
  AnyPass,
  AudioRef,
  DeliverySpec,
  EncodedRef,
  FrameRange,
  ModelFiles,
  RecordedBulk,
  StageDefinition,
  StageJob,
  StageOutcome,
} from './stage.js';
import type { Bypass, EncodedOutput, StageNote, StageResult } from './stage-result.js';
import { WrittenFrames } from './written-frames.js';

const FLOAT32: SampleFormat = { kind: 'float', bits: 32 };

/** Progress of the pass that runs. */
export interface PassProgress {
  readonly passId: string;
  readonly fraction: number;
}

export interface JobSetting<Options = unknown> {
  readonly stage: StageDefinition;
  readonly options: Options;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, AudioRef>>;
  readonly models: Readonly<Record<string, ModelFiles>>;
  readonly delivery: DeliverySpec;
  /** The run's input, whose tags deliverables take over. */
  readonly metadataFrom: AudioInfo | undefined;
  readonly tolerateDamage: boolean;
  /** Identity of the result. */
  readonly key: string;
  readonly folder: string;
  /** Where lossy deliverables are decoded to be measured. */
  readonly scratchDir: string;
  readonly executor: Executor;
  /** What scans gave that stages of one run may share; absent where there is nobody to share with. */
  readonly sharedScans?: Map<string, unknown>;
  readonly onProgress?: (progress: PassProgress) => void;
}

/** Runs the stage to its end. @throws ForgeError of its passes; the first in range order where several fail. */
export async function runJob(setting: JobSetting): Promise<StageResult> {
  mkdirSync(setting.folder, { recursive: true });
  const job = new Job(setting);
  const outcome = await setting.stage.run(job);
  return job.finish(outcome);
}

class Job implements StageJob<unknown> {
  readonly options: unknown;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, AudioRef>>;
  readonly models: Readonly<Record<string, ModelFiles>>;
  readonly delivery: DeliverySpec;
  readonly scratchDir: string;
  readonly #setting: JobSetting;
  readonly #outputs: Record<string, AudioRef> = {};
  readonly #encoded: Record<string, Omit<EncodedOutput, 'sha256'> & { readonly sha256: Promise<string> }> =
    {};
  readonly #bypassed: Record<string, Bypass> = {};
  readonly #notes: StageNote[] = [];
  readonly #recorded = new Map<AnyPass, RecordedBulk<unknown>>();
  /** How far outputs are written, by path: their apply pass may still be at work. */
  readonly #written = new Map<string, WrittenFrames>();
  /** Passes at work; of several, the one that began first tells how far it is. */
  readonly #underWay: PassCall[] = [];
  #callCount = 0;
  #busyMs = 0;

  constructor(setting: JobSetting) {
    this.#setting = setting;
    this.options = setting.options;
    this.seed = setting.seed;
    this.inputs = setting.inputs;
    this.models = setting.models;
    this.delivery = setting.delivery;
    this.scratchDir = setting.scratchDir;
  }

  scan = async <Summary>(
    pass: AnyPass,
    params: unknown,
    inputs: Readonly<Record<string, AudioRef>> = {},
    sharing: { readonly isShared?: boolean } = {},
  ): Promise<Summary> => {
    const call = this.#open(pass, params, { ...this.inputs, ...inputs }, {});
    const shared = sharing.isShared === true ? this.#setting.sharedScans : undefined;
    const key = `${this.#setting.stage.id}/${call.identity}`;
    if (shared?.has(key) === true) return shared.get(key) as Summary;
    await this.#runRanges(call);
    this.#recorded.set(pass, { folder: call.folder, rangeCount: call.ranges.length });
    const summary = (await this.#merge(call)) as Summary;
    shared?.set(key, summary);
    return summary;
  };

  recorded<Bulk>(pass: AnyPass): RecordedBulk<Bulk> {
    const recorded = this.#recorded.get(pass);
    if (recorded === undefined) throw new ForgeError('internal/defect', 'the pass was not run yet');
    return recorded as RecordedBulk<Bulk>;
  }

  apply = async <Summary>(
    pass: AnyPass,
    params: unknown,
    outputs: Readonly<Record<string, { readonly channelCount: number }>>,
    inputs: Readonly<Record<string, AudioRef>> = {},
  ): Promise<Summary> => {
    const call = this.#open(pass, params, { ...this.inputs, ...inputs }, outputs);
    const written = new WrittenFrames();
    for (const [role, { path, channelCount }] of Object.entries(call.outputs)) {
      this.#written.set(path, written);
      this.#outputs[role] = {
        name: role,
        path,
        key: `${this.#setting.key}/${role}#${call.index}-${call.identity}`,
        sampleRateHz: call.shape.sampleRateHz,
        channelCount,
        frameCount: call.shape.frameCount,
        sampleFormat: FLOAT32,
      };
    }
    try {
      await this.#write(call, written);
    } catch (error) {
      written.fail(error);
      throw error;
    }
    return (await this.#merge(call)) as Summary;
  };

  output(role: string): AudioRef {
    const made = this.#outputs[role];
    if (made === undefined) throw new ForgeError('internal/defect', `output ${role} was not made yet`);
    return made;
  }

  bypass(outputRole: string, inputRole: string, reason: string): void {
    const input = this.inputs[inputRole];
    if (input === undefined) throw new ForgeError('internal/defect', `there is no input ${inputRole}`);
    this.#outputs[outputRole] = { ...input, name: outputRole };
    this.#bypassed[outputRole] = { inputRole, reason };
  }

  encode = async (role: string, spec: DeliverySpec, label?: string): Promise<EncodedRef> => {
    const source = this.output(role);
    const name = label === undefined ? role : `${role}.${label}`;
    const targetPath = join(this.#setting.folder, `${name}.delivery.${spec.container}`);
    const reply = await this.#setting.executor.encode({
      source,
      targetPath,
      spec,
      metadataFrom: this.#setting.metadataFrom,
      seed: this.seed,
      tolerateDamage: this.#setting.tolerateDamage,
      decodeInto: this.#setting.scratchDir,
      isMadeDurable: false,
    });
    this.#busyMs += reply.busyMs;
    // Hashed and made durable while the stage measures what was written; what fails here is thrown at the end.
    const sha256 = bothOf(sha256Of(targetPath), makeDurable(targetPath)).then(([hash]) => hash);
    sha256.catch(() => {});
    this.#encoded[name] = { path: targetPath, spec, sha256, clippedSampleCount: reply.clippedSampleCount };
    return {
      name: role,
      path: reply.readablePath,
      key: `${source.key}/${name}/${JSON.stringify(spec)}`,
      sampleRateHz: reply.sampleRateHz,
      channelCount: reply.channelCount,
      frameCount: reply.frameCount,
      sampleFormat: spec.sampleFormat,
      form: reply.form!,
    };
  };

  note(severity: 'info' | 'warning', message: string): void {
    this.#notes.push({ severity, message });
  }

  async finish(outcome: StageOutcome): Promise<StageResult> {
    for (const role of this.#setting.stage.outputs(this.options)) this.output(role);
    const encoded: Record<string, EncodedOutput> = {};
    for (const [name, file] of Object.entries(this.#encoded))
      encoded[name] = { ...file, sha256: await file.sha256 };
    return {
      outcome,
      outputs: this.#outputs,
      encoded,
      bypassed: this.#bypassed,
      notes: this.#notes,
      busyMs: this.#busyMs,
    };
  }

  #open(
    pass: AnyPass,
    params: unknown,
    inputs: Readonly<Record<string, AudioRef>>,
    outputs: Readonly<Record<string, { readonly channelCount: number }>>,
  ): PassCall {
    const { stage, options, folder } = this.#setting;
    const passId = Object.keys(stage.passes).find((id) => stage.passes[id] === pass);
    if (passId === undefined)
      throw new ForgeError('internal/defect', `stage ${stage.id} runs an undeclared pass`);
    const primaryRole = stage.inputs(options)[0];
    const primary = primaryRole === undefined ? undefined : inputs[primaryRole];
    if (primary === undefined)
      throw new ForgeError('internal/defect', `stage ${stage.id} has no primary input`);
    const shape: AudioShape = {
      sampleRateHz: primary.sampleRateHz,
      channelCount: primary.channelCount,
      frameCount: primary.frameCount,
    };
    const identity = [passId, params, Object.entries(inputs).map(([role, ref]) => [role, ref.key]), outputs];
    const hash = createHash('sha256').update(serialize(identity)).digest('hex').slice(0, 16);
    const index = this.#callCount++;
    const callFolder = join(folder, `pass-${index}-${hash}`);
    this.#dropOtherAttempts(index, hash);
    mkdirSync(callFolder, { recursive: true });
    const targets = Object.entries(outputs).map(([role, { channelCount }]) => [
      role,
      { path: join(callFolder, `${role}.wav`), channelCount },
    ]);
    return {
      index,
      identity: hash,
      passId,
      pass,
      params,
      inputs,
      shape,
      ranges: rangesOf(pass, params, shape),
      tailFrames: pass.kind === 'apply' ? (pass.tailFrames?.(shape, params) ?? 0) : 0,
      folder: callFolder,
      outputs: Object.fromEntries(targets) as Record<string, OutputTarget>,
    };
  }

  /** A recorded call of the same number but of other parameters belongs to another attempt. */
  #dropOtherAttempts(index: number, hash: string): void {
    for (const name of readdirSync(this.#setting.folder)) {
      if (name.startsWith(`pass-${index}-`) && name !== `pass-${index}-${hash}`) {
        rmSync(join(this.#setting.folder, name), { recursive: true, force: true });
      }
    }
  }

  /** Runs an apply pass until its outputs are whole. */
  async #write(call: PassCall, written: WrittenFrames): Promise<void> {
    const isWhole = existsSync(join(call.folder, 'joined'));
    if (!isWhole) this.#createOutputs(call);
    // Frames that two ranges share are summed when all are done.
    await this.#runRanges(call, (endFrame) => call.tailFrames === 0 && written.reach(endFrame));
    if (!isWhole) this.#joinOutputs(call);
    written.reach(Number.POSITIVE_INFINITY);
  }

  #createOutputs(call: PassCall): void {
    for (const target of Object.values(call.outputs)) {
      if (existsSync(target.path)) continue;
      const { sampleRateHz, frameCount } = call.shape;
      const spec = { sampleRateHz, channelCount: target.channelCount, frameCount, sampleFormat: FLOAT32 };
      createWavWriter(target.path, spec).commit(false);
    }
  }

  /** Idempotent up to the marker `joined`. */
  #joinOutputs(call: PassCall): void {
    for (const target of Object.values(call.outputs)) joinBorders(target, call.ranges, call.tailFrames);
    writeFileSync(join(call.folder, 'joined'), '');
    for (const name of readdirSync(call.folder)) {
      if (/\.wav\.(head|tail)\d+$/.test(name)) rmSync(join(call.folder, name));
    }
  }

  async #merge({ passId, params, shape, folder, ranges }: PassCall): Promise<unknown> {
    const { executor, stage } = this.#setting;
    if (executor.isCancelled) throw new ForgeError('interrupted/by-user', 'the run was interrupted');
    const summary = await executor.merge({
      stageId: stage.id,
      passId,
      params,
      shape,
      recordFolder: folder,
      rangeCount: ranges.length,
    });
    // What the stage makes of hours of curves, and the next pass, need not stand beside the memory of this one's threads.
    if (isLong(shape)) await executor.rest();
    return summary;
  }

  /** Does what is not recorded yet; tells the frame up to which all ranges are done. */
  async #runRanges(call: PassCall, onDone: (endFrame: number) => void = () => {}): Promise<void> {
    const isDone = call.ranges.map((range) => hasRecord(call.folder, range.index));
    const progress: number[] = isDone.map(Number);
    const reportDone = () => {
      const firstOpen = isDone.indexOf(false);
      onDone(firstOpen < 0 ? call.shape.frameCount : call.ranges[firstOpen]!.startFrame);
    };
    const report = () => {
      if (this.#underWay[0] !== call) return;
      const done = progress.reduce((sum, fraction) => sum + fraction, 0);
      this.#setting.onProgress?.({ passId: call.passId, fraction: done / Math.max(1, call.ranges.length) });
    };
    const runOne = async (range: FrameRange): Promise<void> => {
      await this.#untilWritten(call, range);
      const { busyMs } = await this.#runRange(call, range, (fraction) => {
        progress[range.index] = fraction;
        report();
      });
      this.#busyMs += busyMs;
      progress[range.index] = 1;
      isDone[range.index] = true;
      report();
      reportDone();
    };
    const { executor } = this.#setting;
    const lanes = call.pass.order === 'sequential' ? 1 : executor.lanes;
    const open = call.ranges.filter((range) => !isDone[range.index]);
    this.#underWay.push(call);
    reportDone();
    try {
      await inLanes(open, lanes, runOne);
    } finally {
      this.#underWay.splice(this.#underWay.indexOf(call), 1);
    }
  }

  /** Waits until what the range reads of outputs under way is there. */
  async #untilWritten({ pass, shape, inputs }: PassCall, range: FrameRange): Promise<void> {
    const { reachSec = Number.POSITIVE_INFINITY } = pass;
    const endSec = range.endFrame / shape.sampleRateHz + reachSec;
    for (const { path, sampleRateHz, frameCount } of Object.values(inputs))
      await this.#written.get(path)?.until(Math.min(frameCount, Math.ceil(endSec * sampleRateHz)));
  }

  async #runRange(
    call: PassCall,
    range: FrameRange,
    onProgress: (fraction: number) => void,
  ): Promise<RangeReply> {
    const { stage, options, executor, models, tolerateDamage } = this.#setting;
    if (executor.isCancelled) throw new ForgeError('interrupted/by-user', 'the run was interrupted');
    const { coresPerRange = 1 } = call.pass;
    const cores = typeof coresPerRange === 'function' ? coresPerRange(call.params) : coresPerRange;
    return executor.runRange(
      {
        stageId: stage.id,
        passId: call.passId,
        options,
        params: call.params,
        seed: this.seed,
        range,
        shape: call.shape,
        inputs: call.inputs,
        tolerateDamage,
        outputs: call.outputs,
        tailFrames: call.tailFrames,
        models,
        recordFolder: call.folder,
      },
      cores,
      onProgress,
    );
  }
}

/** One call of a pass by run(job). */
interface PassCall {
  readonly index: number;
  /** Hash of pass, parameters, inputs and outputs. */
  readonly identity: string;
  readonly passId: string;
  readonly pass: AnyPass;
  readonly params: unknown;
  readonly inputs: Readonly<Record<string, AudioRef>>;
  readonly shape: AudioShape;
  readonly ranges: readonly FrameRange[];
  readonly tailFrames: number;
  readonly folder: string;
  readonly outputs: Readonly<Record<string, OutputTarget>>;
}
