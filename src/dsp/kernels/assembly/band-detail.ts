// Bands of a transform of mid + i·side: taken out of it, peaks of what they become, products of mid and side.

/**
 * Bins first … first + count − 1 of a transform of `size`, and their mirror images, times `weights`, into an empty one of
 * `points`. `mirrored` holds the weights from last to first.
 */
export function takeBand(
  re: usize,
  im: usize,
  size: i32,
  weights: usize,
  mirrored: usize,
  first: i32,
  count: i32,
  outRe: usize,
  outIm: usize,
  points: i32,
): void {
  memory.fill(outRe, 0, <usize>points << 2);
  memory.fill(outIm, 0, <usize>points << 2);
  const low = <usize>first << 2;
  const high = <usize>(size - first - count + 1) << 2;
  const target = <usize>(points - first - count + 1) << 2;
  weigh(re + low, weights, outRe + low, count);
  weigh(im + low, weights, outIm + low, count);
  weigh(re + high, mirrored, outRe + target, count);
  weigh(im + high, mirrored, outIm + target, count);
}

/** target[i] = source[i] × factor[i] for any `count`. */
function weigh(source: usize, factor: usize, target: usize, count: i32): void {
  const end = <usize>count << 2;
  let i: usize = 0;
  for (; i + 16 <= end; i += 16) {
    v128.store(target + i, f32x4.mul(v128.load(source + i), v128.load(factor + i)));
  }
  for (; i < end; i += 4) store<f32>(target + i, load<f32>(source + i) * load<f32>(factor + i));
}

/**
 * Largest magnitude of left and right over the first three quarters of two waveforms (mid and side, `frames` each), to
 * whose first quarters what `midTail` and `sideTail` kept of the window before is added; the last quarters are kept.
 * `frames` is a multiple of 16.
 */
export function overlapPeak(mid: usize, side: usize, midTail: usize, sideTail: usize, frames: i32): f32 {
  let peak = f32x4.splat(0);
  const quarter = <usize>frames;
  const last: usize = 3 * quarter;
  // The larger of |m + s| and |m − s| is |m| + |s|.
  for (let i: usize = 0; i < quarter; i += 16) {
    const m = f32x4.abs(f32x4.add(v128.load(mid + i), v128.load(midTail + i)));
    const s = f32x4.abs(f32x4.add(v128.load(side + i), v128.load(sideTail + i)));
    peak = f32x4.pmax(peak, f32x4.add(m, s));
    v128.store(midTail + i, v128.load(mid + i + last));
    v128.store(sideTail + i, v128.load(side + i + last));
  }
  for (let i = quarter; i < last; i += 16) {
    const m = f32x4.abs(v128.load(mid + i));
    const s = f32x4.abs(v128.load(side + i));
    peak = f32x4.pmax(peak, f32x4.add(m, s));
  }
  return max(
    max(f32x4.extract_lane(peak, 0), f32x4.extract_lane(peak, 1)),
    max(f32x4.extract_lane(peak, 2), f32x4.extract_lane(peak, 3)),
  );
}

/** Σ of the real part of mid × conjugate side over bins from … to − 1. */
export function crossPower(re: usize, im: usize, size: i32, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  let k = from;
  while (k + 4 <= to) {
    const stop = min(k + 64, to - 3);
    let partial = f32x4.splat(0);
    for (; k < stop; k += 4) {
      const at = <usize>k << 2;
      // Bins size − k − 3 to size − k, turned round.
      const mirror = <usize>(size - k - 3) << 2;
      const yr = v128.load(re + mirror);
      const yi = v128.load(im + mirror);
      const rr = v128.shuffle<f32>(yr, yr, 3, 2, 1, 0);
      const ri = v128.shuffle<f32>(yi, yi, 3, 2, 1, 0);
      partial = f32x4.add(partial, f32x4.add(f32x4.mul(v128.load(re + at), ri), f32x4.mul(v128.load(im + at), rr)));
    }
    sum +=
      <f64>f32x4.extract_lane(partial, 0) +
      <f64>f32x4.extract_lane(partial, 1) +
      (<f64>f32x4.extract_lane(partial, 2) + <f64>f32x4.extract_lane(partial, 3));
  }
  for (; k < to; k++) {
    const at = <usize>k << 2;
    const mirror = <usize>(size - k) << 2;
    sum += <f64>(load<f32>(re + at) * load<f32>(im + mirror) + load<f32>(im + at) * load<f32>(re + mirror));
  }
  return 0.5 * sum;
}
