// Meters and their step grids: sixteenths, or eighth triplets; 9/8 and 12/8 are counted in dotted quarters of three.
import { ForgeError } from '../errors.js';
import { METERS } from './player-limits.js';

export interface Meter {
  readonly numerator: number;
  readonly denominator: number;
}

/** How a bar is cut into steps. */
export interface BarGrid {
  readonly meter: Meter;
  readonly isTriplet: boolean;
  readonly stepCount: number;
  /** Length of a step in quarter notes. */
  readonly stepQuarters: number;
  /** Steps on which a beat begins. */
  readonly beatSteps: readonly number[];
  /** Steps of the backbeat. */
  readonly backbeatSteps: readonly number[];
  /** Quarter notes in what the tempo counts: 1, or 1.5 in compound meters. */
  readonly beatQuarters: number;
}

/** @throws ForgeError usage/bad-option */
export function parseMeter(text: string): Meter {
  if (!(METERS as readonly string[]).includes(text)) {
    throw new ForgeError(
      'usage/bad-option',
      `expected one of ${METERS.join(', ')} for the meter, got "${text}"`,
    );
  }
  const [numerator, denominator] = text.split('/').map(Number) as [number, number];
  return { numerator, denominator };
}

export function formatMeter(meter: Meter): string {
  return `${meter.numerator}/${meter.denominator}`;
}

/** The grid of a bar; triplets are taken only where the meter counts quarters. */
export function gridOf(meter: Meter, wantsTriplets: boolean): BarGrid {
  const { numerator, denominator } = meter;
  if (denominator === 8 && numerator % 3 === 0 && numerator > 6) {
    return grid(meter, true, numerator, 0.5, every(3, numerator), 1.5);
  }
  if (denominator === 8) {
    const beats = numerator === 6 ? [0, 6] : numerator === 5 ? [0, 6] : [0, 4, 8];
    return grid(meter, false, numerator * 2, 0.25, beats, numerator === 6 ? 1.5 : 1);
  }
  if (wantsTriplets) return grid(meter, true, numerator * 3, 1 / 3, every(3, numerator * 3), 1);
  return grid(meter, false, numerator * 4, 0.25, every(4, numerator * 4), 1);
}

function grid(
  meter: Meter,
  isTriplet: boolean,
  stepCount: number,
  stepQuarters: number,
  beatSteps: number[],
  beatQuarters: number,
): BarGrid {
  const backbeatSteps = beatSteps.filter((_, index) => index % 2 === 1);
  return { meter, isTriplet, stepCount, stepQuarters, beatSteps, backbeatSteps, beatQuarters };
}

function every(size: number, end: number): number[] {
  return Array.from({ length: Math.ceil(end / size) }, (_, index) => index * size);
}

/** Place of a step among the network's 16: a bar of more steps ends as a bar of four beats does. */
export function positionOf(step: number, stepCount: number): number {
  const position = stepCount > 16 && step >= 12 ? step - stepCount + 16 : step;
  return Math.min(15, Math.max(0, position));
}

/** How far a step is from the strong places of its bar: 0 on a beat, 1 on an eighth, 2 between. */
export function weaknessOf(step: number, bar: BarGrid): 0 | 1 | 2 {
  if (bar.beatSteps.includes(step)) return 0;
  if (bar.isTriplet) return 1;
  return step % 2 === 0 ? 1 : 2;
}
