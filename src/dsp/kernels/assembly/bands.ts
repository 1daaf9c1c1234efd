// Filters and gains on pairs of channels in float64: frames of two lanes lie behind each other (16 bytes a frame).

/** Two planar float32 channels into frames of pairs. */
export function joinPair(left: usize, right: usize, target: usize, frames: i32): void {
  for (let i = 0; i < frames; i++) {
    const at = <usize>i << 2;
    v128.store(
      target + (<usize>i << 4),
      f64x2.promote_low_f32x4(v128.shuffle<f32>(v128.load32_zero(left + at), v128.load32_zero(right + at), 0, 4, 1, 5)),
    );
  }
}

/** Frames of pairs into two planar float32 channels; `frames` is a multiple of 2. */
export function splitPair(source: usize, left: usize, right: usize, frames: i32): void {
  for (let i = 0; i < frames; i += 2) {
    const a = f32x4.demote_f64x2_zero(v128.load(source + (<usize>i << 4)));
    const b = f32x4.demote_f64x2_zero(v128.load(source + (<usize>i << 4), 16));
    const both = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    v128.store64_lane(left + (<usize>i << 2), both, 0);
    v128.store64_lane(right + (<usize>i << 2), both, 1);
  }
}

/** Left and right into (left + right)/2 and (left − right)/2, in place. */
export function encodeMidSide(pairs: usize, frames: i32): void {
  const half = f64x2.splat(0.5);
  for (let i = 0; i < frames; i++) {
    const at = pairs + (<usize>i << 4);
    const v = f64x2.mul(v128.load(at), half);
    const w = v128.shuffle<f64>(v, v, 1, 0);
    v128.store(at, v128.shuffle<f64>(f64x2.add(v, w), f64x2.sub(v, w), 0, 2));
  }
}

/** The way back, in place. */
export function decodeMidSide(pairs: usize, frames: i32): void {
  for (let i = 0; i < frames; i++) {
    const at = pairs + (<usize>i << 4);
    const v = v128.load(at);
    const w = v128.shuffle<f64>(v, v, 1, 0);
    v128.store(at, v128.shuffle<f64>(f64x2.add(v, w), f64x2.sub(v, w), 0, 2));
  }
}

/**
 * Two second-order filters at once, in direct form I, each from its own input to its own output (which may be the
 * same place). Coefficients b0 b1 b2 a1 a2 of the first, then of the second; state x1 x2 y1 y2 of the first, then of
 * the second, two lanes each.
 */
export function filterTwo(inA: usize, inB: usize, outA: usize, outB: usize, frames: i32, coefficients: usize, state: usize): void {
  const a0 = f64x2.splat(load<f64>(coefficients));
  const a1 = f64x2.splat(load<f64>(coefficients, 8));
  const a2 = f64x2.splat(load<f64>(coefficients, 16));
  const a3 = f64x2.splat(load<f64>(coefficients, 24));
  const a4 = f64x2.splat(load<f64>(coefficients, 32));
  const b0 = f64x2.splat(load<f64>(coefficients, 40));
  const b1 = f64x2.splat(load<f64>(coefficients, 48));
  const b2 = f64x2.splat(load<f64>(coefficients, 56));
  const b3 = f64x2.splat(load<f64>(coefficients, 64));
  const b4 = f64x2.splat(load<f64>(coefficients, 72));
  let ax1 = v128.load(state);
  let ax2 = v128.load(state, 16);
  let ay1 = v128.load(state, 32);
  let ay2 = v128.load(state, 48);
  let bx1 = v128.load(state, 64);
  let bx2 = v128.load(state, 80);
  let by1 = v128.load(state, 96);
  let by2 = v128.load(state, 112);
  const end = <usize>frames << 4;
  for (let i: usize = 0; i < end; i += 16) {
    const ax = v128.load(inA + i);
    const bx = v128.load(inB + i);
    const af = f64x2.sub(
      f64x2.add(f64x2.add(f64x2.mul(a0, ax), f64x2.mul(a1, ax1)), f64x2.mul(a2, ax2)),
      f64x2.mul(a4, ay2),
    );
    const bf = f64x2.sub(
      f64x2.add(f64x2.add(f64x2.mul(b0, bx), f64x2.mul(b1, bx1)), f64x2.mul(b2, bx2)),
      f64x2.mul(b4, by2),
    );
    const ay = f64x2.sub(af, f64x2.mul(a3, ay1));
    const by = f64x2.sub(bf, f64x2.mul(b3, by1));
    v128.store(outA + i, ay);
    v128.store(outB + i, by);
    ax2 = ax1;
    ax1 = ax;
    ay2 = ay1;
    ay1 = ay;
    bx2 = bx1;
    bx1 = bx;
    by2 = by1;
    by1 = by;
  }
  v128.store(state, ax1);
  v128.store(state, ax2, 16);
  v128.store(state, still(ay1), 32);
  v128.store(state, still(ay2), 48);
  v128.store(state, bx1, 64);
  v128.store(state, bx2, 80);
  v128.store(state, still(by1), 96);
  v128.store(state, still(by2), 112);
}

/** Below −600 dB a state is silence; left alone it would decay into denormals, which are slow. */
// @ts-ignore: decorator
@inline
function still(v: v128): v128 {
  return v128.and(v, f64x2.gt(f64x2.abs(v), f64x2.splat(1e-30)));
}

/** Raises powers[hop] to the larger lane's mean square of each hop of `hopFrames` frames. */
export function hopPowers(pairs: usize, hops: i32, hopFrames: i32, powers: usize): void {
  const scale = 1.0 / <f64>hopFrames;
  for (let hop = 0; hop < hops; hop++) {
    let sum = f64x2.splat(0);
    const end = pairs + (<usize>hopFrames << 4);
    for (; pairs < end; pairs += 16) {
      const v = v128.load(pairs);
      sum = f64x2.add(sum, f64x2.mul(v, v));
    }
    const power = max(f64x2.extract_lane(sum, 0), f64x2.extract_lane(sum, 1)) * scale;
    const at = powers + (<usize>hop << 3);
    store<f64>(at, max(load<f64>(at), power));
  }
}

/**
 * target += source × gain, or target = source × gain where `isFirst`. The gain of each lane runs straight from one
 * value of `gains` to the next over each hop: (hops + 1) pairs.
 */
export function addRamped(source: usize, gains: usize, hops: i32, hopFrames: i32, target: usize, isFirst: i32): void {
  const scale = f64x2.splat(1.0 / <f64>hopFrames);
  for (let hop = 0; hop < hops; hop++) {
    let gain = v128.load(gains + (<usize>hop << 4));
    const step = f64x2.mul(f64x2.sub(v128.load(gains + (<usize>hop << 4), 16), gain), scale);
    const end = source + (<usize>hopFrames << 4);
    for (; source < end; source += 16, target += 16) {
      gain = f64x2.add(gain, step);
      const v = f64x2.mul(v128.load(source), gain);
      v128.store(target, isFirst ? v : f64x2.add(v128.load(target), v));
    }
  }
}
