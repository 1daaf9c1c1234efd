// The inner loop of the beat tracker (rhythm/beat-tracker.ts): for every frame, the best way to a beat there by each of
// the intervals that could follow it.

/**
 * Fills `from` with the interval before the one that starts at each of the columns firstColumn … endColumn − 1, and keeps
 * the likeliest end so far: at `result` its log-probability (f64, minus infinity at first), its column and its interval
 * (two i32 behind it). Columns are met in order, in as many calls as the caller likes.
 *
 * A column is a frame and stands `longest` = shortest + intervals − 1 frames later than it; beats may lie before frame 0.
 * on, off: f64 sums of log-probabilities of the frames before each, `count` + 1 of them. Rows of `stride` (even, at
 * least `intervals`) values: tempoNats; nats [from interval][to interval], infinite where a change is not allowed; due
 * [longest + 1][stride], minus infinity at first; ended, arrived, sources, all f64. from: bytes [columns][intervals], 255
 * for a first beat.
 */
export function trackBeatColumns(
  on: usize,
  off: usize,
  count: i32,
  shortest: i32,
  intervals: i32,
  stride: i32,
  tempoNats: usize,
  nats: usize,
  changeNats: f64,
  hopelessNats: f64,
  lead: i32,
  beatFrames: i32,
  due: usize,
  ended: usize,
  arrived: usize,
  sources: usize,
  from: usize,
  firstColumn: i32,
  endColumn: i32,
  result: usize,
): void {
  const longest = shortest + intervals - 1;
  const ring = longest + 1;
  const rowBytes = <usize>stride << 3;
  const dueEnd = due + rowBytes * <usize>ring;
  const nothing = f64x2.splat(-Infinity);
  const firstBeat = f64x2.splat(255);
  let best = load<f64>(result);
  let bestColumn = load<i32>(result, 8);
  let bestInterval = load<i32>(result, 12);
  let row = firstColumn % ring;
  from += <usize>firstColumn * <usize>intervals;
  for (let column = firstColumn; column < endColumn; column++) {
    const t = column - longest;
    const tail = load<f64>(off + (<usize>clamp(t - lead, count) << 3));
    const dueRow = due + rowBytes * <usize>row;
    let tops = nothing;
    const tails = f64x2.splat(tail);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const value = f64x2.sub(f64x2.add(v128.load(dueRow + at), tails), v128.load(tempoNats + at));
      v128.store(ended + at, value);
      v128.store(arrived + at, nothing);
      v128.store(sources + at, firstBeat);
      tops = f64x2.pmax(tops, value);
    }
    const hopeless = max(f64x2.extract_lane(tops, 0), f64x2.extract_lane(tops, 1)) - hopelessNats;
    for (let j = 0; j < intervals; j++) {
      const value = load<f64>(ended + (<usize>j << 3));
      if (!(value >= hopeless) || value == -Infinity) continue;
      // Further changes would only lead to what is hopeless.
      const reach = 1 + <i32>min(1e6, ((value - hopeless) * <f64>(shortest + j)) / changeNats);
      const low = <usize>(max(0, j - reach) & -2) << 3;
      const high = <usize>min(intervals, j + reach + 1) << 3;
      const costs = nats + rowBytes * <usize>j;
      const values = f64x2.splat(value);
      const source = f64x2.splat(<f64>j);
      for (let at = low; at < high; at += 16) {
        const score = f64x2.sub(values, v128.load(costs + at));
        const known = v128.load(arrived + at);
        const isBetter = f64x2.gt(score, known);
        v128.store(arrived + at, v128.bitselect(score, known, isBetter));
        v128.store(sources + at, v128.bitselect(source, v128.load(sources + at), isBetter));
      }
    }
    const headStart = clamp(t - lead, count);
    const headEnd = clamp(t - lead + beatFrames, count);
    const head =
      load<f64>(on + (<usize>headEnd << 3)) - load<f64>(on + (<usize>headStart << 3)) - load<f64>(off + (<usize>headEnd << 3));
    let place = row + shortest;
    if (place >= ring) place -= ring;
    let target = due + rowBytes * <usize>place;
    const isEnding = t + longest >= count;
    for (let i = 0; i < intervals; i++) {
      let top = load<f64>(arrived + (<usize>i << 3));
      let source = <i32>load<f64>(sources + (<usize>i << 3));
      // The first beat: one whose interval reaches into the piece.
      if (t <= 0 && t + shortest + i > 0 && 0 > top) {
        top = 0;
        source = 255;
      }
      store<f64>(target + (<usize>i << 3), top + head);
      target += rowBytes;
      if (target == dueEnd) target = due;
      store<u8>(from + <usize>i, source);
      if (isEnding && t + shortest + i >= count) {
        const total =
          top +
          head +
          load<f64>(off + (<usize>clamp(t + shortest + i - lead, count) << 3)) -
          load<f64>(tempoNats + (<usize>i << 3));
        if (total > best) {
          best = total;
          bestColumn = column;
          bestInterval = i;
        }
      }
    }
    from += <usize>intervals;
    if (++row == ring) row = 0;
  }
  store<f64>(result, best);
  store<i32>(result, bestColumn, 8);
  store<i32>(result, bestInterval, 12);
}

// @ts-ignore: decorator
@inline
function clamp(t: i32, count: i32): i32 {
  return min(count, max(0, t));
}
