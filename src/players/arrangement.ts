// The form of a performance: its bars, which section each belongs to, and where fills and crashes come.
// Sections change how much and how loud is played; unknown names play as a verse.
import { ForgeError } from '../errors.js';
import type { Controls } from './controls.js';
import type { BarGrid } from './meter.js';
import type { Persona } from './persona.js';
import { Random } from './random.js';

/** A part of a song. */
export interface Section {
  readonly label: string;
  readonly bars: number;
}

export interface ArrangedBar {
  readonly index: number;
  readonly label: string;
  readonly isSectionStart: boolean;
  /** Bar within its phrase of eight, counted from its section's start. */
  readonly barInPhrase: number;
  /** Steps of the bar that belong to a fill. */
  readonly fillSteps: ReadonlySet<number>;
  readonly hasCrash: boolean;
  readonly complexityPercent: number;
  readonly dynamicsPercent: number;
}

export interface Arrangement {
  readonly grid: BarGrid;
  readonly bars: readonly ArrangedBar[];
  readonly sections: readonly (Section & { readonly startBar: number })[];
}

/** How a section differs from a verse, in percent of complexity and dynamics. */
const CHARACTERS: readonly (readonly [RegExp, number, number])[] = [
  [/^intro/, -12, -12],
  [/^pre-?chorus|^build/, 4, 6],
  [/^chorus|^refrain|^hook|^drop/, 6, 15],
  [/^bridge|^middle/, 8, -4],
  [/^solo/, 14, 10],
  [/^break/, -20, -20],
  [/^outro|^end/, -6, -6],
];

/** Sections of `"intro:4 verse:8 chorus:8"`. @throws ForgeError usage/bad-option */
export function parseSections(text: string): Section[] {
  return text
    .trim()
    .split(/[\s,]+/)
    .map((part) => {
      const match = /^([^:\s]+):([1-9]\d{0,3})$/u.exec(part);
      if (match === null) {
        throw new ForgeError('usage/bad-option', `expected NAME:BARS for a section, got "${part}"`, {
          hint: 'For example --sections "intro:4 verse:8 chorus:8".',
        });
      }
      return { label: match[1]!, bars: Number(match[2]) };
    });
}

/** Lays out the bars of `sections` (or of one section without a name). */
export function arrange(
  sections: readonly Section[],
  grid: BarGrid,
  persona: Persona,
  controls: Controls,
): Arrangement {
  const random = new Random(controls.seed, 'fills');
  const bars: ArrangedBar[] = [];
  let endedInFill = false;
  for (const { label, bars: barCount } of sections) {
    const character = CHARACTERS.find(([pattern]) => pattern.test(label.toLowerCase()));
    for (let bar = 0; bar < barCount; bar++) {
      const isSectionStart = bar === 0 && sections.length > 1;
      const barsLeft = barCount - 1 - bar;
      const fillSteps = fillOf(grid, controls, { bar, barsLeft, isSectioned: sections.length > 1 }, random);
      const cymbals = controls.groupPercent.cymbals > 0;
      const opensLoud = isSectionStart && bars.length > 0 && (character?.[2] ?? 0) > 0;
      bars.push({
        index: bars.length,
        label,
        isSectionStart: bar === 0,
        barInPhrase: bar % 8,
        fillSteps,
        hasCrash: cymbals && ((endedInFill && persona.fills.crashAfter) || opensLoud),
        complexityPercent: clampPercent(controls.complexityPercent + (character?.[1] ?? 0)),
        dynamicsPercent: clampPercent(controls.dynamicsPercent + (character?.[2] ?? 0)),
      });
      const isSmall = controls.fillEvery === '1/4' || controls.fillEvery === '1/2';
      endedInFill = fillSteps.has(grid.stepCount - 1) && (!isSmall || (bars.length % 8 === 0 && cymbals));
    }
  }
  let startBar = 0;
  const starts = sections.map((section) => {
    const placed = { ...section, startBar };
    startBar += section.bars;
    return placed;
  });
  return { grid, bars, sections: starts };
}

interface FillPlace {
  readonly bar: number;
  readonly barsLeft: number;
  readonly isSectioned: boolean;
}

/** Steps of a bar that are a fill. Two random numbers are taken for every bar, whatever the settings. */
function fillOf(grid: BarGrid, controls: Controls, place: FillPlace, random: Random): Set<number> {
  const chance = random.next();
  const size = 0.7 + 0.6 * random.next();
  const amount = controls.fillAmountPercent / 100;
  const { stepCount, beatSteps } = grid;
  if (amount === 0) return new Set();
  if (controls.fillEvery === '1/4') {
    return new Set(
      range(stepCount).filter((step) => step - beatBefore(step, beatSteps) >= 2 || amount > 0.8),
    );
  }
  if (controls.fillEvery === '1/2') {
    const half = Math.ceil(stepCount / 2);
    const length = Math.max(2, Math.round((half / 2) * size * (0.5 + amount)));
    return new Set(range(stepCount).filter((step) => half - (step % half) <= length));
  }
  if (!isFillBar(controls, place, chance, amount)) return new Set();
  const beats = beatSteps.length;
  const fillBeats = Math.min(beats, Math.max(1, Math.round((0.6 + amount * (beats - 0.6)) * size)));
  const from = beatSteps[beats - fillBeats]!;
  return new Set(range(stepCount).filter((step) => step >= from));
}

function isFillBar(controls: Controls, place: FillPlace, chance: number, amount: number): boolean {
  const { bar, barsLeft, isSectioned } = place;
  if (controls.fillEvery !== 'auto') return (bar + 1) % Number(controls.fillEvery) === 0;
  if (barsLeft === 0 && isSectioned) return chance < 2.5 * amount;
  if ((bar + 1) % 8 === 0) return chance < 1.7 * amount;
  if ((bar + 1) % 4 === 0) return chance < 0.7 * amount;
  return chance < 0.12 * amount;
}

function beatBefore(step: number, beatSteps: readonly number[]): number {
  let beat = 0;
  for (const start of beatSteps) if (start <= step) beat = start;
  return beat;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function clampPercent(value: number): number {
  return Math.min(100, Math.max(0, value));
}
