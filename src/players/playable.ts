// Two hands and two feet: what can be played at once and one after the other at a tempo. Works on one step at a time
// and remembers when each limb last struck; what cannot be played is left out, the weakest first.
import { CLOSED_HAT, CRASH, KICK, OPEN_HAT, PIECE_COUNT, RIDE, SNARE } from './pieces.js';

/** Shortest time between two strokes of one hand. */
export const HAND_MS = 80;
/** Shortest time between two strokes of one foot on one pedal. */
export const FOOT_MS = 110;

/** When each limb last struck, in ms; the state of one player. */
export interface Limbs {
  leftHandMs: number;
  rightHandMs: number;
  leftFootMs: number;
  rightFootMs: number;
}

/** Limbs that have not moved yet. */
export function restingLimbs(): Limbs {
  const never = Number.NEGATIVE_INFINITY;
  return { leftHandMs: never, rightHandMs: never, leftFootMs: never, rightFootMs: never };
}

export interface PlayableOptions {
  /** Hats under the ride are played by the left foot. */
  readonly pedalHat: boolean;
  /** Both feet play the kick. */
  readonly doublePedal: boolean;
}

/** Who gets a hand first; the kick needs none. */
const HAND_ORDER = [CRASH, SNARE, RIDE, OPEN_HAT, CLOSED_HAT, 4, 5, 6];

/**
 * Leaves out of `velocity` (nine pieces of one step, 0 where not hit) what cannot be played at `timeMs`, and moves
 * `limbs`. `probability` decides between hats and ride. Returns how many hits were left out for want of a limb.
 */
export function keepPlayable(
  velocity: Float32Array,
  probability: Float32Array,
  limbs: Limbs,
  timeMs: number,
  options: PlayableOptions,
): number {
  const isPedal = chooseTimekeeper(velocity, probability, options);
  const before = count(velocity);
  if (velocity[KICK]! > 0 && !strikeKick(limbs, timeMs, options, isPedal)) velocity[KICK] = 0;
  if (isPedal) {
    if (timeMs - limbs.leftFootMs < FOOT_MS) velocity[CLOSED_HAT] = 0;
    else limbs.leftFootMs = timeMs;
  }
  for (const piece of HAND_ORDER) {
    if (velocity[piece] === 0 || (piece === CLOSED_HAT && isPedal)) continue;
    if (!strikeHand(limbs, timeMs)) velocity[piece] = 0;
  }
  return before - count(velocity);
}

/** Keeps one of closed hat, open hat and ride; whether the closed hat is left to the foot, beside the ride. */
function chooseTimekeeper(
  velocity: Float32Array,
  probability: Float32Array,
  options: PlayableOptions,
): boolean {
  const struck = [CLOSED_HAT, OPEN_HAT, RIDE].filter((piece) => velocity[piece]! > 0);
  if (struck.length < 2) return false;
  if (options.pedalHat && velocity[RIDE]! > 0 && velocity[CLOSED_HAT]! > 0) {
    velocity[OPEN_HAT] = 0;
    return true;
  }
  const kept = struck.reduce((best, piece) => (probability[piece]! > probability[best]! ? piece : best));
  for (const piece of struck) if (piece !== kept) velocity[piece] = 0;
  return false;
}

function strikeKick(limbs: Limbs, timeMs: number, options: PlayableOptions, isPedal: boolean): boolean {
  if (timeMs - limbs.rightFootMs >= FOOT_MS) {
    limbs.rightFootMs = timeMs;
    return true;
  }
  if (options.doublePedal && !isPedal && timeMs - limbs.leftFootMs >= FOOT_MS) {
    limbs.leftFootMs = timeMs;
    return true;
  }
  return false;
}

function strikeHand(limbs: Limbs, timeMs: number): boolean {
  const isRightRested = limbs.rightHandMs <= limbs.leftHandMs;
  if (timeMs - (isRightRested ? limbs.rightHandMs : limbs.leftHandMs) < HAND_MS) return false;
  if (isRightRested) limbs.rightHandMs = timeMs;
  else limbs.leftHandMs = timeMs;
  return true;
}

function count(velocity: Float32Array): number {
  let hits = 0;
  for (let piece = 0; piece < PIECE_COUNT; piece++) if (velocity[piece]! > 0) hits++;
  return hits;
}
