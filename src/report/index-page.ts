// index.html beside the folders of many tracks: a table of their figures that sorts by any column, with a link to each
// report. The page ends in the sha256 of what stands before, so that forge knows its own page again and replaces no other.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ForgeError } from '../errors.js';
import type { BatchItem } from '../pipeline/batch.js';
import type { Analysis } from '../pipeline/stages/analyze-schema.js';
import { writeWhole } from '../pipeline/whole-file.js';
import { signed } from './charts.js';
import { page } from './html.js';
import { measuresOf } from './result.js';
import { clock, escapeXml } from './text.js';

const NAME = 'index.html';

/** @throws ForgeError output/exists where a page that forge did not write is in the way */
export function requireReplaceableIndex(folder: string): void {
  const path = join(folder, NAME);
  if (!existsSync(path) || isOurs(readFileSync(path, 'utf8'))) return;
  throw new ForgeError('output/exists', `${path} exists, and forge did not make it as it is`, {
    hint: 'Move it, choose another folder by --out, or replace it by --overwrite.',
  });
}

/** Writes the page and gives its path. @throws ForgeError output/* */
export function writeIndex(folder: string, command: string, items: readonly BatchItem[]): string {
  const path = join(folder, NAME);
  const text = indexHtml(folder, command, items);
  mkdirSync(folder, { recursive: true });
  writeWhole(path, text + seal(text));
  return path;
}

function seal(text: string): string {
  return `<!-- forge ${createHash('sha256').update(text).digest('hex')} -->\n`;
}

function isOurs(text: string): boolean {
  const at = text.lastIndexOf('<!-- forge ');
  return at >= 0 && text.slice(at) === seal(text.slice(0, at));
}

interface Column {
  readonly name: string;
  readonly isNumber: boolean;
  /** What is shown, and what is sorted by. */
  readonly cell: (analysis: Analysis) => readonly [shown: string, sorted: number | string | null];
}

const figure = (
  name: string,
  digits: number,
  pick: (analysis: Analysis) => number | null | undefined,
): Column => ({
  name,
  isNumber: true,
  cell: (analysis) => {
    const value = pick(analysis) ?? null;
    return [value === null ? '–' : signed(value, digits), value];
  },
});

const COLUMNS: readonly Column[] = [
  figure('LUFS', 1, ({ loudness }) => loudness?.integratedLufs),
  figure('LRA, LU', 1, ({ loudness }) => loudness?.loudnessRangeLu),
  figure('dBTP', 1, ({ loudness }) => loudness?.truePeakDbtp),
  figure('PLR, LU', 1, ({ loudness }) => loudness?.plrLu),
  figure('Clipped', 0, ({ dynamics }) => dynamics?.clippedSampleCount),
  figure('Correlation', 2, ({ stereo }) => stereo?.correlation),
  figure('Tilt, dB/oct', 1, ({ spectrum }) => spectrum?.tiltDbPerOctave),
  figure('BPM', 1, ({ rhythm }) => rhythm?.tempoBpm),
  { name: 'Key', isNumber: false, cell: ({ tonal }) => [tonal?.key ?? '–', tonal?.key ?? ''] },
  {
    name: 'Suggestions',
    isNumber: false,
    cell: ({ advice }) => {
      const list = advice?.suggestions ?? [];
      const worst = list[0]?.severity;
      const rank = worst === undefined ? 0 : { low: 1, medium: 2, high: 3 }[worst];
      return [list.map(({ id }) => id).join(', ') || '–', String(100 * rank + list.length).padStart(4, '0')];
    },
  },
];

/** The page. The same items give the same bytes. */
export function indexHtml(folder: string, command: string, items: readonly BatchItem[]): string {
  const heads = ['File', 'Length', ...COLUMNS.map(({ name }) => name)];
  const isNumber = [false, true, ...COLUMNS.map((column) => column.isNumber)];
  const rows = items.map((item) => row(folder, command, item));
  const failed = items.filter(({ status }) => status === 'failed').length;
  const body = `<header><h1>${items.length} files</h1><p>forge ${escapeXml(command)}${failed > 0 ? ` · <span class="failed">${failed} failed</span>` : ''} · a column's name sorts by it</p></header>
<main class="scroll"><table class="sortable"><thead><tr>${heads
    .map(
      (name, k) =>
        `<th scope="col"${isNumber[k] ? ' class="number"' : ''}><button type="button">${escapeXml(name)}</button></th>`,
    )
    .join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></main>
<script>${SORT_SCRIPT}</script>`;
  return page(`${items.length} files – forge ${command}`, body);
}

function row(folder: string, command: string, item: BatchItem): string {
  if (item.status === 'failed') {
    return `<tr><th scope="row" data-sort="${escapeXml(item.path)}">${escapeXml(item.path)}</th><td class="failed" colspan="${COLUMNS.length + 1}">${escapeXml(item.error.message)} <small>${item.error.code}</small></td></tr>`;
  }
  const { result } = item;
  const href = [...relative(folder, result.folder).split(/[\\/]/), 'report.html']
    .map(encodeURIComponent)
    .join('/');
  const analysis = measuresOf(command, result) as unknown as Analysis;
  const cells = COLUMNS.map(({ cell, isNumber }) => {
    const [shown, sorted] = cell(analysis);
    return `<td${isNumber ? ' class="number"' : ''} data-sort="${escapeXml(String(sorted ?? ''))}">${escapeXml(shown)}</td>`;
  });
  const { durationSec } = result.input;
  return `<tr><th scope="row" data-sort="${escapeXml(item.path)}"><a href="${href}">${escapeXml(item.path)}</a></th><td class="number" data-sort="${durationSec}">${clock(durationSec)}</td>${cells.join('')}</tr>`;
}

/** Sorts by a column, again the other way round; what has no value stays at the end. */
const SORT_SCRIPT = `
'use strict';
for (const [column, head] of [...document.querySelectorAll('.sortable th[scope=col]')].entries()) {
  head.firstElementChild.addEventListener('click', () => {
    const isDown = head.getAttribute('aria-sort') === 'ascending';
    for (const other of head.parentElement.children) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
    const keyOf = (row) => row.children[column]?.dataset.sort ?? '';
    const isNumber = head.className === 'number';
    const body = document.querySelector('.sortable tbody');
    const rows = [...body.rows].sort((a, b) => {
      const [p, q] = [keyOf(a), keyOf(b)];
      if (p === '' || q === '') return (p === '') - (q === '');
      return (isDown ? -1 : 1) * (isNumber ? p - q : p.localeCompare(q));
    });
    body.append(...rows);
  });
}
`;
