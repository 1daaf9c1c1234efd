// What becomes of transforms of real sound: power spectra of two windows at a time, and weighted sums over their bins.

/** target[i] = (left[i] + right[i]) / 2; `frames` is rounded up to a multiple of 4. */
export function mixPair(left: usize, right: usize, target: usize, frames: i32): void {
  const half = f32x4.splat(0.5);
  const end = <usize>frames << 2;
  for (let i: usize = 0; i < end; i += 16) {
    v128.store(target + i, f32x4.mul(half, f32x4.add(v128.load(left + i), v128.load(right + i))));
  }
}

/**
 * Power spectra in f32 out of one transform Z of a + i·b, where a and b are real: at bin k, |A|² in `powerA` and |B|² in
 * `powerB`, for k from 0 to size/2.
 */
export function pairPowers(re: usize, im: usize, size: i32, powerA: usize, powerB: usize): void {
  const half = size >> 1;
  pairPowersAt(re, im, size, 0, powerA, powerB);
  pairPowersAt(re, im, size, half, powerA, powerB);
  const quarter = f32x4.splat(0.25);
  let k = 1;
  for (; k + 4 <= half; k += 4) {
    const at = <usize>k << 2;
    // Bins size − k − 3 to size − k, turned round.
    const mirror = <usize>(size - k - 3) << 2;
    const yr = v128.load(re + mirror);
    const yi = v128.load(im + mirror);
    const zr = v128.load(re + at);
    const zi = v128.load(im + at);
    const rr = v128.shuffle<f32>(yr, yr, 3, 2, 1, 0);
    const ri = v128.shuffle<f32>(yi, yi, 3, 2, 1, 0);
    const ar = f32x4.add(zr, rr);
    const ai = f32x4.sub(zi, ri);
    const br = f32x4.add(zi, ri);
    const bi = f32x4.sub(zr, rr);
    v128.store(powerA + at, f32x4.mul(quarter, f32x4.add(f32x4.mul(ar, ar), f32x4.mul(ai, ai))));
    v128.store(powerB + at, f32x4.mul(quarter, f32x4.add(f32x4.mul(br, br), f32x4.mul(bi, bi))));
  }
  for (; k < half; k++) pairPowersAt(re, im, size, k, powerA, powerB);
}

function pairPowersAt(re: usize, im: usize, size: i32, k: i32, powerA: usize, powerB: usize): void {
  const j = (size - k) & (size - 1);
  const zr = load<f32>(re + (<usize>k << 2));
  const zi = load<f32>(im + (<usize>k << 2));
  const yr = load<f32>(re + (<usize>j << 2));
  const yi = load<f32>(im + (<usize>j << 2));
  const ar = zr + yr;
  const ai = zi - yi;
  const br = zi + yi;
  const bi = zr - yr;
  const at = <usize>k << 2;
  store<f32>(powerA + at, 0.25 * (ar * ar + ai * ai));
  store<f32>(powerB + at, 0.25 * (br * br + bi * bi));
}

/** values[i] becomes its square root; `count` is rounded up to a multiple of 4. */
export function squareRoots(values: usize, count: i32): void {
  const end = <usize>count << 2;
  for (let i: usize = 0; i < end; i += 16) v128.store(values + i, f32x4.sqrt(v128.load(values + i)));
}

/**
 * sums[r] = Σ weights × values over a row of neighbouring bins. `rows` holds two i32 a row: its first bin and its number
 * of weights, which is a multiple of 4; the rows' weights lie one behind the other.
 */
export function sumRows(values: usize, rows: usize, rowCount: i32, weights: usize, sums: usize): void {
  for (let row = 0; row < rowCount; row++) {
    const at = values + (<usize>load<i32>(rows) << 2);
    const bytes = <usize>load<i32>(rows, 4) << 2;
    rows += 8;
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(weights + i), v128.load(at + i)));
    }
    weights += bytes;
    store<f32>(
      sums + (<usize>row << 2),
      f32x4.extract_lane(sum, 0) +
        f32x4.extract_lane(sum, 1) +
        (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)),
    );
  }
}

/** sums[r] = Σ a + b in f64 over the bins from … to − 1, two i32 a range in `ranges`. */
export function sumRanges(a: usize, b: usize, ranges: usize, count: i32, sums: usize): void {
  for (let row = 0; row < count; row++) {
    let k = <usize>load<i32>(ranges) << 3;
    const end = <usize>load<i32>(ranges, 4) << 3;
    ranges += 8;
    let pairs = f64x2.splat(0);
    for (; k + 16 <= end; k += 16) {
      pairs = f64x2.add(pairs, f64x2.add(v128.load(a + k), v128.load(b + k)));
    }
    let sum = f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
    for (; k < end; k += 8) sum += load<f64>(a + k) + load<f64>(b + k);
    store<f64>(sums + (<usize>row << 3), sum);
  }
}
