// What kernels that look for peaks have in common.

/** The largest of four lanes. */
// @ts-ignore: decorator
@inline
export function largestLane(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** Whether a sample between two addresses, a multiple of 16 bytes apart, is above a level. */
// @ts-ignore: decorator
@inline
export function anyAbove(from: usize, to: usize, level: f32): bool {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  for (; from + 32 <= to; from += 32) {
    even = f32x4.pmax(even, f32x4.abs(v128.load(from)));
    odd = f32x4.pmax(odd, f32x4.abs(v128.load(from, 16)));
  }
  if (from < to) even = f32x4.pmax(even, f32x4.abs(v128.load(from)));
  return v128.any_true(f32x4.gt(f32x4.pmax(even, odd), f32x4.splat(level)));
}
