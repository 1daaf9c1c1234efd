// How figures are named and written for people: `truePeakDbtp: -1.04` is "true peak −1.04 dBTP".
import type { Json } from '../pipeline/stage.js';

const UNITS: Readonly<Record<string, string>> = {
  Dbtp: 'dBTP',
  Dbfs: 'dBFS',
  Lufs: 'LUFS',
  Lu: 'LU',
  DbPerOctave: 'dB per octave',
  Db: 'dB',
  Hz: 'Hz',
  Ms: 'ms',
  Sec: 's',
  Percent: '%',
  Bpm: 'BPM',
  Kbps: 'kbit/s',
  Frames: 'frames',
};
const UNIT_ENDING = new RegExp(`(${Object.keys(UNITS).join('|')})$`);

/** `truePeakDbtp` → "true peak". */
export function labelOf(key: string): string {
  const bare = key.replace(UNIT_ENDING, '');
  return bare.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
}

/** `truePeakDbtp` → "dBTP"; empty for a figure without a unit. */
export function unitOf(key: string): string {
  const ending = UNIT_ENDING.exec(key)?.[1];
  return ending === undefined ? '' : UNITS[ending]!;
}

/** A value with its unit: two decimals, a true minus, a dash for what is not there. */
export function figureText(value: Json | undefined, unit = ''): string {
  if (value === null || value === undefined) return '–';
  const text =
    typeof value === 'number'
      ? numberText(value, unit)
      : typeof value === 'string'
        ? value
        : JSON.stringify(value);
  return unit === '' ? text : `${text} ${unit}`;
}

/** A limit of a check: a number, `{min, max}` with either end, or `{oneOf}` with all that is allowed. */
export function limitText(limit: Json, unit = ''): string {
  if (limit === null || typeof limit !== 'object' || Array.isArray(limit)) return figureText(limit, unit);
  const { min, max, oneOf } = limit as {
    readonly min?: number;
    readonly max?: number;
    readonly oneOf?: readonly Json[];
  };
  if (oneOf !== undefined) return figureText(oneOf.map((one) => figureText(one)).join(' or '), unit);
  if (min !== undefined && min === max) return figureText(min, unit);
  if (min !== undefined && max !== undefined) return `${numberText(min)} to ${figureText(max, unit)}`;
  return min === undefined ? `at most ${figureText(max, unit)}` : `at least ${figureText(min, unit)}`;
}

function numberText(value: number, unit = 'any'): string {
  const isTiny = value !== 0 && Math.abs(value) < 0.005;
  // Counts and ratios have no unit.
  const isWhole = Number.isInteger(value) && (unit === '' || Math.abs(value) >= 100);
  const text = isWhole ? String(value) : isTiny ? String(Number(value.toPrecision(1))) : value.toFixed(2);
  return text.replace('-', '−');
}
