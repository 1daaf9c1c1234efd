// Coefficients of second-order filters by the bilinear transform, and their response. Gains in dB, corners in Hz.

/** b0 b1 b2 a1 a2, a0 = 1. */
export type Biquad = readonly [number, number, number, number, number];

export const BUTTERWORTH_Q = Math.SQRT1_2;

/** Low pass. @source Bristow-Johnson, Audio EQ Cookbook (1998, 2021) */
export function lowPass(cutoffHz: number, q: number, sampleRateHz: number): Biquad {
  const { cosine, alpha } = angles(cutoffHz, q, sampleRateHz);
  return normalise(alpha, cosine, (1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2);
}

/** High pass. */
export function highPass(cutoffHz: number, q: number, sampleRateHz: number): Biquad {
  const { cosine, alpha } = angles(cutoffHz, q, sampleRateHz);
  return normalise(alpha, cosine, (1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2);
}

/** All pass of second order: what the two sides of a Linkwitz-Riley crossover of fourth order add up to. */
export function allPass(cutoffHz: number, q: number, sampleRateHz: number): Biquad {
  const { cosine, alpha } = angles(cutoffHz, q, sampleRateHz);
  return normalise(alpha, cosine, 1 - alpha, -2 * cosine, 1 + alpha);
}

function angles(cutoffHz: number, q: number, sampleRateHz: number): { cosine: number; alpha: number } {
  // Corners at or above half the rate would be unstable; just below it they do nothing that is heard.
  const omega = (2 * Math.PI * Math.min(cutoffHz, 0.49 * sampleRateHz)) / sampleRateHz;
  return { cosine: Math.cos(omega), alpha: Math.sin(omega) / (2 * q) };
}

function normalise(alpha: number, cosine: number, b0: number, b1: number, b2: number): Biquad {
  const a0 = 1 + alpha;
  return [b0 / a0, b1 / a0, b2 / a0, (-2 * cosine) / a0, (1 - alpha) / a0];
}

/** Magnitude (linear) of a filter at a frequency. */
export function magnitudeAt([b0, b1, b2, a1, a2]: Biquad, frequencyHz: number, sampleRateHz: number): number {
  const w = (2 * Math.PI * frequencyHz) / sampleRateHz;
  const power = (c0: number, c1: number, c2: number): number => {
    const re = c0 + c1 * Math.cos(w) + c2 * Math.cos(2 * w);
    const im = c1 * Math.sin(w) + c2 * Math.sin(2 * w);
    return re * re + im * im;
  };
  return Math.sqrt(power(b0, b1, b2) / power(1, a1, a2));
}
