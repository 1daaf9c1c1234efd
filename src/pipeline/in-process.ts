// Work without threads: every range in the caller's thread, one after the other. For runs that are over before a
// thread would have started, for tests of a stage, and for the measure of what the engine itself costs.
import { ForgeError } from '../errors.js';
import { collectGarbage } from './collect-garbage.js';
import type { EncodeReply, EncodeRequest, Executor, RangeRequest, Workshop } from './executor.js';
import { type MergeTask, mergeRanges, type RangeReply, type ResourceMap, runRange } from './range-task.js';
import type { StageDefinition } from './stage.js';

/** Runs ranges of `stage` in this thread; lets others run before each. */
export class InProcessExecutor implements Executor {
  readonly lanes = 1;
  readonly #resources: ResourceMap = new Map();

  /** `signals[0]` is not 0 once the run is cancelled. */
  constructor(
    readonly stage: StageDefinition,
    readonly signals: Int32Array = new Int32Array(2),
  ) {}

  get isCancelled(): boolean {
    return this.signals[0] !== 0;
  }

  async runRange(
    request: RangeRequest,
    _cores: number,
    onProgress: (fraction: number) => void,
  ): Promise<RangeReply> {
    await yieldOrThrow(this.signals);
    onProgress(0);
    return runRange(this.stage.passes, { ...request, signals: this.signals, slot: 1 }, this.#resources);
  }

  async merge(task: MergeTask): Promise<unknown> {
    return mergeRanges(this.stage.passes, task);
  }

  async encode(request: EncodeRequest): Promise<EncodeReply> {
    await yieldOrThrow(this.signals);
    const { encodeDeliverable } = await import('./encode-task.js');
    return encodeDeliverable(request);
  }

  async rest(): Promise<void> {
    collectGarbage();
  }
}

/** All work of a run in this thread. */
export class CallerThread implements Workshop {
  readonly jobs = 1;
  readonly #signals = new Int32Array(2);
  readonly #executors = new Map<string, InProcessExecutor>();

  get isCancelled(): boolean {
    return this.#signals[0] !== 0;
  }

  cancel(): void {
    this.#signals[0] = 1;
  }

  executorFor(stage: StageDefinition): InProcessExecutor {
    const known = this.#executors.get(stage.id);
    if (known !== undefined) return known;
    const executor = new InProcessExecutor(stage, this.#signals);
    this.#executors.set(stage.id, executor);
    return executor;
  }

  warm(): void {}

  async encode(request: EncodeRequest): Promise<EncodeReply> {
    await yieldOrThrow(this.#signals);
    const { encodeDeliverable } = await import('./encode-task.js');
    return encodeDeliverable(request);
  }

  async rest(): Promise<void> {
    collectGarbage();
  }

  async close(): Promise<void> {}
}

/** Signals and progress get their turn; a cancelled run ends here. @throws ForgeError interrupted/by-user */
async function yieldOrThrow(signals: Int32Array): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signals[0] !== 0) throw new ForgeError('interrupted/by-user', 'the run was interrupted');
}
