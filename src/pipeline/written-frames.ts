// How far an output that is still being written is whole from its start on, for passes that follow the one that writes.

/** Frames of one output that are written; waiters are let go as they grow. */
export class WrittenFrames {
  #endFrame = 0;
  #failure: { readonly error: unknown } | undefined;
  #waiting: { readonly endFrame: number; settle(): void }[] = [];

  /** All frames before `endFrame` are written; Infinity once the output is whole. Never goes back. */
  reach(endFrame: number): void {
    this.#endFrame = Math.max(this.#endFrame, endFrame);
    this.#letGo();
  }

  /** Nothing more will be written: who waits, or comes later, gets `error`. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#letGo();
  }

  /** Resolves once all frames before `endFrame` are written; rejects with what stopped the writing. */
  until(endFrame: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        if (this.#endFrame >= endFrame) resolve();
        else reject(this.#failure?.error);
      };
      this.#waiting.push({ endFrame, settle });
      this.#letGo();
    });
  }

  #letGo(): void {
    const isReady = ({ endFrame }: { readonly endFrame: number }) =>
      this.#failure !== undefined || this.#endFrame >= endFrame;
    const ready = this.#waiting.filter(isReady);
    this.#waiting = this.#waiting.filter((waiter) => !isReady(waiter));
    for (const { settle } of ready) settle();
  }
}
