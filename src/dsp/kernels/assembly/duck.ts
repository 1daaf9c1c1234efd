// What ducking does to every sample and bin: windows and band powers of its meter, the overlap-add of its carver, and the
// gain. Samples are f32, arithmetic is f64, two values at a time.

// @ts-ignore: decorator
@inline
function wide(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

// @ts-ignore: decorator
@inline
function storeNarrow(at: usize, v: v128): void {
  v128.store64_lane(at, f32x4.demote_f64x2_zero(v), 0);
}

/** Adds window × (re + im) to `left` and window × (re − im) to `right`. */
export function addMidSide(re: usize, im: usize, window: usize, left: usize, right: usize, count: i32): void {
  const end = <usize>count << 2;
  let i: usize = 0;
  for (; i + 8 <= end; i += 8) {
    const weight = wide(window + i);
    const a = wide(re + i);
    const b = wide(im + i);
    storeNarrow(left + i, f64x2.add(wide(left + i), f64x2.mul(weight, f64x2.add(a, b))));
    storeNarrow(right + i, f64x2.add(wide(right + i), f64x2.mul(weight, f64x2.sub(a, b))));
  }
  if (i < end) {
    const weight = <f64>load<f32>(window + i);
    const a = <f64>load<f32>(re + i);
    const b = <f64>load<f32>(im + i);
    store<f32>(left + i, <f32>(<f64>load<f32>(left + i) + weight * (a + b)));
    store<f32>(right + i, <f32>(<f64>load<f32>(right + i) + weight * (a - b)));
  }
}

/** Adds window × source to `target`. */
export function addWeighted(source: usize, window: usize, target: usize, count: i32): void {
  const end = <usize>count << 2;
  let i: usize = 0;
  for (; i + 8 <= end; i += 8) {
    storeNarrow(target + i, f64x2.add(wide(target + i), f64x2.mul(wide(window + i), wide(source + i))));
  }
  if (i < end) {
    const product = <f64>load<f32>(window + i) * <f64>load<f32>(source + i);
    store<f32>(target + i, <f32>(<f64>load<f32>(target + i) + product));
  }
}

/** target = (source − taken) × gains, which are f64; `target` may be `taken`. */
export function lowerBy(source: usize, taken: usize, gains: usize, target: usize, count: i32): void {
  const end = <usize>count << 2;
  let i: usize = 0;
  for (; i + 8 <= end; i += 8) {
    const left = f64x2.sub(wide(source + i), wide(taken + i));
    storeNarrow(target + i, f64x2.mul(left, v128.load(gains + 2 * i)));
  }
  if (i < end) {
    const left = <f64>load<f32>(source + i) - <f64>load<f32>(taken + i);
    store<f32>(target + i, <f32>(left * load<f64>(gains + 2 * i)));
  }
}

/**
 * re = window × left, im = window × right, with f64 `window`; for centre and sides (left + right) and (left − right)
 * by the square root of a half. `count` is even.
 */
export function windowPair(
  left: usize,
  right: usize,
  window: usize,
  isMidSide: i32,
  re: usize,
  im: usize,
  count: i32,
): void {
  const end = <usize>count << 2;
  const half = f64x2.splat(Math.SQRT1_2);
  for (let i: usize = 0; i < end; i += 8) {
    const weight = v128.load(window + 2 * i);
    const a = f64x2.mul(wide(left + i), weight);
    const b = f64x2.mul(wide(right + i), weight);
    storeNarrow(re + i, isMidSide ? f64x2.mul(half, f64x2.add(a, b)) : a);
    storeNarrow(im + i, isMidSide ? f64x2.mul(half, f64x2.sub(a, b)) : b);
  }
}

/**
 * Of a transform Z of a + i·b, where a and b are real: four times the powers of a and of b in bins [from, to), to two
 * f64 at `powers`; 0 < from.
 */
export function bandPowers(re: usize, im: usize, size: i32, from: i32, to: i32, powers: usize): void {
  let powerA = 0.0;
  let powerB = 0.0;
  for (let bin = from; bin < to; bin++) {
    const at = <usize>bin << 2;
    const mirror = <usize>(size - bin) << 2;
    const zr = <f64>load<f32>(re + at);
    const zi = <f64>load<f32>(im + at);
    const yr = <f64>load<f32>(re + mirror);
    const yi = <f64>load<f32>(im + mirror);
    powerA += (zr + yr) * (zr + yr) + (zi - yi) * (zi - yi);
    powerB += (zi + yi) * (zi + yi) + (yr - zr) * (yr - zr);
  }
  store<f64>(powers, powerA);
  store<f64>(powers, powerB, 8);
}
