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
 * Two second-order filters in series, in place, in direct form I. Coefficients b0 b1 b2 a1 a2 of the first, then of the
 * second; state x1 x2 y1 y2 z1 z2, two lanes each: what goes in, lies between and comes out.
 */
export function filterSeries(pairs: usize, frames: i32, coefficients: usize, state: usize): void {
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
  let x1 = v128.load(state);
  let x2 = v128.load(state, 16);
  let y1 = v128.load(state, 32);
  let y2 = v128.load(state, 48);
  let z1 = v128.load(state, 64);
  let z2 = v128.load(state, 80);
  for (const end = pairs + (<usize>frames << 4); pairs < end; pairs += 16) {
    const x = v128.load(pairs);
    const forth = f64x2.add(f64x2.add(f64x2.mul(a0, x), f64x2.mul(a1, x1)), f64x2.mul(a2, x2));
    const y = f64x2.sub(f64x2.sub(forth, f64x2.mul(a4, y2)), f64x2.mul(a3, y1));
    const on = f64x2.add(f64x2.add(f64x2.mul(b0, y), f64x2.mul(b1, y1)), f64x2.mul(b2, y2));
    const z = f64x2.sub(f64x2.sub(on, f64x2.mul(b4, z2)), f64x2.mul(b3, z1));
    v128.store(pairs, z);
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    z2 = z1;
    z1 = z;
  }
  v128.store(state, x1);
  v128.store(state, x2, 16);
  v128.store(state, still(y1), 32);
  v128.store(state, still(y2), 48);
  v128.store(state, still(z1), 64);
  v128.store(state, still(z2), 80);
}

/**
 * Four bands of a Linkwitz-Riley tree, `frames` frames of pairs each; each half passes the all pass of the other half's
 * corner. coefficients: those of splitTwo for the middle corner, the low one, the high one. state: two values of two
 * lanes for each of eight sections.
 */
export function splitFour(
  source: usize,
  band0: usize,
  band1: usize,
  band2: usize,
  band3: usize,
  frames: i32,
  coefficients: usize,
  state: usize,
): void {
  splitTwo(source, band0, band2, frames, coefficients, state);
  allPassCrossover(band0, band1, frames, coefficients + 48, coefficients + 24, state + 64);
  allPassCrossover(band2, band3, frames, coefficients + 24, coefficients + 48, state + 160);
}

/**
 * A Linkwitz-Riley crossover of fourth order: a Butterworth section whose states give low pass and all pass at once, and
 * a second low pass; what the low band leaves of the all pass is the high band. corner: a1, a2 and the square of the low
 * pass's b0. state: two values of two lanes of either section. `source` may be `low` or `high`.
 */
export function splitTwo(source: usize, low: usize, high: usize, frames: i32, corner: usize, state: usize): void {
  const a1 = f64x2.splat(load<f64>(corner));
  const a2 = f64x2.splat(load<f64>(corner, 8));
  const gain = f64x2.splat(load<f64>(corner, 16));
  let v1 = v128.load(state);
  let v2 = v128.load(state, 16);
  let w1 = v128.load(state, 32);
  let w2 = v128.load(state, 48);
  const end = <usize>frames << 4;
  for (let i: usize = 0; i < end; i += 16) {
    const back = f64x2.mul(a1, v1);
    const v = f64x2.sub(f64x2.sub(v128.load(source + i), f64x2.mul(a2, v2)), back);
    const all = f64x2.add(f64x2.mul(a2, v), f64x2.add(back, v2));
    const once = f64x2.add(f64x2.add(v, v2), f64x2.add(v1, v1));
    const w = f64x2.sub(f64x2.sub(once, f64x2.mul(a2, w2)), f64x2.mul(a1, w1));
    const twice = f64x2.mul(gain, f64x2.add(f64x2.add(w, w2), f64x2.add(w1, w1)));
    v128.store(low + i, twice);
    v128.store(high + i, f64x2.sub(all, twice));
    v2 = v1;
    v1 = v;
    w2 = w1;
    w1 = w;
  }
  v128.store(state, still(v1));
  v128.store(state, still(v2), 16);
  v128.store(state, still(w1), 32);
  v128.store(state, still(w2), 48);
}

/** A band in `low` passes the all pass of `other` and is split at `corner`. */
function allPassCrossover(low: usize, high: usize, frames: i32, other: usize, corner: usize, state: usize): void {
  const c1 = f64x2.splat(load<f64>(other));
  const c2 = f64x2.splat(load<f64>(other, 8));
  const a1 = f64x2.splat(load<f64>(corner));
  const a2 = f64x2.splat(load<f64>(corner, 8));
  const gain = f64x2.splat(load<f64>(corner, 16));
  let u1 = v128.load(state);
  let u2 = v128.load(state, 16);
  let v1 = v128.load(state, 32);
  let v2 = v128.load(state, 48);
  let w1 = v128.load(state, 64);
  let w2 = v128.load(state, 80);
  const end = <usize>frames << 4;
  for (let i: usize = 0; i < end; i += 16) {
    const turn = f64x2.mul(c1, u1);
    const u = f64x2.sub(f64x2.sub(v128.load(low + i), f64x2.mul(c2, u2)), turn);
    const x = f64x2.add(f64x2.mul(c2, u), f64x2.add(turn, u2));
    const back = f64x2.mul(a1, v1);
    const v = f64x2.sub(f64x2.sub(x, f64x2.mul(a2, v2)), back);
    const all = f64x2.add(f64x2.mul(a2, v), f64x2.add(back, v2));
    const once = f64x2.add(f64x2.add(v, v2), f64x2.add(v1, v1));
    const w = f64x2.sub(f64x2.sub(once, f64x2.mul(a2, w2)), f64x2.mul(a1, w1));
    const twice = f64x2.mul(gain, f64x2.add(f64x2.add(w, w2), f64x2.add(w1, w1)));
    v128.store(low + i, twice);
    v128.store(high + i, f64x2.sub(all, twice));
    u2 = u1;
    u1 = u;
    v2 = v1;
    v1 = v;
    w2 = w1;
    w1 = w;
  }
  v128.store(state, still(u1));
  v128.store(state, still(u2), 16);
  v128.store(state, still(v1), 32);
  v128.store(state, still(v2), 48);
  v128.store(state, still(w1), 64);
  v128.store(state, still(w2), 80);
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

/** Mean squares of either lane, hop by hop: a pair for each. */
export function hopPairPowers(pairs: usize, hops: i32, hopFrames: i32, powers: usize): void {
  const scale = f64x2.splat(1.0 / <f64>hopFrames);
  for (let hop = 0; hop < hops; hop++, powers += 16) {
    let sum = f64x2.splat(0);
    const end = pairs + (<usize>hopFrames << 4);
    for (; pairs < end; pairs += 16) {
      const v = v128.load(pairs);
      sum = f64x2.add(sum, f64x2.mul(v, v));
    }
    v128.store(powers, f64x2.mul(sum, scale));
  }
}

/**
 * target += source × gain. The gain of each lane runs straight from one value of `gains` to the next over each hop:
 * (hops + 1) pairs.
 */
export function addRamped(source: usize, gains: usize, hops: i32, hopFrames: i32, target: usize): void {
  const scale = f64x2.splat(1.0 / <f64>hopFrames);
  for (let hop = 0; hop < hops; hop++) {
    let gain = v128.load(gains + (<usize>hop << 4));
    const step = f64x2.mul(f64x2.sub(v128.load(gains + (<usize>hop << 4), 16), gain), scale);
    const end = source + (<usize>hopFrames << 4);
    for (; source < end; source += 16, target += 16) {
      gain = f64x2.add(gain, step);
      v128.store(target, f64x2.add(v128.load(target), f64x2.mul(v128.load(source), gain)));
    }
  }
}

/** target = the sum of four bands, each with gains of its own as addRamped has them, behind each other at `gains`. */
export function sumRamped(
  band0: usize,
  band1: usize,
  band2: usize,
  band3: usize,
  gains: usize,
  hops: i32,
  hopFrames: i32,
  target: usize,
): void {
  const scale = f64x2.splat(1.0 / <f64>hopFrames);
  const row = <usize>(hops + 1) << 4;
  for (let hop = 0; hop < hops; hop++, gains += 16) {
    let gain0 = v128.load(gains);
    let gain1 = v128.load(gains + row);
    let gain2 = v128.load(gains + 2 * row);
    let gain3 = v128.load(gains + 3 * row);
    const step0 = f64x2.mul(f64x2.sub(v128.load(gains, 16), gain0), scale);
    const step1 = f64x2.mul(f64x2.sub(v128.load(gains + row, 16), gain1), scale);
    const step2 = f64x2.mul(f64x2.sub(v128.load(gains + 2 * row, 16), gain2), scale);
    const step3 = f64x2.mul(f64x2.sub(v128.load(gains + 3 * row, 16), gain3), scale);
    const length = <usize>hopFrames << 4;
    for (let i: usize = 0; i < length; i += 16) {
      gain0 = f64x2.add(gain0, step0);
      gain1 = f64x2.add(gain1, step1);
      gain2 = f64x2.add(gain2, step2);
      gain3 = f64x2.add(gain3, step3);
      const low = f64x2.add(f64x2.mul(v128.load(band0 + i), gain0), f64x2.mul(v128.load(band1 + i), gain1));
      const high = f64x2.add(f64x2.mul(v128.load(band2 + i), gain2), f64x2.mul(v128.load(band3 + i), gain3));
      v128.store(target + i, f64x2.add(low, high));
    }
    band0 += length;
    band1 += length;
    band2 += length;
    band3 += length;
    target += length;
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
