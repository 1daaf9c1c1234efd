// The interpolator behind every true peak of forge: a sinc under a Hann window over twelve frames at fourfold rate (over
// twenty-four at the double rate, from 96 kHz on). Holds its design and the plain form; the loops that meters run are
// truePeak4 and truePeak2 in kernels/assembly/meter.ts. Detection on a finer grid (limiter) uses the same function of time.

/** From here on the double rate is enough. */
const DOUBLE_RATE_FROM_HZ = 96_000;

/** Interpolator of a sample rate: `taps[phase][k]` weighs frame n − (half − 1) + k for the value at n + phase/factor. */
export interface TruePeakInterpolator {
  readonly factor: 2 | 4;
  /** Frames at either side that a value draws on. */
  readonly halfFrames: 6 | 12;
  /** Phases 1 to factor − 1; phase 0 is the sample itself. */
  readonly taps: readonly Float64Array[];
  /** Largest gain: the L1 norm of the worst phase. */
  readonly largestGain: number;
}

/**
 * The interpolator for a sample rate.
 * @source ITU-R BS.1770-5, Annex 2: at least fourfold below 96 kHz, twofold from there; a 49-tap Hann-windowed sinc
 */
export function designTruePeak(sampleRateHz: number): TruePeakInterpolator {
  const factor = sampleRateHz < DOUBLE_RATE_FROM_HZ ? 4 : 2;
  const halfFrames = factor === 4 ? 6 : 12;
  const taps = interpolationPhases(factor, halfFrames);
  const largestGain = Math.max(...taps.map((phase) => phase.reduce((sum, tap) => sum + Math.abs(tap), 0)));
  return { factor, halfFrames, taps, largestGain };
}

/** Taps of phases 1 to factor − 1 of a Hann-windowed sinc that reaches `halfFrames` frames to either side. */
export function interpolationPhases(factor: number, halfFrames: number): Float64Array[] {
  return Array.from({ length: factor - 1 }, (_, index) => {
    const offset = (index + 1) / factor;
    return Float64Array.from({ length: 2 * halfFrames }, (_, k) => {
      const t = offset + (halfFrames - 1) - k;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * t) / halfFrames);
      return (Math.sin(Math.PI * t) / (Math.PI * t)) * window;
    });
  });
}

/** Largest absolute value of a whole signal and its interpolation; 0 for no samples. The plain twin of the kernels. */
export function truePeakOf(samples: Float32Array | Float64Array, interpolator: TruePeakInterpolator): number {
  const { taps, halfFrames } = interpolator;
  let peak = 0;
  for (let n = 0; n < samples.length; n++) {
    peak = Math.max(peak, Math.abs(samples[n]!));
    for (const phase of taps) {
      let value = 0;
      for (let k = 0; k < phase.length; k++) value += phase[k]! * (samples[n - halfFrames + 1 + k] ?? 0);
      peak = Math.max(peak, Math.abs(value));
    }
  }
  return peak;
}
