// Third octaves of speech and of what masks it, from 100 Hz to 5 kHz: their levels around each control, and how far the
// sound of one band masks in the others.
import { createKernelFft, kernelFftBytes } from '../kernels/fft.js';
import { createKernels } from '../kernels/instance.js';

/** Exact midbands 10^(n/10) Hz, IEC 61260-1. */
const FIRST_BAND = 20;
const LAST_BAND = 37;
export const BAND_COUNT = LAST_BAND - FIRST_BAND + 1;
export const BAND_HZ: readonly number[] = Array.from(
  { length: BAND_COUNT },
  (_, band) => 10 ** ((FIRST_BAND + band) / 10),
);

/** Levels are bytes: half decibels above this. Byte 0 is silence. */
const FLOOR_DB = -120;
const WINDOW_SEC = 0.08;

/** The power that a byte stands for. */
export const BYTE_POWERS: Float64Array = Float64Array.from({ length: 256 }, (_, byte) =>
  byte === 0 ? 0 : 10 ** ((byte / 2 + FLOOR_DB) / 10),
);

function byteOf(power: number): number {
  if (power <= 0) return 0;
  return Math.min(255, Math.max(0, Math.round(2 * (10 * Math.log10(power) - FLOOR_DB))));
}

/** Measures bands of two signals at once. */
export interface BandMeter {
  /** Frames of the window, centred on the place that is measured. */
  readonly windowFrames: number;
  /**
   * Writes the levels of `a` and `b` (channels from index `from` on, `windowFrames` each) into BAND_COUNT bytes each.
   * A pair is measured as its centre and its sides (of equal energy in sum), or channel by channel.
   */
  measure(
    left: Float32Array,
    right: Float32Array | undefined,
    from: number,
    isMidSide: boolean,
    powersA: Float64Array,
    powersB: Float64Array,
  ): void;
}

export function createBandMeter(sampleRateHz: number): BandMeter {
  const size = 2 ** Math.ceil(Math.log2(WINDOW_SEC * sampleRateHz));
  const kernels = createKernels(kernelFftBytes(size) + 4096);
  const fft = createKernelFft(kernels, size);
  const window = Float64Array.from(
    { length: size },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size),
  );
  const scale = 2 / (size * window.reduce((sum, value) => sum + value * value, 0));
  const binHz = sampleRateHz / size;
  const edges = Array.from({ length: BAND_COUNT + 1 }, (_, band) =>
    Math.min(size / 2, Math.round(10 ** ((FIRST_BAND + band - 0.5) / 10) / binHz)),
  );
  return {
    windowFrames: size,
    measure(left, right, from, isMidSide, powersA, powersB) {
      const half = Math.SQRT1_2;
      for (let n = 0; n < size; n++) {
        const weight = window[n]!;
        const a = left[from + n]! * weight;
        const b = right === undefined ? 0 : right[from + n]! * weight;
        fft.re[n] = isMidSide ? half * (a + b) : a;
        fft.im[n] = isMidSide ? half * (a - b) : b;
      }
      fft.forward();
      for (let band = 0; band < BAND_COUNT; band++) {
        let powerA = 0;
        let powerB = 0;
        for (let bin = edges[band]!; bin < edges[band + 1]!; bin++) {
          const re = fft.re[bin]!;
          const im = fft.im[bin]!;
          const mirrorRe = fft.re[size - bin]!;
          const mirrorIm = fft.im[size - bin]!;
          powerA += (re + mirrorRe) ** 2 + (im - mirrorIm) ** 2;
          powerB += (im + mirrorIm) ** 2 + (re - mirrorRe) ** 2;
        }
        powersA[band]! += (powerA / 4) * scale;
        powersB[band]! += (powerB / 4) * scale;
      }
    },
  };
}

/** Writes powers as bytes, BAND_COUNT of them from `at` on. */
export function storePowers(powers: Float64Array, bytes: Uint8Array, at: number): void {
  for (let band = 0; band < BAND_COUNT; band++) bytes[at + band] = byteOf(powers[band]!);
}

/** Slopes of masking on the Bark scale at speech level: steep to lower frequencies, shallow to higher ones. */
const LOWER_SLOPE_DB = 27;
const UPPER_SLOPE_DB = 11;

/**
 * Share of the power in `masker` that excites the ear at `band`, [band][masker]; 1 on the diagonal.
 * @source Zwicker & Fastl, Psychoacoustics, chapter 6 (slopes of excitation); Bark after Zwicker & Terhardt 1980
 */
export const SPREADING: readonly Float64Array[] = BAND_HZ.map((hz) =>
  Float64Array.from(BAND_HZ, (maskerHz) => {
    const distance = barkOf(hz) - barkOf(maskerHz);
    const slopeDb = distance > 0 ? UPPER_SLOPE_DB : LOWER_SLOPE_DB;
    return 10 ** ((-slopeDb * Math.abs(distance)) / 10);
  }),
);

function barkOf(hz: number): number {
  return 13 * Math.atan(0.00076 * hz) + 3.5 * Math.atan((hz / 7500) ** 2);
}
