// Means, spreads and minima over a window that slides along a series; shortened at both ends of it.

/** Mean of values[t − reach … t + reach]. */
export function runningMean(values: Float64Array, reach: number): Float64Array {
  return overWindows(values, reach, (sum, _squares, count) => sum / count);
}

/** Standard deviation of values[t − reach … t + reach]. */
export function runningSpread(values: Float64Array, reach: number): Float64Array {
  return overWindows(values, reach, (sum, squares, count) =>
    Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)),
  );
}

/** Smallest of values[t − reach … t + reach], in one pass over a monotonic queue. */
export function runningMinimum(values: Float64Array, reach: number): Float64Array {
  const result = new Float64Array(values.length);
  const queue = new Int32Array(values.length);
  let head = 0;
  let tail = 0;
  for (let next = 0; next < values.length + reach; next++) {
    if (next < values.length) {
      while (tail > head && values[queue[tail - 1]!]! >= values[next]!) tail--;
      queue[tail++] = next;
    }
    const t = next - reach;
    if (t < 0) continue;
    while (queue[head]! < t - reach) head++;
    result[t] = values[queue[head]!]!;
  }
  return result;
}

function overWindows(
  values: Float64Array,
  reach: number,
  figure: (sum: number, squares: number, count: number) => number,
): Float64Array {
  const sums = new Float64Array(values.length + 1);
  const squares = new Float64Array(values.length + 1);
  for (let t = 0; t < values.length; t++) {
    sums[t + 1] = sums[t]! + values[t]!;
    squares[t + 1] = squares[t]! + values[t]! ** 2;
  }
  return values.map((_, t) => {
    const from = Math.max(0, t - reach);
    const to = Math.min(values.length, t + reach + 1);
    return figure(sums[to]! - sums[from]!, squares[to]! - squares[from]!, to - from);
  });
}
