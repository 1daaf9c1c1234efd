// Real float64 transforms of two signals at once, one in each lane of the kernels' vectors: the results are those of
// createRealFft to the last bit. Sizes 2·4^n. Values lie side by side: [value][signal].
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
  const steps: { readonly count: number; readonly stride: number; readonly twiddles: number }[] = [];
  for (let length = half; length > 1; length /= 4) {
    const count = length / 4;
    const twiddles = kernels.f64(6 * count);
    for (let p = 0; p < count; p++) {
      for (let j = 1; j <= 3; j++) {
        const angle = (-2 * Math.PI * ((j * p) % length)) / length;
        twiddles[6 * p + 2 * j - 2] = Math.cos(angle);
        twiddles[6 * p + 2 * j - 1] = Math.sin(angle);
      }
    }
    steps.push({ count, stride: half / length, twiddles: twiddles.byteOffset });
  }
  const { twinStep4, twinSplit, twinJoinReal } = kernels.functions;

  /** Gives where the result lies. */
  function transform(aRe: Float64Array, aIm: Float64Array): readonly [Float64Array, Float64Array] {
    let from = [aRe, aIm] as const;
    let to = [workRe, workIm] as const;
    for (const { count, stride, twiddles } of steps) {
      twinStep4(
        from[0].byteOffset,
        from[1].byteOffset,
        to[0].byteOffset,
        to[1].byteOffset,
        count,
        stride,
        twiddles,
      );
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
  };
}
