// Planar float32 to interleaved little-endian integers, exactly as src/audio/wav-samples.ts makes them: rounded to
// nearest, dithered with triangular density by an integer hash of the absolute frame, clipped and counted.

// @ts-ignore: decorator
@inline
function hash(value: v128): v128 {
  let x = i32x4.mul(v128.xor(value, i32x4.shr_u(value, 17)), i32x4.splat(0xed5ad4bb));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 11)), i32x4.splat(0xac4c1b51));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x31848bab));
  return v128.xor(x, i32x4.shr_u(x, 14));
}

/**
 * target[i] = round(samples[i] × fullScale + dither), as i32, for `frames` (a multiple of 4) frames of one channel. Where
 * a sample is 0 or does not fit there is no dither; what does not fit is clipped. Returns how many did not fit.
 */
export function quantise(
  samples: usize,
  frames: i32,
  fullScale: f64,
  isDithered: i32,
  key: i32,
  startFrame: i32,
  target: usize,
): i32 {
  const scale = f64x2.splat(fullScale);
  const highest = f64x2.splat(fullScale - 1);
  const lowest = f64x2.splat(-fullScale);
  const half = f64x2.splat(0.5);
  const zero = f64x2.splat(0);
  const lsb = f64x2.splat(1.0 / 65536.0);
  const keys = i32x4.splat(key);
  const four = i32x4.splat(4);
  const dithered = i64x2.splat(isDithered != 0 ? -1 : 0);
  let frame = i32x4.add(i32x4.splat(startFrame), i32x4(0, 1, 2, 3));
  let clipped = 0;
  const end = samples + (<usize>frames << 2);
  for (; samples < end; samples += 16, target += 16) {
    const x = v128.load(samples);
    const bits = hash(v128.xor(frame, keys));
    const sum = i32x4.sub(
      i32x4.add(v128.and(bits, i32x4.splat(0xffff)), i32x4.shr_u(bits, 16)),
      i32x4.splat(65535),
    );
    const low = f64x2.mul(f64x2.promote_low_f32x4(x), scale);
    const high = f64x2.mul(f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)), scale);
    const ditherLow = f64x2.mul(f64x2.convert_low_i32x4_s(sum), lsb);
    const ditherHigh = f64x2.mul(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(sum, sum, 2, 3, 2, 3)), lsb);

    const plainLow = f64x2.floor(f64x2.add(low, half));
    const plainHigh = f64x2.floor(f64x2.add(high, half));
    const outLow = v128.or(f64x2.gt(plainLow, highest), f64x2.lt(plainLow, lowest));
    const outHigh = v128.or(f64x2.gt(plainHigh, highest), f64x2.lt(plainHigh, lowest));
    clipped += i32.popcnt(i64x2.bitmask(outLow)) + i32.popcnt(i64x2.bitmask(outHigh));
    const useLow = v128.andnot(v128.andnot(dithered, outLow), f64x2.eq(low, zero));
    const useHigh = v128.andnot(v128.andnot(dithered, outHigh), f64x2.eq(high, zero));
    let a = v128.bitselect(f64x2.floor(f64x2.add(f64x2.add(low, ditherLow), half)), plainLow, useLow);
    let b = v128.bitselect(f64x2.floor(f64x2.add(f64x2.add(high, ditherHigh), half)), plainHigh, useHigh);
    a = f64x2.max(f64x2.min(a, highest), lowest);
    b = f64x2.max(f64x2.min(b, highest), lowest);
    v128.store(
      target,
      v128.shuffle<i32>(i32x4.trunc_sat_f64x2_s_zero(a), i32x4.trunc_sat_f64x2_s_zero(b), 0, 1, 4, 5),
    );
    frame = i32x4.add(frame, four);
  }
  return clipped;
}

/** The lowest 16 (`bytes` 2) or 24 bits of each value, `strideBytes` apart. */
export function packIntegers(values: usize, frames: i32, bytes: i32, target: usize, strideBytes: usize): void {
  const end = values + (<usize>frames << 2);
  if (bytes == 2) {
    for (; values < end; values += 4, target += strideBytes) store<i16>(target, <i16>load<i32>(values));
    return;
  }
  for (; values < end; values += 4, target += strideBytes) {
    const value = load<i32>(values);
    store<i16>(target, <i16>value);
    store<u8>(target, <u8>(value >> 16), 2);
  }
}

/** 0 when all of `frames` (a multiple of 4) samples are finite, else NaN. */
export function checkFinite(samples: usize, frames: i32): f32 {
  const zero = f32x4.splat(0);
  let check = zero;
  const end = samples + (<usize>frames << 2);
  for (; samples < end; samples += 16) check = f32x4.add(check, f32x4.mul(v128.load(samples), zero));
  return (
    f32x4.extract_lane(check, 0) +
    f32x4.extract_lane(check, 1) +
    f32x4.extract_lane(check, 2) +
    f32x4.extract_lane(check, 3)
  );
}
