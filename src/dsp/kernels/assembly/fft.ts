// Complex discrete Fourier transform of 4^n or 2·4^n values (16 at least) in float32, and what a power spectrum needs
// around it. Method: Stockham autosort, radix 4, a last radix-2 step where one is left over; vectors run over the
// innermost index, the first step transposes.

/**
 * Transforms `size` values forward in place. re, im: the data; workRe, workIm: room for as many. twiddles: for every
 * radix-4 step of length n the six tables re1 im1 re2 im2 re3 im3 of n/4 values each, one step behind the other.
 */
export function fftForward(re: usize, im: usize, workRe: usize, workIm: usize, size: i32, twiddles: usize): void {
  let xr = re;
  let xi = im;
  let yr = workRe;
  let yi = workIm;
  let n = size;
  let s = 1;
  while (n >= 4) {
    const m = n >> 2;
    if (s == 1) firstStep(xr, xi, yr, yi, m, twiddles);
    else laterStep(xr, xi, yr, yi, m, s, twiddles);
    twiddles += <usize>(6 * m) << 2;
    n = m;
    s <<= 2;
    let t = xr;
    xr = yr;
    yr = t;
    t = xi;
    xi = yi;
    yi = t;
  }
  if (n == 2) {
    const half = <usize>s << 2;
    for (let q: usize = 0; q < half; q += 16) {
      const ar = v128.load(xr + q);
      const ai = v128.load(xi + q);
      const br = v128.load(xr + q + half);
      const bi = v128.load(xi + q + half);
      v128.store(yr + q, f32x4.add(ar, br));
      v128.store(yi + q, f32x4.add(ai, bi));
      v128.store(yr + q + half, f32x4.sub(ar, br));
      v128.store(yi + q + half, f32x4.sub(ai, bi));
    }
    xr = yr;
    xi = yi;
  }
  if (xr != re) {
    memory.copy(re, xr, <usize>size << 2);
    memory.copy(im, xi, <usize>size << 2);
  }
}

function firstStep(xr: usize, xi: usize, yr: usize, yi: usize, m: i32, w: usize): void {
  const row = <usize>m << 2;
  for (let p: usize = 0; p < row; p += 16) {
    const ar = v128.load(xr + p);
    const br = v128.load(xr + p + row);
    const cr = v128.load(xr + p + 2 * row);
    const dr = v128.load(xr + p + 3 * row);
    const ai = v128.load(xi + p);
    const bi = v128.load(xi + p + row);
    const ci = v128.load(xi + p + 2 * row);
    const di = v128.load(xi + p + 3 * row);
    const w1r = v128.load(w + p);
    const w1i = v128.load(w + p + row);
    const w2r = v128.load(w + p + 2 * row);
    const w2i = v128.load(w + p + 3 * row);
    const w3r = v128.load(w + p + 4 * row);
    const w3i = v128.load(w + p + 5 * row);
    const acr = f32x4.add(ar, cr);
    const aci = f32x4.add(ai, ci);
    const amr = f32x4.sub(ar, cr);
    const ami = f32x4.sub(ai, ci);
    const bdr = f32x4.add(br, dr);
    const bdi = f32x4.add(bi, di);
    // i·(b − d)
    const jr = f32x4.sub(di, bi);
    const ji = f32x4.sub(br, dr);
    const y0r = f32x4.add(acr, bdr);
    const y0i = f32x4.add(aci, bdi);
    const t1r = f32x4.sub(amr, jr);
    const t1i = f32x4.sub(ami, ji);
    const t2r = f32x4.sub(acr, bdr);
    const t2i = f32x4.sub(aci, bdi);
    const t3r = f32x4.add(amr, jr);
    const t3i = f32x4.add(ami, ji);
    const y1r = f32x4.sub(f32x4.mul(t1r, w1r), f32x4.mul(t1i, w1i));
    const y1i = f32x4.add(f32x4.mul(t1r, w1i), f32x4.mul(t1i, w1r));
    const y2r = f32x4.sub(f32x4.mul(t2r, w2r), f32x4.mul(t2i, w2i));
    const y2i = f32x4.add(f32x4.mul(t2r, w2i), f32x4.mul(t2i, w2r));
    const y3r = f32x4.sub(f32x4.mul(t3r, w3r), f32x4.mul(t3i, w3i));
    const y3i = f32x4.add(f32x4.mul(t3r, w3i), f32x4.mul(t3i, w3r));
    storeTransposed(yr + 4 * p, y0r, y1r, y2r, y3r);
    storeTransposed(yi + 4 * p, y0i, y1i, y2i, y3i);
  }
}

// @ts-ignore: decorator
@inline
function storeTransposed(at: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(at, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 16);
  v128.store(at, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 32);
  v128.store(at, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 48);
}

function laterStep(xr: usize, xi: usize, yr: usize, yi: usize, m: i32, s: i32, w: usize): void {
  const stride = <usize>s << 2;
  const row = stride * <usize>m;
  const table = <usize>m << 2;
  for (let p: usize = 0; p < <usize>m; p++) {
    const w1r = v128.load32_splat(w + (p << 2));
    const w1i = v128.load32_splat(w + (p << 2) + table);
    const w2r = v128.load32_splat(w + (p << 2) + 2 * table);
    const w2i = v128.load32_splat(w + (p << 2) + 3 * table);
    const w3r = v128.load32_splat(w + (p << 2) + 4 * table);
    const w3i = v128.load32_splat(w + (p << 2) + 5 * table);
    const from = stride * p;
    const to = stride * p * 4;
    for (let q: usize = 0; q < stride; q += 16) {
      const ar = v128.load(xr + from + q);
      const br = v128.load(xr + from + q + row);
      const cr = v128.load(xr + from + q + 2 * row);
      const dr = v128.load(xr + from + q + 3 * row);
      const ai = v128.load(xi + from + q);
      const bi = v128.load(xi + from + q + row);
      const ci = v128.load(xi + from + q + 2 * row);
      const di = v128.load(xi + from + q + 3 * row);
      const acr = f32x4.add(ar, cr);
      const aci = f32x4.add(ai, ci);
      const amr = f32x4.sub(ar, cr);
      const ami = f32x4.sub(ai, ci);
      const bdr = f32x4.add(br, dr);
      const bdi = f32x4.add(bi, di);
      const jr = f32x4.sub(di, bi);
      const ji = f32x4.sub(br, dr);
      v128.store(yr + to + q, f32x4.add(acr, bdr));
      v128.store(yi + to + q, f32x4.add(aci, bdi));
      const t1r = f32x4.sub(amr, jr);
      const t1i = f32x4.sub(ami, ji);
      v128.store(yr + to + q + stride, f32x4.sub(f32x4.mul(t1r, w1r), f32x4.mul(t1i, w1i)));
      v128.store(yi + to + q + stride, f32x4.add(f32x4.mul(t1r, w1i), f32x4.mul(t1i, w1r)));
      const t2r = f32x4.sub(acr, bdr);
      const t2i = f32x4.sub(aci, bdi);
      v128.store(yr + to + q + 2 * stride, f32x4.sub(f32x4.mul(t2r, w2r), f32x4.mul(t2i, w2i)));
      v128.store(yi + to + q + 2 * stride, f32x4.add(f32x4.mul(t2r, w2i), f32x4.mul(t2i, w2r)));
      const t3r = f32x4.add(amr, jr);
      const t3i = f32x4.add(ami, ji);
      v128.store(yr + to + q + 3 * stride, f32x4.sub(f32x4.mul(t3r, w3r), f32x4.mul(t3i, w3i)));
      v128.store(yi + to + q + 3 * stride, f32x4.add(f32x4.mul(t3r, w3i), f32x4.mul(t3i, w3r)));
    }
  }
}

/** target[i] = source[i] × factor[i]; `count` is a multiple of 4. */
export function multiply(source: usize, factor: usize, target: usize, count: i32): void {
  const end = <usize>count << 2;
  for (let i: usize = 0; i < end; i += 16) {
    v128.store(target + i, f32x4.mul(v128.load(source + i), v128.load(factor + i)));
  }
}

/**
 * Adds to two power spectra in f64 out of one transform Z of a + i·b, where a and b are real: at bin k, |A|² to
 * `powerA` and |B|² to `powerB`, for k from 0 to size/2.
 */
export function addPowers(re: usize, im: usize, size: i32, powerA: usize, powerB: usize): void {
  const half = size >> 1;
  addPowersAt(re, im, size, 0, powerA, powerB);
  addPowersAt(re, im, size, half, powerA, powerB);
  let k = 1;
  const quarter = f32x4.splat(0.25);
  for (; k + 4 <= half; k += 4) {
    const at = <usize>k << 2;
    // Bins size − k − 3 to size − k, turned round.
    const mirror = <usize>(size - k - 3) << 2;
    const yr = v128.load(re + mirror);
    const yi = v128.load(im + mirror);
    const zr = v128.load(re + at);
    const zi = v128.load(im + at);
    const rr = v128.shuffle<f32>(yr, yr, 3, 2, 1, 0);
    const ri = v128.shuffle<f32>(yi, yi, 3, 2, 1, 0);
    const ar = f32x4.add(zr, rr);
    const ai = f32x4.sub(zi, ri);
    const br = f32x4.add(zi, ri);
    const bi = f32x4.sub(zr, rr);
    addWide(powerA + 2 * at, f32x4.mul(quarter, f32x4.add(f32x4.mul(ar, ar), f32x4.mul(ai, ai))));
    addWide(powerB + 2 * at, f32x4.mul(quarter, f32x4.add(f32x4.mul(br, br), f32x4.mul(bi, bi))));
  }
  for (; k < half; k++) addPowersAt(re, im, size, k, powerA, powerB);
}

// @ts-ignore: decorator
@inline
function addWide(target: usize, v: v128): void {
  v128.store(target, f64x2.add(v128.load(target), f64x2.promote_low_f32x4(v)));
  const high = v128.shuffle<f32>(v, v, 2, 3, 2, 3);
  v128.store(target, f64x2.add(v128.load(target, 16), f64x2.promote_low_f32x4(high)), 16);
}

function addPowersAt(re: usize, im: usize, size: i32, k: i32, powerA: usize, powerB: usize): void {
  const j = (size - k) & (size - 1);
  const zr = <f64>load<f32>(re + (<usize>k << 2));
  const zi = <f64>load<f32>(im + (<usize>k << 2));
  const yr = <f64>load<f32>(re + (<usize>j << 2));
  const yi = <f64>load<f32>(im + (<usize>j << 2));
  const ar = zr + yr;
  const ai = zi - yi;
  const br = zi + yi;
  const bi = zr - yr;
  const at = <usize>k << 3;
  store<f64>(powerA + at, load<f64>(powerA + at) + 0.25 * (ar * ar + ai * ai));
  store<f64>(powerB + at, load<f64>(powerB + at) + 0.25 * (br * br + bi * bi));
}

/** re = window × (left + right) / 2, im = window × (left − right) / 2; `count` is a multiple of 4. */
export function windowMidSide(left: usize, right: usize, window: usize, re: usize, im: usize, count: i32): void {
  const end = <usize>count << 2;
  const half = f32x4.splat(0.5);
  for (let i: usize = 0; i < end; i += 16) {
    const w = f32x4.mul(v128.load(window + i), half);
    const l = v128.load(left + i);
    const r = v128.load(right + i);
    v128.store(re + i, f32x4.mul(w, f32x4.add(l, r)));
    v128.store(im + i, f32x4.mul(w, f32x4.sub(l, r)));
  }
}

/** (re + i·im) ← (re + i·im)·(hRe + i·hIm), value by value; `count` is a multiple of 4. */
export function multiplyComplex(re: usize, im: usize, hRe: usize, hIm: usize, count: i32): void {
  const end = <usize>count << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const a = v128.load(re + i);
    const b = v128.load(im + i);
    const c = v128.load(hRe + i);
    const d = v128.load(hIm + i);
    v128.store(re + i, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, d)));
    v128.store(im + i, f32x4.add(f32x4.mul(a, d), f32x4.mul(b, c)));
  }
}
