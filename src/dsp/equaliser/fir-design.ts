// Turns a gain curve into the taps of a filter, of linear phase (symmetric) or of minimum phase (by the cepstrum).
// Float64 throughout; meant for a few thousand taps, made once.
import { dbToGain } from '../../units.js';
import { createRealFft } from '../fft.js';

/** A point of a gain curve. */
export interface GainPoint {
  readonly frequencyHz: number;
  readonly gainDb: number;
}

/**
 * Gain in dB at a frequency: straight lines over the logarithm of frequency between the points, which rise in
 * frequency; level beyond the ends. 0 for no points.
 */
export function gainAt(points: readonly GainPoint[], frequencyHz: number): number {
  const above = points.findIndex((point) => point.frequencyHz >= frequencyHz);
  if (above === 0) return points[0]!.gainDb;
  if (above < 0) return points.at(-1)?.gainDb ?? 0;
  const low = points[above - 1]!;
  const high = points[above]!;
  const share = Math.log(frequencyHz / low.frequencyHz) / Math.log(high.frequencyHz / low.frequencyHz);
  return low.gainDb + share * (high.gainDb - low.gainDb);
}

/** Taps (a power of two of them) whose middle one, index tapCount/2, carries the delay. */
export function designLinearPhase(
  points: readonly GainPoint[],
  tapCount: number,
  sampleRateHz: number,
): Float64Array {
  const size = 4 * tapCount;
  const impulse = impulseOf(Float64Array.from(gainsOf(points, size, sampleRateHz), dbToGain), size);
  const half = tapCount / 2;
  return Float64Array.from({ length: tapCount }, (_, i) => {
    const distance = i - half;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / half);
    return window * impulse[(distance + size) % size]!;
  });
}

/** Taps of the same magnitude with the least delay. @source Oppenheim & Schafer, Discrete-Time Signal Processing, §13.5 */
export function designMinimumPhase(
  points: readonly GainPoint[],
  tapCount: number,
  sampleRateHz: number,
): Float64Array {
  const size = 8 * tapCount;
  const logGains = gainsOf(points, size, sampleRateHz).map((gainDb) => Math.log(dbToGain(gainDb)));
  const cepstrum = impulseOf(logGains, size);
  for (let i = 1; i < size / 2; i++) {
    cepstrum[i] = 2 * cepstrum[i]!;
    cepstrum[size - i] = 0;
  }
  const fft = createRealFft(size);
  const re = new Float64Array(fft.binCount);
  const im = new Float64Array(fft.binCount);
  fft.forward(cepstrum, re, im);
  for (let k = 0; k < fft.binCount; k++) {
    const magnitude = Math.exp(re[k]!);
    re[k] = magnitude * Math.cos(im[k]!);
    im[k] = magnitude * Math.sin(im[k]!);
  }
  const impulse = new Float64Array(size);
  fft.inverse(re, im, impulse);
  return Float64Array.from({ length: tapCount }, (_, i) => {
    const fade = Math.min(1, (tapCount - i) / (tapCount / 4));
    return impulse[i]! * (0.5 - 0.5 * Math.cos(Math.PI * fade));
  });
}

function gainsOf(points: readonly GainPoint[], size: number, sampleRateHz: number): Float64Array {
  return Float64Array.from({ length: size / 2 + 1 }, (_, k) =>
    gainAt(points, Math.max(1, (k * sampleRateHz) / size)),
  );
}

/** The even impulse of real spectral values at bins 0 to size/2. */
function impulseOf(values: Float64Array, size: number): Float64Array {
  const fft = createRealFft(size);
  const impulse = new Float64Array(size);
  fft.inverse(values.slice(), new Float64Array(fft.binCount), impulse);
  return impulse;
}
