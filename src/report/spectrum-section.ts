// The spectrum on the page: third octaves against the target band of the curve, their differences, the bands with their
// crest factors and images, the stereo field by band, and the suggestions, each of which lights up what it is about.
import { BAND_HERTZ, type BandKey } from '../pipeline/stages/analyze-bands.js';
import type { Analysis, SpectrumReport } from '../pipeline/stages/analyze-schema.js';
import {
  gridLines,
  heightOf,
  type Mark,
  marksAt,
  PLOT_WIDTH,
  percent,
  plot,
  plotSvg,
  round,
  signed,
  steps,
} from './charts.js';
import { labelOf } from './figures.js';
import { escapeXml } from './text.js';

/** Differences beyond this are drawn at the edge. */
const RANGE_DB = 12;
const NAMED_HZ = [31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000];
const BAND_COUNT = 31;

type Advice = NonNullable<Analysis['advice']>;

/** Third octaves of one or two spectra (the second drawn over the first), with the target band where there is one. */
export function spectrumChart(
  spectra: readonly { readonly name: string; readonly spectrum: SpectrumReport }[],
  advice?: Advice,
): string {
  const levels = spectra
    .flatMap(({ spectrum }) => spectrum.thirdOctavesDb)
    .filter((db): db is number => db !== null);
  if (levels.length === 0) return '';
  const high = Math.ceil((Math.max(...levels) + 2) / 6) * 6;
  const low = high - 60;
  const lines = steps(low + 12, high - 6, 12);
  const target = advice === undefined ? '' : targetBand(advice, spectra.at(-1)!.spectrum, low, high);
  const curves = spectra.map(({ spectrum }, index) => {
    const points = spectrum.thirdOctavesDb.flatMap((db, i) =>
      db === null ? [] : [`${bandX(i)} ${heightOf(db, low, high)}`],
    );
    return points.length === 0 ? '' : `<path class="curve k${index}" d="M${points.join('L')}"/>`;
  });
  const keys = [
    ...spectra.map(({ name }, index) => `<span class="key k${index}">${escapeXml(name)}</span>`),
    target === '' ? '' : `<span class="key target-band">usual for “${escapeXml(advice!.curve)}”</span>`,
  ];
  return plot({
    name: 'dB',
    label: `Third octaves from 20 Hz to 20 kHz${target === '' ? '' : `, with the band that is usual for ${advice!.curve}`}`,
    body: `${plotSvg(target + gridLines(lines, low, high) + curves.join(''))}<span class="keys">${keys.join('')}</span>${advice === undefined ? '' : regions(advice)}`,
    heightRem: 12,
    left: marksAt(lines, low, high),
    below: HERTZ_MARKS,
  });
}

/** How far each third octave lies from the median of the curve. */
export function differenceChart(advice: Advice): string {
  const bars = advice.thirdOctaves.map(({ differenceDb: db, centreHz, usualLowDb, usualHighDb }, index) => {
    if (db === null) return '';
    const isUsual = db >= (usualLowDb ?? -RANGE_DB) && db <= (usualHighDb ?? RANGE_DB);
    const [top, bottom] = [Math.max(0, db), Math.min(0, db)].map((edge) =>
      heightOf(edge, -RANGE_DB, RANGE_DB),
    );
    return `<rect class="${isUsual ? 'bar' : 'bar off'}" x="${round(bandX(index) - 12)}" y="${top}" width="24" height="${round(Math.max(1, bottom! - top!))}"><title>${hertz(centreHz)}: ${signed(db, 1, true)} dB</title></rect>`;
  });
  const lines = [-12, -6, 0, 6, 12];
  return plot({
    name: '± dB',
    label: `Third octaves against the median of the curve ${advice.curve}, in dB`,
    body: plotSvg(gridLines(lines, -RANGE_DB, RANGE_DB) + bars.join('')) + regions(advice),
    heightRem: 8,
    left: marksAt([-6, 0, 6], -RANGE_DB, RANGE_DB, (db) => signed(db, 0, true)),
    below: HERTZ_MARKS,
  });
}

/** Suggestions, the three most important first and the others behind a fold, each with the figure that caused it. */
export function suggestionList(advice: Advice): string {
  if (advice.suggestions.length === 0) return '<p class="calm">Nothing leaves its usual range.</p>';
  const items = advice.suggestions.map((suggestion) => {
    const { id, severity, message, action, amountDb, measured, limit, unit, stem } = suggestion;
    const gain = amountDb === null ? '' : ` Try ${signed(amountDb, 1, true)} dB.`;
    const where =
      stem === undefined
        ? ''
        : ` Mostly in <b>${escapeXml(stem.name)}</b> (${Math.round(stem.sharePercent)} %).`;
    const figure = `${signed(measured, decimals(measured))} ${unit}, limit ${signed(limit, decimals(limit))} ${unit}`;
    return `<li class="${severity}" data-lights="${id}" tabindex="0"><span class="severity">${severity}</span><div><b>${escapeXml(message)}</b> ${escapeXml(action)}${gain}${where} <small>${escapeXml(figure)}</small></div></li>`;
  });
  const [first, rest] = [items.slice(0, 3), items.slice(3)];
  const more =
    rest.length === 0
      ? ''
      : `<details><summary>${rest.length} more</summary><ol class="advice">${rest.join('')}</ol></details>`;
  return `<ol class="advice">${first.join('')}</ol>${more}${litStyle(advice)}`;
}

/** Level, crest factor and image of every band. */
export function bandTable({ spectrum, stereo }: Analysis): string {
  if (spectrum === undefined) return '';
  const rows = (Object.keys(BAND_HERTZ) as BandKey[]).map((name) => {
    const image = stereo?.bands[name];
    const cells = [
      cell(spectrum.bands[name], 1),
      cell(spectrum.crestFactorsDb?.[name], 1),
      ...(image === undefined
        ? []
        : [cell(image.correlation, 2), cell(image.monoLossDb, 1), cell(image.balanceDb, 1)]),
    ];
    return `<tr><th scope="row">${labelOf(name)} <small>${BAND_HERTZ[name].map(hertz).join('–')}</small></th>${cells.join('')}</tr>`;
  });
  const imageHeads = stereo === undefined ? '' : '<th>Corr.</th><th>Mono loss</th><th>Balance</th>';
  return `<table class="bands"><caption>Bands: level and crest factor in dB, correlation, loss in mono and balance (right over left) in dB</caption><thead><tr><th>Band</th><th>Level</th><th>Crest</th>${imageHeads}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Where each band stands between left and right, and how wide. */
export function stereoField({ stereo, spectrum }: Analysis): string {
  if (stereo === undefined || stereo.correlation === null) return '';
  const names = (Object.keys(BAND_HERTZ) as BandKey[]).reverse();
  const rows = names.map((name) => {
    const { sideToMidDb, balanceDb, correlation } = stereo.bands[name];
    if (sideToMidDb === null || balanceDb === null)
      return `<div class="field-row"><span>${labelOf(name)}</span><div></div></div>`;
    const place = 0.5 + 0.5 * Math.max(-1, Math.min(1, balanceDb / 12));
    const half = Math.max(0.01, 0.5 * Math.min(1, 10 ** (sideToMidDb / 20)));
    const [from, to] = [Math.max(0, place - half), Math.min(1, place + half)];
    const loud = Math.max(0.25, Math.min(1, 1 + (spectrum?.bands[name] ?? -12) / 48));
    const kind = (correlation ?? 1) < 0 ? 'field bad' : 'field';
    return `<div class="field-row"><span>${labelOf(name)}</span><div><i class="${kind}" style="left:${percent(from)};width:${percent(to - from)};opacity:${round(loud, 100)}"></i></div></div>`;
  });
  const label = `Stereo field by band: ${names.map((name) => `${labelOf(name)} ${cellText(stereo.bands[name].sideToMidDb, 1)} dB side to mid`).join(', ')}`;
  return `<figure class="stereo-field"><div role="img" aria-label="${label}">${rows.join('')}<div class="field-row ends" aria-hidden="true"><span></span><div><b>L</b><b>C</b><b>R</b></div></div></div><figcaption>Place and width of each band; full width is unrelated channels, red is out of phase</figcaption></figure>`;
}

function targetBand(advice: Advice, { thirdOctavesDb }: SpectrumReport, low: number, high: number): string {
  const upper: string[] = [];
  const lower: string[] = [];
  const middle: string[] = [];
  for (const [i, { differenceDb, usualLowDb, usualHighDb }] of advice.thirdOctaves.entries()) {
    const own = thirdOctavesDb[i];
    if (own == null || differenceDb === null || usualLowDb === null || usualHighDb === null) continue;
    const median = own - differenceDb;
    upper.push(`${bandX(i)} ${heightOf(median + usualHighDb, low, high)}`);
    lower.push(`${bandX(i)} ${heightOf(median + usualLowDb, low, high)}`);
    middle.push(`${bandX(i)} ${heightOf(median, low, high)}`);
  }
  if (upper.length < 2) return '';
  return `<path class="target-band" d="M${upper.join('L')}L${lower.reverse().join('L')}Z"/><path class="target" d="M${middle.join('L')}"/>`;
}

/** What suggestions light up: their range of frequencies, over a whole chart. */
function regions({ suggestions }: Advice): string {
  return suggestions
    .map(({ id, lowHz, highHz }) => {
      if (lowHz === null || highHz === null) return '';
      const [from, to] = [lowHz, highHz].map((hz) => Math.max(0, Math.min(1, hertzX(hz) / PLOT_WIDTH)));
      return `<i class="region" data-region="${id}" style="left:${percent(from!)};width:${percent(to! - from!)}"></i>`;
    })
    .join('');
}

function litStyle({ suggestions }: Advice): string {
  const ids = [...new Set(suggestions.map(({ id }) => id))];
  const lit = ids.map((id) => `.analysis:has([data-lights=${id}]:is(:hover,:focus)) [data-region=${id}]`);
  return `<style>${lit.join()}{opacity:1;z-index:1;outline:2px solid var(--mark)}</style>`;
}

/** Middle of a third octave on the plot. */
function bandX(index: number): number {
  return round(((index + 0.5) / BAND_COUNT) * PLOT_WIDTH);
}

function hertzX(hz: number): number {
  return ((10 * Math.log10(hz / 1000) + 17.5) / BAND_COUNT) * PLOT_WIDTH;
}

const HERTZ_MARKS: readonly Mark[] = NAMED_HZ.map((hz) => ({
  at: hertzX(hz) / PLOT_WIDTH,
  text: hz >= 1000 ? `${hz / 1000}k` : String(hz),
}));

function hertz(hz: number): string {
  return hz >= 1000 ? `${hz / 1000}k` : String(hz);
}

function cell(value: number | null | undefined, digits: number): string {
  return `<td>${cellText(value, digits)}</td>`;
}

function cellText(value: number | null | undefined, digits: number): string {
  return value == null ? '–' : signed(value, digits);
}

function decimals(value: number): number {
  return Number.isInteger(value) ? 0 : Math.abs(value) < 0.1 ? 4 : 1;
}
