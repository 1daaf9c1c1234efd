// A picture of a programme's spectrum over time: columns of levels, rows from 20 Hz to 20 kHz by equal ratios. Draws on the
// power sums of spectrum-meter.ts: a column is what they have gained in its windows.
import { concat } from '../concat.js';
import type { Kernels } from '../kernels/instance.js';
import { powersToBytes } from '../level-byte.js';
import { WINDOW_MEAN_SQUARE } from './analysis-window.js';

/** Rows of the picture. */
export const PICTURE_ROWS = 96;
const LOWEST_HZ = 20;
const HIGHEST_HZ = 20_000;
const MOST_COLUMNS = 1000;

export interface PicturePart {
  /** Windows in a column, and the first column that the range has a share in. */
  readonly columnWindows: number;
  readonly firstColumn: number;
  readonly columnCount: number;
  /** Levels of the columns as bytes (level-byte.ts), [column × PICTURE_ROWS], lowest row first; of a sum, room behind. */
  readonly columns: Uint8Array;
}

/** Power sums of a spectrum meter in kernel memory, growing window by window. */
export interface RunningPowers {
  readonly mid: Float64Array;
  readonly side: Float64Array;
}

/** Kernel memory that PictureColumns take, in bytes. */
export const PICTURE_BYTES = 16 * PICTURE_ROWS + 256;

/** Windows in a column of the picture. */
export function columnWindowsFor(frameCount: number, hopFrames: number): number {
  return Math.max(1, Math.ceil(frameCount / hopFrames / MOST_COLUMNS));
}

/** Row edges of the picture in Hz. */
export function pictureEdgeHz(row: number): number {
  return LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (row / PICTURE_ROWS);
}

/** Draws the columns of one range after the other. */
export class PictureColumns {
  readonly #kernels: Kernels;
  readonly #powers: RunningPowers;
  readonly #size: number;
  /** First bin of each row and the one behind its last. */
  readonly #rows: Int32Array;
  readonly #sums: Float64Array;
  /** Sums of the rows over all columns that have ended. */
  readonly #sumsBefore = new Float64Array(PICTURE_ROWS);
  readonly #gains = new Float32Array(PICTURE_ROWS);
  #columns: Uint8Array[] = [];
  #columnWindows = 1;
  #firstColumn = 0;
  #windowsInColumn = 0;
  #next = 0;

  constructor(kernels: Kernels, powers: RunningPowers, size: number, sampleRateHz: number) {
    this.#kernels = kernels;
    this.#powers = powers;
    this.#size = size;
    this.#rows = kernels.i32(2 * PICTURE_ROWS);
    this.#sums = kernels.f64(PICTURE_ROWS);
    const binHz = sampleRateHz / size;
    for (let row = 0; row < PICTURE_ROWS; row++) {
      const first = Math.max(1, Math.round(pictureEdgeHz(row) / binHz));
      const end = Math.max(first + 1, Math.round(pictureEdgeHz(row + 1) / binHz));
      this.#rows.set([Math.min(first, powers.mid.length), Math.min(end, powers.mid.length)], 2 * row);
    }
  }

  /** Begins a range with its first window; the powers are zeros. */
  begin(firstWindow: number, columnWindows: number): void {
    this.#columns = [];
    this.#columnWindows = columnWindows;
    this.#firstColumn = Math.floor(firstWindow / columnWindows);
    this.#next = firstWindow;
    this.#windowsInColumn = 0;
    this.#sumsBefore.fill(0);
  }

  /** Counts a window whose powers are among the sums. */
  add(): void {
    const column = Math.floor(this.#next / this.#columnWindows);
    this.#windowsInColumn++;
    this.#next++;
    if (Math.floor(this.#next / this.#columnWindows) !== column) this.#endColumn();
  }

  end(): PicturePart {
    if (this.#windowsInColumn > 0) this.#endColumn();
    return {
      columnWindows: this.#columnWindows,
      firstColumn: this.#firstColumn,
      columnCount: this.#columns.length,
      columns: concat(Uint8Array, this.#columns),
    };
  }

  #endColumn(): void {
    const { mid, side } = this.#powers;
    const sums = this.#sums;
    this.#kernels.functions.sumRanges(
      mid.byteOffset,
      side.byteOffset,
      this.#rows.byteOffset,
      PICTURE_ROWS,
      sums.byteOffset,
    );
    for (let row = 0; row < PICTURE_ROWS; row++)
      this.#gains[row] = Math.max(0, sums[row]! - this.#sumsBefore[row]!);
    this.#sumsBefore.set(sums);
    // One-sided, so that a sine of amplitude 1 in both channels has −3 dB.
    const scale = 2 / (this.#windowsInColumn * this.#size * this.#size * WINDOW_MEAN_SQUARE);
    const levels = new Uint8Array(PICTURE_ROWS);
    powersToBytes(this.#gains, PICTURE_ROWS, scale, levels, 0);
    this.#columns.push(levels);
    this.#windowsInColumn = 0;
  }
}

/** Adds a range's picture to that of those before it, in the sum's own array. */
export function addPicture(sum: PicturePart | undefined, part: PicturePart): PicturePart {
  if (sum === undefined) {
    const columns = new Uint8Array((MOST_COLUMNS + 1) * PICTURE_ROWS);
    columns.set(part.columns);
    return { ...part, columns };
  }
  // A column on the border has windows of both ranges: the louder of the two is shown.
  const from = (part.firstColumn - sum.firstColumn) * PICTURE_ROWS;
  const shared = (sum.columnCount - (part.firstColumn - sum.firstColumn)) * PICTURE_ROWS;
  for (let k = 0; k < part.columnCount * PICTURE_ROWS; k++) {
    sum.columns[from + k] =
      k < shared ? Math.max(sum.columns[from + k]!, part.columns[k]!) : part.columns[k]!;
  }
  const columnCount = part.firstColumn - sum.firstColumn + part.columnCount;
  return { ...sum, columnCount: Math.max(sum.columnCount, columnCount) };
}
