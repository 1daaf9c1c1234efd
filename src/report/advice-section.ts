// The advice of an analysis on the page: third octaves against the target curve, and the suggestions.
import type { Analysis } from '../pipeline/stages/analyze-schema.js';
import { escapeXml } from './text.js';

const WIDTH = 900;
const HEIGHT = 200;
const LEFT = 48;
const BOTTOM = 24;
/** Differences beyond this are drawn at the edge. */
const RANGE_DB = 12;

type Advice = NonNullable<Analysis['advice']>;

/** The section's HTML: the most important suggestions first, each lights up its range in the chart. */
export function adviceSection(advice: Advice): string {
  const items = advice.suggestions.map(
    ({ id, severity, message, action, amountDb, measured, limit, unit }) => {
      const gain =
        amountDb === null ? '' : ` Try ${amountDb > 0 ? '+' : '−'}${Math.abs(amountDb).toFixed(1)} dB.`;
      const figure = `${measured} ${unit}, limit ${limit} ${unit}`.replaceAll('-', '−');
      return `<li class="${severity}" data-range="${id}" tabindex="0"><b>${escapeXml(message)}</b> ${escapeXml(action)}${gain} <small>${severity} · ${escapeXml(figure)}</small></li>`;
    },
  );
  const list =
    items.length === 0
      ? '<p>Nothing leaves its usual range.</p>'
      : `<ol class="advice">${items.join('')}</ol>`;
  const lit = advice.suggestions
    .map(({ id }) => `.advise:has([data-range=${id}]:is(:hover,:focus)) rect[data-range=${id}]`)
    .join();
  const style = lit === '' ? '' : `<style>${lit}{opacity:.22}</style>`;
  return `<div class="advise">${style}<h3>Suggestions</h3>${list}
<figure>${differenceChart(advice)}<figcaption>Third octaves against the curve “${escapeXml(advice.curve)}” (${escapeXml(advice.curveReason)}), in dB</figcaption></figure></div>`;
}

function differenceChart({ thirdOctaves, suggestions }: Advice): string {
  const step = (WIDTH - LEFT) / thirdOctaves.length;
  const y = (db: number) => {
    const bounded = Math.max(-RANGE_DB, Math.min(RANGE_DB, db));
    return Math.round((8 + ((RANGE_DB - bounded) / (2 * RANGE_DB)) * (HEIGHT - BOTTOM - 8)) * 10) / 10;
  };
  const xOf = (index: number) => Math.round((LEFT + index * step) * 10) / 10;
  const lines = [-12, -6, 0, 6, 12].map(
    (db) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y(db)}" y2="${y(db)}"/><text x="0" y="${y(db) + 4}">${db > 0 ? '+' : ''}${String(db).replace('-', '−')}</text>`,
  );
  const ranges = suggestions.flatMap(({ id, lowHz, highHz }) => {
    if (lowHz === null || highHz === null) return [];
    const inside = [...thirdOctaves.entries()].filter(([, { centreHz: hz }]) => hz >= lowHz && hz <= highHz);
    const [first, last] = [inside[0]?.[0], inside.at(-1)?.[0]];
    if (first === undefined || last === undefined) return [];
    return `<rect class="range" data-range="${id}" x="${xOf(first)}" y="8" width="${Math.round((last - first + 1) * step)}" height="${HEIGHT - BOTTOM - 8}"/>`;
  });
  const bars = thirdOctaves.map(({ centreHz, differenceDb: db }, index) => {
    if (db === null) return '';
    const [top, bottom] = [Math.min(y(db), y(0)), Math.max(y(db), y(0))];
    return `<rect class="bar" x="${xOf(index) + 3}" y="${top}" width="${Math.round(step - 6)}" height="${Math.max(1, bottom - top).toFixed(1)}"><title>${hertz(centreHz)} Hz: ${db.toFixed(1).replace('-', '−')} dB</title></rect>`;
  });
  const names = thirdOctaves.map(({ centreHz: hz }, index) =>
    [31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000].includes(hz)
      ? `<text x="${xOf(index + 0.5)}" y="${HEIGHT - 6}" text-anchor="middle">${hertz(hz)}</text>`
      : '',
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Level of each third octave above the curve's median">${ranges.join('')}${lines.join('')}${bars.join('')}${names.join('')}</svg>`;
}

function hertz(hz: number): string {
  return hz >= 1000 ? `${hz / 1000}k` : String(hz);
}
