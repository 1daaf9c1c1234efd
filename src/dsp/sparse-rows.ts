// Weighted sums over runs of neighbouring bins: filter banks and resampling of spectra, by the kernels.
import type { Kernels } from './kernels/instance.js';

/** A row's reach over the bins (fractions allowed, ends excluded) and its weight at a bin inside of it. */
export interface RowShape {
  readonly fromBin: number;
  readonly toBin: number;
  weightAt(bin: number): number;
}

/** Rows over spectra of at most `binCount` bins with four zeros behind them. */
export interface SparseRows {
  /** Sums of the rows, valid until the next call. */
  readonly sums: Float32Array;
  /** Bins that the rows look at: 0 to this, excluded. */
  readonly usedBins: number;
  /** Weighs the spectrum at a pointer of the same kernel memory into `sums`. */
  weigh(values: number): void;
}

/** Kernel memory that rows over `binCount` bins take, in bytes, where no bin lies in more than two of them. */
export function sparseRowsBytes(rowCount: number, binCount: number): number {
  return 4 * (2 * binCount + 8 * rowCount) + 8 * rowCount + 4 * rowCount + 512;
}

/** Rows over spectra of `binCount` bins; what lies outside of them is left out. */
export function createSparseRows(
  kernels: Kernels,
  rowCount: number,
  binCount: number,
  shapeOf: (row: number) => RowShape,
): SparseRows {
  const rows = kernels.i32(2 * rowCount);
  const weights: number[] = [];
  let usedBins = 0;
  for (let row = 0; row < rowCount; row++) {
    const shape = shapeOf(row);
    const first = Math.max(0, Math.floor(shape.fromBin) + 1);
    const end = Math.max(first, Math.min(binCount, Math.ceil(shape.toBin)));
    for (let bin = first; bin < end; bin++) weights.push(shape.weightAt(bin));
    const length = Math.ceil((end - first) / 4) * 4;
    for (let k = end - first; k < length; k++) weights.push(0);
    // A row without bins points at the first, so that nothing outside is read.
    rows[2 * row] = length === 0 ? 0 : first;
    rows[2 * row + 1] = length;
    if (end > first) usedBins = Math.max(usedBins, end);
  }
  const table = kernels.f32(weights.length);
  table.set(weights);
  const sums = kernels.f32(rowCount);
  const { sumRows } = kernels.functions;
  return {
    sums,
    usedBins,
    weigh: (values) => sumRows(values, rows.byteOffset, rowCount, table.byteOffset, sums.byteOffset),
  };
}
