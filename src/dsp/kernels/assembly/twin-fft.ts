// Real float64 transforms of two signals side by side, one in each lane: every value is a pair, and a lane never sees the
// other. The steps are those of src/dsp/fft.ts and fft-passes.ts, operation for operation, so their results are the same.
// re, im, values and tables of pairs: two f64 a value. Plain tables: one f64 a value.

/** One radix-4 step from `ar`, `ai` to `br`, `bi`. twiddles: re and im of W^p, W^2p, W^3p for each of `count` p. */
export function twinStep4(
  ar: usize,
  ai: usize,
  br: usize,
  bi: usize,
  count: i32,
  stride: i32,
  twiddles: usize,
): void {
  const step = <usize>stride << 4;
  const leap = step * <usize>count;
  for (let p = 0; p < count; p++) {
    const w1r = v128.load64_splat(twiddles);
    const w1i = v128.load64_splat(twiddles, 8);
    const w2r = v128.load64_splat(twiddles, 16);
    const w2i = v128.load64_splat(twiddles, 24);
    const w3r = v128.load64_splat(twiddles, 32);
    const w3i = v128.load64_splat(twiddles, 40);
    twiddles += 48;
    let from = step * <usize>p;
    let to = from << 2;
    for (let q = 0; q < stride; q++, from += 16, to += 16) {
      const x0r = v128.load(ar + from);
      const x0i = v128.load(ai + from);
      const x1r = v128.load(ar + from + leap);
      const x1i = v128.load(ai + from + leap);
      const x2r = v128.load(ar + from + 2 * leap);
      const x2i = v128.load(ai + from + 2 * leap);
      const x3r = v128.load(ar + from + 3 * leap);
      const x3i = v128.load(ai + from + 3 * leap);
      const sum02r = f64x2.add(x0r, x2r);
      const sum02i = f64x2.add(x0i, x2i);
      const dif02r = f64x2.sub(x0r, x2r);
      const dif02i = f64x2.sub(x0i, x2i);
      const sum13r = f64x2.add(x1r, x3r);
      const sum13i = f64x2.add(x1i, x3i);
      // −i·(x1 − x3)
      const dif13r = f64x2.sub(x1i, x3i);
      const dif13i = f64x2.sub(x3r, x1r);
      v128.store(br + to, f64x2.add(sum02r, sum13r));
      v128.store(bi + to, f64x2.add(sum02i, sum13i));
      turnInto(br, bi, to + step, f64x2.add(dif02r, dif13r), f64x2.add(dif02i, dif13i), w1r, w1i);
      turnInto(br, bi, to + 2 * step, f64x2.sub(sum02r, sum13r), f64x2.sub(sum02i, sum13i), w2r, w2i);
      turnInto(br, bi, to + 3 * step, f64x2.sub(dif02r, dif13r), f64x2.sub(dif02i, dif13i), w3r, w3i);
    }
  }
}

// @ts-ignore: decorator
@inline
function turnInto(re: usize, im: usize, at: usize, yr: v128, yi: v128, wr: v128, wi: v128): void {
  v128.store(re + at, f64x2.sub(f64x2.mul(yr, wr), f64x2.mul(yi, wi)));
  v128.store(im + at, f64x2.add(f64x2.mul(yr, wi), f64x2.mul(yi, wr)));
}

/**
 * From the complex transform (zr, zi) of even and odd values to bins 0 … half of the real one. cosine, sine: plain
 * tables of exp(−2πi·k/size) for k = 0 … half/2.
 */
export function twinSplit(zr: usize, zi: usize, re: usize, im: usize, half: i32, cosine: usize, sine: usize): void {
  const end = <usize>half << 4;
  const first = v128.load(zr);
  const second = v128.load(zi);
  const none = f64x2.splat(0);
  v128.store(re, f64x2.add(first, second));
  v128.store(im, none);
  v128.store(re + end, f64x2.sub(first, second));
  v128.store(im + end, none);
  const by = f64x2.splat(0.5);
  for (let k: usize = 16, m = end - 16; k <= m; k += 16, m -= 16) {
    const kr = v128.load(zr + k);
    const ki = v128.load(zi + k);
    const mr = v128.load(zr + m);
    const mi = v128.load(zi + m);
    const evenRe = f64x2.mul(by, f64x2.add(kr, mr));
    const evenIm = f64x2.mul(by, f64x2.sub(ki, mi));
    const oddRe = f64x2.mul(by, f64x2.add(ki, mi));
    const oddIm = f64x2.mul(by, f64x2.sub(mr, kr));
    const c = v128.load64_splat(cosine + (k >> 1));
    const s = v128.load64_splat(sine + (k >> 1));
    const turnedRe = f64x2.sub(f64x2.mul(oddRe, c), f64x2.mul(oddIm, s));
    const turnedIm = f64x2.add(f64x2.mul(oddRe, s), f64x2.mul(oddIm, c));
    v128.store(re + k, f64x2.add(evenRe, turnedRe));
    v128.store(im + k, f64x2.add(evenIm, turnedIm));
    v128.store(re + m, f64x2.sub(evenRe, turnedRe));
    v128.store(im + m, f64x2.sub(turnedIm, evenIm));
  }
}

/** The way back from bins whose imaginary part is 0, up to the complex transform. */
export function twinJoinReal(re: usize, zr: usize, zi: usize, half: i32, cosine: usize, sine: usize): void {
  const end = <usize>half << 4;
  const by = f64x2.splat(0.5);
  v128.store(zr, f64x2.mul(by, f64x2.add(v128.load(re), v128.load(re + end))));
  v128.store(zi, f64x2.mul(by, f64x2.sub(v128.load(re), v128.load(re + end))));
  for (let k: usize = 16, m = end - 16; k <= m; k += 16, m -= 16) {
    const kr = v128.load(re + k);
    const mr = v128.load(re + m);
    const even = f64x2.mul(by, f64x2.add(kr, mr));
    const turned = f64x2.mul(by, f64x2.sub(kr, mr));
    const oddRe = f64x2.mul(turned, v128.load64_splat(cosine + (k >> 1)));
    const oddIm = f64x2.mul(turned, f64x2.neg(v128.load64_splat(sine + (k >> 1))));
    v128.store(zr + k, f64x2.sub(even, oddIm));
    v128.store(zi + k, oddRe);
    v128.store(zr + m, f64x2.add(even, oddIm));
    v128.store(zi + m, oddRe);
  }
}

/**
 * Even and odd samples of two f32 signals under a plain window, as pairs: zr[n] of sample 2n, zi[n] of sample 2n + 1.
 * `count` is even.
 */
export function twinWindow(a: usize, b: usize, window: usize, zr: usize, zi: usize, count: i32): void {
  for (let n = 0; n < count; n += 2) {
    storePair(zr, a, b, v128.load64_splat(window));
    storePair(zi, a + 4, b + 4, v128.load64_splat(window, 8));
    window += 16;
    a += 8;
    b += 8;
    zr += 16;
    zi += 16;
  }
}

// @ts-ignore: decorator
@inline
function storePair(target: usize, a: usize, b: usize, weight: v128): void {
  const pair = v128.shuffle<f32>(v128.load32_zero(a), v128.load32_zero(b), 0, 4, 0, 4);
  v128.store(target, f64x2.mul(f64x2.promote_low_f32x4(pair), weight));
}

/** powers = re² + im² of `bins` pairs. */
export function twinPowers(re: usize, im: usize, powers: usize, bins: i32): void {
  const end = <usize>bins << 4;
  for (let at: usize = 0; at < end; at += 16) {
    const x = v128.load(re + at);
    const y = v128.load(im + at);
    v128.store(powers + at, f64x2.add(f64x2.mul(x, x), f64x2.mul(y, y)));
  }
}

/** One radix-2 step; see twinStep4. twiddles: re and im of W^p for each of `count` p. */
export function twinStep2(
  ar: usize,
  ai: usize,
  br: usize,
  bi: usize,
  count: i32,
  stride: i32,
  twiddles: usize,
): void {
  const step = <usize>stride << 4;
  const leap = step * <usize>count;
  for (let p = 0; p < count; p++) {
    const wr = v128.load64_splat(twiddles);
    const wi = v128.load64_splat(twiddles, 8);
    twiddles += 16;
    let from = step * <usize>p;
    let to = from << 1;
    for (let q = 0; q < stride; q++, from += 16, to += 16) {
      const x0r = v128.load(ar + from);
      const x0i = v128.load(ai + from);
      const x1r = v128.load(ar + from + leap);
      const x1i = v128.load(ai + from + leap);
      v128.store(br + to, f64x2.add(x0r, x1r));
      v128.store(bi + to, f64x2.add(x0i, x1i));
      turnInto(br, bi, to + step, f64x2.sub(x0r, x1r), f64x2.sub(x0i, x1i), wr, wi);
    }
  }
}

/** One radix-3 step; see twinStep4. twiddles: re and im of W^p, W^2p. sin60: √3/2. */
export function twinStep3(
  ar: usize,
  ai: usize,
  br: usize,
  bi: usize,
  count: i32,
  stride: i32,
  twiddles: usize,
  sin60: f64,
): void {
  const step = <usize>stride << 4;
  const leap = step * <usize>count;
  const half = f64x2.splat(0.5);
  const sine = f64x2.splat(sin60);
  for (let p = 0; p < count; p++) {
    const w1r = v128.load64_splat(twiddles);
    const w1i = v128.load64_splat(twiddles, 8);
    const w2r = v128.load64_splat(twiddles, 16);
    const w2i = v128.load64_splat(twiddles, 24);
    twiddles += 32;
    let from = step * <usize>p;
    let to = 3 * from;
    for (let q = 0; q < stride; q++, from += 16, to += 16) {
      const x0r = v128.load(ar + from);
      const x0i = v128.load(ai + from);
      const x1r = v128.load(ar + from + leap);
      const x1i = v128.load(ai + from + leap);
      const x2r = v128.load(ar + from + 2 * leap);
      const x2i = v128.load(ai + from + 2 * leap);
      const sumRe = f64x2.add(x1r, x2r);
      const sumIm = f64x2.add(x1i, x2i);
      const midRe = f64x2.sub(x0r, f64x2.mul(half, sumRe));
      const midIm = f64x2.sub(x0i, f64x2.mul(half, sumIm));
      const difRe = f64x2.mul(sine, f64x2.sub(x1i, x2i));
      const difIm = f64x2.mul(sine, f64x2.sub(x2r, x1r));
      v128.store(br + to, f64x2.add(x0r, sumRe));
      v128.store(bi + to, f64x2.add(x0i, sumIm));
      turnInto(br, bi, to + step, f64x2.add(midRe, difRe), f64x2.add(midIm, difIm), w1r, w1i);
      turnInto(br, bi, to + 2 * step, f64x2.sub(midRe, difRe), f64x2.sub(midIm, difIm), w2r, w2i);
    }
  }
}

/** One radix-5 step; see twinStep4. twiddles: re and im of W^p … W^4p. Cosines and sines of 72° and 144°. */
export function twinStep5(
  ar: usize,
  ai: usize,
  br: usize,
  bi: usize,
  count: i32,
  stride: i32,
  twiddles: usize,
  cos72: f64,
  cos144: f64,
  sin72: f64,
  sin144: f64,
): void {
  const step = <usize>stride << 4;
  const leap = step * <usize>count;
  const c1 = f64x2.splat(cos72);
  const c2 = f64x2.splat(cos144);
  const s1 = f64x2.splat(sin72);
  const s2 = f64x2.splat(sin144);
  for (let p = 0; p < count; p++) {
    let from = step * <usize>p;
    let to = 5 * from;
    for (let q = 0; q < stride; q++, from += 16, to += 16) {
      const ar0 = v128.load(ar + from);
      const ai0 = v128.load(ai + from);
      const b0r = v128.load(ar + from + leap);
      const b0i = v128.load(ai + from + leap);
      const c0r = v128.load(ar + from + 2 * leap);
      const c0i = v128.load(ai + from + 2 * leap);
      const d0r = v128.load(ar + from + 3 * leap);
      const d0i = v128.load(ai + from + 3 * leap);
      const e0r = v128.load(ar + from + 4 * leap);
      const e0i = v128.load(ai + from + 4 * leap);
      const beRe = f64x2.add(b0r, e0r);
      const beIm = f64x2.add(b0i, e0i);
      const cdRe = f64x2.add(c0r, d0r);
      const cdIm = f64x2.add(c0i, d0i);
      const beDifRe = f64x2.sub(b0r, e0r);
      const beDifIm = f64x2.sub(b0i, e0i);
      const cdDifRe = f64x2.sub(c0r, d0r);
      const cdDifIm = f64x2.sub(c0i, d0i);
      const m1r = f64x2.add(f64x2.add(ar0, f64x2.mul(c1, beRe)), f64x2.mul(c2, cdRe));
      const m1i = f64x2.add(f64x2.add(ai0, f64x2.mul(c1, beIm)), f64x2.mul(c2, cdIm));
      const m2r = f64x2.add(f64x2.add(ar0, f64x2.mul(c2, beRe)), f64x2.mul(c1, cdRe));
      const m2i = f64x2.add(f64x2.add(ai0, f64x2.mul(c2, beIm)), f64x2.mul(c1, cdIm));
      // −i·(sine terms)
      const t1r = f64x2.add(f64x2.mul(s1, beDifIm), f64x2.mul(s2, cdDifIm));
      const t1i = f64x2.neg(f64x2.add(f64x2.mul(s1, beDifRe), f64x2.mul(s2, cdDifRe)));
      const t2r = f64x2.sub(f64x2.mul(s2, beDifIm), f64x2.mul(s1, cdDifIm));
      const t2i = f64x2.neg(f64x2.sub(f64x2.mul(s2, beDifRe), f64x2.mul(s1, cdDifRe)));
      v128.store(br + to, f64x2.add(f64x2.add(ar0, beRe), cdRe));
      v128.store(bi + to, f64x2.add(f64x2.add(ai0, beIm), cdIm));
      turnBy(br, bi, to + step, f64x2.add(m1r, t1r), f64x2.add(m1i, t1i), twiddles);
      turnBy(br, bi, to + 2 * step, f64x2.add(m2r, t2r), f64x2.add(m2i, t2i), twiddles + 16);
      turnBy(br, bi, to + 3 * step, f64x2.sub(m2r, t2r), f64x2.sub(m2i, t2i), twiddles + 32);
      turnBy(br, bi, to + 4 * step, f64x2.sub(m1r, t1r), f64x2.sub(m1i, t1i), twiddles + 48);
    }
    twiddles += 64;
  }
}

// @ts-ignore: decorator
@inline
function turnBy(re: usize, im: usize, at: usize, yr: v128, yi: v128, twiddle: usize): void {
  turnInto(re, im, at, yr, yi, v128.load64_splat(twiddle), v128.load64_splat(twiddle, 8));
}

/** The way back from bins 0 … half up to the complex transform; imaginary parts of the first and the last are ignored. */
export function twinJoin(re: usize, im: usize, zr: usize, zi: usize, half: i32, cosine: usize, sine: usize): void {
  const end = <usize>half << 4;
  const by = f64x2.splat(0.5);
  v128.store(zr, f64x2.mul(by, f64x2.add(v128.load(re), v128.load(re + end))));
  v128.store(zi, f64x2.mul(by, f64x2.sub(v128.load(re), v128.load(re + end))));
  for (let k: usize = 16, m = end - 16; k <= m; k += 16, m -= 16) {
    const kr = v128.load(re + k);
    const ki = v128.load(im + k);
    const mr = v128.load(re + m);
    const mi = v128.load(im + m);
    const evenRe = f64x2.mul(by, f64x2.add(kr, mr));
    const evenIm = f64x2.mul(by, f64x2.sub(ki, mi));
    const turnedRe = f64x2.mul(by, f64x2.sub(kr, mr));
    const turnedIm = f64x2.mul(by, f64x2.add(ki, mi));
    const c = v128.load64_splat(cosine + (k >> 1));
    const s = f64x2.neg(v128.load64_splat(sine + (k >> 1)));
    const oddRe = f64x2.sub(f64x2.mul(turnedRe, c), f64x2.mul(turnedIm, s));
    const oddIm = f64x2.add(f64x2.mul(turnedRe, s), f64x2.mul(turnedIm, c));
    v128.store(zr + k, f64x2.sub(evenRe, oddIm));
    v128.store(zi + k, f64x2.add(evenIm, oddRe));
    v128.store(zr + m, f64x2.add(evenRe, oddIm));
    v128.store(zi + m, f64x2.sub(oddRe, evenIm));
  }
}
