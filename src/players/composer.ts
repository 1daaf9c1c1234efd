// Plays the sheet: the network says what is likely, five candidates are drawn for every two bars, the rules rank them,
// and the best is what the drummer remembers. Deterministic by seed; timing in seconds is not made here.
import {
  type DrummerModel,
  HEARD_SIZE,
  INPUT,
  INPUT_SIZE,
  MEMORY_BARS,
  STATE_SIZE,
} from '../models/drummer.js';
import { KICK, PIECE_COUNT, SNARE } from './pieces.js';
import { keepPlayable, type Limbs, type PlayableOptions, restingLimbs } from './playable.js';
import { Random } from './random.js';
import { costOf, type Passage } from './ranking.js';
import type { ScoreSheet } from './score-sheet.js';
import { copySteps, createGrid, type StepGrid } from './step-grid.js';

/** Candidates that are drawn for each passage, and its length. */
export const CANDIDATES = 5;
export const PASSAGE_BARS = 2;

/**
 * How far the odds of a hit are moved on from what a drummer of no style would play to what the persona's style plays,
 * and beyond: 1 is the network's own answer. Learned styles are timid where the data holds few players of them.
 */
const STYLE_STRENGTH = 1.6;
/** Rows of the network's batch: the candidates, and each of them again without a style. */
const ROWS = 2 * CANDIDATES;

export interface ComposeRequest {
  readonly model: DrummerModel;
  readonly sheet: ScoreSheet;
  readonly barSteps: number;
  readonly beatSteps: readonly number[];
  readonly backbeatSteps: readonly number[];
  readonly seed: number;
  readonly temperature: number;
  readonly humanize: number;
  readonly ghostNotesPercent: number;
  readonly firstBeatHeld: boolean;
  readonly playable: PlayableOptions;
  /** Time of a step without offsets. */
  readonly stepMs: (step: number) => number;
  /** A performance that is kept but for bars `fromBar` to `toBar` (from 0, both included). */
  readonly keep?: { readonly grid: StepGrid; readonly fromBar: number; readonly toBar: number };
}

export interface Composition {
  readonly grid: StepGrid;
  /** Mean cost of the chosen candidates; lower is better. */
  readonly cost: number;
}

interface Player {
  readonly grid: StepGrid;
  limbs: Limbs;
  random: Random;
  droppedHits: number;
  expectedHits: number;
  hitVariance: number;
}

/** Plays a whole performance. */
export async function compose(request: ComposeRequest): Promise<Composition> {
  const { model, sheet, barSteps, keep } = request;
  const players = Array.from({ length: CANDIDATES }, () => newPlayer(sheet.stepCount));
  const input = new Float32Array(ROWS * INPUT_SIZE);
  const heard = new Float32Array(ROWS * HEARD_SIZE);
  let state: Float32Array = new Float32Array(ROWS * STATE_SIZE);
  const neutral = model.styleVector(Object.fromEntries(model.styles.map((style) => [style, 1])));
  let cost = 0;
  let passages = 0;
  for (let start = 0; start < sheet.stepCount; start += PASSAGE_BARS * barSteps) {
    const end = Math.min(sheet.stepCount, start + PASSAGE_BARS * barSteps);
    players.forEach((player, index) => {
      beginPassage(player, new Random(request.seed, 'play', start, index));
    });
    for (let step = start; step < end; step++) {
      const asked = sheet.input.subarray(step * INPUT_SIZE, (step + 1) * INPUT_SIZE);
      players.forEach(({ grid }, index) => {
        const row = heard.subarray(index * HEARD_SIZE, (index + 1) * HEARD_SIZE);
        hear(grid, step, barSteps, row);
        heard.set(row, (CANDIDATES + index) * HEARD_SIZE);
        input.set(asked, index * INPUT_SIZE);
        input.set(asked, (CANDIDATES + index) * INPUT_SIZE);
        input.set(neutral, (CANDIDATES + index) * INPUT_SIZE + INPUT.style);
      });
      const answer = await model.step(ROWS, input, heard, state);
      state = answer.nextState;
      const bar = Math.floor(step / barSteps);
      const isKept = keep !== undefined && (bar < keep.fromBar || bar > keep.toBar);
      players.forEach((player, index) => {
        if (isKept) copySteps(keep.grid, step, player.grid, step, 1);
        else playStep(request, player, step, answer.hits, answer.spread, index);
      });
    }
    const passage: Passage = { startStep: start, endStep: end, ...request };
    const costs = players.map((player) => costOf(player, passage, sheet));
    const best = costs.indexOf(Math.min(...costs));
    follow(players, best, start, end);
    const row = state.slice(best * STATE_SIZE, (best + 1) * STATE_SIZE);
    const plain = state.slice((CANDIDATES + best) * STATE_SIZE, (CANDIDATES + best + 1) * STATE_SIZE);
    for (let index = 0; index < CANDIDATES; index++) {
      state.set(row, index * STATE_SIZE);
      state.set(plain, (CANDIDATES + index) * STATE_SIZE);
    }
    cost += costs[best]!;
    passages++;
  }
  return { grid: players[0]!.grid, cost: passages === 0 ? 0 : cost / passages };
}

function newPlayer(stepCount: number): Player {
  const random = new Random(0);
  return {
    grid: createGrid(stepCount),
    limbs: restingLimbs(),
    random,
    droppedHits: 0,
    expectedHits: 0,
    hitVariance: 0,
  };
}

function beginPassage(player: Player, random: Random): void {
  player.random = random;
  player.droppedHits = 0;
  player.expectedHits = 0;
  player.hitVariance = 0;
}

/** All players go on from the chosen one. */
function follow(players: readonly Player[], best: number, start: number, end: number): void {
  const chosen = players[best]!;
  for (const player of players) {
    if (player === chosen) continue;
    copySteps(chosen.grid, start, player.grid, start, end - start);
    player.limbs = { ...chosen.limbs };
  }
}

/** What the drummer remembers at a step, as the network was trained on it. */
export function hear(grid: StepGrid, step: number, barSteps: number, into: Float32Array): void {
  into.fill(0);
  if (step > 0) {
    const before = (step - 1) * PIECE_COUNT;
    for (let piece = 0; piece < PIECE_COUNT; piece++) {
      const velocity = grid.velocity[before + piece]!;
      into[piece] = velocity > 0 ? 1 : 0;
      into[PIECE_COUNT + piece] = velocity;
      into[2 * PIECE_COUNT + piece] = grid.offset[before + piece]!;
    }
  }
  MEMORY_BARS.forEach((bars, index) => {
    const then = step - bars * barSteps;
    if (then < 0) return;
    const from = then * PIECE_COUNT;
    into.set(grid.velocity.subarray(from, from + PIECE_COUNT), (3 + index) * PIECE_COUNT);
    into[(3 + MEMORY_BARS.length) * PIECE_COUNT + index] = 1;
  });
}

const probability = new Float32Array(PIECE_COUNT);

/** Draws one step of one candidate. The same number of random numbers is taken whatever is played. */
function playStep(
  request: ComposeRequest,
  player: Player,
  step: number,
  hits: Float32Array,
  spread: Float32Array,
  index: number,
): void {
  const { sheet } = request;
  const row = player.grid.velocity.subarray(step * PIECE_COUNT, (step + 1) * PIECE_COUNT);
  const offsets = player.grid.offset.subarray(step * PIECE_COUNT, (step + 1) * PIECE_COUNT);
  for (let piece = 0; piece < PIECE_COUNT; piece++) {
    const draw = player.random.next();
    const velocity = drawVelocity(request, player, step, piece, spread, index);
    const offset = drawOffset(request, player, piece, hits, spread, index);
    const styled = hits[(index * PIECE_COUNT + piece) * 3]!;
    const plain = hits[((CANDIDATES + index) * PIECE_COUNT + piece) * 3]!;
    const chance = chanceOf(request, step, piece, styled, plain);
    probability[piece] = chance;
    player.expectedHits += chance;
    player.hitVariance += chance * (1 - chance);
    row[piece] = draw < chance && !isUnwantedGhost(request, step, piece, velocity) ? velocity : 0;
    offsets[piece] = offset;
  }
  if (!Number.isNaN(sheet.kickOffset[step]!)) offsets[KICK] = sheet.kickOffset[step]!;
  player.droppedHits += keepPlayable(row, probability, player.limbs, request.stepMs(step), request.playable);
  for (let piece = 0; piece < PIECE_COUNT; piece++) if (row[piece] === 0) offsets[piece] = 0;
}

function chanceOf(
  request: ComposeRequest,
  step: number,
  piece: number,
  styled: number,
  plain: number,
): number {
  const { sheet } = request;
  const at = step * PIECE_COUNT + piece;
  const rule = sheet.rule[at]!;
  if (rule !== 0) return rule === 1 ? 1 : 0;
  const likely = logit(plain) + STYLE_STRENGTH * (logit(styled) - logit(plain));
  const lean = sheet.lean[at]!;
  const byNetwork = sigmoid(likely / request.temperature + lean);
  const weight = sheet.patternWeight[step]!;
  if (weight === 0) return byNetwork;
  const pattern = sheet.patternProbability[at]!;
  if (Number.isNaN(pattern)) return (1 - weight) * byNetwork;
  return (1 - weight) * byNetwork + weight * sigmoid(logit(pattern) + lean);
}

/** One of two normal distributions; the humanize control narrows them towards their means. */
function drawVelocity(
  request: ComposeRequest,
  player: Player,
  step: number,
  piece: number,
  spread: Float32Array,
  index: number,
): number {
  const { sheet } = request;
  const drawn = drawMixture(player.random, spread, (index * 2 * PIECE_COUNT + piece) * 6, looseness(request));
  const weight = sheet.patternWeight[step]!;
  const at = step * PIECE_COUNT + piece;
  const hasPattern = weight > 0 && sheet.patternProbability[at]! > 0.2;
  const blended = hasPattern
    ? (1 - weight) * drawn + weight * (0.25 * drawn + 0.75 * sheet.patternVelocity[at]!)
    : drawn;
  return Math.min(1, Math.max(1 / 127, blended + sheet.velocityShift[step]!));
}

function drawOffset(
  request: ComposeRequest,
  player: Player,
  piece: number,
  hits: Float32Array,
  spread: Float32Array,
  index: number,
): number {
  const mean = hits[(index * PIECE_COUNT + piece) * 3 + 2]!;
  const drawn = drawMixture(player.random, spread, ((index * 2 + 1) * PIECE_COUNT + piece) * 6, 1);
  const offset = mean + (drawn - mean) * looseness(request);
  return Math.min(0.5, Math.max(-0.5, offset));
}

/** 0 plays the means alone, 1 (from the default of 0.3 on) as loosely as people do. */
function looseness(request: ComposeRequest): number {
  return Math.min(1, request.humanize / 0.3);
}

function drawMixture(random: Random, spread: Float32Array, at: number, scale: number): number {
  const part = random.next() < spread[at]! ? 0 : 1;
  return spread[at + 2 + part]! + scale * spread[at + 4 + part]! * random.normal();
}

/** Soft snare strokes off the backbeat go as the ghost notes are turned down, all of them at 0. */
function isUnwantedGhost(request: ComposeRequest, step: number, piece: number, velocity: number): boolean {
  if (piece !== SNARE || request.ghostNotesPercent > 0) return false;
  return velocity < 0.45 && !request.backbeatSteps.includes(step % request.barSteps);
}

/** Log-odds, of probabilities within 0.0005 to 0.9995. */
function logit(probabilityOfHit: number): number {
  const p = Math.min(0.9995, Math.max(0.0005, probabilityOfHit));
  return Math.log(p / (1 - p));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
