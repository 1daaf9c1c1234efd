// An executor without threads: every range in the caller's thread, one after the other. For tests of a stage and
// for the measure of what the engine itself costs; the commands use pools.ts.
import type { EncodeReply, EncodeRequest, Executor, RangeRequest } from './executor.js';
import { type RangeReply, type ResourceMap, runRange } from './range-task.js';
import type { StageDefinition } from './stage.js';

/** Runs ranges of `stage` in this thread. */
export class InProcessExecutor implements Executor {
  readonly lanes = 1;
  readonly isCancelled = false;
  readonly #resources: ResourceMap = new Map();
  readonly #signals = new Int32Array(2);

  constructor(readonly stage: StageDefinition) {}

  runRange(request: RangeRequest): Promise<RangeReply> {
    return runRange(this.stage, { ...request, signals: this.#signals, slot: 1 }, this.#resources);
  }

  async encode(request: EncodeRequest): Promise<EncodeReply> {
    const { encodeDeliverable } = await import('./encode-task.js');
    return encodeDeliverable(request);
  }
}
