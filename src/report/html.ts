// report.html: one self-contained page (no script from elsewhere, no network) with what was measured and what was
// done. Charts are inline SVG drawn from the same data as report.json.
import type { Json } from '../pipeline/stage.js';
import type { Analysis } from '../pipeline/stages/analyze-schema.js';
import { adviceSection } from './advice-section.js';
import { figureText, labelOf, limitText, unitOf } from './figures.js';
import type { Report, ReportStage } from './report.js';
import { barChart, lineChart } from './svg.js';
import { escapeXml } from './text.js';
import { timeline } from './timeline.js';

type JsonObject = { readonly [key: string]: Json | undefined };

/** The page of one track. The same report gives the same bytes. */
export function reportHtml(report: Report): string {
  const title = `${report.input.name} – forge ${report.command}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeXml(report.input.name)}</h1>
<p>${shape(report)} · forge ${escapeXml(report.command)} ${escapeXml(report.forgeVersion)} · <span class="status ${escapeXml(report.status)}">${escapeXml(report.status)}</span></p>
</header>
<main>
${report.stages.map((stage) => section(stage, report.input.durationSec)).join('\n')}
${notes(report)}
${files(report)}
</main>
</body>
</html>
`;
}

function shape({ input }: Report): string {
  const minutes = Math.floor(input.durationSec / 60);
  const seconds = (input.durationSec % 60).toFixed(1).padStart(4, '0');
  return `${minutes}:${seconds} min · ${input.sampleRateHz} Hz · ${input.channelCount} channel${input.channelCount === 1 ? '' : 's'}`;
}

function section(stage: ReportStage, durationSec: number): string {
  const data = (stage.data ?? {}) as JsonObject;
  const reasons = Object.values(stage.bypassed);
  const model = stage.models.map(({ id, licence }) => `${escapeXml(id)} (${escapeXml(licence)})`).join(', ');
  return `<section aria-labelledby="${escapeXml(stage.id)}">
<h2 id="${escapeXml(stage.id)}">${escapeXml(stage.id)}${stage.on === 'mix' ? '' : ` on ${escapeXml(stage.on)}`}</h2>
${reasons.map((reason) => `<p class="bypass">Bypassed: ${escapeXml(reason)}</p>`).join('')}
${model === '' ? '' : `<p>Model: ${model}</p>`}
${charts(stage, data, durationSec)}
${checks(data)}
<details><summary>All figures</summary>${tree(withoutCurves(data))}</details>
<details><summary>Options</summary>${tree(stage.options as JsonObject)}</details>
</section>`;
}

/** The figures and curves that a person looks at first. */
function charts(stage: ReportStage, data: JsonObject, durationSec: number): string {
  if (stage.stage === 'analyze')
    return figures(data) + curves(data) + music(data, durationSec) + advice(data);
  if (stage.stage === 'master') {
    const before = (data.before ?? {}) as JsonObject;
    const after = (data.after ?? {}) as JsonObject;
    return `<p>Target <b>${escapeXml(String(data.preset))}</b></p><div class="pair"><div><h3>Before</h3>${figures(before)}</div><div><h3>After</h3>${figures(after)}</div></div>${curves(after)}`;
  }
  const plain = Object.entries(data).filter(([, value]) => typeof value === 'number');
  if (stage.stage === 'duck') return table(plain as [string, Json][]) + duckCurves(data);
  return plain.length === 0 ? '' : table(plain as [string, Json][]);
}

function figures(data: JsonObject): string {
  const loudness = (data.loudness ?? {}) as JsonObject;
  const rows = Object.entries(loudness).filter(([, value]) => typeof value === 'number' || value === null);
  return rows.length === 0 ? '' : table(rows as [string, Json][]);
}

function curves(data: JsonObject): string {
  const loudness = (data.loudness ?? {}) as JsonObject;
  const history = (loudness.history ?? {}) as { shortTermLufs?: readonly (number | null)[]; hopSec?: number };
  const bands = ((data.spectrum ?? {}) as JsonObject).bands as
    | { readonly [band: string]: number | null }
    | undefined;
  const parts: string[] = [];
  if (history.shortTermLufs !== undefined && history.shortTermLufs.length > 1) {
    parts.push(
      figureOf(
        'Short-term loudness over time (LUFS)',
        lineChart(history.shortTermLufs, history.hopSec ?? 0.1, 'LUFS'),
      ),
    );
  }
  if (bands !== undefined) parts.push(figureOf('Power per band (dB of the whole)', barChart(bands, 'dB')));
  return parts.join('');
}

/** What was heard of the music: the figures of the whole, and the timeline. */
function music(data: JsonObject, durationSec: number): string {
  const { rhythm, tonal, genre } = data as unknown as Analysis;
  const rows: [string, Json][] = [];
  if (rhythm !== undefined) {
    rows.push(
      ['tempoBpm', rhythm.tempoBpm],
      ['tempoConfidence', rhythm.tempoConfidence],
      ['meter', rhythm.meter],
    );
  }
  if (tonal !== undefined) {
    rows.push(['key', tonal.key], ['keyConfidence', tonal.keyConfidence], ['tuningHz', tonal.tuningHz]);
  }
  if (genre !== undefined && genre.guess !== null && genre.confidence !== null) {
    rows.push(['genre (a guess)', `${genre.guess}, ${Math.round(100 * genre.confidence)} %`]);
  }
  if (rows.length === 0) return '';
  const picture = timeline(data as unknown as Analysis, durationSec);
  return `<h3>Music</h3>${table(rows)}${picture === '' ? '' : figureOf('Sections, keys, chords, bars and tempo over time', picture)}`;
}

function advice(data: JsonObject): string {
  return data.advice === undefined
    ? ''
    : adviceSection(data.advice as unknown as NonNullable<Analysis['advice']>);
}

/** Gain of the bed and difference reached, one value a tenth of a second and a second. */
function duckCurves(data: JsonObject): string {
  const gain = (data.gain ?? []) as readonly { atSec: number; gainDb: number }[];
  const reached = (data.difference ?? []) as readonly { atSec: number; differenceLu: number }[];
  const durationSec = gain.at(-1)?.atSec ?? 0;
  const gainDb = Array.from({ length: Math.ceil(durationSec * 10) }, (_, k) => gainAt(gain, k / 10));
  const differenceLu = new Array<number | null>(Math.ceil(durationSec)).fill(null);
  for (const point of reached) differenceLu[Math.floor(point.atSec)] = point.differenceLu;
  return [
    figureOf('Gain of the bed over time (dB)', lineChart(gainDb, 0.1, 'dB')),
    figureOf('Voice over bed, short-term, while it speaks (LU)', lineChart(differenceLu, 1, 'LU')),
  ].join('');
}

/** Value of a polyline; `points` ascend. */
function gainAt(points: readonly { atSec: number; gainDb: number }[], sec: number): number | null {
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]!.atSec <= sec) low = middle;
    else high = middle;
  }
  const [from, to] = [points[low], points[high]];
  if (from === undefined || to === undefined) return null;
  const share = to.atSec === from.atSec ? 0 : (sec - from.atSec) / (to.atSec - from.atSec);
  return from.gainDb + share * (to.gainDb - from.gainDb);
}

function figureOf(caption: string, svg: string): string {
  return `<figure>${svg}<figcaption>${escapeXml(caption)}</figcaption></figure>`;
}

function checks(data: JsonObject): string {
  const list = data.checks as
    | readonly { rule: string; limit: Json; measured: Json; pass: boolean | null }[]
    | undefined;
  if (list === undefined) return '';
  const rows = list.map(({ rule, limit, measured, pass }) => {
    const verdict = pass === null ? 'not checked' : pass ? 'pass' : 'fail';
    const unit = unitOf(rule);
    return `<tr><td>${escapeXml(labelOf(rule))}</td><td>${escapeXml(limitText(limit, unit))}</td><td>${escapeXml(figureText(measured, unit))}</td><td class="${verdict.replace(' ', '-')}">${verdict}</td></tr>`;
  });
  return `<table><caption>Platform sheet, measured on the written file</caption><thead><tr><th>Rule</th><th>Limit</th><th>Measured</th><th>Verdict</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function notes(report: Report): string {
  if (report.notes.length === 0) return '';
  const items = report.notes.map(
    ({ severity, message }) => `<li class="${severity}">${escapeXml(message)}</li>`,
  );
  return `<section aria-labelledby="notes"><h2 id="notes">Notes</h2><ul>${items.join('')}</ul></section>`;
}

function files(report: Report): string {
  const rows = report.outputs.map(({ kind, path, sha256 }) => {
    const href = path.split('/').map(encodeURIComponent).join('/');
    return `<tr><td>${escapeXml(kind)}</td><td><a href="${href}">${escapeXml(path)}</a></td><td><code>${sha256.slice(0, 16)}</code></td></tr>`;
  });
  return `<section aria-labelledby="files"><h2 id="files">Files</h2>
<table><thead><tr><th>Kind</th><th>File</th><th>sha256 (first 16 digits)</th></tr></thead><tbody>${rows.join('')}</tbody></table>
<p>Input sha256 <code class="wrap">${report.input.sha256}</code></p></section>`;
}

function table(rows: readonly (readonly [string, Json])[]): string {
  const body = rows.map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeXml(labelOf(name))}</th><td>${escapeXml(figureText(value, unitOf(name)))}</td></tr>`,
  );
  return `<table class="figures"><tbody>${body.join('')}</tbody></table>`;
}

function tree(value: JsonObject): string {
  const items = Object.entries(value).map(([key, item]) => {
    if (item !== null && typeof item === 'object' && !Array.isArray(item)) {
      return `<li><span>${escapeXml(key)}</span>${tree(item as JsonObject)}</li>`;
    }
    return `<li><span>${escapeXml(key)}</span> ${escapeXml(figureText(item))}</li>`;
  });
  return `<ul class="tree">${items.join('')}</ul>`;
}

/** Long lists of numbers stand in report.json; the page shows them as curves. */
function withoutCurves(value: JsonObject): JsonObject {
  const entries = Object.entries(value).map(([key, item]): [string, Json] => {
    if (Array.isArray(item) && item.length > 40) return [key, `${item.length} values in report.json`];
    if (item !== null && typeof item === 'object' && !Array.isArray(item))
      return [key, withoutCurves(item as JsonObject)];
    return [key, item ?? null];
  });
  return Object.fromEntries(entries);
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c1d20;--soft:#63666d;--ground:#fbfbf9;--line:#d9d9d4;--mark:#b4460f;--good:#20713a;--bad:#b3202c}
@media (prefers-color-scheme:dark){:root{--ink:#e9e8e4;--soft:#a2a4a9;--ground:#17181b;--line:#35373c;--mark:#f0894f;--good:#6ccb8b;--bad:#ff7d86}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 4rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{margin:0;font-size:1.6rem}h2{margin:2.5rem 0 .5rem;font-size:1.15rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}h3{margin:.5rem 0;font-size:1rem;color:var(--soft)}
header p{margin:.25rem 0;color:var(--soft)}
table{border-collapse:collapse;width:100%;margin:.75rem 0;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft)}th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);font-weight:400}
.figures th{color:var(--soft)}.figures td{text-align:right}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:0 2rem}
figure{margin:1rem 0;overflow-x:auto}figcaption{color:var(--soft);font-size:.9rem}svg{width:100%;min-width:34rem;height:auto;display:block}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}svg .curve{fill:none;stroke:var(--mark);stroke-width:1.5}svg .bar{fill:var(--mark)}svg .grid{stroke:var(--line)}
.advice li{margin:.4rem 0;padding-left:.25rem}.advice small{color:var(--soft)}.advice .high b{color:var(--bad)}.advice .medium b{color:var(--mark)}
svg .range{fill:var(--mark);opacity:0}.timeline .on{fill:var(--ink)}.timeline .tick{stroke:var(--soft);fill:none}
.timeline .c0{fill:#5b8def66}.timeline .c1{fill:#e08e4566}.timeline .c2{fill:#4fae8166}.timeline .c3{fill:#b06fce66}.timeline .c4{fill:#d4566a66}.timeline .c5{fill:#3fb0c466}.timeline .c6{fill:#a8a23a66}.timeline .c7{fill:#8a8d9466}
details{margin:.75rem 0}summary{cursor:pointer;color:var(--soft)}
.tree,.tree ul{list-style:none;padding-left:1rem}.tree span{color:var(--soft)}
.pass{color:var(--good)}.fail,.missed,.warning{color:var(--bad)}.not-checked{color:var(--soft)}.bypass{color:var(--soft)}
code{font-size:.9em}a{color:inherit}
@media print{body{max-width:none}details{display:none}}
`;
