// The look-ahead limiter: where peaks are (also between samples), and how far the gain must go down for them.

import { anyAbove, largestLane } from './shared/peaks';

/**
 * Raises out[i] to the largest magnitude of the signal at frame i and at the seven eighths behind it, for `frames` (a
 * multiple of 4) frames. Blocks of 64 frames, or 16 of them, that cannot exceed `threshold` leave `out` as it is. Reads halfFrames + 4
 * frames before and behind. taps: for each of `halfFrames` distances the sum and difference taps of the phases 1/7,
 * 2/6 and 3/5, and the tap of phase 4. limit: largest gain of the interpolator. Returns the largest value found.
 */
export function peakEnvelope(
  samples: usize,
  frames: i32,
  taps: usize,
  halfFrames: i32,
  limit: f32,
  threshold: f32,
  out: usize,
): f32 {
  const end = samples + (<usize>frames << 2);
  const reach = <usize>(halfFrames + 4) << 2;
  const level = threshold / limit;
  let found = f32x4.splat(0);
  while (samples < end) {
    const stop = min(samples + 256, end);
    if (!anyAbove(samples - reach, stop + reach, level)) {
      out += stop - samples;
      samples = stop;
      continue;
    }
    while (samples < stop) {
      const near = min(samples + 64, stop);
      if (anyAbove(samples - reach, near + reach, level)) {
        for (; samples < near; samples += 16, out += 16) {
          const peak = peakEighths(samples, taps, halfFrames);
          found = f32x4.pmax(found, peak);
          v128.store(out, f32x4.pmax(v128.load(out), peak));
        }
      } else {
        out += near - samples;
        samples = near;
      }
    }
  }
  return largestLane(found);
}

/** By lane the largest magnitude at four frames and at the seven eighths behind each. */
// @ts-ignore: decorator
@inline
function peakEighths(p: usize, taps: usize, halfFrames: i32): v128 {
  let even1 = f32x4.splat(0);
  let odd1 = f32x4.splat(0);
  let even2 = f32x4.splat(0);
  let odd2 = f32x4.splat(0);
  let even3 = f32x4.splat(0);
  let odd3 = f32x4.splat(0);
  let half = f32x4.splat(0);
  let near = p;
  let far = p + 4;
  for (let k = 0; k < halfFrames; k++) {
    const a = v128.load(near);
    const b = v128.load(far);
    const sum = f32x4.add(a, b);
    const difference = f32x4.sub(a, b);
    even1 = f32x4.add(even1, f32x4.mul(sum, v128.load32_splat(taps)));
    odd1 = f32x4.add(odd1, f32x4.mul(difference, v128.load32_splat(taps, 4)));
    even2 = f32x4.add(even2, f32x4.mul(sum, v128.load32_splat(taps, 8)));
    odd2 = f32x4.add(odd2, f32x4.mul(difference, v128.load32_splat(taps, 12)));
    even3 = f32x4.add(even3, f32x4.mul(sum, v128.load32_splat(taps, 16)));
    odd3 = f32x4.add(odd3, f32x4.mul(difference, v128.load32_splat(taps, 20)));
    half = f32x4.add(half, f32x4.mul(sum, v128.load32_splat(taps, 24)));
    near -= 4;
    far += 4;
    taps += 28;
  }
  let peak = f32x4.pmax(f32x4.abs(v128.load(p)), f32x4.abs(half));
  peak = f32x4.pmax(peak, f32x4.add(f32x4.abs(even1), f32x4.abs(odd1)));
  peak = f32x4.pmax(peak, f32x4.add(f32x4.abs(even2), f32x4.abs(odd2)));
  return f32x4.pmax(peak, f32x4.add(f32x4.abs(even3), f32x4.abs(odd3)));
}

/** The same without looking between samples. */
export function sampleEnvelope(samples: usize, frames: i32, out: usize): f32 {
  let found = f32x4.splat(0);
  const end = <usize>frames << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const peak = f32x4.pmax(v128.load(out + i), f32x4.abs(v128.load(samples + i)));
    found = f32x4.pmax(found, peak);
    v128.store(out + i, peak);
  }
  return largestLane(found);
}

// Places in the limiter's state, in bytes: f64 release, slow and the sums of three moving means; then i32 counters.
const RELEASE: usize = 0;
const SLOW: usize = 8;
const SUM_1: usize = 16;
const SUM_2: usize = 24;
const SUM_3: usize = 32;
const NOW: usize = 40;
const QUEUE_HEAD: usize = 44;
const QUEUE_TAIL: usize = 48;
const AT_1: usize = 52;
const AT_2: usize = 56;
const AT_3: usize = 60;
const ZERO_RUN: usize = 64;

/** Below this depth (−140 dB of change) a decaying reduction ends. */
const DEPTH_END: f64 = 1e-7;

/**
 * nodes[i] for `steps` steps of 8 peak values: the depth that the step's largest peak above `ceiling` needs, held over
 * `holdSteps`, let go at `release` and (after long reduction) at the rate of the slow mean, and smoothed by three
 * moving means of length1, length2, length3 steps, so that nodes[i + length1 + length2 + length3 − 3] and those that
 * follow while the hold lasts are at least that depth.
 * config: f64 ceiling, release factor and slow coefficient per step; i32 holdSteps, length1, length2, length3, queue
 * mask. queue: (mask + 1) pairs of f64 depth and i32 time, in 16 bytes each. rings: f64, the three behind each other.
 * reach: two f64, largest depth and sum of depths, which go on. Returns 1 where nothing is left to let go.
 */
export function limiterNodes(
  peaks: usize,
  nodes: usize,
  steps: i32,
  config: usize,
  state: usize,
  queue: usize,
  rings: usize,
  reach: usize,
): i32 {
  const ceiling = load<f64>(config);
  const releaseFactor = load<f64>(config, 8);
  const slowFactor = load<f64>(config, 16);
  const holdSteps = load<i32>(config, 24);
  const length1 = load<i32>(config, 28);
  const length2 = load<i32>(config, 32);
  const length3 = load<i32>(config, 36);
  const mask = load<i32>(config, 40);
  const scale1 = 1.0 / <f64>length1;
  const scale2 = 1.0 / <f64>length2;
  const scale3 = 1.0 / <f64>length3;
  const ring1 = rings;
  const ring2 = ring1 + (<usize>length1 << 3);
  const ring3 = ring2 + (<usize>length2 << 3);
  const quietSteps = length1 + length2 + length3;
  let release = load<f64>(state, RELEASE);
  let slow = load<f64>(state, SLOW);
  let sum1 = load<f64>(state, SUM_1);
  let sum2 = load<f64>(state, SUM_2);
  let sum3 = load<f64>(state, SUM_3);
  let now = load<i32>(state, NOW);
  let head = load<i32>(state, QUEUE_HEAD);
  let tail = load<i32>(state, QUEUE_TAIL);
  let at1 = load<i32>(state, AT_1);
  let at2 = load<i32>(state, AT_2);
  let at3 = load<i32>(state, AT_3);
  let zeroRun = load<i32>(state, ZERO_RUN);
  let deepest = load<f64>(reach);
  let total = load<f64>(reach, 8);

  for (let i = 0; i < steps; i++) {
    const step = peaks + (<usize>i << 5);
    const peak = <f64>largestLane(f32x4.pmax(v128.load(step), v128.load(step, 16)));
    // The deepest need of the last holdSteps steps stands at the head of a queue of falling needs.
    if (head != tail && now - load<i32>(queue + (<usize>(head & mask) << 4), 8) >= holdSteps) head++;
    if (peak > ceiling) {
      const depth = 1.0 - ceiling / peak;
      while (tail != head && load<f64>(queue + (<usize>((tail - 1) & mask) << 4)) <= depth) tail--;
      const slot = queue + (<usize>(tail & mask) << 4);
      store<f64>(slot, depth);
      store<i32>(slot, now, 8);
      tail++;
    }
    now++;
    const held = head != tail ? load<f64>(queue + (<usize>(head & mask) << 4)) : 0.0;
    release = max(held, release * releaseFactor);
    if (release < DEPTH_END) release = 0;
    slow += slowFactor * (held - slow);
    if (slow < DEPTH_END && held == 0) slow = 0;
    const depth = max(release, slow);

    const slot1 = ring1 + (<usize>at1 << 3);
    sum1 += depth - load<f64>(slot1);
    store<f64>(slot1, depth);
    if (++at1 == length1) at1 = 0;
    const mean1 = sum1 * scale1;
    const slot2 = ring2 + (<usize>at2 << 3);
    sum2 += mean1 - load<f64>(slot2);
    store<f64>(slot2, mean1);
    if (++at2 == length2) at2 = 0;
    const mean2 = sum2 * scale2;
    const slot3 = ring3 + (<usize>at3 << 3);
    sum3 += mean2 - load<f64>(slot3);
    store<f64>(slot3, mean2);
    if (++at3 == length3) at3 = 0;
    // Once every ring holds zeros alone, what rounding left in the sums goes too.
    zeroRun = depth == 0 ? zeroRun + 1 : 0;
    if (zeroRun >= quietSteps) {
      zeroRun = min(zeroRun, 3 * quietSteps);
      sum1 = 0;
      sum2 = 0;
      sum3 = 0;
      store<f64>(slot2, 0);
      store<f64>(slot3, 0);
    }
    const smooth = sum3 * scale3;
    deepest = max(deepest, smooth);
    total += smooth;
    store<f32>(nodes + (<usize>i << 2), <f32>smooth);
  }
  store<f64>(state, release, RELEASE);
  store<f64>(state, slow, SLOW);
  store<f64>(state, sum1, SUM_1);
  store<f64>(state, sum2, SUM_2);
  store<f64>(state, sum3, SUM_3);
  store<i32>(state, now, NOW);
  store<i32>(state, head, QUEUE_HEAD);
  store<i32>(state, tail, QUEUE_TAIL);
  store<i32>(state, at1, AT_1);
  store<i32>(state, at2, AT_2);
  store<i32>(state, at3, AT_3);
  store<i32>(state, zeroRun, ZERO_RUN);
  store<f64>(reach, deepest);
  store<f64>(reach, total, 8);
  return head == tail && release == 0 && slow == 0 && zeroRun >= 3 * quietSteps ? 1 : 0;
}

/**
 * target = source × (1 − depth) × scale for `steps` steps of 8 frames; in step i the depth goes in a straight line from
 * nodes[i] to nodes[i + 1].
 */
export function applyNodes(source: usize, nodes: usize, scale: f32, target: usize, steps: i32): void {
  const s = f32x4.splat(scale);
  const one = f32x4.splat(1);
  const first = f32x4(0, 0.125, 0.25, 0.375);
  const second = f32x4(0.5, 0.625, 0.75, 0.875);
  for (let i = 0; i < steps; i++) {
    const from = load<f32>(nodes + (<usize>i << 2));
    const slope = f32x4.splat(load<f32>(nodes + (<usize>i << 2), 4) - from);
    const start = f32x4.splat(from);
    const near = f32x4.sub(one, f32x4.add(start, f32x4.mul(slope, first)));
    const far = f32x4.sub(one, f32x4.add(start, f32x4.mul(slope, second)));
    v128.store(target, f32x4.mul(f32x4.mul(v128.load(source), near), s));
    v128.store(target, f32x4.mul(f32x4.mul(v128.load(source, 16), far), s), 16);
    source += 32;
    target += 32;
  }
}
