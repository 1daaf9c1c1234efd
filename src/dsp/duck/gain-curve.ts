// The gain of a bed under a voice, stated as a result: in every phrase the bed lies a wanted number of LU below the
// voice, short-term. Gains are found from energies alone; ramps lie before a phrase and after it, and no slope is
// steeper than a limit. A gain never raises the bed, and never goes deeper than a limit.
import { dbToPower, powerToDb } from '../../units.js';
import { CONTROL_SEC, CONTROLS_PER_SEC, meansWithin } from './control.js';
import type { Phrase } from './phrases.js';

/** What is known of voice and bed, one mean square a control. */
export interface DuckEnergies {
  readonly voice: Float32Array;
  /** The part of the bed that masks the voice: all of it, or what the stems leave. */
  readonly masking: Float64Array;
  /** Drums and bass where they are known, and twice their product with the masking part; else zeros. */
  readonly rest: Float64Array;
  readonly cross: Float64Array;
}

export interface DuckSettings {
  readonly differenceLu: number;
  readonly maxDepthDb: number;
  readonly attackSec: number;
  readonly releaseSec: number;
  /** The bed is down so long before the first word. */
  readonly lookaheadSec: number;
  /** Drums and bass go down by this share of the decibels. */
  readonly restShare: number;
}

/** What holds a phrase's difference off the wanted one. */
export type PhraseLimit = 'depth' | 'bed-quieter' | 'neighbours' | null;

export interface PlannedPhrase extends Phrase {
  /** Loudness of the voice over that of the ducked bed, both over the whole phrase; null where the bed is silent. */
  readonly differenceLu: number | null;
  readonly limitedBy: PhraseLimit;
}

export interface GainPlan {
  /** Gain in dB at every point of the grid; one more than there are controls. */
  readonly gainDb: Float32Array;
  readonly phrases: readonly PlannedPhrase[];
}

/** Steepest slope of a gain: 0.5 dB in 10 ms, less what a dip may add and what a rounded ramp needs. */
export const MAX_SLOPE_DB_PER_SEC = 30;
/** Reach of a short-term window to each side: 3 s in all. */
const SHORT_TERM_REACH = 30;
/** Slow gains: a mean over so many controls to each side within a phrase. */
const SMOOTH_REACH = 8;
/** Rounds in which a phrase's own gain is corrected. */
const ROUNDS = 6;
const CLOSE_ENOUGH_LU = 0.01;

/**
 * Plans the gain over `phrases` (ascending). `correctionsLu` is added to the wanted difference of each phrase, where a
 * rendering showed the bed to be so much louder than these energies say.
 */
export function planGain(
  energies: DuckEnergies,
  phrases: readonly Phrase[],
  settings: DuckSettings,
  correctionsLu: readonly number[] = [],
): GainPlan {
  const { differenceLu, maxDepthDb, restShare } = settings;
  const targets = phrases.map((phrase) => shortTermGain(energies, phrase, settings));
  const correctionOf = (p: number) => correctionsLu[p] ?? 0;
  const offsets = phrases.map((_, p) => -correctionOf(p));
  const draw = () => {
    const levels = targets.map((target, p) =>
      target.map((db) => Math.min(0, Math.max(-maxDepthDb, db + offsets[p]!))),
    );
    return drawCurve(energies.voice.length, phrases, levels, settings);
  };
  let gainDb = draw();
  for (let round = 0; round < ROUNDS; round++) {
    let worst = 0;
    for (const [p, phrase] of phrases.entries()) {
      const reached = phraseDifference(energies, phrase, gainDb, restShare);
      if (reached === null) continue;
      const error = reached - differenceLu - correctionOf(p);
      offsets[p] = Math.min(maxDepthDb, Math.max(-maxDepthDb, offsets[p]! + error));
      worst = Math.max(worst, Math.abs(error));
    }
    if (worst < CLOSE_ENOUGH_LU) break;
    gainDb = draw();
  }
  return {
    gainDb,
    phrases: phrases.map((phrase, p) => {
      const found = phraseDifference(energies, phrase, gainDb, restShare);
      const reached = found === null ? null : found - correctionOf(p);
      return { ...phrase, differenceLu: reached, limitedBy: limitOf(reached, phrase, gainDb, settings) };
    }),
  };
}

/** Voice over ducked bed in a phrase, in LU; null where one of them is silent. */
export function phraseDifference(
  energies: DuckEnergies,
  { first, end }: Phrase,
  gainDb: Float32Array | Float64Array,
  restShare: number,
): number | null {
  let voice = 0;
  let bed = 0;
  for (let k = first; k < end; k++) {
    voice += energies.voice[k]!;
    bed += duckedEnergy(energies, k, (gainDb[k]! + gainDb[k + 1]!) / 2, restShare);
  }
  return voice > 0 && bed > 0 ? powerToDb(voice / bed) : null;
}

function duckedEnergy({ masking, rest, cross }: DuckEnergies, k: number, db: number, share: number): number {
  if (rest[k] === 0) return masking[k]! * dbToPower(db);
  const energy =
    masking[k]! * dbToPower(db) +
    rest[k]! * dbToPower(share * db) +
    cross[k]! * dbToPower((db * (1 + share)) / 2);
  return Math.max(0, energy);
}

/** For every control of a phrase, the gain that gives the wanted difference over the 3 s around it. */
function shortTermGain(energies: DuckEnergies, phrase: Phrase, settings: DuckSettings): Float64Array {
  const { first, end } = phrase;
  const mean = (values: ArrayLike<number>) => meansWithin(values, SHORT_TERM_REACH, first, end);
  const voice = mean(energies.voice);
  const masking = mean(energies.masking);
  const rest = mean(energies.rest);
  const cross = mean(energies.cross);
  const gains = voice.map((energy, k) => {
    const wanted = energy / dbToPower(settings.differenceLu);
    return solveGain(masking[k]!, rest[k]!, cross[k]!, wanted, settings);
  });
  return meansWithin(gains, SMOOTH_REACH, 0, gains.length);
}

/** The gain in [−maxDepth, 0] dB at which the bed has the wanted energy. */
function solveGain(
  masking: number,
  rest: number,
  cross: number,
  wanted: number,
  { maxDepthDb, restShare }: DuckSettings,
): number {
  if (rest === 0) {
    if (masking <= wanted) return 0;
    return Math.max(-maxDepthDb, powerToDb(wanted / masking));
  }
  const energyAt = (db: number) =>
    masking * dbToPower(db) +
    rest * dbToPower(restShare * db) +
    cross * dbToPower((db * (1 + restShare)) / 2);
  if (energyAt(0) <= wanted) return 0;
  let low = -maxDepthDb;
  let high = 0;
  for (let step = 0; step < 24; step++) {
    const middle = (low + high) / 2;
    if (energyAt(middle) > wanted) high = middle;
    else low = middle;
  }
  return low;
}

/** The points of the curve: phrases at their levels, ramps before and after, slopes within the limit. */
function drawCurve(
  controls: number,
  phrases: readonly Phrase[],
  levels: readonly Float64Array[],
  settings: DuckSettings,
): Float32Array {
  const points = new Float64Array(controls + 1);
  for (const [p, { first, end }] of phrases.entries()) {
    const level = levels[p]!;
    for (let k = first; k <= end; k++) lower(points, k, level[Math.min(k, end - 1) - first]!);
    const early = first - Math.round(settings.lookaheadSec * CONTROLS_PER_SEC);
    for (let k = early; k < first; k++) lower(points, k, level[0]!);
    drawRamp(points, early, -1, level[0]!, settings.attackSec);
    drawRamp(points, end, 1, level[level.length - 1]!, settings.releaseSec);
    const next = phrases[p + 1];
    if (next === undefined || (next.first - end) * CONTROL_SEC >= bridgeSec(settings)) continue;
    drawLine(points, end, level[level.length - 1]!, next.first, levels[p + 1]![0]!);
  }
  return Float32Array.from(limitSlope(points, MAX_SLOPE_DB_PER_SEC * CONTROL_SEC));
}

/** The shortest half cosine over so many decibels whose slope is within the limit. */
export function gentlestRampSec(db: number): number {
  return (Math.PI / 2) * (Math.abs(db) / MAX_SLOPE_DB_PER_SEC);
}

/** A half cosine from `db` at `from` to 0; longer than asked where the slope would be too steep. */
function drawRamp(points: Float64Array, from: number, step: 1 | -1, db: number, durationSec: number): void {
  const length = Math.ceil(Math.max(durationSec, gentlestRampSec(db)) * CONTROLS_PER_SEC);
  for (let n = 1; n < length; n++)
    lower(points, from + step * n, (db * (1 + Math.cos((Math.PI * n) / length))) / 2);
}

/** A pause too short for the bed to come up and stay: it goes straight from one phrase's level to the next one's. */
function bridgeSec({ attackSec, releaseSec, lookaheadSec }: DuckSettings): number {
  return attackSec + releaseSec + lookaheadSec;
}

function drawLine(points: Float64Array, from: number, fromDb: number, to: number, toDb: number): void {
  for (let k = from; k < to; k++) lower(points, k, fromDb + ((toDb - fromDb) * (k - from)) / (to - from));
}

function lower(points: Float64Array, k: number, db: number): void {
  if (k >= 0 && k < points.length && db < points[k]!) points[k] = db;
}

/** The highest curve below `points` whose neighbours differ by at most `step`. */
export function limitSlope(points: Float64Array, step: number): Float64Array {
  const limited = points.slice();
  for (let k = 1; k < limited.length; k++) limited[k] = Math.min(limited[k]!, limited[k - 1]! + step);
  for (let k = limited.length - 2; k >= 0; k--) limited[k] = Math.min(limited[k]!, limited[k + 1]! + step);
  return limited;
}

const TOLERANCE_LU = 0.25;

function limitOf(
  reached: number | null,
  { first, end }: Phrase,
  gainDb: Float32Array,
  { differenceLu, maxDepthDb }: DuckSettings,
): PhraseLimit {
  if (reached === null || Math.abs(reached - differenceLu) <= TOLERANCE_LU) return null;
  const inside = gainDb.subarray(first, end + 1);
  if (reached < differenceLu) return inside.some((db) => db <= -maxDepthDb + 0.01) ? 'depth' : 'neighbours';
  return inside.some((db) => db >= -0.01) ? 'bed-quieter' : 'neighbours';
}
