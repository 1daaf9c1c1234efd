// Medians of a running window along one line of values.
// Method: the window is kept sorted; each step takes one value out and puts one in by a single shift.

/** A filter of window 2·reach+1 that can be used again and again; it serves one thread. */
export interface RunningMedian {
  readonly reach: number;
  /**
   * output[i] = median of input[i−reach … i+reach], for i = 0 … count−1. Outside of the line the values at its ends
   * are repeated. `input` and `output` are different arrays.
   */
  apply(input: Float32Array, output: Float32Array, count: number): void;
}

/** A running median with a window of 2·reach+1 finite values (reach ≥ 0). */
export function createRunningMedian(reach: number): RunningMedian {
  const size = 2 * reach + 1;
  const sorted = new Float32Array(size);
  return {
    reach,
    apply(input, output, count) {
      if (count === 0) return;
      const last = count - 1;
      for (let k = 0; k < size; k++) sorted[k] = input[Math.min(last, Math.max(0, k - reach))]!;
      sorted.sort();
      output[0] = sorted[reach]!;
      for (let i = 1; i < count; i++) {
        const leaving = input[Math.max(0, i - 1 - reach)]!;
        const entering = input[Math.min(last, i + reach)]!;
        if (leaving !== entering) replace(sorted, size, leaving, entering);
        output[i] = sorted[reach]!;
      }
    },
  };
}

function replace(sorted: Float32Array, size: number, leaving: number, entering: number): void {
  let low = 0;
  let high = size - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < leaving) low = middle + 1;
    else high = middle;
  }
  if (entering > leaving) {
    while (low < size - 1 && sorted[low + 1]! < entering) {
      sorted[low] = sorted[low + 1]!;
      low++;
    }
  } else {
    while (low > 0 && sorted[low - 1]! > entering) {
      sorted[low] = sorted[low - 1]!;
      low--;
    }
  }
  sorted[low] = entering;
}
