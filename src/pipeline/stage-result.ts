// What a stage of a run leaves: where its outputs lie, what it bypassed, and what it has to say.
import type { AudioRef, DeliverySpec, StageOutcome } from './stage.js';

/** What a stage decided, skipped or could not do. */
export interface StageNote {
  readonly severity: 'info' | 'warning';
  readonly message: string;
}

/** A finished stage. Paths of what it made lie inside its folder. */
export interface StageResult {
  readonly outcome: StageOutcome;
  /** By role; a bypassed role is its input's own audio. */
  readonly outputs: Readonly<Record<string, AudioRef>>;
  /** Deliverable files that the stage made itself, by role. */
  readonly encoded: Readonly<Record<string, EncodedOutput>>;
  /** Roles whose output is an input, untouched. */
  readonly bypassed: Readonly<Record<string, Bypass>>;
  readonly notes: readonly StageNote[];
  /** Time that passes and encoders took, over all workers. */
  readonly busyMs: number;
}

/** Why an output is one of the stage's inputs. */
export interface Bypass {
  readonly inputRole: string;
  readonly reason: string;
}

export interface EncodedOutput {
  readonly path: string;
  readonly spec: DeliverySpec;
  readonly sha256: string;
  readonly clippedSampleCount: number;
}
