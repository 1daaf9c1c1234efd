// Weighted sums over runs of neighbouring bins: filter banks and resampling of spectra.

/** Row r sums values[firstBin[r] … + its number of weights). */
export interface SparseRows {
  readonly firstBin: Int32Array;
  readonly firstWeight: Int32Array;
  readonly weights: Float64Array;
}

/** A row's reach over the bins (fractions allowed, ends excluded) and its weight at a bin inside of it. */
export interface RowShape {
  readonly fromBin: number;
  readonly toBin: number;
  weightAt(bin: number): number;
}

/** Rows over spectra of `binCount` bins; what lies outside of them is left out. */
export function createSparseRows(
  rowCount: number,
  binCount: number,
  shapeOf: (row: number) => RowShape,
): SparseRows {
  const firstBin = new Int32Array(rowCount);
  const firstWeight = new Int32Array(rowCount + 1);
  const weights: number[] = [];
  for (let row = 0; row < rowCount; row++) {
    const shape = shapeOf(row);
    const first = Math.max(0, Math.floor(shape.fromBin) + 1);
    const last = Math.min(binCount, Math.ceil(shape.toBin)) - 1;
    firstBin[row] = Math.min(first, binCount - 1);
    for (let bin = first; bin <= last; bin++) weights.push(shape.weightAt(bin));
    firstWeight[row + 1] = weights.length;
  }
  return { firstBin, firstWeight, weights: Float64Array.from(weights) };
}

/** The sum of one row over `values`. */
export function sumRow(rows: SparseRows, row: number, values: Float64Array): number {
  const { weights } = rows;
  const end = rows.firstWeight[row + 1]!;
  let bin = rows.firstBin[row]!;
  let sum = 0;
  for (let w = rows.firstWeight[row]!; w < end; w++, bin++) sum += weights[w]! * values[bin]!;
  return sum;
}
