// The inner loop of the sample-rate converter: one polyphase sum of products per output frame, in float64.

/**
 * Computes `count` output frames. The first weighs `input` from its start on and lies `remainder` / `denominator`
 * of an input frame behind it; each further one lies `numerator` / `denominator` later. `coefficients` are
 * [phase][tap], one phase per position where `phaseCount` is `denominator`, else one more than `phaseCount` to
 * interpolate between. `tapCount` is a multiple of 8.
 */
export function resampleFrames(
  input: usize,
  remainder: i32,
  numerator: i32,
  denominator: i32,
  coefficients: usize,
  tapCount: i32,
  phaseCount: i32,
  output: usize,
  count: i32,
): void {
  const phaseBytes = <usize>tapCount << 3;
  let samples = input;
  for (let i = 0; i < count; i++) {
    let value: f64;
    if (phaseCount == denominator) {
      value = dot(coefficients + <usize>remainder * phaseBytes, samples, tapCount);
    } else {
      const exact = (<f64>remainder * <f64>phaseCount) / <f64>denominator;
      const phase = <i32>exact;
      const at = coefficients + <usize>phase * phaseBytes;
      const low = dot(at, samples, tapCount);
      value = low + (exact - <f64>phase) * (dot(at + phaseBytes, samples, tapCount) - low);
    }
    store<f64>(output + (<usize>i << 3), value);
    remainder += numerator;
    const whole = remainder / denominator;
    samples += <usize>whole << 3;
    remainder -= whole * denominator;
  }
}

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, count: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  const end = a + (<usize>count << 3);
  for (; a < end; a += 64, b += 64) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a), v128.load(b)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    s2 = f64x2.add(s2, f64x2.mul(v128.load(a, 32), v128.load(b, 32)));
    s3 = f64x2.add(s3, f64x2.mul(v128.load(a, 48), v128.load(b, 48)));
  }
  const sum = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
