// From steps to seconds: swing, push and pull, and the slow wander of a person's time and strength.
// The wander is autoregressive and moves the whole kit, since a drummer's limbs drift together.
import type { Controls } from './controls.js';
import type { BarGrid } from './meter.js';
import { Random } from './random.js';

/** Correlation of the wander from one step to the next. */
export const DRIFT_CORRELATION = 0.37;
/** Bounds of the wander at full humanize. */
export const DRIFT_MS = 15;
export const DRIFT_VELOCITY = 15;
/** How far full push or pull moves the kit. */
const FEEL_MS = 20;

/** Delay by swing of a step of a bar, in steps: at most a third of a sixteenth, none on triplets. */
export function swingDelay(step: number, bar: BarGrid, controls: Controls): number {
  if (bar.isTriplet) return 0;
  const most = controls.swingPercent / 100 / 3;
  if (controls.swingOn === 'sixteenths') return step % 2 === 1 ? most : 0;
  const inBeat = step % 4;
  return inBeat === 2 ? most : inBeat === 0 ? 0 : most / 2;
}

/** Time by which push (early) or pull (late) moves every hit. */
export function feelMs(controls: Controls): number {
  return -FEEL_MS * controls.feel;
}

export interface Drift {
  readonly timeMs: Float64Array;
  readonly velocity: Float64Array;
}

/** The wander at every step: within ±15 ms and ±15 of velocity at humanize 1, 0 at humanize 0. */
export function driftOf(stepCount: number, controls: Controls): Drift {
  return {
    timeMs: wander(stepCount, new Random(controls.seed, 'drift time'), DRIFT_MS * controls.humanize),
    velocity: wander(
      stepCount,
      new Random(controls.seed, 'drift velocity'),
      DRIFT_VELOCITY * controls.humanize,
    ),
  };
}

/** A stationary first-order autoregressive series with a deviation of a third of `bound`, clipped at ±`bound`. */
function wander(count: number, random: Random, bound: number): Float64Array {
  const series = new Float64Array(count);
  const fresh = Math.sqrt(1 - DRIFT_CORRELATION ** 2);
  let value = random.normal();
  for (let i = 0; i < count; i++) {
    series[i] = Math.min(bound, Math.max(-bound, (value * bound) / 3));
    value = DRIFT_CORRELATION * value + fresh * random.normal();
  }
  return series;
}
