// Shares cores and memory between all pools: first come, first served, so that a large claim is not starved. Only work whose
// steps need each other's results, and can never be caught up with by more cores, does not wait between its steps.

/** What a task takes while it runs. */
export interface Claim {
  readonly cores: number;
  readonly memoryMb: number;
  /** A step of a chain: it goes before all that wait, and what it leaves is kept for the next if that comes at once. */
  readonly isChained?: boolean;
}

/** A queue before a fixed amount of cores and memory. A claim beyond the whole is granted when nothing else runs. */
export class Budget {
  #freeCores: number;
  #freeMemoryMb: number;
  readonly #waiting: { claim: Claim; grant: () => void }[] = [];

  constructor(
    readonly cores: number,
    readonly memoryMb: number,
  ) {
    this.#freeCores = cores;
    this.#freeMemoryMb = memoryMb;
  }

  /** True while nothing runs or waits. */
  get isIdle(): boolean {
    return this.#freeCores === this.cores && this.#waiting.length === 0;
  }

  /** Runs `work` once the claim is free. */
  async with<T>(claim: Claim, work: () => Promise<T>): Promise<T> {
    const granted: Claim = {
      cores: Math.min(claim.cores, this.cores),
      memoryMb: Math.min(claim.memoryMb, this.memoryMb),
    };
    await new Promise<void>((grant) => {
      if (claim.isChained === true) this.#waiting.unshift({ claim: granted, grant });
      else this.#waiting.push({ claim: granted, grant });
      this.#grantWhatFits();
    });
    try {
      return await work();
    } finally {
      this.#freeCores += granted.cores;
      this.#freeMemoryMb += granted.memoryMb;
      // The next step is asked for before the event loop turns.
      if (claim.isChained === true) setImmediate(() => this.#grantWhatFits());
      else this.#grantWhatFits();
    }
  }

  #grantWhatFits(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { claim, grant } = first;
      if (claim.cores > this.#freeCores || claim.memoryMb > this.#freeMemoryMb) return;
      this.#freeCores -= claim.cores;
      this.#freeMemoryMb -= claim.memoryMb;
      this.#waiting.shift();
      grant();
    }
  }
}
