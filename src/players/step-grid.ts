// What was played, step by step: the form in which the network hears itself and rules judge it.
import { PIECE_COUNT } from './pieces.js';

/** Velocities and offsets of nine pieces on a grid; row-major [steps][pieces]. */
export interface StepGrid {
  readonly stepCount: number;
  /** 0 where nothing is hit, else above 0 and up to 1. */
  readonly velocity: Float32Array;
  /** Offsets in steps, −0.5 to 0.5, without swing. */
  readonly offset: Float32Array;
}

/** An empty grid. */
export function createGrid(stepCount: number): StepGrid {
  return {
    stepCount,
    velocity: new Float32Array(stepCount * PIECE_COUNT),
    offset: new Float32Array(stepCount * PIECE_COUNT),
  };
}

/** Copies `count` steps of `source` from `sourceStep` to `target` at `targetStep`. */
export function copySteps(
  source: StepGrid,
  sourceStep: number,
  target: StepGrid,
  targetStep: number,
  count: number,
): void {
  const from = sourceStep * PIECE_COUNT;
  const to = (sourceStep + count) * PIECE_COUNT;
  target.velocity.set(source.velocity.subarray(from, to), targetStep * PIECE_COUNT);
  target.offset.set(source.offset.subarray(from, to), targetStep * PIECE_COUNT);
}
