// Real float64 transforms of two signals at once, one in each lane of the kernels' vectors: the results are those of
// createRealFft to the last bit. Even sizes whose half has no prime factor above 5. Values lie side by side:
// [value][signal].
import { factorise } from '../fft.js';
import type { Kernels } from './instance.js';

export interface TwinFft {
  /** Even and odd values of both signals, [n][signal]: the input of `forward`, the output of `inverse`. */
  readonly even: Float64Array;
  readonly odd: Float64Array;
  /** Bins 0 … size/2, [bin][signal]. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  forward(): void;
  /** From `re` alone, as if `im` were 0; divided by the size. */
  inverseReal(): void;
  /** From `re` and `im`, not divided by size/2: [even, odd] values, valid until the next call. */
  inverseUnscaled(): readonly [Float64Array, Float64Array];
}

/** Kernel memory that a transform takes, in bytes. */
export function twinFftBytes(size: number): number {
  return 5 * size * 16 + 4096;
}

export function createTwinFft(kernels: Kernels, size: number): TwinFft {
  const half = size / 2;
  const pairs = (count: number) => kernels.f64(2 * count);
  const [even, odd, workRe, workIm] = [pairs(half), pairs(half), pairs(half), pairs(half)] as const;
  const [re, im] = [pairs(half + 1), pairs(half + 1)] as const;
  const cosine = kernels.f64(half / 2 + 1);
  const sine = kernels.f64(half / 2 + 1);
  for (let k = 0; k <= half / 2; k++) {
    cosine[k] = Math.cos((2 * Math.PI * k) / size);
    sine[k] = -Math.sin((2 * Math.PI * k) / size);
  }
  const steps: ((from: Parts, to: Parts) => void)[] = [];
  let length = half;
  for (const radix of factorise(half)) {
    steps.push(createStep(kernels, radix, length, half / length));
    length /= radix;
  }
  const { twinSplit, twinJoin, twinJoinReal } = kernels.functions;

  /** Gives where the result lies. */
  function transform(aRe: Float64Array, aIm: Float64Array): Parts {
    let from: Parts = [aRe, aIm];
    let to: Parts = [workRe, workIm];
    for (const step of steps) {
      step(from, to);
      [from, to] = [to, from];
    }
    return from;
  }

  return {
    even,
    odd,
    re,
    im,
    forward() {
      const [zRe, zIm] = transform(even, odd);
      twinSplit(
        zRe.byteOffset,
        zIm.byteOffset,
        re.byteOffset,
        im.byteOffset,
        half,
        cosine.byteOffset,
        sine.byteOffset,
      );
    },
    inverseReal() {
      const { byteOffset } = re;
      twinJoinReal(byteOffset, even.byteOffset, odd.byteOffset, half, cosine.byteOffset, sine.byteOffset);
      // The inverse is the forward transform with real and imaginary parts exchanged.
      const [zIm, zRe] = transform(odd, even);
      for (let n = 0; n < even.length; n++) {
        even[n] = zRe[n]! * (1 / half);
        odd[n] = zIm[n]! * (1 / half);
      }
    },
    inverseUnscaled() {
      twinJoin(
        re.byteOffset,
        im.byteOffset,
        even.byteOffset,
        odd.byteOffset,
        half,
        cosine.byteOffset,
        sine.byteOffset,
      );
      const [zIm, zRe] = transform(odd, even);
      return [zRe, zIm];
    },
  };
}

/** Real and imaginary parts. */
type Parts = readonly [Float64Array, Float64Array];

/** The step that splits transforms of `length` into `radix` of length/radix, `stride` of them side by side. */
function createStep(
  kernels: Kernels,
  radix: number,
  length: number,
  stride: number,
): (from: Parts, to: Parts) => void {
  const count = length / radix;
  const twiddles = kernels.f64(2 * (radix - 1) * count);
  for (let p = 0, at = 0; p < count; p++) {
    for (let j = 1; j < radix; j++) {
      const angle = (-2 * Math.PI * ((j * p) % length)) / length;
      twiddles[at++] = Math.cos(angle);
      twiddles[at++] = Math.sin(angle);
    }
  }
  const { twinStep2, twinStep3, twinStep4, twinStep5 } = kernels.functions;
  const table = twiddles.byteOffset;
  const cosine = (fifths: number): number => Math.cos((2 * Math.PI * fifths) / 5);
  const sine = (fifths: number): number => Math.sin((2 * Math.PI * fifths) / 5);
  const [cos72, cos144, sin72, sin144, sin60] = [cosine(1), cosine(2), sine(1), sine(2), Math.sqrt(3) / 2];
  return ([ar, ai], [br, bi]) => {
    const [a, b, c, d] = [ar.byteOffset, ai.byteOffset, br.byteOffset, bi.byteOffset];
    if (radix === 4) twinStep4(a, b, c, d, count, stride, table);
    else if (radix === 2) twinStep2(a, b, c, d, count, stride, table);
    else if (radix === 3) twinStep3(a, b, c, d, count, stride, table, sin60);
    else twinStep5(a, b, c, d, count, stride, table, cos72, cos144, sin72, sin144);
  };
}
