// A processor whose work is done in blocks of one length. This collects frames until a block is full and gives them out
// again a block later, so that a device's own code sees whole blocks alone, on a fixed grid, whatever comes in.
import type { Processor, ProcessorBlock } from './processor.js';

/** The work of a device on whole blocks. */
export interface BlockCore {
  readonly blockFrames: number;
  /** Delay of the core itself, in frames. */
  readonly latencyFrames: number;
  /** `blockFrames` frames of every channel: what comes in stands here, and what goes out. */
  readonly channels: readonly Float32Array[];
  /** Processes the block in `channels` in place. */
  processBlock(): void;
  /** Every array that carries state from block to block, apart from `channels`. */
  readonly stateArrays: readonly (Float32Array | Float64Array)[];
}

/** The processor of a core: its latency is the core's and one block. */
export function createBlockDevice(core: BlockCore): Processor {
  const { blockFrames, channels } = core;
  const held = new Float32Array(blockFrames);
  const position = new Float64Array(1);
  const arrays = [...channels, position, ...core.stateArrays];

  function process(block: ProcessorBlock): void {
    const frames = block[0]?.length ?? 0;
    let at = position[0]!;
    for (let from = 0; from < frames; ) {
      const count = Math.min(blockFrames - at, frames - from);
      const isWhole = count === blockFrames;
      // What comes in replaces, frame by frame, what the last block gave.
      const swap = isWhole ? held : held.subarray(0, count);
      for (let channel = 0; channel < channels.length; channel++) {
        const samples = block[channel]!;
        const outside = count === frames ? samples : samples.subarray(from, from + count);
        const inside = isWhole ? channels[channel]! : channels[channel]!.subarray(at, at + count);
        swap.set(outside);
        outside.set(inside);
        inside.set(swap);
      }
      from += count;
      at += count;
      if (at === blockFrames) {
        core.processBlock();
        at = 0;
      }
    }
    position[0] = at;
  }

  return {
    latencyFrames: core.latencyFrames + blockFrames,
    process,
    flush(into) {
      for (const samples of into) samples.fill(0);
      process(into);
    },
    saveState: () => arrays.map((array) => array.slice()),
    loadState(state) {
      for (const [index, saved] of (state as (Float32Array | Float64Array)[]).entries())
        arrays[index]!.set(saved);
    },
  };
}
