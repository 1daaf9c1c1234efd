// Pieces of charts that stretch to any width: shapes as SVG without an aspect ratio of its own, words as HTML beside and
// over them, so that letters keep their size on a phone and on paper. Coordinates are rounded: equal data, equal bytes.
import { escapeXml } from './text.js';

/** Units across a plot, whatever its width on the screen. */
export const PLOT_WIDTH = 1000;
export const PLOT_HEIGHT = 100;
const MOST_POINTS = 1000;

/** A word beside a plot; `at` from 0 (top, or left) to 1. */
export interface Mark {
  readonly at: number;
  readonly text: string;
}

/** A value's distance from the top of the plot, for values between `low` and `high`. */
export function heightOf(value: number, low: number, high: number): number {
  return round(((high - Math.min(high, Math.max(low, value))) / (high - low)) * PLOT_HEIGHT);
}

/** Shapes that fill the plot. */
export function plotSvg(shapes: string): string {
  return `<svg viewBox="0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${shapes}</svg>`;
}

/** Horizontal lines at values. */
export function gridLines(values: readonly number[], low: number, high: number): string {
  return values
    .map(
      (value) =>
        `<line class="grid" x2="${PLOT_WIDTH}" y1="${heightOf(value, low, high)}" y2="${heightOf(value, low, high)}"/>`,
    )
    .join('');
}

/** Words at those values. */
export function marksAt(
  values: readonly number[],
  low: number,
  high: number,
  textOf: (value: number) => string = signed,
): Mark[] {
  return values.map((value) => ({ at: heightOf(value, low, high) / PLOT_HEIGHT, text: textOf(value) }));
}

/**
 * A curve of equally spaced values that covers `share` of the plot's width; null breaks it. Of values that share a
 * point, `fold` tells which is shown.
 */
export function curvePath(
  values: readonly (number | null)[],
  low: number,
  high: number,
  fold: (a: number, b: number) => number = Math.max,
  share = 1,
): string {
  const count = Math.min(values.length, MOST_POINTS);
  let path = '';
  let isDown = false;
  for (let point = 0; point < count; point++) {
    const from = Math.floor((point * values.length) / count);
    const to = Math.floor(((point + 1) * values.length) / count);
    let shown: number | null = null;
    for (let i = from; i < to; i++) {
      const value = values[i] ?? null;
      if (value !== null) shown = shown === null ? value : fold(shown, value);
    }
    if (shown === null) {
      isDown = false;
      continue;
    }
    const x = round(((point + 0.5) / count) * share * PLOT_WIDTH);
    path += `${isDown ? 'L' : 'M'}${x} ${heightOf(shown, low, high)}`;
    // A lone value is a dot.
    if (!isDown) path += 'h.1';
    isDown = true;
  }
  return path;
}

/** A chart: its plot, the words at its left, those below it, and what a screen reader says of it. */
export function plot(parts: {
  readonly kind?: string;
  readonly name: string;
  readonly label: string;
  readonly body: string;
  readonly heightRem: number;
  readonly left?: readonly Mark[];
  readonly below?: readonly Mark[];
}): string {
  const { kind = '', name, label, body, heightRem, left = [], below = [] } = parts;
  const leftMarks = left
    .map(({ at, text }) => `<i style="top:${percent(at)}">${escapeXml(text)}</i>`)
    .join('');
  const belowMarks = below
    .map(({ at, text }) => `<i style="left:${percent(at)}">${escapeXml(text)}</i>`)
    .join('');
  const foot =
    below.length === 0
      ? ''
      : `<div class="lane foot"><div></div><div class="below" aria-hidden="true">${belowMarks}</div></div>`;
  return `<div class="lane ${kind}" style="--h:${heightRem}rem"><div class="name"><b>${escapeXml(name)}</b><span aria-hidden="true">${leftMarks}</span></div><div class="plot" role="img" aria-label="${escapeXml(label)}">${body}</div></div>${foot}`;
}

/** `0.25` as `25%`. */
export function percent(share: number): string {
  return `${round(100 * share, 100)}%`;
}

export function round(value: number, scale = 10): number {
  return Math.round(value * scale) / scale;
}

/** With a true minus, and a plus where asked. */
export function signed(value: number, digits = 0, isPlusShown = false): string {
  const text = value.toFixed(digits);
  const isZero = Number(text) === 0;
  if (isZero) return text.replace('-', '');
  return isPlusShown && value > 0 ? `+${text}` : text.replace('-', '−');
}

/** Multiples of `step` from `low` to `high`. */
export function steps(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.floor((high - first) / step + 1e-9) + 1 }, (_, k) => first + k * step);
}
