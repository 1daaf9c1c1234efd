// report.html: one self-contained page (nothing is loaded from elsewhere) with what was measured and what was done, and
// a player of the files beside it. Charts are drawn from the same data as report.json.
import type { Json } from '../pipeline/stage.js';
import { figureText, labelOf, unitOf } from './figures.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';
import { playerBar, type Source } from './player.js';
import type { Report, ReportStage } from './report.js';
import { stageCharts } from './stage-sections.js';
import { escapeXml } from './text.js';

type JsonObject = { readonly [key: string]: Json | undefined };

/** What the page shows beside the report. */
export interface PageExtras {
  /** What can be played, the input first. */
  readonly sources?: readonly Source[];
  /** Programs and their versions. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** The page of one track. The same report and extras give the same bytes. */
export function reportHtml(report: Report, { sources = [], versions = {} }: PageExtras = {}): string {
  const { name, durationSec } = report.input;
  return page(
    `${name} – forge ${report.command}`,
    `<header>
<h1>${escapeXml(name)}</h1>
<p>${shape(report)} · forge ${escapeXml(report.command)} ${escapeXml(report.forgeVersion)} · <span class="status ${escapeXml(report.status)}">${escapeXml(report.status)}</span></p>
</header>
<main>
${playerBar(report, sources)}
${report.stages.map((stage) => section(stage, durationSec)).join('\n')}
${album(report)}
${notes(report)}
${files(report, versions)}
</main>
<script>${PAGE_SCRIPT}</script>`,
  );
}

/** A whole page in the report's style. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${body}
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
  const id = escapeXml(stage.id);
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${id}${stage.on === 'mix' ? '' : ` on ${escapeXml(stage.on)}`}</h2>
${reasons.map((reason) => `<p class="bypass">Bypassed: ${escapeXml(reason)}</p>`).join('')}
${stageCharts(stage, durationSec)}
<details><summary>All figures</summary>${tree(withoutCurves(data))}</details>
<details><summary>Options</summary>${tree(stage.options as JsonObject)}</details>
</section>`;
}

/** The figures of the album that the track belongs to. */
function album({ album: entries = [] }: Report): string {
  if (entries.length === 0) return '';
  const tables = entries.map(({ preset, trackNumber, trackCount, gainDb, before, after }) => {
    const rows = (Object.keys(after) as (keyof typeof after)[]).map((key) => {
      const [was, is] = [before[key], after[key]].map((value) => escapeXml(figureText(value, unitOf(key))));
      return `<tr><th scope="row">${escapeXml(labelOf(key))}</th><td>${was}</td><td>${is}</td></tr>`;
    });
    const caption = `${escapeXml(preset)}: track ${trackNumber} of ${trackCount}, ${escapeXml(figureText(gainDb, 'dB'))} for all`;
    return `<table><caption>${caption}</caption><thead><tr><th>Album</th><th>Mixes</th><th>Masters</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  });
  return `<section aria-labelledby="album"><h2 id="album">Album</h2>${tables.join('')}</section>`;
}

function notes(report: Report): string {
  if (report.notes.length === 0) return '';
  const items = report.notes.map(
    ({ severity, message }) => `<li class="${severity}">${escapeXml(message)}</li>`,
  );
  return `<section aria-labelledby="notes"><h2 id="notes">Notes</h2><ul>${items.join('')}</ul></section>`;
}

/** Hashes, models with their licences, versions. */
function files(report: Report, versions: Readonly<Record<string, string>>): string {
  const rows = [
    { kind: 'input', path: report.input.name, sha256: report.input.sha256 },
    ...report.outputs,
  ].map(({ kind, path, sha256 }) => {
    const href = path.split('/').map(encodeURIComponent).join('/');
    const name = kind === 'input' ? escapeXml(path) : `<a href="${href}">${escapeXml(path)}</a>`;
    return `<tr><td>${escapeXml(kind)}</td><td>${name}</td><td><code>${sha256}</code></td></tr>`;
  });
  const models = new Map(
    report.stages.flatMap(({ models: used }) => used.map((model) => [model.id, model] as const)),
  );
  const modelRows = [...models.values()].map(
    ({ id, licence, sha256 }) =>
      `<tr><td>${escapeXml(id)}</td><td>${escapeXml(licence)}</td><td><code>${escapeXml(Object.values(sha256).join(' '))}</code></td></tr>`,
  );
  const modelTable =
    modelRows.length === 0
      ? ''
      : `<table><thead><tr><th>Model</th><th>Licence of its weights</th><th>sha256</th></tr></thead><tbody>${modelRows.join('')}</tbody></table>`;
  const programs = Object.entries({ forge: report.forgeVersion, ...versions }).map(
    ([program, version]) => `${program} ${version}`,
  );
  return `<section aria-labelledby="files"><h2 id="files">Files, models and versions</h2>
<table><thead><tr><th>Kind</th><th>File</th><th>sha256</th></tr></thead><tbody>${rows.join('')}</tbody></table>
${modelTable}
<p><small>${escapeXml(programs.join(' · '))}</small></p></section>`;
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
  const entries = Object.entries(value).flatMap(([key, item]): [string, Json][] => {
    if (key === 'picture') return [];
    if (Array.isArray(item) && item.length > 40) return [[key, `${item.length} values in report.json`]];
    if (item !== null && typeof item === 'object' && !Array.isArray(item))
      return [[key, withoutCurves(item as JsonObject)]];
    return [[key, item ?? null]];
  });
  return Object.fromEntries(entries);
}
