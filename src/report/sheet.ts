// Many analyses as a sheet: one line a file, one column a figure, as CSV (RFC 4180) for spreadsheets.
import type { BatchItem } from '../pipeline/batch.js';
import type { Json } from '../pipeline/stage.js';
import { measuresOf } from './result.js';

type Cells = ReadonlyMap<string, string>;

/** Header and one line for each item, without line ends. Columns are the figures of any item, named as in --json. */
export function csvSheet(command: string, items: readonly BatchItem[]): string[] {
  const rows = items.map((item) => cellsOf(command, item));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const line = (cells: readonly string[]): string => cells.map(quoted).join(',');
  return [line(columns), ...rows.map((row) => line(columns.map((column) => row.get(column) ?? '')))];
}

function cellsOf(command: string, item: BatchItem): Cells {
  const cells = new Map<string, string>([
    ['path', item.path],
    ['status', item.status],
    ['error', item.status === 'failed' ? item.error.code : ''],
  ]);
  if (item.status === 'failed') return cells;
  const { sha256, durationSec, sampleRateHz, channelCount } = item.result.input;
  for (const [name, value] of Object.entries({ durationSec, sampleRateHz, channelCount, sha256 })) {
    cells.set(name, String(value));
  }
  addFigures(cells, '', measuresOf(command, item.result));
  return cells;
}

/** Plain values by the path of their keys; lists are left out, but for what is suggested. */
function addFigures(
  cells: Map<string, string>,
  path: string,
  value: { readonly [key: string]: Json | undefined },
): void {
  for (const [key, item] of Object.entries(value)) {
    const name = path === '' ? key : `${path}.${key}`;
    if (key === 'suggestions')
      cells.set(name, (item as readonly { readonly id: string }[]).map(({ id }) => id).join(' '));
    else if (Array.isArray(item) || item === undefined) continue;
    else if (item !== null && typeof item === 'object')
      addFigures(cells, name, item as { readonly [key: string]: Json });
    else cells.set(name, item === null ? '' : String(item));
  }
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
