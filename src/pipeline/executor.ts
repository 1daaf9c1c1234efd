// What carries out the work of a stage: ranges and encodings. pools.ts does it in worker threads; in-process.ts does it
// in the caller's thread, for short work and for tests.
import type { WavPart } from '../audio/encode.js';
import type { AudioInfo } from '../audio/probe.js';
import type { MergeTask, RangeReply, RangeTask } from './range-task.js';
import type { AudioRef, DeliverySpec, StageDefinition, WrittenForm } from './stage.js';

/** A range without what the executor adds: the signals shared with its worker. */
export type RangeRequest = Omit<RangeTask, 'signals' | 'slot'>;

/** Makes one deliverable file out of audio on disk. */
export interface EncodeRequest {
  readonly source: AudioRef;
  readonly targetPath: string;
  readonly spec: DeliverySpec;
  /** Whose tags, cover art and chunks the file takes over. */
  readonly metadataFrom: AudioInfo | undefined;
  readonly seed: number;
  readonly tolerateDamage: boolean;
  /** Set where the caller wants to read what was written: lossy files are decoded into this folder. */
  readonly decodeInto?: string;
  /** False where the caller makes the file durable. */
  readonly isMadeDurable?: boolean;
}

/** Part of a deliverable file that another thread is making. */
export interface EncodePart extends Pick<EncodeRequest, 'source' | 'tolerateDamage'> {
  readonly part: WavPart;
}

export interface EncodeReply {
  /** Samples that met full scale on the way to integers. */
  readonly clippedSampleCount: number;
  /** The file itself, or its decoded form where `decodeInto` was given and the format is not WAV. */
  readonly readablePath: string;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly frameCount: number;
  /** Of the file; there where `decodeInto` was given. */
  readonly form?: WrittenForm;
  readonly busyMs: number;
}

/** Where the work of a whole run is done. */
export interface Workshop {
  /** Tracks that are worth having under way at once. */
  readonly jobs: number;
  readonly isCancelled: boolean;
  /** Asks what runs to stop at its next look, and begins nothing new. */
  cancel(): void;
  /** The executor of a stage's passes; `hasNetworks` where they keep models in memory. */
  executorFor(stage: StageDefinition, hasNetworks?: boolean): Executor;
  /** Makes ready for the work of a stage ahead of time. */
  warm(stageId: string, threadCount?: number, hasNetworks?: boolean): void;
  encode(request: EncodeRequest): Promise<EncodeReply>;
  /** Gives back the memory of idle threads, where nothing is under way (later work starts new ones), and this thread's garbage. */
  rest(): Promise<void>;
  /** To be called when nothing runs any more. */
  close(): Promise<void>;
}

export interface Executor {
  /** How many ranges of one pass are worth having under way at once. */
  readonly lanes: number;
  /** `onProgress` receives the fraction done of this range, 0 to 1. */
  runRange(request: RangeRequest, cores: number, onProgress: (fraction: number) => void): Promise<RangeReply>;
  /** Joins what the ranges of a pass recorded: beside the main thread, which a long recording's records would fill. */
  merge(task: MergeTask): Promise<unknown>;
  encode(request: EncodeRequest): Promise<EncodeReply>;
  /** As of the workshop. */
  rest(): Promise<void>;
  /** True once the run was cancelled: nothing new is begun. */
  readonly isCancelled: boolean;
}
