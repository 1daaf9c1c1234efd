// What the controls, the persona and the song ask of each step, worked out before anything is played: the inputs of
// the network, how far each piece leans towards being played, what must and must not be, and the persona's patterns.
import { INPUT, INPUT_SIZE, tempoInput } from '../models/drummer.js';
import type { ArrangedBar, Arrangement } from './arrangement.js';
import type { Controls } from './controls.js';
import type { FollowSteps } from './follow.js';
import { type BarGrid, positionOf, weaknessOf } from './meter.js';
import type { Persona } from './persona.js';
import {
  CLOSED_HAT,
  CRASH,
  GROUP_OF_PIECE,
  GROUPS,
  HIGH_TOM,
  KICK,
  LOW_TOM,
  OPEN_HAT,
  PIECE_COUNT,
  PIECES,
  RIDE,
  SNARE,
} from './pieces.js';
import type { TempoMap } from './tempo-map.js';

export interface ScoreSheet {
  readonly stepCount: number;
  /** [steps][64] */
  readonly input: Float32Array;
  /** Added to the log-odds of a hit; [steps][9]. */
  readonly lean: Float32Array;
  /** 1 must be hit, −1 must not, 0 is free; [steps][9]. */
  readonly rule: Int8Array;
  /** Probability by the persona's patterns, and its velocity (0–1); [steps][9]. NaN where no pattern speaks. */
  readonly patternProbability: Float32Array;
  readonly patternVelocity: Float32Array;
  /** Weight of the patterns at each step. */
  readonly patternWeight: Float32Array;
  /** Added to each velocity (0–1) of a step. */
  readonly velocityShift: Float32Array;
  /** Kick offsets in steps that a followed part asks for; NaN where free. */
  readonly kickOffset: Float32Array;
}

/** A chord of the song, by its place. */
export interface ChordMark {
  readonly atQuarter: number;
  readonly label: string;
}

export interface SheetRequest {
  readonly persona: Persona;
  readonly controls: Controls;
  readonly arrangement: Arrangement;
  readonly tempoMap: TempoMap;
  readonly styleVector: Float32Array;
  readonly chords: readonly ChordMark[];
  readonly follow: FollowSteps | undefined;
}

const LETTERS: Readonly<Record<string, readonly [number, number]>> = {
  X: [0.99, 0.92],
  x: [0.96, 0.72],
  o: [0.9, 0.5],
  g: [0.75, 0.24],
  '?': [0.3, 0.5],
  '.': [0.02, 0.5],
};

/** Works out the sheet of a whole performance. */
export function writeSheet(request: SheetRequest): ScoreSheet {
  const { arrangement } = request;
  const barSteps = arrangement.grid.stepCount;
  const stepCount = arrangement.bars.length * barSteps;
  const sheet: ScoreSheet = {
    stepCount,
    input: new Float32Array(stepCount * INPUT_SIZE),
    lean: new Float32Array(stepCount * PIECE_COUNT),
    rule: new Int8Array(stepCount * PIECE_COUNT),
    patternProbability: new Float32Array(stepCount * PIECE_COUNT).fill(Number.NaN),
    patternVelocity: new Float32Array(stepCount * PIECE_COUNT),
    patternWeight: new Float32Array(stepCount),
    velocityShift: new Float32Array(stepCount),
    kickOffset: new Float32Array(stepCount).fill(Number.NaN),
  };
  const chordSteps = new Map(
    request.chords.map(({ atQuarter, label }) => [
      Math.round(atQuarter / arrangement.grid.stepQuarters),
      label,
    ]),
  );
  let chord: string | undefined;
  for (const bar of arrangement.bars) {
    for (let step = 0; step < barSteps; step++) {
      const at = bar.index * barSteps + step;
      const change = chordSteps.get(at);
      chord = change ?? chord;
      writeInput(sheet, request, bar, step, chord);
      leanByControls(sheet, request, bar, step);
      leanByFill(sheet, request, bar, step);
      if (change !== undefined) addLean(sheet, at, KICK, 1.2);
      writePatterns(sheet, request, bar, step);
      writeRules(sheet, request, bar, step);
      if (request.follow !== undefined) leanByFollow(sheet, request.follow, at);
    }
  }
  return sheet;
}

function writeInput(
  sheet: ScoreSheet,
  request: SheetRequest,
  bar: ArrangedBar,
  step: number,
  chord: string | undefined,
): void {
  const { arrangement, controls, tempoMap, styleVector } = request;
  const { grid } = arrangement;
  const at = bar.index * grid.stepCount + step;
  const row = sheet.input.subarray(at * INPUT_SIZE, (at + 1) * INPUT_SIZE);
  row[INPUT.position + positionOf(step, grid.stepCount)] = 1;
  row[INPUT.barInPhrase + bar.barInPhrase] = 1;
  if (chord !== undefined) writeChord(row, chord);
  row[INPUT.triplet] = grid.isTriplet ? 1 : 0;
  row[INPUT.fill] = bar.fillSteps.has(step) ? 1 : 0;
  row[INPUT.complexity] = bar.complexityPercent / 100;
  row[INPUT.dynamics] = bar.dynamicsPercent / 100;
  row[INPUT.swing] = grid.isTriplet ? 0 : controls.swingPercent / 100;
  row[INPUT.humanize] = controls.humanize;
  GROUPS.forEach((group, index) => {
    row[INPUT.pieceComplexity + index] = pieceComplexity(bar, controls, group) / 100;
  });
  row[INPUT.tempo] = tempoInput(tempoMap.tempoAt(at * grid.stepQuarters));
  row.set(styleVector, INPUT.style);
}

/** A group's own complexity, moved by the pad as far as that is from its middle. */
function pieceComplexity(bar: ArrangedBar, controls: Controls, group: (typeof GROUPS)[number]): number {
  const moved = controls.groupPercent[group] + (bar.complexityPercent - 50);
  return controls.groupPercent[group] === 0 ? 0 : Math.min(100, Math.max(0, moved));
}

const CHORD_TYPES: readonly RegExp[] = [
  /^(maj)?$/,
  /^(m|min)$/,
  /^7$/,
  /^(maj7|M7)$/,
  /^(m7|min7)$/,
  /^(dim|o)/,
  /^(aug|\+)/,
  /^sus2/,
  /^sus4/,
];

const NOTE_NAMES: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

/** The requirement's places for chords; this network was trained without chords and does not use them. */
function writeChord(row: Float32Array, label: string): void {
  const match = /^([A-G])([#b]?):?(.*)$/.exec(label);
  if (match === null) return;
  const accidental = match[2] === '#' ? 1 : match[2] === 'b' ? -1 : 0;
  row[INPUT.chordRoot + ((NOTE_NAMES[match[1]!]! + accidental + 12) % 12)] = 1;
  const type = CHORD_TYPES.findIndex((pattern) => pattern.test(match[3]!));
  if (type >= 0) row[INPUT.chordType + type] = 1;
}

/** The pad and the groups also lean on the odds themselves, so that turning them is always heard. */
function leanByControls(sheet: ScoreSheet, request: SheetRequest, bar: ArrangedBar, step: number): void {
  const { controls, arrangement } = request;
  const { grid } = arrangement;
  const at = bar.index * grid.stepCount + step;
  const weakness = weaknessOf(step, grid);
  const more = (bar.complexityPercent - 50) / 50;
  const byPlace = [0.2, 0.5, 0.85][weakness]!;
  for (let piece = 0; piece < PIECE_COUNT; piece++) {
    const group = GROUPS[GROUP_OF_PIECE[piece]!]!;
    const own = (controls.groupPercent[group] - 50) / 50;
    addLean(sheet, at, piece, more * byPlace + own * (0.3 + byPlace));
  }
  if (!grid.backbeatSteps.includes(step)) {
    addLean(sheet, at, SNARE, ((controls.ghostNotesPercent - 50) / 50) * (weakness === 0 ? 0.4 : 1.4));
  }
  sheet.velocityShift[at] = ((bar.dynamicsPercent - 50) / 50) * 0.14;
}

function leanByFill(sheet: ScoreSheet, request: SheetRequest, bar: ArrangedBar, step: number): void {
  if (!bar.fillSteps.has(step)) return;
  const at = bar.index * request.arrangement.grid.stepCount + step;
  const amount = request.controls.fillAmountPercent / 100;
  for (let piece = HIGH_TOM; piece <= LOW_TOM; piece++) addLean(sheet, at, piece, 0.5 + amount);
  addLean(sheet, at, SNARE, 0.3 + 0.5 * amount);
  for (const piece of [CLOSED_HAT, OPEN_HAT, RIDE, CRASH]) addLean(sheet, at, piece, -0.8);
}

function writePatterns(sheet: ScoreSheet, request: SheetRequest, bar: ArrangedBar, step: number): void {
  const { persona, arrangement } = request;
  const barSteps = arrangement.grid.stepCount;
  const at = bar.index * barSteps + step;
  let speaks = false;
  PIECES.forEach((name, piece) => {
    const text = persona.patterns[name];
    if (text === undefined || text.length % barSteps !== 0) return;
    const letter = text[(bar.barInPhrase * barSteps + step) % text.length]!;
    const [probability, velocity] = LETTERS[letter]!;
    sheet.patternProbability[at * PIECE_COUNT + piece] = probability;
    sheet.patternVelocity[at * PIECE_COUNT + piece] = velocity;
    speaks = true;
  });
  if (speaks) sheet.patternWeight[at] = persona.ruleWeight * (bar.fillSteps.has(step) ? 0.3 : 1);
}

function writeRules(sheet: ScoreSheet, request: SheetRequest, bar: ArrangedBar, step: number): void {
  const { persona, controls, arrangement } = request;
  const { grid } = arrangement;
  const at = bar.index * grid.stepCount + step;
  const isFill = bar.fillSteps.has(step);
  const set = (piece: number, value: -1 | 1) => {
    sheet.rule[at * PIECE_COUNT + piece] = value;
  };
  if (step === 0 && persona.beatOne === 'kick') set(KICK, 1);
  if (step === 0 && bar.hasCrash) {
    set(CRASH, 1);
    set(KICK, 1);
  }
  if (step === 0 && persona.beatOne === 'none') {
    set(KICK, -1);
    set(SNARE, -1);
  }
  if (controls.halfTime && !isFill) {
    const middle = halfTimeBackbeat(grid);
    if (grid.backbeatSteps.includes(step) && step !== middle) set(SNARE, -1);
    if (step === middle) {
      set(SNARE, 1);
      set(KICK, -1);
    }
  } else if (persona.backbeat && !isFill && grid.backbeatSteps.includes(step)) {
    set(SNARE, 1);
  }
  for (let piece = 0; piece < PIECE_COUNT; piece++) {
    if (controls.groupPercent[GROUPS[GROUP_OF_PIECE[piece]!]!] === 0) set(piece, -1);
  }
}

/** The beat that carries the backbeat in half time: the one nearest to the middle of the bar. */
function halfTimeBackbeat(grid: BarGrid): number {
  return grid.beatSteps[Math.floor(grid.beatSteps.length / 2)]!;
}

function leanByFollow(sheet: ScoreSheet, follow: FollowSteps, at: number): void {
  const strength = follow.strength[at] ?? 0;
  if (sheet.rule[at * PIECE_COUNT + KICK] !== -1) {
    addLean(sheet, at, KICK, strength > 0 ? 1.5 + 2.5 * strength : -4.5);
    // What a rule would force where the bass rests, the bass decides.
    if (strength === 0) sheet.rule[at * PIECE_COUNT + KICK] = 0;
  }
  if (strength > 0) sheet.kickOffset[at] = follow.offset[at]!;
  // Where the persona's patterns speak, the bass speaks for the kick.
  if (sheet.patternWeight[at]! > 0) {
    sheet.patternProbability[at * PIECE_COUNT + KICK] = strength > 0 ? 0.95 : 0.02;
    sheet.patternVelocity[at * PIECE_COUNT + KICK] = 0.75;
  }
  sheet.velocityShift[at] = sheet.velocityShift[at]! + follow.velocityShift[at]!;
}

function addLean(sheet: ScoreSheet, at: number, piece: number, amount: number): void {
  const index = at * PIECE_COUNT + piece;
  sheet.lean[index] = sheet.lean[index]! + amount;
}
