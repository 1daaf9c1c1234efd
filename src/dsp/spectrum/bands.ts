// Powers of frequency bands out of a power spectrum: a bin counts with the part of it that lies in the band.

/** Nominal centres of the third-octave bands from 20 Hz to 20 kHz. @source IEC 61260-1:2014, annex E */
export const THIRD_OCTAVES_HZ: readonly number[] = [
  20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000,
  2500, 3150, 4000, 5000, 6300, 8000, 10_000, 12_500, 16_000, 20_000,
];

/** Exact centre of a third-octave band by its place in THIRD_OCTAVES_HZ. */
export function thirdOctaveCentreHz(index: number): number {
  return 1000 * 10 ** ((index - 17) / 10);
}

/** Band edges of a third-octave band by its place in THIRD_OCTAVES_HZ. */
export function thirdOctaveEdgesHz(index: number): readonly [number, number] {
  const centreHz = thirdOctaveCentreHz(index);
  return [centreHz * 10 ** -0.05, centreHz * 10 ** 0.05];
}

/** Sum of the powers in [lowHz, highHz); `binHz` is the distance of the bins. 0 beyond the spectrum. */
export function bandPower(powers: Float64Array, binHz: number, lowHz: number, highHz: number): number {
  const low = lowHz / binHz;
  const high = Math.min(highHz / binHz, powers.length - 0.5);
  let sum = 0;
  for (let k = Math.max(1, Math.round(low)); k - 0.5 < high; k++) {
    const share = Math.min(k + 0.5, high) - Math.max(k - 0.5, low);
    if (share > 0) sum += share * powers[k]!;
  }
  return sum;
}

/** Powers of all third-octave bands; null for bands that reach beyond half the rate. */
export function thirdOctavePowers(
  powers: Float64Array,
  binHz: number,
  sampleRateHz: number,
): (number | null)[] {
  return THIRD_OCTAVES_HZ.map((_, index) => {
    const [lowHz, highHz] = thirdOctaveEdgesHz(index);
    return highHz > sampleRateHz / 2 ? null : bandPower(powers, binHz, lowHz, highHz);
  });
}
