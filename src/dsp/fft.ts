// Discrete Fourier transforms of any length in float64, without allocation per call.
// Method: Stockham autosort with radices 4, 2, 3 and 5 and a direct butterfly for the other small primes; a length
// with a prime factor above 13 goes by Bluestein's chirp. A real transform of even length is a complex one of half.
// Conventions are numpy's: forward unscaled with exp(-2πi·kn/N), inverse divided by N. No threads, no SIMD.
import { createPass, type Pass, turn } from './fft-passes.js';

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

/** Radices of a transform's steps: largest butterflies first; 4 before 2, so that at most one 2 remains. */
export function factorise(size: number): number[] {
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
