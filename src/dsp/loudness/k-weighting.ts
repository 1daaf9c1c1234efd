// K-weighting for any sample rate: a high shelf and a high pass, re-derived from the analogue prototypes that give the
// coefficients of the standard at 48 kHz. Holds the design and the plain form of the filter; the loop that meters run
// is kWeightPair in kernels/assembly/meter.ts.

/** The cascade in direct form I; the numerator of the high pass is 1, −2, 1. */
export interface KWeighting {
  readonly shelf: { readonly b: readonly [number, number, number]; readonly a: readonly [number, number] };
  readonly highPass: { readonly a: readonly [number, number] };
}

const SHELF_HZ = 1681.974450955533;
const SHELF_GAIN_DB = 3.999843853973347;
const SHELF_Q = 0.7071752369554196;
const HIGH_PASS_HZ = 38.13547087602444;
const HIGH_PASS_Q = 0.5003270373238773;

/** After this time the filter has forgotten its state to better than 1e-15, so a range may start cold before it. */
export const K_WEIGHTING_SETTLE_SEC = 0.2;

/**
 * Coefficients of K-weighting at a sample rate.
 * @source ITU-R BS.1770-5, Annex 1, tables 1 and 2, by the bilinear prototypes of De Man (2018)
 */
export function designKWeighting(sampleRateHz: number): KWeighting {
  const k = Math.tan((Math.PI * SHELF_HZ) / sampleRateHz);
  const vh = 10 ** (SHELF_GAIN_DB / 20);
  const vb = vh ** 0.4996667741545416;
  const a0 = 1 + k / SHELF_Q + k * k;
  const kk = Math.tan((Math.PI * HIGH_PASS_HZ) / sampleRateHz);
  const c0 = 1 + kk / HIGH_PASS_Q + kk * kk;
  return {
    shelf: {
      b: [
        (vh + (vb * k) / SHELF_Q + k * k) / a0,
        (2 * (k * k - vh)) / a0,
        (vh - (vb * k) / SHELF_Q + k * k) / a0,
      ],
      a: [(2 * (k * k - 1)) / a0, (1 - k / SHELF_Q + k * k) / a0],
    },
    highPass: { a: [(2 * (kk * kk - 1)) / c0, (1 - kk / HIGH_PASS_Q + kk * kk) / c0] },
  };
}

/** State of one channel: x1 x2 y1 y2 z1 z2. */
export type KWeightingState = Float64Array;

/** Sum of squares of the K-weighted samples, added to nothing; `state` goes on. The plain twin of the kernel. */
export function kWeightedEnergy(
  samples: Float32Array | Float64Array,
  weighting: KWeighting,
  state: KWeightingState,
): number {
  const { shelf, highPass } = weighting;
  let [x1, x2, y1, y2, z1, z2] = state as unknown as [number, number, number, number, number, number];
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]!;
    const y = shelf.b[0] * x + shelf.b[1] * x1 + shelf.b[2] * x2 - shelf.a[0] * y1 - shelf.a[1] * y2;
    const z = y - 2 * y1 + y2 - highPass.a[0] * z1 - highPass.a[1] * z2;
    sum += z * z;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    z2 = z1;
    z1 = z;
  }
  state.set([x1, x2, y1, y2, z1, z2]);
  return sum;
}
