// Interleaved little-endian samples to planar float32, full scale ±1, exactly as src/audio/wav-samples.ts has them.
// Method: shuffles and integer-to-float conversion, four frames at a time for one and two channels, plain loops for
// more. Sources must be readable 16 bytes beyond their end.

/** 16-bit integers. Channel c of `channels` goes to `target + c * strideBytes`. */
export function decode16(source: usize, target: usize, strideBytes: usize, frames: i32, channels: i32): void {
  const scale = f32x4.splat(<f32>(1.0 / 32768.0));
  let done = 0;
  if (channels == 2) {
    const right = target + strideBytes;
    for (; done + 4 <= frames; done += 4) {
      const v = v128.load(source + (<usize>done << 2));
      const l = i32x4.shr_s(i32x4.shl(v, 16), 16);
      const r = i32x4.shr_s(v, 16);
      v128.store(target + (<usize>done << 2), f32x4.mul(f32x4.convert_i32x4_s(l), scale));
      v128.store(right + (<usize>done << 2), f32x4.mul(f32x4.convert_i32x4_s(r), scale));
    }
  } else if (channels == 1) {
    for (; done + 4 <= frames; done += 4) {
      const v = v128.load64_zero(source + (<usize>done << 1));
      v128.store(target + (<usize>done << 2), f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v)), scale));
    }
  }
  const step = <usize>channels << 1;
  for (let c = 0; c < channels; c++) {
    let p = source + <usize>done * step + (<usize>c << 1);
    const out = target + <usize>c * strideBytes;
    for (let i = done; i < frames; i++, p += step) {
      store<f32>(out + (<usize>i << 2), <f32>load<i16>(p) * <f32>(1.0 / 32768.0));
    }
  }
}

/** 24-bit packed integers. */
export function decode24(source: usize, target: usize, strideBytes: usize, frames: i32, channels: i32): void {
  const scale = f32x4.splat(<f32>(1.0 / 8388608.0));
  let done = 0;
  if (channels == 2) {
    const right = target + strideBytes;
    for (; done + 4 <= frames; done += 4) {
      const p = source + <usize>done * 6;
      const a = v128.load(p);
      const b = v128.load(p, 12);
      const l = v128.shuffle<i8>(a, b, 0, 0, 1, 2, 0, 6, 7, 8, 0, 16, 17, 18, 0, 22, 23, 24);
      const r = v128.shuffle<i8>(a, b, 0, 3, 4, 5, 0, 9, 10, 11, 0, 19, 20, 21, 0, 25, 26, 27);
      v128.store(target + (<usize>done << 2), f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(l, 8)), scale));
      v128.store(right + (<usize>done << 2), f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(r, 8)), scale));
    }
  } else if (channels == 1) {
    for (; done + 4 <= frames; done += 4) {
      const a = v128.load(source + <usize>done * 3);
      const l = v128.shuffle<i8>(a, a, 0, 0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11);
      v128.store(target + (<usize>done << 2), f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(l, 8)), scale));
    }
  }
  const step = <usize>channels * 3;
  for (let c = 0; c < channels; c++) {
    let p = source + <usize>done * step + <usize>c * 3;
    const out = target + <usize>c * strideBytes;
    for (let i = done; i < frames; i++, p += step) {
      const value = (<i32>load<u8>(p) << 8) | (<i32>load<u8>(p, 1) << 16) | (<i32>load<u8>(p, 2) << 24);
      store<f32>(out + (<usize>i << 2), <f32>(value >> 8) * <f32>(1.0 / 8388608.0));
    }
  }
}

/** 32-bit floats. Returns 0 when all are finite, else NaN. */
export function decodeFloat(source: usize, target: usize, strideBytes: usize, frames: i32, channels: i32): f32 {
  let check = f32x4.splat(0);
  const zero = f32x4.splat(0);
  let rest: f32 = 0;
  let done = 0;
  if (channels == 2) {
    const right = target + strideBytes;
    for (; done + 4 <= frames; done += 4) {
      const a = v128.load(source + (<usize>done << 3));
      const b = v128.load(source + (<usize>done << 3), 16);
      const l = v128.shuffle<f32>(a, b, 0, 2, 4, 6);
      const r = v128.shuffle<f32>(a, b, 1, 3, 5, 7);
      v128.store(target + (<usize>done << 2), l);
      v128.store(right + (<usize>done << 2), r);
      check = f32x4.add(check, f32x4.add(f32x4.mul(l, zero), f32x4.mul(r, zero)));
    }
  } else if (channels == 1) {
    for (; done + 4 <= frames; done += 4) {
      const a = v128.load(source + (<usize>done << 2));
      v128.store(target + (<usize>done << 2), a);
      check = f32x4.add(check, f32x4.mul(a, zero));
    }
  }
  const step = <usize>channels << 2;
  for (let c = 0; c < channels; c++) {
    let p = source + <usize>done * step + (<usize>c << 2);
    const out = target + <usize>c * strideBytes;
    for (let i = done; i < frames; i++, p += step) {
      const x = load<f32>(p);
      store<f32>(out + (<usize>i << 2), x);
      rest += x * <f32>0;
    }
  }
  return (
    rest +
    f32x4.extract_lane(check, 0) +
    f32x4.extract_lane(check, 1) +
    f32x4.extract_lane(check, 2) +
    f32x4.extract_lane(check, 3)
  );
}
