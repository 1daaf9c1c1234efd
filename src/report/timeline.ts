// The musical timeline of a piece as one SVG: sections, keys, chords, bars and tempo above each other on one time axis.
// Coordinates are rounded, so that equal data give equal bytes.
import type { Analysis } from '../pipeline/stages/analyze-schema.js';
import { clock, escapeXml } from './text.js';

/** Sections of an analysis; what was not analysed is left out of the picture. */
export type TimelineData = Pick<Analysis, 'rhythm' | 'tonal' | 'structure'>;

interface Span {
  readonly startSec: number;
  readonly endSec: number;
  readonly label: string;
  readonly title?: string;
}

const WIDTH = 900;
const LEFT = 64;
const LANE = 26;
const TEMPO_LANE = 64;
const AXIS = 22;
/** Spans and bars that would be narrower than this are not drawn one by one. */
const NARROWEST_PX = 1.5;
const PX_PER_LETTER = 7;
const COLOURS = 8;

/** The picture; empty where there is nothing to show. */
export function timeline(data: TimelineData, durationSec: number): string {
  if (!(durationSec > 0)) return '';
  const x = (sec: number) => LEFT + (Math.min(sec, durationSec) / durationSec) * (WIDTH - LEFT);
  const lanes: { readonly name: string; readonly height: number; readonly draw: (top: number) => string }[] =
    [];
  const addSpans = (name: string, spans: readonly Span[]) => {
    if (spans.length > 0) lanes.push({ name, height: LANE, draw: (top) => spanLane(spans, top, x) });
  };
  addSpans(
    'Sections',
    (data.structure?.sections ?? []).map((section) => ({
      ...section,
      label: section.hint === null ? section.label : `${section.label} ${section.hint}`,
      title: `${section.energyDb.toFixed(1)} dB`,
    })),
  );
  addSpans('Keys', data.tonal?.keys ?? []);
  addSpans('Chords', data.tonal?.chords ?? []);
  const { rhythm } = data;
  if (rhythm !== undefined && rhythm.downbeatsSec.length > 0) {
    lanes.push({
      name: 'Bars',
      height: LANE,
      draw: (top) => barLane(rhythm.downbeatsSec, durationSec, top, x),
    });
  }
  const curve = rhythm?.tempoCurve ?? [];
  if (curve.length > 1) {
    lanes.push({ name: 'Tempo', height: TEMPO_LANE, draw: (top) => tempoLane(curve, top, x) });
  }
  if (lanes.length === 0) return '';
  let top = 0;
  const drawn = lanes.map(({ name, height, draw }) => {
    const text = `<text x="0" y="${top + height / 2 + 4}">${name}</text>`;
    const lane = `<g>${text}${draw(top)}</g>`;
    top += height + 4;
    return lane;
  });
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const anchor = part === 1 ? 'end' : part === 0 ? 'start' : 'middle';
    return `<text x="${round(x(part * durationSec))}" y="${top + AXIS - 8}" text-anchor="${anchor}">${clock(part * durationSec)}</text>`;
  });
  const label = `Timeline of ${lanes.map(({ name }) => name.toLowerCase()).join(', ')}`;
  return `<svg class="timeline" viewBox="0 0 ${WIDTH} ${top + AXIS}" role="img" aria-label="${label}">${drawn.join('')}${marks.join('')}</svg>`;
}

/** Equal labels have equal colours, in the order in which they first come. */
function spanLane(spans: readonly Span[], top: number, x: (sec: number) => number): string {
  const colours = new Map<string, number>();
  return spans
    .map(({ startSec, endSec, label, title }) => {
      const colour = colours.get(label) ?? colours.size % COLOURS;
      colours.set(label, colour);
      const [from, to] = [x(startSec), x(endSec)];
      if (to - from < NARROWEST_PX) return '';
      const tip = `${label}, ${clock(startSec)} to ${clock(endSec)}${title === undefined ? '' : `, ${title}`}`;
      const rect = `<rect class="c${colour}" x="${round(from)}" y="${top}" width="${round(to - from - 0.5)}" height="${LANE}"><title>${escapeXml(tip)}</title></rect>`;
      if (to - from < label.length * PX_PER_LETTER + 4) return rect;
      return `${rect}<text class="on" x="${round((from + to) / 2)}" y="${top + LANE / 2 + 4}" text-anchor="middle">${escapeXml(label)}</text>`;
    })
    .join('');
}

/** A line for every bar, or for every second, fourth … where they would run into each other. */
function barLane(
  downbeatsSec: readonly number[],
  durationSec: number,
  top: number,
  x: (sec: number) => number,
): string {
  const spacing = (WIDTH - LEFT) / Math.max(1, downbeatsSec.length) / NARROWEST_PX;
  const every = 2 ** Math.max(0, Math.ceil(-Math.log2(spacing / 2)));
  let path = '';
  for (let k = 0; k < downbeatsSec.length; k += every) {
    const tall = k % (4 * every) === 0 ? 0 : LANE / 3;
    path += `M${round(x(downbeatsSec[k]!))} ${round(top + tall)}V${top + LANE}`;
  }
  const bars = `${downbeatsSec.length} bars in ${clock(durationSec)}`;
  return `<path class="tick" d="${path}"><title>${bars}</title></path>`;
}

function tempoLane(
  curve: readonly { readonly timeSec: number; readonly tempoBpm: number }[],
  top: number,
  x: (sec: number) => number,
): string {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { tempoBpm } of curve) {
    low = Math.min(low, tempoBpm);
    high = Math.max(high, tempoBpm);
  }
  // A steady tempo is a straight line, not noise blown up.
  const middle = (low + high) / 2;
  const half = Math.max((high - low) / 2, 0.02 * middle);
  const y = (bpm: number) => top + TEMPO_LANE / 2 - ((bpm - middle) / half) * (TEMPO_LANE / 2 - 6);
  const step = Math.max(1, Math.floor(curve.length / (WIDTH - LEFT)));
  let path = '';
  for (let k = 0; k < curve.length; k += step) {
    const { timeSec, tempoBpm } = curve[k]!;
    path += `${k === 0 ? 'M' : 'L'}${round(x(timeSec))} ${round(y(tempoBpm))}`;
  }
  const mark = (bpm: number) =>
    `<text x="${LEFT - 4}" y="${round(y(bpm)) + (bpm > middle ? 10 : -2)}" text-anchor="end">${bpm.toFixed(1)}</text>`;
  return `<path class="curve" d="${path}"/>${mark(middle + half)}${mark(middle - half)}`;
}

function round(px: number): number {
  return Math.round(px * 10) / 10;
}
