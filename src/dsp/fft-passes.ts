// The butterflies of fft.ts: one pass of a Stockham transform for each radix, in float64.
// Radices 2, 3, 4 and 5 are written out; any other goes by the defining sum. Passes keep no state.

/** One Stockham pass: reads a, writes b. */
export type Pass = (aRe: Float64Array, aIm: Float64Array, bRe: Float64Array, bIm: Float64Array) => void;

/**
 * The pass that splits transforms of `length` into `radix` of length/radix, `stride` of them side by side:
 * b[q + s(rp + j)] = W^(jp) · Σ_k a[q + s(p + mk)] · exp(-2πi·jk/r), with m = length/radix and W = exp(-2πi/length).
 */
export function createPass(radix: number, length: number, stride: number): Pass {
  const count = length / radix;
  // Twiddles W^(jp), j = 1 … radix-1, side by side for each p.
  const twiddleRe = new Float64Array(count * (radix - 1));
  const twiddleIm = new Float64Array(count * (radix - 1));
  for (let p = 0; p < count; p++) {
    for (let j = 1; j < radix; j++) {
      const angle = (-2 * Math.PI * ((j * p) % length)) / length;
      twiddleRe[p * (radix - 1) + j - 1] = Math.cos(angle);
      twiddleIm[p * (radix - 1) + j - 1] = Math.sin(angle);
    }
  }
  switch (radix) {
    case 2:
      return createPass2(count, stride, twiddleRe, twiddleIm);
    case 3:
      return createPass3(count, stride, twiddleRe, twiddleIm);
    case 4:
      return createPass4(count, stride, twiddleRe, twiddleIm);
    case 5:
      return createPass5(count, stride, twiddleRe, twiddleIm);
    default:
      return createDirectPass(radix, count, stride, twiddleRe, twiddleIm);
  }
}

function createPass2(count: number, stride: number, twRe: Float64Array, twIm: Float64Array): Pass {
  const leap = stride * count;
  return (aRe, aIm, bRe, bIm) => {
    for (let p = 0; p < count; p++) {
      const wr = twRe[p]!;
      const wi = twIm[p]!;
      let from = stride * p;
      let to = stride * 2 * p;
      for (let q = 0; q < stride; q++, from++, to++) {
        const ar = aRe[from]!;
        const ai = aIm[from]!;
        const br = aRe[from + leap]!;
        const bi = aIm[from + leap]!;
        bRe[to] = ar + br;
        bIm[to] = ai + bi;
        const dr = ar - br;
        const di = ai - bi;
        bRe[to + stride] = dr * wr - di * wi;
        bIm[to + stride] = dr * wi + di * wr;
      }
    }
  };
}

function createPass3(count: number, stride: number, twRe: Float64Array, twIm: Float64Array): Pass {
  const leap = stride * count;
  const sin60 = Math.sqrt(3) / 2;
  return (aRe, aIm, bRe, bIm) => {
    for (let p = 0; p < count; p++) {
      const w1r = twRe[2 * p]!;
      const w1i = twIm[2 * p]!;
      const w2r = twRe[2 * p + 1]!;
      const w2i = twIm[2 * p + 1]!;
      let from = stride * p;
      let to = stride * 3 * p;
      for (let q = 0; q < stride; q++, from++, to++) {
        const ar = aRe[from]!;
        const ai = aIm[from]!;
        const br = aRe[from + leap]!;
        const bi = aIm[from + leap]!;
        const cr = aRe[from + 2 * leap]!;
        const ci = aIm[from + 2 * leap]!;
        const sumRe = br + cr;
        const sumIm = bi + ci;
        const midRe = ar - 0.5 * sumRe;
        const midIm = ai - 0.5 * sumIm;
        const difRe = sin60 * (bi - ci);
        const difIm = sin60 * (cr - br);
        bRe[to] = ar + sumRe;
        bIm[to] = ai + sumIm;
        const y1r = midRe + difRe;
        const y1i = midIm + difIm;
        bRe[to + stride] = y1r * w1r - y1i * w1i;
        bIm[to + stride] = y1r * w1i + y1i * w1r;
        const y2r = midRe - difRe;
        const y2i = midIm - difIm;
        bRe[to + 2 * stride] = y2r * w2r - y2i * w2i;
        bIm[to + 2 * stride] = y2r * w2i + y2i * w2r;
      }
    }
  };
}

function createPass4(count: number, stride: number, twRe: Float64Array, twIm: Float64Array): Pass {
  const leap = stride * count;
  return (aRe, aIm, bRe, bIm) => {
    for (let p = 0; p < count; p++) {
      const w1r = twRe[3 * p]!;
      const w1i = twIm[3 * p]!;
      const w2r = twRe[3 * p + 1]!;
      const w2i = twIm[3 * p + 1]!;
      const w3r = twRe[3 * p + 2]!;
      const w3i = twIm[3 * p + 2]!;
      let from = stride * p;
      let to = stride * 4 * p;
      for (let q = 0; q < stride; q++, from++, to++) {
        const ar = aRe[from]!;
        const ai = aIm[from]!;
        const br = aRe[from + leap]!;
        const bi = aIm[from + leap]!;
        const cr = aRe[from + 2 * leap]!;
        const ci = aIm[from + 2 * leap]!;
        const dr = aRe[from + 3 * leap]!;
        const di = aIm[from + 3 * leap]!;
        const acSumRe = ar + cr;
        const acSumIm = ai + ci;
        const acDifRe = ar - cr;
        const acDifIm = ai - ci;
        const bdSumRe = br + dr;
        const bdSumIm = bi + di;
        // -i·(b - d)
        const bdDifRe = bi - di;
        const bdDifIm = dr - br;
        bRe[to] = acSumRe + bdSumRe;
        bIm[to] = acSumIm + bdSumIm;
        const y1r = acDifRe + bdDifRe;
        const y1i = acDifIm + bdDifIm;
        bRe[to + stride] = y1r * w1r - y1i * w1i;
        bIm[to + stride] = y1r * w1i + y1i * w1r;
        const y2r = acSumRe - bdSumRe;
        const y2i = acSumIm - bdSumIm;
        bRe[to + 2 * stride] = y2r * w2r - y2i * w2i;
        bIm[to + 2 * stride] = y2r * w2i + y2i * w2r;
        const y3r = acDifRe - bdDifRe;
        const y3i = acDifIm - bdDifIm;
        bRe[to + 3 * stride] = y3r * w3r - y3i * w3i;
        bIm[to + 3 * stride] = y3r * w3i + y3i * w3r;
      }
    }
  };
}

function createPass5(count: number, stride: number, twRe: Float64Array, twIm: Float64Array): Pass {
  const leap = stride * count;
  const cos72 = Math.cos((2 * Math.PI) / 5);
  const cos144 = Math.cos((4 * Math.PI) / 5);
  const sin72 = Math.sin((2 * Math.PI) / 5);
  const sin144 = Math.sin((4 * Math.PI) / 5);
  return (aRe, aIm, bRe, bIm) => {
    for (let p = 0; p < count; p++) {
      const base = 4 * p;
      let from = stride * p;
      let to = stride * 5 * p;
      for (let q = 0; q < stride; q++, from++, to++) {
        const ar = aRe[from]!;
        const ai = aIm[from]!;
        const br = aRe[from + leap]!;
        const bi = aIm[from + leap]!;
        const cr = aRe[from + 2 * leap]!;
        const ci = aIm[from + 2 * leap]!;
        const dr = aRe[from + 3 * leap]!;
        const di = aIm[from + 3 * leap]!;
        const er = aRe[from + 4 * leap]!;
        const ei = aIm[from + 4 * leap]!;
        const beRe = br + er;
        const beIm = bi + ei;
        const cdRe = cr + dr;
        const cdIm = ci + di;
        const beDifRe = br - er;
        const beDifIm = bi - ei;
        const cdDifRe = cr - dr;
        const cdDifIm = ci - di;
        const m1r = ar + cos72 * beRe + cos144 * cdRe;
        const m1i = ai + cos72 * beIm + cos144 * cdIm;
        const m2r = ar + cos144 * beRe + cos72 * cdRe;
        const m2i = ai + cos144 * beIm + cos72 * cdIm;
        // -i·(sin terms)
        const t1r = sin72 * beDifIm + sin144 * cdDifIm;
        const t1i = -(sin72 * beDifRe + sin144 * cdDifRe);
        const t2r = sin144 * beDifIm - sin72 * cdDifIm;
        const t2i = -(sin144 * beDifRe - sin72 * cdDifRe);
        bRe[to] = ar + beRe + cdRe;
        bIm[to] = ai + beIm + cdIm;
        turn(bRe, bIm, to + stride, m1r + t1r, m1i + t1i, twRe[base]!, twIm[base]!);
        turn(bRe, bIm, to + 2 * stride, m2r + t2r, m2i + t2i, twRe[base + 1]!, twIm[base + 1]!);
        turn(bRe, bIm, to + 3 * stride, m2r - t2r, m2i - t2i, twRe[base + 2]!, twIm[base + 2]!);
        turn(bRe, bIm, to + 4 * stride, m1r - t1r, m1i - t1i, twRe[base + 3]!, twIm[base + 3]!);
      }
    }
  };
}

/** Stores y·w. */
export function turn(
  re: Float64Array,
  im: Float64Array,
  at: number,
  yRe: number,
  yIm: number,
  wRe: number,
  wIm: number,
): void {
  re[at] = yRe * wRe - yIm * wIm;
  im[at] = yRe * wIm + yIm * wRe;
}

function createDirectPass(
  radix: number,
  count: number,
  stride: number,
  twRe: Float64Array,
  twIm: Float64Array,
): Pass {
  const leap = stride * count;
  const rootRe = Float64Array.from({ length: radix }, (_, k) => Math.cos((2 * Math.PI * k) / radix));
  const rootIm = Float64Array.from({ length: radix }, (_, k) => -Math.sin((2 * Math.PI * k) / radix));
  return (aRe, aIm, bRe, bIm) => {
    for (let p = 0; p < count; p++) {
      for (let q = 0; q < stride; q++) {
        const from = q + stride * p;
        const to = q + stride * radix * p;
        for (let j = 0; j < radix; j++) {
          let sumRe = 0;
          let sumIm = 0;
          for (let k = 0; k < radix; k++) {
            const r = (j * k) % radix;
            const xr = aRe[from + k * leap]!;
            const xi = aIm[from + k * leap]!;
            sumRe += xr * rootRe[r]! - xi * rootIm[r]!;
            sumIm += xr * rootIm[r]! + xi * rootRe[r]!;
          }
          const w = p * (radix - 1) + j - 1;
          if (j === 0) turn(bRe, bIm, to, sumRe, sumIm, 1, 0);
          else turn(bRe, bIm, to + j * stride, sumRe, sumIm, twRe[w]!, twIm[w]!);
        }
      }
    }
  };
}
