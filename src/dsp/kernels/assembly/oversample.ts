// Rates times two and by two with symmetric filters, and the curve that is run at the highest rate. Arrays are planar
// float32; sources have readable history before their first frame. Frame counts are multiples of 16: four vectors at a
// time share the taps.

/**
 * target[2i] = source[i − pairs], target[2i + 1] = Σ taps[k] (source[i − pairs − k] + source[i − pairs + 1 + k]) for
 * `frames` input frames: a half-band filter of 4·pairs − 1 taps, `pairs` frames late.
 */
export function doubleRate(source: usize, target: usize, frames: i32, taps: usize, pairs: i32): void {
  const tapsEnd = taps + (<usize>pairs << 2);
  let centre = source - (<usize>pairs << 2);
  for (const end = centre + (<usize>frames << 2); centre < end; centre += 64, target += 128) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let near = centre;
    let far = centre + 4;
    for (let at = taps; at < tapsEnd; at += 4, near -= 4, far += 4) {
      const tap = v128.load32_splat(at);
      a = f32x4.add(a, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      b = f32x4.add(b, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      c = f32x4.add(c, f32x4.mul(f32x4.add(v128.load(near, 32), v128.load(far, 32)), tap));
      d = f32x4.add(d, f32x4.mul(f32x4.add(v128.load(near, 48), v128.load(far, 48)), tap));
    }
    interleave(v128.load(centre), a, target);
    interleave(v128.load(centre, 16), b, target + 32);
    interleave(v128.load(centre, 32), c, target + 64);
    interleave(v128.load(centre, 48), d, target + 96);
  }
}

// @ts-ignore: decorator
@inline
function interleave(even: v128, odd: v128, target: usize): void {
  v128.store(target, v128.shuffle<f32>(even, odd, 0, 4, 1, 5));
  v128.store(target, v128.shuffle<f32>(even, odd, 2, 6, 3, 7), 16);
}

/**
 * The same with even and odd frames apart, and of either what a soft curve adds to the signal:
 * x ← scale·(f(drive·x + bias) − offset) − x, where f(u) = u (27 + u²) / (27 + 9u²), held at ±1 from |u| = 3 on.
 */
export function addedAtDoubleRate(
  source: usize,
  even: usize,
  odd: usize,
  frames: i32,
  taps: usize,
  pairs: i32,
  drive: f32,
  bias: f32,
  offset: f32,
  scale: f32,
): void {
  const tapsEnd = taps + (<usize>pairs << 2);
  const m = f32x4.splat(drive);
  const s = f32x4.splat(bias);
  const o = f32x4.splat(offset);
  const g = f32x4.splat(scale);
  let centre = source - (<usize>pairs << 2);
  for (const end = centre + (<usize>frames << 2); centre < end; centre += 64, even += 64, odd += 64) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let near = centre;
    let far = centre + 4;
    for (let at = taps; at < tapsEnd; at += 4, near -= 4, far += 4) {
      const tap = v128.load32_splat(at);
      a = f32x4.add(a, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      b = f32x4.add(b, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      c = f32x4.add(c, f32x4.mul(f32x4.add(v128.load(near, 32), v128.load(far, 32)), tap));
      d = f32x4.add(d, f32x4.mul(f32x4.add(v128.load(near, 48), v128.load(far, 48)), tap));
    }
    v128.store(even, added(v128.load(centre), m, s, o, g));
    v128.store(even, added(v128.load(centre, 16), m, s, o, g), 16);
    v128.store(even, added(v128.load(centre, 32), m, s, o, g), 32);
    v128.store(even, added(v128.load(centre, 48), m, s, o, g), 48);
    v128.store(odd, added(a, m, s, o, g));
    v128.store(odd, added(b, m, s, o, g), 16);
    v128.store(odd, added(c, m, s, o, g), 32);
    v128.store(odd, added(d, m, s, o, g), 48);
  }
}

// @ts-ignore: decorator
@inline
function added(x: v128, drive: v128, bias: v128, offset: v128, scale: v128): v128 {
  const c27 = f32x4.splat(27);
  const driven = f32x4.add(f32x4.mul(x, drive), bias);
  const u = f32x4.pmax(f32x4.pmin(driven, f32x4.splat(3)), f32x4.splat(-3));
  const square = f32x4.mul(u, u);
  const above = f32x4.mul(u, f32x4.add(c27, square));
  const f = f32x4.div(above, f32x4.add(c27, f32x4.mul(f32x4.splat(9), square)));
  return f32x4.sub(f32x4.mul(f32x4.sub(f, offset), scale), x);
}

/**
 * A half-band filter down: value i is ½·even[i − late] + Σ taps[k] (odd[i − late − 1 − k] + odd[i − late + k]), for
 * `frames` values at the lower rate, even and odd ones apart again.
 */
export function halveApart(
  even: usize,
  odd: usize,
  targetEven: usize,
  targetOdd: usize,
  frames: i32,
  taps: usize,
  pairs: i32,
  late: i32,
): void {
  const tapsEnd = taps + (<usize>pairs << 2);
  const half = f32x4.splat(0.5);
  let e = even - (<usize>late << 2);
  let o = odd - (<usize>late << 2);
  for (const end = e + (<usize>frames << 2); e < end; e += 64, o += 64, targetEven += 32, targetOdd += 32) {
    let a = f32x4.mul(v128.load(e), half);
    let b = f32x4.mul(v128.load(e, 16), half);
    let c = f32x4.mul(v128.load(e, 32), half);
    let d = f32x4.mul(v128.load(e, 48), half);
    let near = o - 4;
    let far = o;
    for (let at = taps; at < tapsEnd; at += 4, near -= 4, far += 4) {
      const tap = v128.load32_splat(at);
      a = f32x4.add(a, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      b = f32x4.add(b, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      c = f32x4.add(c, f32x4.mul(f32x4.add(v128.load(near, 32), v128.load(far, 32)), tap));
      d = f32x4.add(d, f32x4.mul(f32x4.add(v128.load(near, 48), v128.load(far, 48)), tap));
    }
    v128.store(targetEven, v128.shuffle<f32>(a, b, 0, 2, 4, 6));
    v128.store(targetEven, v128.shuffle<f32>(c, d, 0, 2, 4, 6), 16);
    v128.store(targetOdd, v128.shuffle<f32>(a, b, 1, 3, 5, 7));
    v128.store(targetOdd, v128.shuffle<f32>(c, d, 1, 3, 5, 7), 16);
  }
}

/**
 * The steepest filter down, with taps at even distances too: target[i] = centre·even[i − late]
 * + Σ evenTaps[k] (even[i − late − 1 − k] + even[i − late + 1 + k])
 * + Σ oddTaps[k] (odd[i − late − 1 − k] + odd[i − late + k]), `pairs` of both, for `frames` frames at the lower rate.
 */
export function halveSteeply(
  even: usize,
  odd: usize,
  target: usize,
  frames: i32,
  centre: f32,
  evenTaps: usize,
  oddTaps: usize,
  pairs: i32,
  late: i32,
): void {
  const length = <usize>pairs << 2;
  const middle = f32x4.splat(centre);
  let e = even - (<usize>late << 2);
  let o = odd - (<usize>late << 2);
  for (const end = e + (<usize>frames << 2); e < end; e += 64, o += 64, target += 64) {
    let a = f32x4.mul(v128.load(e), middle);
    let b = f32x4.mul(v128.load(e, 16), middle);
    let c = f32x4.mul(v128.load(e, 32), middle);
    let d = f32x4.mul(v128.load(e, 48), middle);
    let near = e - 4;
    let far = e + 4;
    for (let k: usize = 0; k < length; k += 4, near -= 4, far += 4) {
      const tap = v128.load32_splat(evenTaps + k);
      a = f32x4.add(a, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      b = f32x4.add(b, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      c = f32x4.add(c, f32x4.mul(f32x4.add(v128.load(near, 32), v128.load(far, 32)), tap));
      d = f32x4.add(d, f32x4.mul(f32x4.add(v128.load(near, 48), v128.load(far, 48)), tap));
    }
    near = o - 4;
    far = o;
    for (let k: usize = 0; k < length; k += 4, near -= 4, far += 4) {
      const tap = v128.load32_splat(oddTaps + k);
      a = f32x4.add(a, f32x4.mul(f32x4.add(v128.load(near), v128.load(far)), tap));
      b = f32x4.add(b, f32x4.mul(f32x4.add(v128.load(near, 16), v128.load(far, 16)), tap));
      c = f32x4.add(c, f32x4.mul(f32x4.add(v128.load(near, 32), v128.load(far, 32)), tap));
      d = f32x4.add(d, f32x4.mul(f32x4.add(v128.load(near, 48), v128.load(far, 48)), tap));
    }
    v128.store(target, a);
    v128.store(target, b, 16);
    v128.store(target, c, 32);
    v128.store(target, d, 48);
  }
}

/**
 * target[i] = dry[i] + mix·(added[i] − mean), where the mean follows `added` by `follow` a frame and goes on in the f64
 * at `state`; `frames` frames. Takes out the offset that a lopsided curve makes. `target` may be `dry`.
 */
export function blendAdded(dry: usize, added: usize, target: usize, frames: i32, mix: f32, follow: f64, state: usize): void {
  const keep = 1 - follow;
  let mean = load<f64>(state);
  for (let i: usize = 0; i < <usize>frames << 2; i += 4) {
    const value = <f64>load<f32>(added + i);
    mean = keep * mean + follow * value;
    store<f32>(target + i, load<f32>(dry + i) + mix * <f32>(value - mean));
  }
  store<f64>(state, mean);
}
