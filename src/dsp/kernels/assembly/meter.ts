// What a loudness meter does to every sample: K-weighting with its energy, true peak, sample peak, sums of products.
// Method: two channels in the two f64 lanes of one cascade in direct form I, summed so that a sample waits for the one
// before by one product and one difference; interpolation of true peaks four frames
// at a time with folded symmetric taps, and only where a block can exceed the peak that is already known.

import { anyAbove, largestLane } from './shared/peaks';

/**
 * K-weighting of two channels. coefficients: b0 b1 b2 a1 a2 of the shelf, a1 a2 of the high pass (whose numerator is
 * 1 −2 1). state: x1 x2 y1 y2 z1 z2, two lanes each. energies: two f64, to which the sums of squares are added.
 */
export function kWeightPair(left: usize, right: usize, frames: i32, coefficients: usize, state: usize, energies: usize): void {
  const b0 = f64x2.splat(load<f64>(coefficients));
  const b1 = f64x2.div(f64x2.splat(load<f64>(coefficients, 8)), b0);
  const b2 = f64x2.div(f64x2.splat(load<f64>(coefficients, 16)), b0);
  const a1 = f64x2.splat(load<f64>(coefficients, 24));
  const a2 = f64x2.splat(load<f64>(coefficients, 32));
  const c1 = f64x2.splat(load<f64>(coefficients, 40));
  const c2 = f64x2.splat(load<f64>(coefficients, 48));
  let x1 = v128.load(state);
  let x2 = v128.load(state, 16);
  // Behind the shelf all is b0 times smaller in here, which spares a product a sample.
  let y1 = f64x2.div(v128.load(state, 32), b0);
  let y2 = f64x2.div(v128.load(state, 48), b0);
  let z1 = f64x2.div(v128.load(state, 64), b0);
  let z2 = f64x2.div(v128.load(state, 80), b0);
  // The numerator of the high pass is the difference of two differences.
  let rise = f64x2.sub(y1, y2);
  let sum = f64x2.splat(0);
  let i = 0;
  for (; i + 2 <= frames; i += 2) {
    const pair = v128.shuffle<f32>(v128.load64_zero(left), v128.load64_zero(right), 0, 4, 1, 5);
    left += 8;
    right += 8;
    const x = f64x2.promote_low_f32x4(pair);
    let forth = f64x2.add(f64x2.add(x, f64x2.mul(b2, x2)), f64x2.mul(b1, x1));
    const y = f64x2.sub(f64x2.sub(forth, f64x2.mul(a2, y2)), f64x2.mul(a1, y1));
    const d = f64x2.sub(y, y1);
    const z = f64x2.sub(f64x2.sub(f64x2.sub(d, rise), f64x2.mul(c2, z2)), f64x2.mul(c1, z1));
    sum = f64x2.add(sum, f64x2.mul(z, z));

    const xx = f64x2.promote_low_f32x4(v128.shuffle<f32>(pair, pair, 2, 3, 2, 3));
    forth = f64x2.add(f64x2.add(xx, f64x2.mul(b2, x1)), f64x2.mul(b1, x));
    const yy = f64x2.sub(f64x2.sub(forth, f64x2.mul(a2, y1)), f64x2.mul(a1, y));
    rise = f64x2.sub(yy, y);
    const zz = f64x2.sub(f64x2.sub(f64x2.sub(rise, d), f64x2.mul(c2, z1)), f64x2.mul(c1, z));
    sum = f64x2.add(sum, f64x2.mul(zz, zz));
    x2 = x;
    x1 = xx;
    y2 = y;
    y1 = yy;
    z2 = z;
    z1 = zz;
  }
  if (i < frames) {
    const x = f64x2.promote_low_f32x4(v128.shuffle<f32>(v128.load32_zero(left), v128.load32_zero(right), 0, 4, 1, 5));
    const forth = f64x2.add(f64x2.add(x, f64x2.mul(b2, x2)), f64x2.mul(b1, x1));
    const y = f64x2.sub(f64x2.sub(forth, f64x2.mul(a2, y2)), f64x2.mul(a1, y1));
    const d = f64x2.sub(y, y1);
    const z = f64x2.sub(f64x2.sub(f64x2.sub(d, rise), f64x2.mul(c2, z2)), f64x2.mul(c1, z1));
    sum = f64x2.add(sum, f64x2.mul(z, z));
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    z2 = z1;
    z1 = z;
  }
  // Below −600 dB a state is silence; left alone it would decay into denormals, which are slow.
  v128.store(state, x1);
  v128.store(state, x2, 16);
  v128.store(state, quiet(f64x2.mul(b0, y1)), 32);
  v128.store(state, quiet(f64x2.mul(b0, y2)), 48);
  v128.store(state, quiet(f64x2.mul(b0, z1)), 64);
  v128.store(state, quiet(f64x2.mul(b0, z2)), 80);
  v128.store(energies, f64x2.add(v128.load(energies), f64x2.mul(f64x2.mul(b0, b0), sum)));
}

/**
 * The same tick by tick of 10 ms: to f64 `ticks[k]` is added the weighted energy of what lies of `frames` frames in
 * the k-th tick, counting from `tick`, which holds frame `position`. state: those of kWeightPair and two values of room.
 */
export function kWeightTicks(
  left: usize,
  right: usize,
  frames: i32,
  position: f64,
  tick: f64,
  sampleRateHz: f64,
  coefficients: usize,
  state: usize,
  leftWeight: f64,
  rightWeight: f64,
  ticks: usize,
): void {
  const energies = state + 96;
  while (frames > 0) {
    tick += 1;
    const border = floor((tick * sampleRateHz) / 100 + 0.5);
    const count = min(frames, <i32>(border - position));
    store<f64>(energies, 0);
    store<f64>(energies, 0, 8);
    kWeightPair(left, right, count, coefficients, state, energies);
    const energy = leftWeight * load<f64>(energies) + rightWeight * load<f64>(energies, 8);
    store<f64>(ticks, load<f64>(ticks) + energy);
    left += <usize>count << 2;
    right += <usize>count << 2;
    frames -= count;
    position = border;
    ticks += 8;
  }
}

// @ts-ignore: decorator
@inline
function quiet(v: v128): v128 {
  return v128.and(v, f64x2.gt(f64x2.abs(v), f64x2.splat(1e-30)));
}

/** Largest absolute sample of `frames`, which is rounded up to a multiple of 4 (the rest must be readable samples or 0). */
export function samplePeak(samples: usize, frames: i32): f32 {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  const end = samples + (<usize>((frames + 3) & ~3) << 2);
  for (; samples + 32 <= end; samples += 32) {
    even = f32x4.pmax(even, f32x4.abs(v128.load(samples)));
    odd = f32x4.pmax(odd, f32x4.abs(v128.load(samples, 16)));
  }
  if (samples < end) even = f32x4.pmax(even, f32x4.abs(v128.load(samples)));
  return largestLane(f32x4.pmax(even, odd));
}

/**
 * Largest absolute value of the signal and of its fourfold interpolation at `frames` (a multiple of 4) positions from
 * `samples` on, or `floor` where that is larger. Reads 8 frames before and 8 behind.
 * taps: 6 sums and 6 differences of the first and third phase, 6 of the second. limit: largest gain of the
 * interpolator (L1 norm); a block of 64 frames, or 16 of it, whose samples times `limit` stay under the peak is passed over.
 */
export function truePeak4(samples: usize, frames: i32, taps: usize, limit: f32, floor: f32): f32 {
  let known = floor;
  const end = samples + (<usize>frames << 2);
  while (samples < end) {
    const stop = min(samples + 256, end);
    if (anyAbove(samples - 32, stop + 32, known / limit)) {
      let peak = f32x4.splat(known);
      while (samples < stop) {
        const near = min(samples + 64, stop);
        if (anyAbove(samples - 32, near + 32, largestLane(peak) / limit)) {
          for (let p = samples; p < near; p += 16) peak = peakAround(p, taps, peak);
        }
        samples = near;
      }
      known = largestLane(peak);
    }
    samples = stop;
  }
  return known;
}

/** By lane the larger of `peak` and of what lies at four samples and between them and the next. */
// @ts-ignore: decorator
@inline
function peakAround(p: usize, taps: usize, peak: v128): v128 {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  let half = f32x4.splat(0);
  for (let k: usize = 0; k < 6; k++) {
    const a = v128.load(p - (k << 2));
    const b = v128.load(p + 4 + (k << 2));
    const sum = f32x4.add(a, b);
    even = f32x4.add(even, f32x4.mul(sum, v128.load32_splat(taps + (k << 2))));
    odd = f32x4.add(odd, f32x4.mul(f32x4.sub(a, b), v128.load32_splat(taps + (k << 2), 24)));
    half = f32x4.add(half, f32x4.mul(sum, v128.load32_splat(taps + (k << 2), 48)));
  }
  // The larger of |even + odd| and |even − odd| is |even| + |odd|.
  const between = f32x4.pmax(f32x4.abs(half), f32x4.add(f32x4.abs(even), f32x4.abs(odd)));
  return f32x4.pmax(peak, f32x4.pmax(f32x4.abs(v128.load(p)), between));
}

/**
 * About the largest value at and between the samples of a stretch of `frames`: the interpolator looks only around the
 * largest sample. Taps as for truePeak4, or for truePeak2 where `isFourfold` is 0.
 */
export function peakNearTop(samples: usize, frames: i32, taps: usize, isFourfold: i32): f32 {
  let top: f32 = 0;
  let at = samples;
  const end = samples + (<usize>frames << 2);
  for (let p = samples; p < end; p += 64) {
    const near = f32x4.pmax(f32x4.abs(v128.load(p)), f32x4.abs(v128.load(p, 16)));
    const far = f32x4.pmax(f32x4.abs(v128.load(p, 32)), f32x4.abs(v128.load(p, 48)));
    const peaks = f32x4.pmax(near, far);
    if (v128.any_true(f32x4.gt(peaks, f32x4.splat(top)))) {
      top = largestLane(peaks);
      at = p;
    }
  }
  if (top == 0) return 0;
  return isFourfold != 0
    ? truePeak4(at - 16, 20, taps, f32.MAX_VALUE, top)
    : truePeak2(at - 16, 20, taps, f32.MAX_VALUE, top);
}

/** The same at the double rate: 12 symmetric taps; reads 12 frames before and 12 behind. */
export function truePeak2(samples: usize, frames: i32, taps: usize, limit: f32, floor: f32): f32 {
  let known = floor;
  const end = samples + (<usize>frames << 2);
  while (samples < end) {
    const stop = min(samples + 256, end);
    let top = f32x4.splat(0);
    for (let p = samples - 48; p < stop + 48; p += 16) top = f32x4.pmax(top, f32x4.abs(v128.load(p)));
    if (largestLane(top) * limit > known) {
      let peak = f32x4.splat(known);
      for (let p = samples; p < stop; p += 16) {
        let half = f32x4.splat(0);
        for (let k: usize = 0; k < 12; k++) {
          const sum = f32x4.add(v128.load(p - (k << 2)), v128.load(p + 4 + (k << 2)));
          half = f32x4.add(half, f32x4.mul(sum, v128.load32_splat(taps + (k << 2))));
        }
        peak = f32x4.pmax(peak, f32x4.pmax(f32x4.abs(v128.load(p)), f32x4.abs(half)));
      }
      known = largestLane(peak);
    }
    samples = stop;
  }
  return known;
}

/** Adds to five f64 at `sums`: Σl, Σr, Σl², Σr², Σlr. Partial sums of 64 frames are float32. */
export function sumPair(left: usize, right: usize, frames: i32, sums: usize): void {
  let l1: f64 = 0;
  let r1: f64 = 0;
  let ll: f64 = 0;
  let rr: f64 = 0;
  let lr: f64 = 0;
  let i = 0;
  while (i + 4 <= frames) {
    const stop = min(i + 64, frames & ~3);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let aa = f32x4.splat(0);
    let bb = f32x4.splat(0);
    let ab = f32x4.splat(0);
    for (; i < stop; i += 4) {
      const l = v128.load(left + (<usize>i << 2));
      const r = v128.load(right + (<usize>i << 2));
      a = f32x4.add(a, l);
      b = f32x4.add(b, r);
      aa = f32x4.add(aa, f32x4.mul(l, l));
      bb = f32x4.add(bb, f32x4.mul(r, r));
      ab = f32x4.add(ab, f32x4.mul(l, r));
    }
    l1 += total(a);
    r1 += total(b);
    ll += total(aa);
    rr += total(bb);
    lr += total(ab);
  }
  for (; i < frames; i++) {
    const l = <f64>load<f32>(left + (<usize>i << 2));
    const r = <f64>load<f32>(right + (<usize>i << 2));
    l1 += l;
    r1 += r;
    ll += l * l;
    rr += r * r;
    lr += l * r;
  }
  store<f64>(sums, load<f64>(sums) + l1);
  store<f64>(sums, load<f64>(sums, 8) + r1, 8);
  store<f64>(sums, load<f64>(sums, 16) + ll, 16);
  store<f64>(sums, load<f64>(sums, 24) + rr, 24);
  store<f64>(sums, load<f64>(sums, 32) + lr, 32);
}

// @ts-ignore: decorator
@inline
function total(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) +
    <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  );
}
