// Makes a persona from performances: figures of time, touch and form, and the place among the network's styles at
// which it finds them most likely (a search over the six numbers of a style; the network itself is not changed).
import {
  type DrummerModel,
  HEARD_SIZE,
  INPUT,
  INPUT_SIZE,
  STATE_SIZE,
  STYLE_SIZE,
  tempoInput,
} from '../models/drummer.js';
import { hear } from './composer.js';
import { type BarGrid, gridOf, positionOf } from './meter.js';
import type { DrumMidi } from './midi-file.js';
import type { Persona } from './persona.js';
import { CLOSED_HAT, KICK, OPEN_HAT, PIECE_COUNT, RIDE, SNARE } from './pieces.js';
import { MAX_TEMPO_BPM, MIN_TEMPO_BPM } from './player-limits.js';
import { Random } from './random.js';
import { createGrid, type StepGrid } from './step-grid.js';

/** A performance on steps. */
export interface LearnedPerformance {
  readonly grid: StepGrid;
  readonly bar: BarGrid;
  readonly quartersPerMinute: number;
}

const LONG_BARS = 4;
/** The drummers of the data play this much ahead of their click, and so does the network. */
const LEARNED_EARLY_MS = 8;
/** Steps of each performance that the search listens to, and its rounds. */
const HEARD_STEPS = 256;
const ROUNDS = 4;
const TRIALS = 24;

/** A performance on the grid that fits its strokes better, sixteenths or triplets; undefined where it has no bar. */
export function gridOfStrokes(midi: DrumMidi): LearnedPerformance | undefined {
  const { strokes, meter, quartersPerMinute } = midi;
  if (strokes.length < 8) return undefined;
  const misfit = (perQuarter: number) =>
    strokes.reduce(
      (sum, { quarter }) => sum + Math.abs(quarter * perQuarter - Math.round(quarter * perQuarter)),
      0,
    );
  const bar = gridOf(meter, misfit(3) < misfit(4));
  const last = Math.round(strokes.at(-1)!.quarter / bar.stepQuarters);
  const grid = createGrid((Math.floor(last / bar.stepCount) + 1) * bar.stepCount);
  for (const { piece, quarter, velocity } of strokes) {
    const place = quarter / bar.stepQuarters;
    const at = Math.round(place) * PIECE_COUNT + piece;
    if (velocity <= grid.velocity[at]!) continue;
    grid.velocity[at] = velocity;
    grid.offset[at] = place - Math.round(place);
  }
  return { grid, bar, quartersPerMinute };
}

/** What performances say of their player, as fields of a persona. */
export type LearnedFields = Pick<
  Persona,
  | 'styles'
  | 'styleVector'
  | 'grid'
  | 'tempoBpm'
  | 'dynamics'
  | 'swing'
  | 'feel'
  | 'ghostNotes'
  | 'fills'
  | 'beatOne'
  | 'backbeat'
>;

/** Learns from at least one performance. Deterministic. @throws ForgeError model/run-failed */
export async function learnPersona(
  performances: readonly LearnedPerformance[],
  model: DrummerModel,
): Promise<LearnedFields> {
  const tempi = performances
    .map(({ quartersPerMinute, bar }) => quartersPerMinute / bar.beatQuarters)
    .sort((a, b) => a - b);
  const clampTempo = (bpm: number) => Math.round(Math.min(MAX_TEMPO_BPM, Math.max(MIN_TEMPO_BPM, bpm)));
  const isTriplet = performances.filter(({ bar }) => bar.isTriplet).length * 2 > performances.length;
  const { styles, styleVector } = await findStyle(performances, model);
  // Clips of a bar or two are mostly fills: they say nothing of how often a player fills.
  const long = performances.filter(({ grid, bar }) => grid.stepCount >= LONG_BARS * bar.stepCount);
  const figures = touchOf(long.length > 0 ? long : performances);
  return {
    styles,
    styleVector,
    grid: isTriplet ? 'triplets' : 'sixteenths',
    tempoBpm: {
      default: clampTempo(tempi[Math.floor(tempi.length / 2)]!),
      low: clampTempo(tempi[0]! * 0.9),
      high: clampTempo(tempi.at(-1)! * 1.1),
    },
    ...figures,
  };
}

/** Time and touch, from all strokes together. */
function touchOf(performances: readonly LearnedPerformance[]) {
  let velocitySum = 0;
  let strokes = 0;
  let snares = 0;
  let ghosts = 0;
  let bars = 0;
  let fillBars = 0;
  let kickedBars = 0;
  let backbeats = 0;
  let backbeatPlaces = 0;
  const evenMs = new Mean();
  const oddSteps = new Mean();
  const evenSteps = new Mean();
  for (const { grid, bar, quartersPerMinute } of performances) {
    const stepMs = (60000 / quartersPerMinute) * bar.stepQuarters;
    for (let start = 0; start < grid.stepCount; start += bar.stepCount) {
      bars++;
      if (isFillBar(grid, start, bar.stepCount)) fillBars++;
      if (grid.velocity[start * PIECE_COUNT + KICK]! > 0) kickedBars++;
      for (let step = 0; step < bar.stepCount; step++) {
        const isBackbeat = bar.backbeatSteps.includes(step);
        if (isBackbeat) {
          backbeatPlaces++;
          if (grid.velocity[(start + step) * PIECE_COUNT + SNARE]! > 0.4) backbeats++;
        }
        for (let piece = 0; piece < PIECE_COUNT; piece++) {
          const at = (start + step) * PIECE_COUNT + piece;
          const velocity = grid.velocity[at]!;
          if (velocity === 0) continue;
          strokes++;
          velocitySum += velocity;
          if (piece === SNARE && !isBackbeat) {
            snares++;
            if (velocity < 0.4) ghosts++;
          }
          const isOdd = step % 2 === 1;
          if (!isOdd) evenMs.add(grid.offset[at]! * stepMs);
          if (!bar.isTriplet) (isOdd ? oddSteps : evenSteps).add(grid.offset[at]!);
        }
      }
    }
  }
  const swing = Math.min(1, Math.max(0, 3 * (oddSteps.value - evenSteps.value)));
  return {
    // 0.55 is the mean of the data that the network learned from.
    dynamics: percent(50 + ((velocitySum / strokes - 0.55) / 0.3) * 50),
    swing: oddSteps.count < 16 ? 0 : percent(100 * swing),
    feel: Math.round(100 * Math.min(0.5, Math.max(-0.5, -(evenMs.value + LEARNED_EARLY_MS) / 20))) / 100,
    ghostNotes: percent(100 * Math.min(1, ghosts / Math.max(1, bars) / 4) * (snares > 0 ? 1 : 0)),
    fills: { amount: percent((400 * fillBars) / bars), every: 'auto' as const, crashAfter: true },
    beatOne:
      kickedBars / bars > 0.9
        ? ('kick' as const)
        : kickedBars / bars < 0.1
          ? ('none' as const)
          : ('any' as const),
    backbeat: backbeatPlaces > 0 && backbeats / backbeatPlaces > 0.95,
  };
}

/** A bar that leaves time-keeping for toms or a run on the snare. */
function isFillBar(grid: StepGrid, start: number, barSteps: number): boolean {
  const half = barSteps >> 1;
  let drums = 0;
  let time = 0;
  for (let step = start + half; step < start + barSteps; step++) {
    const row = grid.velocity.subarray(step * PIECE_COUNT, (step + 1) * PIECE_COUNT);
    if (row[SNARE]! > 0 || row[4]! > 0 || row[5]! > 0 || row[6]! > 0) drums++;
    if (row[CLOSED_HAT]! > 0 || row[OPEN_HAT]! > 0 || row[RIDE]! > 0) time++;
  }
  return drums >= half / 2 && time <= half / 4;
}

async function findStyle(
  performances: readonly LearnedPerformance[],
  model: DrummerModel,
): Promise<{ styles: Record<string, number>; styleVector: number[] }> {
  const known = model.styles.map((style) => model.styleVector({ [style]: 1 }));
  const scores = await scoreStyles(performances, known, model);
  const order = scores.map((_, index) => index).sort((a, b) => scores[b]! - scores[a]!);
  const nearest = model.styles[order[0]!]!;
  let best = known[order[0]!]!;
  let bestScore = scores[order[0]!]!;
  const random = new Random(1, 'learn');
  for (let round = 0; round < ROUNDS; round++) {
    const reach = 0.6 / (round + 1);
    const trials = Array.from({ length: TRIALS }, () => best.map((value) => value + reach * random.normal()));
    const trialScores = await scoreStyles(performances, trials, model);
    trialScores.forEach((score, index) => {
      if (score <= bestScore) return;
      bestScore = score;
      best = trials[index]!;
    });
  }
  return { styles: { [nearest]: 1 }, styleVector: [...best].map((value) => Math.round(value * 1e5) / 1e5) };
}

/** Mean log-likelihood of the performances' hits under each style vector. */
async function scoreStyles(
  performances: readonly LearnedPerformance[],
  vectors: readonly Float32Array[],
  model: DrummerModel,
): Promise<number[]> {
  const rows = vectors.length;
  const scores = new Array<number>(rows).fill(0);
  let steps = 0;
  const heardRow = new Float32Array(HEARD_SIZE);
  for (const { grid, bar, quartersPerMinute } of performances) {
    let state: Float32Array = new Float32Array(rows * STATE_SIZE);
    const count = Math.min(HEARD_STEPS, grid.stepCount);
    for (let step = 0; step < count; step++) {
      const input = new Float32Array(rows * INPUT_SIZE);
      const heard = new Float32Array(rows * HEARD_SIZE);
      hear(grid, step, bar.stepCount, heardRow);
      const row = neutralInput(step, bar, quartersPerMinute);
      vectors.forEach((vector, index) => {
        input.set(row, index * INPUT_SIZE);
        input.set(vector.subarray(0, STYLE_SIZE), index * INPUT_SIZE + INPUT.style);
        heard.set(heardRow, index * HEARD_SIZE);
      });
      const { hits, nextState } = await model.step(rows, input, heard, state);
      state = nextState;
      for (let index = 0; index < rows; index++) {
        for (let piece = 0; piece < PIECE_COUNT; piece++) {
          const chance = Math.min(0.9999, Math.max(0.0001, hits[(index * PIECE_COUNT + piece) * 3]!));
          const isHit = grid.velocity[step * PIECE_COUNT + piece]! > 0;
          scores[index] = scores[index]! + Math.log(isHit ? chance : 1 - chance);
        }
      }
    }
    steps += count;
  }
  return scores.map((score) => score / Math.max(1, steps));
}

/** Inputs with all controls in the middle. */
function neutralInput(step: number, bar: BarGrid, quartersPerMinute: number): Float32Array {
  const row = new Float32Array(INPUT_SIZE);
  row[INPUT.position + positionOf(step % bar.stepCount, bar.stepCount)] = 1;
  row[INPUT.barInPhrase + (Math.floor(step / bar.stepCount) % 8)] = 1;
  row[INPUT.triplet] = bar.isTriplet ? 1 : 0;
  row[INPUT.complexity] = 0.5;
  row[INPUT.dynamics] = 0.5;
  row[INPUT.humanize] = 0.3;
  row.fill(0.5, INPUT.pieceComplexity, INPUT.pieceComplexity + 5);
  row[INPUT.tempo] = tempoInput(quartersPerMinute);
  return row;
}

class Mean {
  #sum = 0;
  count = 0;

  add(value: number): void {
    this.#sum += value;
    this.count++;
  }

  /** 0 where nothing was added. */
  get value(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }
}

function percent(value: number): number {
  return Math.round(Math.min(100, Math.max(0, value)));
}
