// What lies around a network that filters spectra over several frames (models/deepfilternet3), for two channels side by
// side, one in each lane: frames, the filter, overlapped adding. Values of pairs take two f64, plain tables one.

/**
 * Even and odd samples of two f64 signals under a plain window, as pairs: zr[n] of sample 2n, zi[n] of sample 2n + 1, for
 * n < count.
 */
export function pairFrame(a: usize, b: usize, window: usize, zr: usize, zi: usize, count: i32): void {
  const end = zr + (<usize>count << 4);
  for (; zr < end; zr += 16, zi += 16, a += 16, b += 16, window += 16) {
    const w = v128.load(window);
    const x = f64x2.mul(v128.load(a), w);
    const y = f64x2.mul(v128.load(b), w);
    v128.store(zr, v128.shuffle<f64>(x, y, 0, 2));
    v128.store(zi, v128.shuffle<f64>(x, y, 1, 3));
  }
}

/** target = source / divisor, `count` pairs. */
export function pairDivide(source: usize, target: usize, divisor: f64, count: i32): void {
  const by = f64x2.splat(divisor);
  const end = <usize>count << 4;
  for (let at: usize = 0; at < end; at += 16) v128.store(target + at, f64x2.div(v128.load(source + at), by));
}

/** target = source − target, `count` pairs. */
export function pairTakeFrom(source: usize, target: usize, count: i32): void {
  const end = <usize>count << 4;
  for (let at: usize = 0; at < end; at += 16)
    v128.store(target + at, f64x2.sub(v128.load(source + at), v128.load(target + at)));
}

/**
 * Bins below `filterBins` as complex sums over `taps` frames, the others as those of one frame times a gain.
 * re, im: pairs, `frameBytes` from frame to frame; firstTap, frame: byte offsets of the first tap's frame and of that
 * which gains are for. coefficients: f32 [filterBins][taps][re, im]. gains: f32 [band]; bandOfBin: bytes.
 */
export function pairDeepFilter(
  re: usize,
  im: usize,
  frameBytes: usize,
  firstTap: usize,
  frame: usize,
  coefficients: usize,
  taps: i32,
  filterBins: i32,
  gains: usize,
  bandOfBin: usize,
  bins: i32,
  outRe: usize,
  outIm: usize,
): void {
  const split = <usize>filterBins << 4;
  for (let at: usize = 0; at < split; at += 16) {
    let sumRe = f64x2.splat(0);
    let sumIm = f64x2.splat(0);
    let from = firstTap + at;
    for (let tap = 0; tap < taps; tap++, from += frameBytes, coefficients += 8) {
      const cRe = f64x2.splat(<f64>load<f32>(coefficients));
      const cIm = f64x2.splat(<f64>load<f32>(coefficients, 4));
      const xRe = v128.load(re + from);
      const xIm = v128.load(im + from);
      sumRe = f64x2.add(sumRe, f64x2.sub(f64x2.mul(cRe, xRe), f64x2.mul(cIm, xIm)));
      sumIm = f64x2.add(sumIm, f64x2.add(f64x2.mul(cRe, xIm), f64x2.mul(cIm, xRe)));
    }
    v128.store(outRe + at, sumRe);
    v128.store(outIm + at, sumIm);
  }
  const end = <usize>bins << 4;
  for (let at = split; at < end; at += 16) {
    const gain = f64x2.splat(<f64>load<f32>(gains + (<usize>load<u8>(bandOfBin + (at >> 4)) << 2)));
    v128.store(outRe + at, f64x2.mul(gain, v128.load(re + frame + at)));
    v128.store(outIm + at, f64x2.mul(gain, v128.load(im + frame + at)));
  }
}

/**
 * Adds the first half of a frame to what `overlap` kept (pairs) into two plain f64 signals, and keeps the second half.
 * zr, zi: even and odd values of the frame, 2 × `half` of them in all, to be scaled and then multiplied by gain × window.
 */
export function pairOverlap(
  zr: usize,
  zi: usize,
  scale: f64,
  gain: f64,
  window: usize,
  overlap: usize,
  left: usize,
  right: usize,
  half: i32,
): void {
  const by = f64x2.splat(scale);
  const times = f64x2.splat(gain);
  const middle = <usize>half << 3;
  for (let at: usize = 0; at < middle; at += 16) {
    const even = f64x2.add(v128.load(overlap + 2 * at), weigh(zr + at, by, times, window + at));
    const odd = f64x2.add(v128.load(overlap + 2 * at, 16), weigh(zi + at, by, times, window + at + 8));
    v128.store(left + at, v128.shuffle<f64>(even, odd, 0, 2));
    v128.store(right + at, v128.shuffle<f64>(even, odd, 1, 3));
    v128.store(overlap + 2 * at, weigh(zr + middle + at, by, times, window + middle + at));
    v128.store(overlap + 2 * at, weigh(zi + middle + at, by, times, window + middle + at + 8), 16);
  }
}

// @ts-ignore: decorator
@inline
function weigh(value: usize, scale: v128, gain: v128, weight: usize): v128 {
  return f64x2.mul(f64x2.mul(gain, f64x2.mul(v128.load(value), scale)), v128.load64_splat(weight));
}
