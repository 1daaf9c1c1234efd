// A gain curve as few points between which it runs straight in decibels: what an editor takes over.
// Method: Ramer-Douglas-Peucker with the error measured in dB.
import { CONTROL_SEC } from './control.js';

export interface Keyframe {
  readonly atSec: number;
  readonly gainDb: number;
}

/** Points whose polyline differs from the curve by at most `toleranceDb`; the first and the last point always. */
export function keyframesOf(gainDb: ArrayLike<number>, toleranceDb: number): Keyframe[] {
  const last = gainDb.length - 1;
  if (last < 0) return [];
  const isKept = new Uint8Array(gainDb.length);
  isKept[0] = 1;
  isKept[last] = 1;
  const open: [number, number][] = [[0, last]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [from, to] = span;
    const slope = (gainDb[to]! - gainDb[from]!) / Math.max(1, to - from);
    let worst = toleranceDb;
    let at = -1;
    for (let k = from + 1; k < to; k++) {
      const error = Math.abs(gainDb[k]! - gainDb[from]! - slope * (k - from));
      if (error > worst) {
        worst = error;
        at = k;
      }
    }
    if (at < 0) continue;
    isKept[at] = 1;
    open.push([from, at], [at, to]);
  }
  const points: Keyframe[] = [];
  for (let k = 0; k <= last; k++)
    if (isKept[k] === 1) points.push({ atSec: k * CONTROL_SEC, gainDb: gainDb[k]! });
  return points;
}

/** Largest change of the curve within 10 ms, in dB. */
export function steepestStepDb(gainDb: ArrayLike<number>): number {
  let steepest = 0;
  for (let k = 1; k < gainDb.length; k++) {
    // Straight in gain between two points, it is steepest at the lower end.
    const rise = Math.abs(gainDb[k]! - gainDb[k - 1]!);
    const low = 10 ** (-rise / 20);
    const step = ((1 - low) * 0.01) / CONTROL_SEC;
    steepest = Math.max(steepest, 20 * Math.log10((low + step) / low));
  }
  return steepest;
}
