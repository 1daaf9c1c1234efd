// What carries out the work of a stage: ranges and encodings. pools.ts does it in worker threads; tests and the
// measure of the engine's own cost do it in the caller's thread (in-process.ts).
import type { AudioInfo } from '../audio/probe.js';
import type { RangeReply, RangeTask } from './range-task.js';
import type { AudioRef, DeliverySpec } from './stage.js';

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
}

export interface EncodeReply {
  /** Samples that met full scale on the way to integers. */
  readonly clippedSampleCount: number;
  readonly sha256: string;
  /** The file itself, or its decoded form where `decodeInto` was given and the format is not WAV. */
  readonly readablePath: string;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly frameCount: number;
  readonly busyMs: number;
}

export interface Executor {
  /** How many ranges of one pass are worth having under way at once. */
  readonly lanes: number;
  /** `onProgress` receives the fraction done of this range, 0 to 1. */
  runRange(request: RangeRequest, cores: number, onProgress: (fraction: number) => void): Promise<RangeReply>;
  encode(request: EncodeRequest): Promise<EncodeReply>;
  /** True once the run was cancelled: nothing new is begun. */
  readonly isCancelled: boolean;
}
