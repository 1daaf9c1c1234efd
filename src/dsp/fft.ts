// Discrete Fourier transforms of any length in float64, without allocation per call.
// Method: Stockham autosort with radices 4, 2, 3 and 5 and a direct butterfly for the other small primes; a length
// with a prime factor above 13 goes by Bluestein's chirp. A real transform of even length is a complex one of half.
// Conventions are numpy's: forward unscaled with exp(-2πi·kn/N), inverse divided by N. No threads, no SIMD.

/** Complex transform in place; `re` and `im` are Float64Arrays of `size`. An instance serves one thread. */
export interface ComplexFft {
  readonly size: number;
  forward(re: Float64Array, im: Float64Array): void;
  /** The inverse, divided by `size`. */
  inverse(re: Float64Array, im: Float64Array): void;
}

/** Real transform to and from the `binCount` = floor(size/2)+1 bins of non-negative frequency. */
export interface RealFft {
  readonly size: number;
  readonly binCount: number;
  /** Bins of the first `size` values of `input`, which is left as it is. */
  forward(input: Float32Array | Float64Array, re: Float64Array, im: Float64Array): void;
  /** The `size` values of a spectrum, divided by `size`. The imaginary part of bin 0 (and of bin size/2) is ignored. */
  inverse(re: Float64Array, im: Float64Array, output: Float32Array | Float64Array): void;
}

const LARGEST_DIRECT_PRIME = 13;

/**
 * A complex transform of `size` ≥ 1 values.
 * @source Stockham autosort: Van Loan, Computational Frameworks for the FFT (1992), §1.7; Bluestein 1970
 */
export function createComplexFft(size: number): ComplexFft {
  requireSize(size);
  const radices = factorise(size);
  const forwardCore = radices.some((radix) => radix > LARGEST_DIRECT_PRIME)
    ? createBluestein(size)
    : createStockham(size, radices);
  const scale = 1 / size;
  return {
    size,
    forward: forwardCore,
    inverse(re, im) {
      // The inverse is the forward transform with real and imaginary parts exchanged.
      forwardCore(im, re);
      for (let k = 0; k < size; k++) {
        re[k] = re[k]! * scale;
        im[k] = im[k]! * scale;
      }
    },
  };
}

/** A real transform of `size` ≥ 1 values; even sizes cost half of a complex one. */
export function createRealFft(size: number): RealFft {
  requireSize(size);
  return size % 2 === 0 ? createEvenRealFft(size) : createOddRealFft(size);
}

function requireSize(size: number): void {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`expected an integer from 1 for size, got ${size}`);
}

function createEvenRealFft(size: number): RealFft {
  const half = size / 2;
  const complex = createComplexFft(half);
  const zRe = new Float64Array(half);
  const zIm = new Float64Array(half);
  const quarter = half >> 1;
  // exp(-2πi·k/size) for k = 0 … half/2
  const cosine = Float64Array.from({ length: quarter + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sine = Float64Array.from({ length: quarter + 1 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  return {
    size,
    binCount: half + 1,
    forward(input, re, im) {
      for (let k = 0, j = 0; k < half; k++, j += 2) {
        zRe[k] = input[j]!;
        zIm[k] = input[j + 1]!;
      }
      complex.forward(zRe, zIm);
      const first = zRe[0]!;
      const second = zIm[0]!;
      re[0] = first + second;
      im[0] = 0;
      re[half] = first - second;
      im[half] = 0;
      // Z = E + iO with E, O the transforms of the even and the odd values; X[k] = E[k] + W^k O[k].
      for (let k = 1, m = half - 1; k <= m; k++, m--) {
        const evenRe = 0.5 * (zRe[k]! + zRe[m]!);
        const evenIm = 0.5 * (zIm[k]! - zIm[m]!);
        const oddRe = 0.5 * (zIm[k]! + zIm[m]!);
        const oddIm = 0.5 * (zRe[m]! - zRe[k]!);
        const c = cosine[k]!;
        const s = sine[k]!;
        const turnedRe = oddRe * c - oddIm * s;
        const turnedIm = oddRe * s + oddIm * c;
        re[k] = evenRe + turnedRe;
        im[k] = evenIm + turnedIm;
        re[m] = evenRe - turnedRe;
        im[m] = turnedIm - evenIm;
      }
    },
    inverse(re, im, output) {
      zRe[0] = 0.5 * (re[0]! + re[half]!);
      zIm[0] = 0.5 * (re[0]! - re[half]!);
      for (let k = 1, m = half - 1; k <= m; k++, m--) {
        const evenRe = 0.5 * (re[k]! + re[m]!);
        const evenIm = 0.5 * (im[k]! - im[m]!);
        const turnedRe = 0.5 * (re[k]! - re[m]!);
        const turnedIm = 0.5 * (im[k]! + im[m]!);
        const c = cosine[k]!;
        const s = -sine[k]!;
        const oddRe = turnedRe * c - turnedIm * s;
        const oddIm = turnedRe * s + turnedIm * c;
        zRe[k] = evenRe - oddIm;
        zIm[k] = evenIm + oddRe;
        zRe[m] = evenRe + oddIm;
        zIm[m] = oddRe - evenIm;
      }
      complex.inverse(zRe, zIm);
      for (let k = 0, j = 0; k < half; k++, j += 2) {
        output[j] = zRe[k]!;
        output[j + 1] = zIm[k]!;
      }
    },
  };
}

function createOddRealFft(size: number): RealFft {
  const complex = createComplexFft(size);
  const binCount = (size + 1) / 2;
  const zRe = new Float64Array(size);
  const zIm = new Float64Array(size);
  return {
    size,
    binCount,
    forward(input, re, im) {
      for (let n = 0; n < size; n++) zRe[n] = input[n]!;
      zIm.fill(0);
      complex.forward(zRe, zIm);
      for (let k = 0; k < binCount; k++) {
        re[k] = zRe[k]!;
        im[k] = zIm[k]!;
      }
    },
    inverse(re, im, output) {
      zRe[0] = re[0]!;
      zIm[0] = 0;
      for (let k = 1; k < binCount; k++) {
        zRe[k] = re[k]!;
        zIm[k] = im[k]!;
        zRe[size - k] = re[k]!;
        zIm[size - k] = -im[k]!;
      }
      complex.inverse(zRe, zIm);
      for (let n = 0; n < size; n++) output[n] = zRe[n]!;
    },
  };
}

type InPlace = (re: Float64Array, im: Float64Array) => void;
/** One Stockham pass: reads a, writes b. */
type Pass = (aRe: Float64Array, aIm: Float64Array, bRe: Float64Array, bIm: Float64Array) => void;

function createStockham(size: number, radices: readonly number[]): InPlace {
  const workRe = new Float64Array(size);
  const workIm = new Float64Array(size);
  const passes: Pass[] = [];
  let length = size;
  for (const radix of radices) {
    passes.push(createPass(radix, length, size / length));
    length /= radix;
  }
  return (re, im) => {
    let isInWork = false;
    for (const pass of passes) {
      if (isInWork) pass(workRe, workIm, re, im);
      else pass(re, im, workRe, workIm);
      isInWork = !isInWork;
    }
    if (isInWork) {
      for (let k = 0; k < size; k++) {
        re[k] = workRe[k]!;
        im[k] = workIm[k]!;
      }
    }
  };
}

/** Largest butterflies first; 4 before 2, so that at most one 2 remains. */
function factorise(size: number): number[] {
  const radices: number[] = [];
  let rest = size;
  for (const radix of [4, 2, 3, 5]) {
    while (rest % radix === 0) {
      radices.push(radix);
      rest /= radix;
    }
  }
  for (let prime = 7; rest > 1; prime += 2) {
    if (prime * prime > rest) prime = rest;
    while (rest % prime === 0) {
      radices.push(prime);
      rest /= prime;
    }
  }
  return radices;
}

/**
 * The pass that splits transforms of `length` into `radix` of length/radix, `stride` of them side by side:
 * b[q + s(rp + j)] = W^(jp) · Σ_k a[q + s(p + mk)] · exp(-2πi·jk/r), with m = length/radix and W = exp(-2πi/length).
 */
function createPass(radix: number, length: number, stride: number): Pass {
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
function turn(
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

/** Any length as a convolution with a chirp, by transforms of a power of two ≥ 2·size-1. */
function createBluestein(size: number): InPlace {
  let padded = 1;
  while (padded < 2 * size - 1) padded *= 2;
  const inner = createComplexFft(padded);
  const chirpRe = new Float64Array(size);
  const chirpIm = new Float64Array(size);
  for (let n = 0; n < size; n++) {
    // n² modulo 2·size keeps the angle exact for long transforms.
    const angle = (Math.PI * Number((BigInt(n) * BigInt(n)) % BigInt(2 * size))) / size;
    chirpRe[n] = Math.cos(angle);
    chirpIm[n] = -Math.sin(angle);
  }
  const kernelRe = new Float64Array(padded);
  const kernelIm = new Float64Array(padded);
  for (let n = 0; n < size; n++) {
    kernelRe[n] = chirpRe[n]!;
    kernelIm[n] = -chirpIm[n]!;
    if (n > 0) {
      kernelRe[padded - n] = chirpRe[n]!;
      kernelIm[padded - n] = -chirpIm[n]!;
    }
  }
  inner.forward(kernelRe, kernelIm);
  const workRe = new Float64Array(padded);
  const workIm = new Float64Array(padded);
  return (re, im) => {
    workRe.fill(0);
    workIm.fill(0);
    for (let n = 0; n < size; n++) turn(workRe, workIm, n, re[n]!, im[n]!, chirpRe[n]!, chirpIm[n]!);
    inner.forward(workRe, workIm);
    for (let k = 0; k < padded; k++) {
      turn(workRe, workIm, k, workRe[k]!, workIm[k]!, kernelRe[k]!, kernelIm[k]!);
    }
    inner.inverse(workRe, workIm);
    for (let n = 0; n < size; n++) turn(re, im, n, workRe[n]!, workIm[n]!, chirpRe[n]!, chirpIm[n]!);
  };
}
