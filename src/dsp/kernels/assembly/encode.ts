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
  fullScale: f32,
  isDithered: i32,
  key: i32,
  startFrame: i32,
  target: usize,
): i32 {
  const scale = f32x4.splat(fullScale);
  // Dither moves a value by less than one: what is smaller than this fits.
  const safe = f32x4.splat(fullScale - 2);
  const zero = f32x4.splat(0);
  const half = f32x4.splat(0.5);
  const lsb = f32x4.splat(1.0 / 65536.0);
  const keys = i32x4.splat(key);
  const four = i32x4.splat(4);
  const dithered = i32x4.splat(isDithered != 0 ? -1 : 0);
  let frame = i32x4.add(i32x4.splat(startFrame), i32x4(0, 1, 2, 3));
  let clipped = 0;
  const end = samples + (<usize>frames << 2);
  for (; samples < end; samples += 16, target += 16) {
    const exact = f32x4.mul(v128.load(samples), scale);
    const bits = hash(v128.xor(frame, keys));
    let sum = i32x4.sub(
      i32x4.add(v128.and(bits, i32x4.splat(0xffff)), i32x4.shr_u(bits, 16)),
      i32x4.splat(65535),
    );
    sum = v128.andnot(v128.and(sum, dithered), f32x4.eq(exact, zero));
    // Sums of 17 bits over 65536, and a half on top, are exact.
    const dither = f32x4.mul(f32x4.convert_i32x4_s(sum), lsb);
    if (!v128.any_true(f32x4.ge(f32x4.abs(exact), safe))) {
      v128.store(target, floors(exact, f32x4.add(dither, half)));
    } else {
      const plain = floors(exact, half);
      const highest = i32x4.splat(<i32>fullScale - 1);
      const lowest = i32x4.splat(-<i32>fullScale);
      // What lies far beyond would not fit 32 bits: it is known by its float.
      const bound = f32x4.splat(2 * fullScale);
      const over = v128.or(i32x4.gt_s(plain, highest), f32x4.ge(exact, bound));
      const under = v128.or(i32x4.lt_s(plain, lowest), f32x4.lt(exact, f32x4.neg(bound)));
      clipped += i32.popcnt(i32x4.bitmask(v128.or(over, under)));
      let value = floors(exact, f32x4.add(dither, half));
      value = i32x4.max_s(i32x4.min_s(value, highest), lowest);
      value = v128.bitselect(highest, value, over);
      v128.store(target, v128.bitselect(lowest, value, under));
    }
    frame = i32x4.add(frame, four);
  }
  return clipped;
}

/** floor(a + b) as i32, added in float64. The magic number leaves an integer in the low half of a float64. */
// @ts-ignore: decorator
@inline
function floors(a: v128, b: v128): v128 {
  const magic = f64x2.splat(6755399441055744.0);
  const low = f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
  const high = f64x2.add(
    f64x2.promote_low_f32x4(v128.shuffle<f32>(a, a, 2, 3, 2, 3)),
    f64x2.promote_low_f32x4(v128.shuffle<f32>(b, b, 2, 3, 2, 3)),
  );
  return v128.shuffle<i32>(
    f64x2.add(f64x2.floor(low), magic),
    f64x2.add(f64x2.floor(high), magic),
    0,
    2,
    4,
    6,
  );
}

/** The lowest 16 (`bytes` 2), 24 or all bits of each value, `strideBytes` apart. */
export function packWords(values: usize, frames: i32, bytes: i32, target: usize, strideBytes: usize): void {
  const end = values + (<usize>frames << 2);
  if (bytes == 4) {
    for (; values < end; values += 4, target += strideBytes) store<i32>(target, load<i32>(values));
    return;
  }
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
