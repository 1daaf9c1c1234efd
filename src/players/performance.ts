// A whole performance: persona, controls and song in, timed events out. The only file that knows all the others.
// Repeats byte for byte by seed; writes no files.
import type { DrummerModel } from '../models/drummer.js';
import { type Arrangement, arrange, type Section } from './arrangement.js';
import { type ComposeRequest, type Composition, compose } from './composer.js';
import { type ControlOverrides, type Controls, resolveControls } from './controls.js';
import { driftOf, feelMs, swingDelay } from './feel.js';
import { type FollowSource, type FollowSteps, followSteps } from './follow.js';
import { type BarGrid, gridOf, type Meter, parseMeter } from './meter.js';
import { playPercussion } from './percussion.js';
import type { Persona } from './persona.js';
import { CLOSED_HAT, CRASH, OPEN_HAT, PIECE_COUNT, PIECES, RIDE, SNARE, type Sound } from './pieces.js';
import { type ChordMark, writeSheet } from './score-sheet.js';
import { createGrid, type StepGrid } from './step-grid.js';
import { parseTempoMap, type TempoMap } from './tempo-map.js';

/** One stroke. */
export interface DrumEvent {
  readonly sound: Sound;
  /** Counted from 1. */
  readonly bar: number;
  /** Step of the performance, counted from 0. */
  readonly step: number;
  readonly timeSec: number;
  /** 1 to 127. */
  readonly velocity: number;
  /** Until the piece is choked or let go. */
  readonly durationSec: number;
}

export interface DrumPerformance {
  readonly personaId: string;
  readonly controls: Controls;
  readonly meter: Meter;
  readonly arrangement: Arrangement;
  readonly tempoMap: TempoMap;
  readonly events: readonly DrumEvent[];
  readonly grid: StepGrid;
  /** Of the rules' ranking; lower is better. */
  readonly cost: number;
}

/** What a kept performance brings to a new one. */
export interface KeptPerformance {
  readonly grid: StepGrid;
  readonly events: readonly DrumEvent[];
}

export interface PerformRequest {
  readonly model: DrummerModel;
  readonly persona: Persona;
  readonly sections: readonly Section[];
  readonly overrides?: ControlOverrides;
  /** The persona's first meter unless given. */
  readonly meter?: Meter;
  /** The persona's grid unless given. */
  readonly wantsTriplets?: boolean;
  /** The persona's tempo unless given. */
  readonly tempoMap?: TempoMap;
  readonly chords?: readonly ChordMark[];
  readonly follow?: FollowSource;
  /** Plays bars `fromBar` to `toBar` (from 1, both included) again and keeps the rest. */
  readonly regenerate?: {
    readonly fromBar: number;
    readonly toBar: number;
    readonly seed: number;
    /** What is kept; the performance of the request's own seed unless given. */
    readonly kept?: KeptPerformance;
  };
}

/** The grid of a request's bars. */
export function gridOfRequest(request: Pick<PerformRequest, 'persona' | 'meter' | 'wantsTriplets'>): BarGrid {
  const meter = request.meter ?? parseMeter(request.persona.meters[0]!);
  return gridOf(meter, request.wantsTriplets ?? request.persona.grid === 'triplets');
}

/**
 * Plays.
 * @throws ForgeError preset/invalid where the persona names an unknown style, model/run-failed
 */
export async function perform(request: PerformRequest): Promise<DrumPerformance> {
  const { regenerate } = request;
  if (regenerate === undefined) return performOnce(request);
  const { regenerate: _, ...whole } = request;
  const kept: KeptPerformance = regenerate.kept ?? (await performOnce(whole));
  const overrides = { ...request.overrides, seed: regenerate.seed };
  const fresh = await performOnce({ ...request, overrides }, kept.grid);
  const isInside = ({ bar }: DrumEvent) => bar >= regenerate.fromBar && bar <= regenerate.toBar;
  const events = [...kept.events.filter((event) => !isInside(event)), ...fresh.events.filter(isInside)];
  return { ...fresh, events: inOrder(events) };
}

async function performOnce(request: PerformRequest, keptGrid?: StepGrid): Promise<DrumPerformance> {
  const { persona, model } = request;
  const controls = resolveControls(persona, request.overrides);
  const grid = gridOfRequest(request);
  const barQuarters = grid.stepCount * grid.stepQuarters;
  const tempoMap =
    request.tempoMap ?? parseTempoMap(String(persona.tempoBpm.default), barQuarters, grid.beatQuarters);
  const arrangement = arrange(request.sections, grid, persona, controls);
  const stepCount = arrangement.bars.length * grid.stepCount;
  const follow =
    request.follow === undefined ? undefined : followSteps(request.follow, grid, stepCount, tempoMap);
  const sheet = writeSheet({
    persona,
    controls,
    arrangement,
    tempoMap,
    chords: request.chords ?? [],
    follow,
    styleVector:
      persona.styleVector === undefined
        ? model.styleVector(persona.styles)
        : Float32Array.from(persona.styleVector),
  });
  const composeRequest: ComposeRequest = {
    model,
    sheet,
    barSteps: grid.stepCount,
    beatSteps: grid.beatSteps,
    backbeatSteps: grid.backbeatSteps,
    seed: controls.seed,
    temperature: persona.temperature,
    humanize: controls.humanize,
    ghostNotesPercent: controls.ghostNotesPercent,
    firstBeatHeld: persona.beatOne === 'kick' && controls.groupPercent.kick > 0,
    playable: persona,
    stepMs: (step) => 1000 * tempoMap.toSec(step * grid.stepQuarters),
    ...(keptGrid === undefined || request.regenerate === undefined
      ? {}
      : {
          keep: {
            grid: fitted(keptGrid, stepCount),
            fromBar: request.regenerate.fromBar - 1,
            toBar: request.regenerate.toBar - 1,
          },
        }),
  };
  const composition = await compose(composeRequest);
  const events = realise(request, controls, arrangement, tempoMap, composition, follow);
  const { grid: played, cost } = composition;
  return {
    personaId: persona.id,
    controls,
    meter: grid.meter,
    arrangement,
    tempoMap,
    events,
    grid: played,
    cost,
  };
}

/** A grid of exactly `stepCount` steps. */
function fitted(grid: StepGrid, stepCount: number): StepGrid {
  if (grid.stepCount === stepCount) return grid;
  const result = createGrid(stepCount);
  result.velocity.set(grid.velocity.subarray(0, stepCount * PIECE_COUNT));
  result.offset.set(grid.offset.subarray(0, stepCount * PIECE_COUNT));
  return result;
}

/** Steps become strokes in time. */
function realise(
  request: PerformRequest,
  controls: Controls,
  arrangement: Arrangement,
  tempoMap: TempoMap,
  composition: Composition,
  follow: FollowSteps | undefined,
): DrumEvent[] {
  const { grid } = arrangement;
  const { velocity, offset, stepCount } = composition.grid;
  const drift = driftOf(stepCount, controls);
  const startSec = Math.max(0, tempoMap.offsetSec);
  const events: DrumEvent[] = [];
  const strike = (sound: Sound, step: number, strength: number, offsetSteps: number) => {
    // A kick on a followed onset is where that onset is; everything else has the persona's own time.
    const isLocked = sound === 'kick' && follow !== undefined && follow.strength[step]! > 0;
    const swing = isLocked ? 0 : swingDelay(step % grid.stepCount, grid, controls);
    const ownMs = isLocked ? 0 : feelMs(controls) + drift.timeMs[step]!;
    const timeSec = tempoMap.toSec((step + swing + offsetSteps) * grid.stepQuarters) + ownMs / 1000;
    events.push({
      sound,
      bar: Math.floor(step / grid.stepCount) + 1,
      step,
      timeSec: Math.max(startSec, timeSec),
      velocity: Math.min(127, Math.max(1, Math.round(strength * 127 + drift.velocity[step]!))),
      durationSec: 0.1,
    });
  };
  for (let step = 0; step < stepCount; step++) {
    const row = velocity.subarray(step * PIECE_COUNT, (step + 1) * PIECE_COUNT);
    for (let piece = 0; piece < PIECE_COUNT; piece++) {
      if (row[piece] === 0) continue;
      const sound = soundOf(request.persona, arrangement, step, piece, row);
      strike(sound, step, row[piece]!, offset[step * PIECE_COUNT + piece]!);
    }
  }
  for (const hit of playPercussion(request.persona, arrangement, controls)) {
    strike(hit.sound, hit.step, hit.velocity, 0);
  }
  return choke(inOrder(events));
}

/** How the persona plays a piece there. */
function soundOf(
  persona: Persona,
  arrangement: Arrangement,
  step: number,
  piece: number,
  row: Float32Array,
): Sound {
  if (piece === CLOSED_HAT && row[RIDE]! > 0) return 'pedalHat';
  if (piece !== SNARE || persona.snare === 'snare') return PIECES[piece]!;
  const barSteps = arrangement.grid.stepCount;
  const isFill = arrangement.bars[Math.floor(step / barSteps)]!.fillSteps.has(step % barSteps);
  if (persona.snare === 'brush') return 'brush';
  const isBackbeat = arrangement.grid.backbeatSteps.includes(step % barSteps);
  if (isFill || (persona.snare === 'clap' && !isBackbeat)) return 'snare';
  return persona.snare;
}

const RING_SEC: Readonly<Partial<Record<Sound, number>>> = {
  [PIECES[OPEN_HAT]!]: 1,
  [PIECES[CRASH]!]: 2,
  [PIECES[RIDE]!]: 1,
};
const HATS: readonly Sound[] = ['closedHat', 'openHat', 'pedalHat'];

/** Lets cymbals ring, and an open hat until the next hat of any kind. */
function choke(events: readonly DrumEvent[]): DrumEvent[] {
  let nextHatSec = Number.POSITIVE_INFINITY;
  const result: DrumEvent[] = [];
  for (const event of [...events].reverse()) {
    const ring = RING_SEC[event.sound] ?? event.durationSec;
    const durationSec =
      event.sound === 'openHat' ? Math.max(0.02, Math.min(ring, nextHatSec - event.timeSec)) : ring;
    if (HATS.includes(event.sound)) nextHatSec = event.timeSec;
    result.push({ ...event, durationSec });
  }
  return result.reverse();
}

/** In order of time; strokes at the same time in order of their names. */
function inOrder(events: readonly DrumEvent[]): DrumEvent[] {
  return [...events].sort((a, b) => a.timeSec - b.timeSec || a.step - b.step || (a.sound < b.sound ? -1 : 1));
}
