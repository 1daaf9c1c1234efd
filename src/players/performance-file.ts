// A performance as JSON: its events for other programs, and its grid so that a part can be played again later.
import * as z from 'zod';
import { ForgeError } from '../errors.js';
import { roundTo } from '../units.js';
import { formatMeter } from './meter.js';
import type { DrumEvent, DrumPerformance, KeptPerformance } from './performance.js';
import { PIECE_COUNT, SOUNDS, type Sound } from './pieces.js';
import { createGrid } from './step-grid.js';

export const PERFORMANCE_SCHEMA = 'forge.performance/1';

const eventSchema = z.object({
  sound: z.enum(SOUNDS as [Sound, ...Sound[]]),
  bar: z.int().min(1),
  step: z.int().min(0),
  timeSec: z.number().min(0),
  velocity: z.int().min(1).max(127),
  durationSec: z.number().positive(),
});

const keptSchema = z.object({
  schema: z.literal(PERFORMANCE_SCHEMA),
  meter: z.string(),
  events: z.array(eventSchema),
  grid: z.object({
    stepCount: z.int().min(1),
    hits: z.array(
      z.tuple([
        z.int().min(0),
        z
          .int()
          .min(0)
          .max(PIECE_COUNT - 1),
        z.number().min(0).max(1),
        z.number().min(-0.5).max(0.5),
      ]),
    ),
  }),
});

/** The JSON text of a performance; the same performance gives the same bytes. */
export function encodePerformance(performance: DrumPerformance): string {
  const { arrangement, tempoMap, grid, controls } = performance;
  const hits: number[][] = [];
  for (let step = 0; step < grid.stepCount; step++) {
    for (let piece = 0; piece < PIECE_COUNT; piece++) {
      const at = step * PIECE_COUNT + piece;
      if (grid.velocity[at] === 0) continue;
      hits.push([step, piece, roundTo(grid.velocity[at]!, 6), roundTo(grid.offset[at]!, 6)]);
    }
  }
  const head = {
    schema: PERFORMANCE_SCHEMA,
    persona: performance.personaId,
    meter: formatMeter(performance.meter),
    barCount: arrangement.bars.length,
    stepQuarters: arrangement.grid.stepQuarters,
    startSec: tempoMap.offsetSec,
    tempo: tempoMap.changes,
    sections: arrangement.sections,
    controls,
    cost: roundTo(performance.cost, 6),
  };
  // One event a line: files of this kind are compared and searched by people.
  const lines = performance.events.map((event) => `    ${JSON.stringify(rounded(event))}`);
  const headText = JSON.stringify(head, null, 2).slice(0, -2);
  const gridText = `{ "stepCount": ${grid.stepCount}, "hits": ${JSON.stringify(hits)} }`;
  return `${headText},\n  "events": [\n${lines.join(',\n')}\n  ],\n  "grid": ${gridText}\n}\n`;
}

/**
 * What `--keep` needs of a file that encodePerformance wrote.
 * @throws ForgeError input/damaged
 */
export function decodeKept(text: string, path: string): KeptPerformance & { readonly meter: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = keptSchema.safeParse(value);
  if (!parsed.success) {
    throw new ForgeError('input/damaged', `${path} is not a performance that forge drums wrote`, {
      hint: 'Give the drums.json of an earlier run.',
    });
  }
  const { events, grid: stored, meter } = parsed.data;
  const grid = createGrid(stored.stepCount);
  for (const [step, piece, velocity, offset] of stored.hits) {
    if (step >= grid.stepCount) continue;
    grid.velocity[step * PIECE_COUNT + piece] = velocity;
    grid.offset[step * PIECE_COUNT + piece] = offset;
  }
  return { grid, events, meter };
}

function rounded(event: DrumEvent): DrumEvent {
  return { ...event, timeSec: roundTo(event.timeSec, 6), durationSec: roundTo(event.durationSec, 6) };
}
