// Non-negative least squares of note salience (tonal/note-salience.ts), in float64.

/** out[r] = row r of `rows` · values; rows of `length` values, a multiple of 2. */
export function dotRows(rows: usize, rowCount: i32, length: i32, values: usize, out: usize): void {
  const bytes = <usize>length << 3;
  for (let row = 0; row < rowCount; row++) {
    let sum = f64x2.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(rows + i), v128.load(values + i)));
    }
    store<f64>(out + (<usize>row << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
    rows += bytes;
  }
}

/**
 * Lowers x'·gram·x − 2·target'·x over x ≥ 0 by `sweeps` rounds of coordinate descent from x = 0; `count` is even. `target`
 * ends as what x leaves unexplained. Most values stay at zero, and cost nothing.
 */
export function solveNonNegative(gram: usize, target: usize, x: usize, count: i32, sweeps: i32): void {
  const bytes = <usize>count << 3;
  memory.fill(x, 0, bytes);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let a: usize = 0; a < <usize>count; a++) {
      const row = gram + a * bytes;
      const at = a << 3;
      const before = load<f64>(x + at);
      const after = max(0, before + load<f64>(target + at) / load<f64>(row + at));
      if (after == before) continue;
      store<f64>(x + at, after);
      const change = f64x2.splat(after - before);
      for (let b: usize = 0; b < bytes; b += 16) {
        v128.store(target + b, f64x2.sub(v128.load(target + b), f64x2.mul(change, v128.load(row + b))));
      }
    }
  }
}
