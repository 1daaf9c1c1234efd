// What a drummer takes from a song that `forge analyze` measured: beats, meter, sections and chords.
import * as z from 'zod';
import { ForgeError } from '../errors.js';
import type { Section } from './arrangement.js';
import { gridOf, type Meter, parseMeter } from './meter.js';
import type { ChordMark } from './score-sheet.js';
import { type TempoMap, tempoMapOfBeats } from './tempo-map.js';

const measuresSchema = z.object({
  rhythm: z.object({
    beatsSec: z.array(z.number()),
    downbeatsSec: z.array(z.number()),
    meter: z.union([z.string(), z.number()]).nullable().optional(),
  }),
  tonal: z.object({ chords: z.array(z.object({ startSec: z.number(), label: z.string() })) }).optional(),
  structure: z
    .object({
      sections: z.array(z.object({ startSec: z.number(), endSec: z.number(), label: z.string() })),
    })
    .optional(),
});

/** A song to play to. */
export interface Song {
  readonly meter: Meter;
  readonly tempoMap: TempoMap;
  readonly sections: readonly Section[];
  readonly chords: readonly ChordMark[];
}

/**
 * The song of a report.json, or of what `forge analyze --json` prints. Sections begin at the nearest bar.
 * @throws ForgeError input/damaged, usage/bad-option where the report has no beats
 */
export function songOfReport(text: string, path: string, wantsTriplets: boolean): Song {
  const measures = measuresIn(text, path);
  const { beatsSec, downbeatsSec, meter: found } = measures.rhythm;
  const meter = meterOf(found);
  const grid = gridOf(meter, wantsTriplets);
  const firstDownbeat = downbeatsSec[0] ?? beatsSec[0] ?? 0;
  const firstBeat = nearest(beatsSec, firstDownbeat);
  // A beat of a measured meter is its note value: an eighth in 6/8.
  const tempoMap = tempoMapOfBeats(beatsSec, firstBeat, 4 / meter.denominator);
  const barQuarters = grid.stepCount * grid.stepQuarters;
  const toBar = (sec: number) => Math.max(0, Math.round(tempoMap.toQuarter(sec) / barQuarters));
  const endBar = Math.max(1, toBar(beatsSec.at(-1)! + 60 / tempoMap.tempoAt(Number.POSITIVE_INFINITY)));
  const chords = (measures.tonal?.chords ?? [])
    .map(({ startSec, label }) => ({ atQuarter: beatQuarter(tempoMap, startSec, meter), label }))
    .filter(({ atQuarter }) => atQuarter >= 0);
  return { meter, tempoMap, sections: sectionsOf(measures.structure?.sections ?? [], toBar, endBar), chords };
}

function measuresIn(text: string, path: string): z.output<typeof measuresSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  for (const candidate of candidatesIn(value)) {
    const parsed = measuresSchema.safeParse(candidate);
    if (parsed.success) return parsed.data;
  }
  throw new ForgeError('input/damaged', `${path} holds no rhythm that forge analyze measured`, {
    hint: 'Make it by `forge analyze song.wav --json > report.json`.',
  });
}

/** The places of a report at which measures stand. */
function candidatesIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Record<string, unknown>;
  const results = Array.isArray(record.results) ? (record.results as unknown[]) : [];
  return [value, record.analysis, ...results.flatMap(candidatesIn)];
}

function meterOf(found: string | number | null | undefined): Meter {
  if (typeof found === 'string' && found.includes('/')) return parseMeter(found);
  return found === 3 || found === '3' ? parseMeter('3/4') : parseMeter('4/4');
}

function sectionsOf(
  found: readonly { readonly startSec: number; readonly label: string }[],
  toBar: (sec: number) => number,
  endBar: number,
): Section[] {
  const starts = found.map(({ startSec, label }) => ({ bar: toBar(startSec), label }));
  if (starts.length === 0) return [{ label: '', bars: endBar }];
  starts[0] = { ...starts[0]!, bar: 0 };
  return starts.flatMap(({ bar, label }, index) => {
    const bars = Math.min(endBar, starts[index + 1]?.bar ?? endBar) - bar;
    return bars > 0 ? [{ label, bars }] : [];
  });
}

function beatQuarter(tempoMap: TempoMap, sec: number, meter: Meter): number {
  const beatQuarters = 4 / meter.denominator;
  return Math.round(tempoMap.toQuarter(sec) / beatQuarters) * beatQuarters;
}

function nearest(times: readonly number[], time: number): number {
  let best = 0;
  times.forEach((candidate, index) => {
    if (Math.abs(candidate - time) < Math.abs(times[best]! - time)) best = index;
  });
  return best;
}
