// Structure of a piece: its sections with letters for what comes again, its energy over time, and hints of what a
// section does, from energies alone.
import { roundTo } from '../../units.js';
import type { Segment } from '../tonal/segments.js';
import { type Bar, describeBars } from './bars.js';
import type { SectionHint, StructureAnalysis } from './schema.js';
import { sectionLetters } from './section-letters.js';
import { findSections } from './sections.js';

/** A section this much below the piece's level is sparse; a step up of this much is a drop. */
const SPARSE_DB = -3;
const DROP_STEP_DB = 3;
/** A rise over a section of this much, before a louder one, is a build. */
const BUILD_RISE_DB = 2.5;
/** Pieces that stay below this everywhere are silent. */
const SILENCE_DB = -90;

/** The `structure` part of an analysis (see schema.ts for the fields). Silence has no sections. */
export function analyzeStructure(
  bands: Uint8Array,
  segments: readonly Segment[],
  durationSec: number,
  downbeatsSec: readonly number[],
): StructureAnalysis {
  const bars = describeBars(bands, segments, durationSec, downbeatsSec);
  if (bars.length === 0 || bars.every((bar) => bar.energyDb < SILENCE_DB))
    return { sections: [], energyCurve: [] };
  const meanDb = meanLevelDb(bars);
  const spans = findSections(bars);
  const energies = spans.map(({ firstBar, endBar }) => meanLevelDb(bars.slice(firstBar, endBar)) - meanDb);
  const rises = spans.map(({ firstBar, endBar }) => riseDb(bars.slice(firstBar, endBar)));
  return {
    sections: spans.map(({ firstBar, endBar, label }, k) => ({
      startSec: roundTo(bars[firstBar]!.startSec, 3),
      endSec: roundTo(bars[endBar - 1]!.endSec, 3),
      label: sectionLetters(label),
      energyDb: roundTo(energies[k]!, 1),
      hint: hintOf(energies, rises, k),
    })),
    energyCurve: bars.map((bar) => ({
      timeSec: roundTo(bar.startSec, 3),
      energyDb: roundTo(Math.max(SILENCE_DB, bar.energyDb) - meanDb, 1),
    })),
  };
}

/** Level of the bars' mean power, weighted by their lengths. */
function meanLevelDb(bars: readonly Bar[]): number {
  let power = 0;
  let seconds = 0;
  for (const { startSec, endSec, energyDb } of bars) {
    power += (endSec - startSec) * 10 ** (energyDb / 10);
    seconds += endSec - startSec;
  }
  return 10 * Math.log10(Math.max(1e-12, power / seconds));
}

/** Level of the last third over that of the first, in dB. */
function riseDb(bars: readonly Bar[]): number {
  const third = Math.max(1, Math.floor(bars.length / 3));
  return meanLevelDb(bars.slice(-third)) - meanLevelDb(bars.slice(0, third));
}

function hintOf(energies: readonly number[], rises: readonly number[], k: number): SectionHint | null {
  const own = energies[k]!;
  const before = energies[k - 1];
  const after = energies[k + 1];
  if (energies.length < 3) return null;
  if (before === undefined) return own < -1 ? 'intro' : null;
  if (after === undefined && own < -1) return 'outro';
  if (after !== undefined && rises[k]! >= BUILD_RISE_DB && after > own) return 'build';
  if (own - before >= DROP_STEP_DB && own >= 0) return 'drop';
  if (own <= SPARSE_DB && before - own >= -SPARSE_DB) return 'break';
  return null;
}
