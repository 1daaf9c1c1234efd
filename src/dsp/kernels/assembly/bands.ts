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

/** Decibels of a power of 1e-300 to 1e300: 10 log10 x, by the series of atanh, to 1e-10. */
// @ts-ignore: decorator
@inline
function decibels(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = <f64>((bits >> 52) - 1023);
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const t = (mantissa - 1) / (mantissa + 1);
  const t2 = t * t;
  const series =
    1 + t2 * (1.0 / 3 + t2 * (1.0 / 5 + t2 * (1.0 / 7 + t2 * (1.0 / 9 + t2 * (1.0 / 11 + t2 * (1.0 / 13))))));
  // 10 log10 2, and 20 / ln 10.
  return 3.0102999566398120 * exponent + 8.685889638065037 * t * series;
}

/** 10^(db / 20) for −600 to 600 dB, by the series of the exponential function, to 1e-10. */
// @ts-ignore: decorator
@inline
function gainOf(db: f64): f64 {
  const x = db * 0.16609640474436813;
  const whole = floor(x + 0.5);
  const f = (x - whole) * 0.6931471805599453;
  const series =
    1 +
    f *
      (1 +
        f *
          (0.5 +
            f *
              (1.0 / 6 +
                f * (1.0 / 24 + f * (1.0 / 120 + f * (1.0 / 720 + f * (1.0 / 5040 + f * (1.0 / 40320))))))));
  return series * reinterpret<f64>((<i64>whole + 1023) << 52);
}

/**
 * What decides in a band of the compressor, hop by hop: from mean squares to gains. config: f64 attack, release, fast
 * attack, fast release, slow attack, slow release (shares a hop), make-up, transient gain, threshold, 1 − 1/ratio, knee
 * (dB), floor of levels (power, dB), dB of a full attack. state: f64 reduction, fast and slow level in dB, last gain.
 * gains: the gain of both lanes at the start of the first hop and at the end of every hop.
 */
export function bandGains(powers: usize, hops: i32, config: usize, state: usize, gains: usize): void {
  const attack = load<f64>(config);
  const release = load<f64>(config, 8);
  const fastAttack = load<f64>(config, 16);
  const fastRelease = load<f64>(config, 24);
  const slowAttack = load<f64>(config, 32);
  const slowRelease = load<f64>(config, 40);
  const makeup = load<f64>(config, 48);
  const transient = load<f64>(config, 56);
  const threshold = load<f64>(config, 64);
  const slope = load<f64>(config, 72);
  const knee = load<f64>(config, 80);
  const floorPower = load<f64>(config, 88);
  const floorDb = load<f64>(config, 96);
  const perAttack = 1.0 / load<f64>(config, 104);
  const perKnee = knee > 0 ? slope / (2 * knee) : 0.0;
  let reduction = load<f64>(state);
  let fast = load<f64>(state, 8);
  let slow = load<f64>(state, 16);
  let gain = load<f64>(state, 24);
  store<f64>(gains, gain);
  store<f64>(gains, gain, 8);
  for (let hop = 0; hop < hops; hop++) {
    const power = load<f64>(powers + (<usize>hop << 3));
    const level = power <= floorPower ? floorDb : decibels(power);
    const over = level - threshold;
    let wanted: f64 = 0;
    if (2 * over >= knee) wanted = slope * over;
    else if (2 * over > -knee) wanted = perKnee * (over + 0.5 * knee) * (over + 0.5 * knee);
    reduction += (wanted > reduction ? attack : release) * (wanted - reduction);
    fast += (level > fast ? fastAttack : fastRelease) * (level - fast);
    slow += (level > slow ? slowAttack : slowRelease) * (level - slow);
    const share = min(1.0, max(0.0, (fast - slow) * perAttack));
    gain = gainOf(makeup - reduction + transient * share);
    gains += 16;
    store<f64>(gains, gain);
    store<f64>(gains, gain, 8);
  }
  store<f64>(state, reduction);
  store<f64>(state, fast, 8);
  store<f64>(state, slow, 16);
  store<f64>(state, gain, 24);
}

/** Counts powers by their level: one more in bins[floor(dB) − lowest], or in the first or last bin (f64 each). */
export function countLevels(powers: usize, count: i32, lowest: i32, bins: usize, binCount: i32): void {
  for (const end = powers + (<usize>count << 3); powers < end; powers += 8) {
    const bin = <i32>floor(decibels(load<f64>(powers) + 1e-30)) - lowest;
    const slot = bins + (<usize>min(binCount - 1, max(0, bin)) << 3);
    store<f64>(slot, load<f64>(slot) + 1);
  }
}
