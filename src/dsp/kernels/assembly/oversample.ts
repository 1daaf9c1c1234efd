// Rates times two and by two with symmetric filters, and the curve that is run at the high rate. Arrays are planar
// float32; sources have readable history before their first frame.

/**
 * target[2i] = source[i − pairs], target[2i + 1] = Σ taps[k] (source[i − pairs − k] + source[i − pairs + 1 + k]) for
 * `frames` (a multiple of 4) input frames: a half-band filter of 4·pairs − 1 taps, `pairs` frames late.
 */
export function doubleRate(source: usize, target: usize, frames: i32, taps: usize, pairs: i32): void {
  const centre = source - (<usize>pairs << 2);
  const end = <usize>frames << 2;
  let i: usize = 0;
  // Two vectors at a time share the taps.
  for (; i + 32 <= end; i += 32) {
    let sumA = f32x4.splat(0);
    let sumB = f32x4.splat(0);
    let near = centre + i;
    let far = near + 4;
    for (let k = 0; k < pairs; k++) {
      const tap = v128.load32_splat(taps + (<usize>k << 2));
      sumA = f32x4.add(sumA, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      sumB = f32x4.add(sumB, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      near -= 4;
      far += 4;
    }
    interleave(v128.load(centre + i), sumA, target + 2 * i);
    interleave(v128.load(centre + i, 16), sumB, target + 2 * i + 32);
  }
  for (; i < end; i += 16) {
    let sum = f32x4.splat(0);
    let near = centre + i;
    let far = near + 4;
    for (let k = 0; k < pairs; k++) {
      const tap = v128.load32_splat(taps + (<usize>k << 2));
      sum = f32x4.add(sum, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      near -= 4;
      far += 4;
    }
    interleave(v128.load(centre + i), sum, target + 2 * i);
  }
}

// @ts-ignore: decorator
@inline
function interleave(even: v128, odd: v128, target: usize): void {
  v128.store(target, v128.shuffle<f32>(even, odd, 0, 4, 1, 5));
  v128.store(target, v128.shuffle<f32>(even, odd, 2, 6, 3, 7), 16);
}

/** Even and odd frames of `source` apart; `frames` (a multiple of 4) of each. */
export function splitEvenOdd(source: usize, even: usize, odd: usize, frames: i32): void {
  const end = <usize>frames << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const a = v128.load(source + 2 * i);
    const b = v128.load(source + 2 * i, 16);
    v128.store(even + i, v128.shuffle<f32>(a, b, 0, 2, 4, 6));
    v128.store(odd + i, v128.shuffle<f32>(a, b, 1, 3, 5, 7));
  }
}

/**
 * target[i] = centre·even[i − late] + Σ evenTaps[k] (even[i − late − 1 − k] + even[i − late + 1 + k])
 *           + Σ oddTaps[k] (odd[i − late − 1 − k] + odd[i − late + k])
 * for `frames` (a multiple of 4) frames at the lower rate.
 */
export function halveRate(
  even: usize,
  odd: usize,
  target: usize,
  frames: i32,
  centre: f32,
  evenTaps: usize,
  evenPairs: i32,
  oddTaps: usize,
  oddPairs: i32,
  late: i32,
): void {
  const e = even - (<usize>late << 2);
  const o = odd - (<usize>late << 2);
  const middle = f32x4.splat(centre);
  const end = <usize>frames << 2;
  let i: usize = 0;
  // Two vectors at a time share the taps.
  for (; i + 32 <= end; i += 32) {
    let sumA = f32x4.mul(v128.load(e + i), middle);
    let sumB = f32x4.mul(v128.load(e + i, 16), middle);
    let near = e + i - 4;
    let far = e + i + 4;
    for (let k = 0; k < evenPairs; k++) {
      const tap = v128.load32_splat(evenTaps + (<usize>k << 2));
      sumA = f32x4.add(sumA, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      sumB = f32x4.add(sumB, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      near -= 4;
      far += 4;
    }
    near = o + i - 4;
    far = o + i;
    for (let k = 0; k < oddPairs; k++) {
      const tap = v128.load32_splat(oddTaps + (<usize>k << 2));
      sumA = f32x4.add(sumA, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      sumB = f32x4.add(sumB, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      near -= 4;
      far += 4;
    }
    v128.store(target + i, sumA);
    v128.store(target + i, sumB, 16);
  }
  for (; i < end; i += 16) {
    let sum = f32x4.mul(v128.load(e + i), middle);
    let near = e + i - 4;
    let far = e + i + 4;
    for (let k = 0; k < evenPairs; k++) {
      const tap = v128.load32_splat(evenTaps + (<usize>k << 2));
      sum = f32x4.add(sum, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      near -= 4;
      far += 4;
    }
    near = o + i - 4;
    far = o + i;
    for (let k = 0; k < oddPairs; k++) {
      const tap = v128.load32_splat(oddTaps + (<usize>k << 2));
      sum = f32x4.add(sum, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      near -= 4;
      far += 4;
    }
    v128.store(target + i, sum);
  }
}

/**
 * target[i] = dry[i] + mix·(added[i] − mean), where the mean follows `added` by `follow` a frame and goes on in the f64
 * at `state`; `frames` frames. Takes out the offset that a lopsided curve makes.
 */
export function blendAdded(dry: usize, added: usize, target: usize, frames: i32, mix: f32, follow: f64, state: usize): void {
  let mean = load<f64>(state);
  for (let i: usize = 0; i < <usize>frames << 2; i += 4) {
    const value = <f64>load<f32>(added + i);
    mean += follow * (value - mean);
    store<f32>(target + i, load<f32>(dry + i) + mix * <f32>(value - mean));
  }
  store<f64>(state, mean);
}

/**
 * In place: what a soft curve adds to a signal, x ← scale·(f(drive·x + bias) − f(bias)) − x, where
 * f(u) = u (27 + u²) / (27 + 9u²), held at ±1 from |u| = 3 on. `frames` is a multiple of 4.
 */
export function addedBySoftCurve(samples: usize, frames: i32, drive: f32, bias: f32, offset: f32, scale: f32): void {
  const d = f32x4.splat(drive);
  const b = f32x4.splat(bias);
  const zero = f32x4.splat(offset);
  const s = f32x4.splat(scale);
  const three = f32x4.splat(3);
  const minusThree = f32x4.splat(-3);
  const c27 = f32x4.splat(27);
  const c9 = f32x4.splat(9);
  const end = samples + (<usize>frames << 2);
  for (; samples < end; samples += 16) {
    const x = v128.load(samples);
    const u = f32x4.pmax(f32x4.pmin(f32x4.add(f32x4.mul(x, d), b), three), minusThree);
    const square = f32x4.mul(u, u);
    const f = f32x4.div(f32x4.mul(u, f32x4.add(c27, square)), f32x4.add(c27, f32x4.mul(c9, square)));
    v128.store(samples, f32x4.sub(f32x4.mul(f32x4.sub(f, zero), s), x));
  }
}
