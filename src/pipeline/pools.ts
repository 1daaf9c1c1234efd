// Worker threads: one piscina pool for all work but that of networks, and one for each stage that runs some, all drawing on
// one budget of cores and memory. The only file, with worker.ts and moved.ts, that knows of threads.
//
// Cancelling never ends a worker, because a thread that ends inside of a network run takes the process down: a
// shared flag is read between blocks and ranges, and pools are closed when they are idle.
import { availableParallelism, totalmem } from 'node:os';
import { Piscina } from 'piscina';
import { isDivisible, PART_FRAMES } from '../audio/delivery-form.js';
import { errorFromRecord, ForgeError } from '../errors.js';
import { Budget } from './budget.js';
import { collectGarbage } from './collect-garbage.js';
import type { EncodeReply, EncodeRequest, Executor, RangeRequest, Workshop } from './executor.js';
import { isLong } from './long-recording.js';
import type { RangeReply } from './range-task.js';
import type { StageDefinition } from './stage.js';
import type { WorkerMessage, WorkerReply } from './worker.js';

/** Threads of whatever keeps no network: what one stage has loaded and compiled serves the next. */
const SHARED_POOL = 'shared';
/** Idle threads go after this time, so that a long run does not hold the memory of stages that are done. */
const IDLE_MS = 10_000;
/** What a worker's short-lived objects may fill: the samples themselves lie in buffers outside of it. */
const YOUNG_GENERATION_MB = 6;
const PROGRESS_EVERY_MS = 100;
/** Working memory of a range where the pass states none. */
const DEFAULT_RANGE_MEMORY_MB = 64;

export interface PoolOptions {
  /** Cores to use at most; all that there are unless given. */
  readonly jobs?: number;
  /** Compiled worker.js; the one beside this file unless given. */
  readonly workerUrl?: URL;
}

/** All pools of a run. */
export class Pools implements Workshop {
  readonly jobs: number;
  readonly #workerUrl: URL;
  readonly #budget: Budget;
  readonly #pools = new Map<string, Piscina<WorkerMessage, WorkerReply>>();
  readonly #signals: Int32Array;
  readonly #freeSlots: number[];
  readonly #watchers = new Map<number, (fraction: number) => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions = {}) {
    this.jobs = options.jobs ?? availableParallelism();
    this.#workerUrl = options.workerUrl ?? new URL('./worker.js', import.meta.url);
    this.#budget = new Budget(this.jobs, (0.75 * totalmem()) / 2 ** 20);
    this.#signals = new Int32Array(new SharedArrayBuffer(4 * (1 + this.jobs)));
    this.#freeSlots = Array.from({ length: this.jobs }, (_, index) => index + 1);
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#signals, 0) !== 0;
  }

  /** Asks all running ranges to stop at their next look at the flag, and begins nothing new. */
  cancel(): void {
    Atomics.store(this.#signals, 0, 1);
  }

  /** The executor of a stage's passes. */
  executorFor(stage: StageDefinition, hasNetworks = false): Executor {
    const pools = this;
    const poolOf = (passId: string) =>
      poolNameOf(stage.id, hasNetworks && stage.passes[passId]?.runsNetworks !== false);
    return {
      lanes: this.jobs,
      get isCancelled() {
        return pools.isCancelled;
      },
      runRange: (request, cores, onProgress) =>
        pools.#runRange(poolOf(request.passId), stage, request, cores, onProgress),
      merge: (task) => pools.#sendOne(poolOf(task.passId), { kind: 'merge', task }),
      encode: (request) => pools.encode(request),
      rest: () => pools.rest(),
    };
  }

  /** Starts threads ahead of the work of a stage, if there are none yet that it could use. */
  warm(stageId: string, threadCount = 1, hasNetworks = false): void {
    const name = poolNameOf(stageId, hasNetworks);
    if (this.#pools.has(name)) return;
    // Nothing waits for it, and what fails here fails again, with its reason, when there is work.
    const pool = this.#poolOf(name);
    for (let k = 0; k < Math.min(threadCount, this.jobs); k++)
      pool.run({ kind: 'load', stageId }).catch(() => {});
  }

  /** Makes a deliverable file, part by part in all threads; that of hours in one, for memory comes before speed there. */
  async encode(request: EncodeRequest): Promise<EncodeReply> {
    const { source, spec } = request;
    const isWhole = source.frameCount <= PART_FRAMES || isLong(source) || !isDivisible(spec, source);
    if (this.jobs === 1 || isWhole)
      return (await this.#sendOne(SHARED_POOL, { kind: 'encode', request })) as EncodeReply;
    const { encodeDeliverable } = await import('./encode-task.js');
    return encodeDeliverable(
      request,
      async (part) => (await this.#sendOne(SHARED_POOL, { kind: 'encode-part', part })) as number,
    );
  }

  async rest(): Promise<void> {
    if (this.#budget.isIdle) await this.#endThreads();
    collectGarbage();
  }

  /** Ends all threads; they must be idle, or cancelled and awaited. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#endThreads();
  }

  async #endThreads(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.close()));
  }

  async #runRange(
    poolName: string,
    stage: StageDefinition,
    request: RangeRequest,
    cores: number,
    onProgress: (fraction: number) => void,
  ): Promise<RangeReply> {
    const { memoryMb = DEFAULT_RANGE_MEMORY_MB, order } = stage.passes[request.passId]!;
    return this.#budget.with({ cores, memoryMb, isChained: order === 'sequential' }, async () => {
      this.#throwIfCancelled();
      const slot = this.#freeSlots.pop()!;
      Atomics.store(this.#signals, slot, 0);
      this.#watch(slot, onProgress);
      try {
        const task = { ...request, signals: this.#signals, slot };
        return (await this.#send(poolName, { kind: 'range', task })) as RangeReply;
      } finally {
        this.#watchers.delete(slot);
        this.#freeSlots.push(slot);
      }
    });
  }

  /** Sends what takes one core and little memory. */
  async #sendOne(poolName: string, message: WorkerMessage): Promise<unknown> {
    return this.#budget.with({ cores: 1, memoryMb: DEFAULT_RANGE_MEMORY_MB }, async () => {
      this.#throwIfCancelled();
      return this.#send(poolName, message);
    });
  }

  async #send(poolName: string, message: WorkerMessage): Promise<unknown> {
    const reply = await this.#poolOf(poolName).run(message);
    if ('error' in reply) throw errorFromRecord(reply.error);
    return reply.value;
  }

  #poolOf(name: string): Piscina<WorkerMessage, WorkerReply> {
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const pool = new Piscina<WorkerMessage, WorkerReply>({
      filename: this.#workerUrl.href,
      name: 'work',
      minThreads: 0,
      maxThreads: this.jobs,
      maxQueue: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      idleTimeout: IDLE_MS,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#pools.set(name, pool);
    return pool;
  }

  #watch(slot: number, onProgress: (fraction: number) => void): void {
    this.#watchers.set(slot, onProgress);
    this.#timer ??= setInterval(() => {
      for (const [watched, report] of this.#watchers) report(Atomics.load(this.#signals, watched) / 1000);
    }, PROGRESS_EVERY_MS).unref();
  }

  #throwIfCancelled(): void {
    if (this.isCancelled) throw new ForgeError('interrupted/by-user', 'the run was interrupted');
  }
}

/** A network's session lives as long as its thread: threads of its own let it go, when they idle, before other stages work. */
function poolNameOf(stageId: string, hasNetworks: boolean): string {
  return hasNetworks ? stageId : SHARED_POOL;
}
