// The contract of a stage: one declaration from which come the preset schema, the --set parser, the reference
// page, the contract tests and the work itself. A stage's author never sees a thread.
//
//   run(job)   on the main thread: decides. It asks for passes in an order that may depend on their results.
//   passes     in worker threads: the work on one range of frames. They see readers, never whole files.
//
// The engine records every finished range, so that run(job) can be repeated after a crash: passes that were
// done give their recorded result. run(job) must therefore be deterministic: no clock, no random numbers.
import type * as z from 'zod';
import type { AudioBlock, AudioReader, AudioShape, SampleFormat } from '../audio/audio-file.js';
import type { ErrorRecord } from '../errors.js';

/** Values that survive structuredClone and v8.serialize. */
export type Cloneable = unknown;

/** A JSON value, as it stands in run.json and report.json. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Audio on disk that a stage reads or has made. */
export interface AudioRef extends AudioShape {
  /** `mix`, `vocals`, `drums`, `master` … */
  readonly name: string;
  /** A WAV (or RF64) file that wav-reader.ts opens: the input itself, a scratch decode, or a cached result. */
  readonly path: string;
  /** Identity of the content: the same key means the same bytes. */
  readonly key: string;
  /** How the input's samples were stored; results of stages are float32. */
  readonly sampleFormat: SampleFormat;
}

/** A range of frames [startFrame, endFrame) and its place among all ranges of a pass. */
export interface FrameRange {
  readonly index: number;
  readonly count: number;
  readonly startFrame: number;
  readonly endFrame: number;
}

/** Files of an installed model, as a pass receives it. */
export interface ModelFiles {
  readonly id: string;
  readonly licence: string;
  /** Path by the file's name on the model's card. */
  readonly files: Readonly<Record<string, string>>;
  /** sha256 by the file's name. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** What a pass sees, in a worker thread, for one range. */
export interface RangeContext<Options, Params> extends AudioShape {
  readonly options: Options;
  /** What run(job) handed over for this pass. */
  readonly params: Params;
  readonly range: FrameRange;
  readonly models: Readonly<Record<string, ModelFiles>>;
  readonly seed: number;
  /** A reader of the input of that role; margins are read by asking for frames outside of the range. */
  input(role: string): AudioReader;
  /**
   * Writes frames of an output (apply passes only). `startFrame` counts from the start of the file. The frames must
   * lie inside of the range, except for up to `tailFrames` beyond its end, which are added to the next range's.
   */
  write(role: string, startFrame: number, block: AudioBlock): void;
  /** Sequential passes: what the range before returned as `state`; undefined for the first. */
  readonly state: Cloneable;
  /**
   * A thing that is made once per worker and key and lives as long as the worker: a model's session, a compiled
   * kernel, tables. It must not carry state from range to range.
   */
  resource<T>(key: string, create: () => T | Promise<T>): Promise<T>;
  /** Tells how far this range is (frames done, from 0 to the range's length); throws when the run was cancelled. */
  progress(framesDone: number): void;
}

interface PassBase<Params> {
  /** Length of a range in seconds, a constant: part of the content key, independent of --jobs. */
  readonly rangeSec: number | ((params: Params, shape: AudioShape) => number);
  /** Alternative to rangeSec where a range must be a multiple of some frames (a network's stride). */
  readonly rangeFrames?: (shape: AudioShape, params: Params) => number;
  /** Cores that one range uses while it runs (a network with several threads); 1 unless stated. */
  readonly coresPerRange?: number | ((params: Params) => number);
  /** Peak memory of one worker beyond the baseline, in MB, for the plan and the memory budget. */
  readonly memoryMb?: number;
  /**
   * How far beyond the end of its range the pass reads, in seconds, at most. A pass that states it follows an `apply` that is
   * still writing what it reads, range by range; any other waits for the whole.
   */
  readonly reachSec?: number;
  /** False where a stage with networks runs none in this pass: its ranges then go to the shared threads. */
  readonly runsNetworks?: boolean;
}

/**
 * Measures ranges; `merge` receives the parts in range order, each read from disk as it is asked for: it must not
 * keep them where their size adds up over hours.
 */
export interface ScanPass<Options, Params, Part extends Cloneable, Summary extends Cloneable>
  extends PassBase<Params> {
  readonly kind: 'scan';
  readonly order: 'parallel' | 'sequential';
  run(context: RangeContext<Options, Params>): RangeResult<Part> | Promise<RangeResult<Part>>;
  readonly merge: (parts: Iterable<Part>, params: Params, shape: AudioShape) => Summary;
}

/** Writes ranges of the stage's outputs; may measure at the same time, like a scan. */
export interface ApplyPass<Options, Params, Part extends Cloneable, Summary extends Cloneable>
  extends PassBase<Params> {
  readonly kind: 'apply';
  readonly order: 'parallel' | 'sequential';
  /** Frames that a range writes beyond its end, to be added to the head of the next (overlap-add). 0 unless stated. */
  readonly tailFrames?: (shape: AudioShape, params: Params) => number;
  run(context: RangeContext<Options, Params>): RangeResult<Part> | Promise<RangeResult<Part>>;
  readonly merge: (parts: Iterable<Part>, params: Params, shape: AudioShape) => Summary;
}

/** What a range gives back: its part of the measure and, in sequential passes, the state for the next range. */
export interface RangeResult<Part> {
  readonly part: Part;
  readonly state?: Cloneable;
  /** What a later pass of the job reads from disk; `merge` does not see it. */
  readonly bulk?: Cloneable;
}

/** The bulk of a pass on disk: a parameter of a later pass, which reads it by bulkOf (range-records.ts). */
export interface RecordedBulk<Bulk> {
  readonly folder: string;
  readonly rangeCount: number;
  /** Only a type. */
  readonly bulk?: Bulk;
}

/** Identity functions that infer the types of a pass. */
export function defineScan<Options, Params, Part, Summary>(
  pass: Omit<ScanPass<Options, Params, Part, Summary>, 'kind'>,
): ScanPass<Options, Params, Part, Summary> {
  return { kind: 'scan', ...pass };
}
export function defineApply<Options, Params, Part, Summary>(
  pass: Omit<ApplyPass<Options, Params, Part, Summary>, 'kind'>,
): ApplyPass<Options, Params, Part, Summary> {
  return { kind: 'apply', ...pass };
}

/** A form of a delivered file. */
export interface DeliverySpec {
  readonly container: 'wav' | 'flac' | 'mp3' | 'm4a' | 'opus';
  readonly sampleRateHz: number;
  /** Ignored by lossy containers. */
  readonly sampleFormat: SampleFormat;
  /** Lossy containers only. */
  readonly bitrateKbps?: number;
  /** How samples are rounded to fewer bits; `tpdf` where it is left out. */
  readonly dither?: 'off' | 'tpdf' | 'shaped';
}

/** What the user asked of the form of the results; what is missing is as the input has it. */
export interface DeliveryWish {
  readonly container?: DeliverySpec['container'];
  readonly sampleRateHz?: number;
  readonly sampleFormat?: SampleFormat;
  readonly bitrateKbps?: number;
  readonly dither?: 'off' | 'tpdf' | 'shaped';
}

/** What a written file says of itself. */
export interface WrittenForm {
  /** As DeliverySpec names them; else the probe's own name. */
  readonly container: string;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** Lossless files alone. */
  readonly bitDepth: number | null;
  /** Lossy files alone. */
  readonly bitrateKbps: number | null;
  /** MP3 alone. */
  readonly isConstantBitrate: boolean | null;
}

/** A deliverable file as audio that can be scanned, and its form. */
export interface EncodedRef extends AudioRef {
  readonly form: WrittenForm;
}

/** What run(job) works with, on the main thread. */
export interface StageJob<Options> {
  readonly options: Options;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, AudioRef>>;
  /** Models that the stage asked for and that are installed. */
  readonly models: Readonly<Record<string, ModelFiles>>;
  /** The form in which the run's results will be delivered (the input's own unless asked otherwise). */
  readonly delivery: DeliverySpec;
  /** A folder for what goes when the run ends, or is interrupted: a decoded second input. */
  readonly scratchDir: string;

  /** Runs a scan pass over all ranges of its primary input. `inputs` overrides the stage's inputs by role. */
  scan<Params, Part, Summary>(
    pass: ScanPass<Options, Params, Part, Summary>,
    params: Params,
    inputs?: Readonly<Record<string, AudioRef>>,
    /** `isShared`: depends on params and inputs alone, so that the stage's other nodes in a run need not repeat it. */
    sharing?: { readonly isShared?: boolean },
  ): Promise<Summary>;
  /** The `bulk` of the ranges of the latest call of a scan pass, for a later pass to read. */
  recorded<Bulk>(pass: AnyPass): RecordedBulk<Bulk>;
  /** Runs an apply pass; its outputs are whole afterwards. A second call for the same output replaces the first. */
  apply<Params, Part, Summary>(
    pass: ApplyPass<Options, Params, Part, Summary>,
    params: Params,
    outputs: Readonly<Record<string, { readonly channelCount: number }>>,
    inputs?: Readonly<Record<string, AudioRef>>,
  ): Promise<Summary>;
  /**
   * What an `apply` of this job writes, for another pass to read. It is there as soon as `apply` was called: passes with a
   * `reachSec` follow the writing, others begin when it is done.
   */
  output(role: string): AudioRef;
  /** Declares that an output is an input, untouched: nothing is copied, and the report gives the reason. */
  bypass(outputRole: string, inputRole: string, reason: string): void;
  /**
   * Makes the deliverable file of an output (dither, rate, container, tags of the input) inside of the cache, and
   * gives it as audio that can be scanned: what a listener's player would decode. The run delivers these very bytes.
   */
  encode(role: string, spec: DeliverySpec, label?: string): Promise<EncodedRef>;
  /** A line for the report and the person: something that was decided, skipped, or could not be done. */
  note(severity: 'info' | 'warning', message: string): void;
}

/** What a stage gives to the reports. */
export interface StageOutcome {
  /** The stage's part of report.json; holds no times and no absolute paths. */
  readonly data: Json;
  /** Set where the stage did its work and the result misses what was asked (exit code 8). */
  readonly missed?: ErrorRecord;
}

/** A model that a stage would use: `required` where the user named it, else used when it is installed. */
export interface ModelNeed {
  readonly id: string;
  readonly required: boolean;
}

/** What a stage can know of the pipeline before it. */
export interface PlanSituation {
  /** Names of the audio that is there: `mix`, `vocals` … */
  readonly available: readonly string[];
  /** Those of them that a stage has replaced since they were first made. */
  readonly changed: readonly string[];
}

export interface StageEstimate {
  readonly realTimeFactor: number;
  readonly memoryMb: number;
}

/** One stage: the whole declaration. */
export interface StageDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  /** Raised whenever the bytes or the measures change for the same options: part of the content key. */
  readonly version: number;
  /** One line for --help and the reference. */
  readonly summary: string;
  /** Method, standard or paper. */
  readonly source: string;
  /** A z.strictObject; every key has a unit in its name, a range, a default and a description (.meta or .describe). */
  readonly options: Schema;
  /** Schema of `data` in the outcome; every figure with its formula, unit and sign. */
  readonly result: z.ZodType;
  /**
   * Roles of the audio that it reads; the first is the primary, whose length and rate the outputs have. `audio` is
   * bound to what the preset's `on` names (`mix` unless given), `before:X` and `after:X` to the first and the newest
   * version of X, any other role to the audio of that name.
   */
  inputs(options: z.output<Schema>): readonly string[];
  /** Roles of the audio that it makes; `audio` replaces what `on` names, any other role is the name of what is made. */
  outputs(options: z.output<Schema>): readonly string[];
  models?(options: z.output<Schema>): readonly ModelNeed[];
  /**
   * Kind and name (without ending) of what is delivered of a role, where that is neither a stem nor `denoised`; of the
   * role `audio` it holds for the mix, as a stem keeps its name.
   */
  readonly files?: Readonly<Record<string, 'bed' | 'mix' | 'restored'>>;
  /** True where run(job) encodes deliverables itself: their form and tags are then part of the content key. */
  readonly delivers?: boolean;
  /** What the stage's target adds to the wish, for deliverables that the stage encodes itself. */
  completeWish?(
    wish: DeliveryWish,
    options: z.output<Schema>,
    input: Pick<AudioShape, 'sampleRateHz' | 'channelCount'>,
  ): DeliveryWish;
  /** Fills options that depend on the pipeline around the stage (the stems that earlier stages changed). */
  adapt?(options: z.output<Schema>, situation: PlanSituation): z.output<Schema>;
  /** Processing time over audio time on one core of an ordinary machine, and peak memory, for the plan. */
  estimate?(options: z.output<Schema>, shape: AudioShape): StageEstimate;
  readonly passes: Passes;
  run(job: StageJob<z.output<Schema>>): Promise<StageOutcome>;
}

// The registry holds passes of different types side by side; each is called only with what its own run(job) gives.
// biome-ignore lint/suspicious/noExplicitAny: the one place where pass types are erased
export type AnyPass = ScanPass<any, any, any, any> | ApplyPass<any, any, any, any>;

/** The passes of a stage by id. */
export type Passes = Readonly<Record<string, AnyPass>>;

/** Identity; infers the type of the options for run(job). */
export function defineStage<Schema extends z.ZodType>(
  stage: StageDefinition<Schema>,
): StageDefinition<Schema> {
  return stage;
}
