// Third octaves of speech and of what masks it, from 100 Hz to 5 kHz: their levels around each control, and how far the
// sound of one band masks in the others.
import { createKernelFft, kernelFftBytes } from '../kernels/fft.js';
import type { Kernels } from '../kernels/instance.js';
import { createWindow } from '../stft.js';

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
  /**
   * Adds the powers of two signals in kernel memory, in windows that begin at the pointers `left` and `right`, to
   * BAND_COUNT values each. A pair is measured as its centre and its sides (of equal energy in sum), or channel by
   * channel; a lone channel has no `right`.
   */
  measure(
    left: number,
    right: number | undefined,
    isMidSide: boolean,
    powersA: Float64Array,
    powersB: Float64Array,
  ): void;
}

/** Frames of a meter's window, centred on the place that is measured. */
export function bandWindowFrames(sampleRateHz: number): number {
  return 2 ** Math.ceil(Math.log2(WINDOW_SEC * sampleRateHz));
}

/** Kernel memory that a meter takes, in bytes. */
export function bandMeterBytes(sampleRateHz: number): number {
  const size = bandWindowFrames(sampleRateHz);
  return kernelFftBytes(size) + 12 * size + 4096;
}

export function createBandMeter(kernels: Kernels, sampleRateHz: number): BandMeter {
  const size = bandWindowFrames(sampleRateHz);
  const fft = createKernelFft(kernels, size);
  const window = kernels.f64(size);
  window.set(createWindow('hann', size));
  const silence = kernels.f32(size);
  const powers = kernels.f64(2);
  const { windowPair, bandPowers } = kernels.functions;
  const scale = 2 / (size * window.reduce((sum, value) => sum + value * value, 0));
  const binHz = sampleRateHz / size;
  const edges = Array.from({ length: BAND_COUNT + 1 }, (_, band) =>
    Math.min(size / 2, Math.round(10 ** ((FIRST_BAND + band - 0.5) / 10) / binHz)),
  );
  return {
    measure(left, right, isMidSide, powersA, powersB) {
      const re = fft.re.byteOffset;
      const im = fft.im.byteOffset;
      const other = right ?? silence.byteOffset;
      windowPair(left, other, window.byteOffset, isMidSide ? 1 : 0, re, im, size);
      fft.forward();
      for (let band = 0; band < BAND_COUNT; band++) {
        bandPowers(re, im, size, edges[band]!, edges[band + 1]!, powers.byteOffset);
        powersA[band]! += (powers[0]! / 4) * scale;
        powersB[band]! += (powers[1]! / 4) * scale;
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
