// Small charts as inline SVG: a curve over time and bars per band. Coordinates are rounded, so equal data give equal bytes.
import { clock } from './text.js';

const WIDTH = 900;
const HEIGHT = 220;
const LEFT = 48;
const BOTTOM = 24;

/** A curve of values `hopSec` apart; null (silence) breaks it. At most one point per pixel: the largest of those that share one. */
export function lineChart(values: readonly (number | null)[], hopSec: number, unit: string): string {
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return '';
  const [lowest, highest] = range(known);
  const high = Math.ceil(highest / 6) * 6;
  const low = Math.max(high - 60, Math.floor(lowest / 6) * 6);
  const y = (value: number) => yOf(value, low, high);
  const columns = Math.min(values.length, WIDTH - LEFT);
  let path = '';
  let isDown = false;
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns));
    let top: number | null = null;
    for (let i = from; i < to; i++) {
      const value = values[i] ?? null;
      if (value !== null && (top === null || value > top)) top = value;
    }
    if (top === null) isDown = false;
    else {
      const x = LEFT + (column * (WIDTH - LEFT)) / columns;
      path += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y(Math.max(top, low)).toFixed(1)}`;
      isDown = true;
    }
  }
  const durationSec = values.length * hopSec;
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const anchor = part === 1 ? 'end' : part === 0 ? 'start' : 'middle';
    return `<text x="${LEFT + part * (WIDTH - LEFT)}" y="${HEIGHT - 6}" text-anchor="${anchor}">${clock(part * durationSec)}</text>`;
  });
  return svg(
    `${grid(low, high, unit)}<path class="curve" d="${path}"/>${marks.join('')}`,
    `Curve between ${low} and ${high} ${unit}`,
  );
}

/** One bar per named value. */
export function barChart(bars: Readonly<Record<string, number | null>>, unit: string): string {
  const entries = Object.entries(bars);
  const known = entries.flatMap(([, value]) => (value === null ? [] : [value]));
  if (known.length === 0) return '';
  const high = Math.ceil(Math.max(...known) / 6) * 6;
  const low = Math.max(high - 72, Math.floor(Math.min(...known) / 6) * 6 - 6);
  const step = (WIDTH - LEFT) / entries.length;
  const shapes = entries.map(([name, value], index) => {
    const x = LEFT + index * step;
    const label = `<text x="${(x + step / 2).toFixed(1)}" y="${HEIGHT - 6}" text-anchor="middle">${name}</text>`;
    if (value === null) return label;
    const top = yOf(Math.max(value, low), low, high);
    const figure = `<text x="${(x + step / 2).toFixed(1)}" y="${Math.max(12, top - 4).toFixed(1)}" text-anchor="middle">${value.toFixed(1)}</text>`;
    return `<rect class="bar" x="${(x + step * 0.2).toFixed(1)}" y="${top.toFixed(1)}" width="${(step * 0.6).toFixed(1)}" height="${(HEIGHT - BOTTOM - top).toFixed(1)}"/>${figure}${label}`;
  });
  return svg(
    grid(low, high, unit) + shapes.join(''),
    entries.map(([name, value]) => `${name} ${value?.toFixed(1) ?? 'none'} ${unit}`).join(', '),
  );
}

function svg(content: string, label: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${content}</svg>`;
}

function grid(low: number, high: number, unit: string): string {
  const step = high - low > 30 ? 12 : 6;
  let lines = '';
  for (let value = high; value >= low; value -= step) {
    const y = yOf(value, low, high).toFixed(1);
    lines += `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}"/><text x="0" y="${Number(y) + 4}">${value}${value === high ? ` ${unit}` : ''}</text>`;
  }
  return lines;
}

function yOf(value: number, low: number, high: number): number {
  return 16 + ((high - value) / Math.max(1e-9, high - low)) * (HEIGHT - BOTTOM - 16);
}

function range(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
