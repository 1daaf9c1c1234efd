// Judges candidates for a few bars: lower cost is better. It looks for what a listener minds: a lost pulse, a lost
// first beat, a fill that is none, far too much or too little, and exact repetition or no relation to what came before.
import { CLOSED_HAT, CRASH, KICK, OPEN_HAT, PIECE_COUNT, RIDE, SNARE } from './pieces.js';
import type { ScoreSheet } from './score-sheet.js';
import type { StepGrid } from './step-grid.js';

export interface Candidate {
  /** The whole performance up to and with the candidate's bars. */
  readonly grid: StepGrid;
  /** Hits that could not be played. */
  readonly droppedHits: number;
  /** Sum of the probabilities that were asked, and of their variances. */
  readonly expectedHits: number;
  readonly hitVariance: number;
}

export interface Passage {
  readonly startStep: number;
  readonly endStep: number;
  readonly barSteps: number;
  readonly beatSteps: readonly number[];
  readonly firstBeatHeld: boolean;
}

/** Cost of the candidate's bars from `startStep` to `endStep`. */
export function costOf(candidate: Candidate, passage: Passage, sheet: ScoreSheet): number {
  const { velocity } = candidate.grid;
  let hits = 0;
  let beats = 0;
  let heldBeats = 0;
  let fillSteps = 0;
  let fillHits = 0;
  let lostFirstBeats = 0;
  for (let step = passage.startStep; step < passage.endStep; step++) {
    const row = velocity.subarray(step * PIECE_COUNT, (step + 1) * PIECE_COUNT);
    const inBar = step % passage.barSteps;
    const isFill = sheet.input[step * 64 + 46] === 1;
    for (let piece = 0; piece < PIECE_COUNT; piece++) if (row[piece]! > 0) hits++;
    if (isFill) {
      fillSteps++;
      if (row[SNARE]! > 0 || row[4]! > 0 || row[5]! > 0 || row[6]! > 0) fillHits++;
    } else if (passage.beatSteps.includes(inBar)) {
      beats++;
      if (row[CLOSED_HAT]! > 0 || row[OPEN_HAT]! > 0 || row[RIDE]! > 0 || row[CRASH]! > 0 || row[SNARE]! > 0)
        heldBeats++;
    }
    if (inBar === 0 && passage.firstBeatHeld && row[KICK] === 0) lostFirstBeats++;
  }
  const surprise = Math.abs(hits - candidate.expectedHits) / Math.sqrt(candidate.hitVariance + 1);
  const pulse = beats === 0 ? 0 : 1 - heldBeats / beats;
  const thinFill = fillSteps === 0 ? 0 : Math.max(0, 0.4 - fillHits / fillSteps);
  return (
    0.5 * candidate.droppedHits +
    0.8 * Math.max(0, surprise - 0.7) +
    1.5 * pulse +
    4 * thinFill +
    2 * lostFirstBeats +
    repetitionCost(velocity, passage)
  );
}

/** People repeat a bar nearly, and neither exactly for long nor not at all. */
function repetitionCost(velocity: Float32Array, passage: Passage): number {
  const { startStep, endStep, barSteps } = passage;
  if (startStep < 2 * barSteps) return 0;
  const length = endStep - startStep;
  const once = similarity(velocity, startStep, startStep - length, length);
  const isExact = once === 1 && startStep >= 2 * length;
  const exactRun = isExact && similarity(velocity, startStep - length, startStep - 2 * length, length) === 1;
  return (exactRun ? 1.5 : 0) + Math.max(0, 0.35 - once) * 2;
}

/** Shared hits over all hits (Jaccard) of two passages of `length` steps; 1 where both are empty. */
export function similarity(velocity: Float32Array, first: number, second: number, length: number): number {
  let shared = 0;
  let either = 0;
  for (let i = 0; i < length * PIECE_COUNT; i++) {
    const a = velocity[first * PIECE_COUNT + i]! > 0;
    const b = velocity[second * PIECE_COUNT + i]! > 0;
    if (a && b) shared++;
    if (a || b) either++;
  }
  return either === 0 ? 1 : shared / either;
}
