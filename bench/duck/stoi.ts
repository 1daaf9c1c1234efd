// Short-time objective intelligibility of a degraded signal against the clean one, both mono at 10 kHz: 0 … 1.
// Method as published: silent frames of the clean signal leave both, 15 third octaves from 150 Hz, correlation over
// 384 ms with the degraded envelope clipped at −15 dB.
// @source Taal, Hendriks, Heusdens, Jensen, An Algorithm for Intelligibility Prediction of Time-Frequency Weighted
// Noisy Speech, IEEE TASLP 19 (2011)
import { createRealFft } from '../../dist/dsp/fft.js';

export const STOI_RATE_HZ = 10_000;
const FRAME = 256;
const HOP = 128;
const FFT_SIZE = 512;
const BANDS = 15;
const LOWEST_HZ = 150;
const SEGMENT = 30;
const CLIP = 10 ** (15 / 20);
const RANGE_DB = 40;

/** STOI; signals of one length. NaN where there is less speech than one segment. */
export function stoi(clean: Float32Array, degraded: Float32Array): number {
  const [x, y] = withoutSilence(clean, degraded);
  const cleanBands = bandEnvelopes(x);
  const otherBands = bandEnvelopes(y);
  const frames = cleanBands[0]!.length;
  let sum = 0;
  let count = 0;
  for (let end = SEGMENT; end <= frames; end++) {
    for (let band = 0; band < BANDS; band++) {
      const a = cleanBands[band]!.subarray(end - SEGMENT, end);
      const b = otherBands[band]!.subarray(end - SEGMENT, end);
      const scale = Math.sqrt(energy(a) / (energy(b) + 1e-30));
      const clipped = b.map((value, n) => Math.min(value * scale, a[n]! * (1 + CLIP)));
      sum += correlation(a, clipped);
      count++;
    }
  }
  return sum / count;
}

/** Both signals without the frames in which the clean one lies 40 dB under its loudest, overlapped anew. */
function withoutSilence(clean: Float32Array, degraded: Float32Array): [Float64Array, Float64Array] {
  const window = hann();
  const starts: number[] = [];
  for (let at = 0; at + FRAME <= clean.length; at += HOP) starts.push(at);
  const levels = starts.map((at) => {
    let sum = 0;
    for (let n = 0; n < FRAME; n++) sum += (clean[at + n]! * window[n]!) ** 2;
    return 10 * Math.log10(sum + 1e-30);
  });
  const loudest = Math.max(...levels);
  const kept = starts.filter((_, k) => levels[k]! > loudest - RANGE_DB);
  const join = (samples: Float32Array): Float64Array => {
    const out = new Float64Array((kept.length + 1) * HOP);
    for (const [k, at] of kept.entries())
      for (let n = 0; n < FRAME; n++) out[k * HOP + n]! += samples[at + n]! * window[n]!;
    return out;
  };
  return [join(clean), join(degraded)];
}

/** Amplitudes of the third octaves, [band][frame]. */
function bandEnvelopes(samples: Float64Array): Float64Array[] {
  const fft = createRealFft(FFT_SIZE);
  const window = hann();
  const frames = Math.max(0, Math.floor((samples.length - FRAME) / HOP) + 1);
  const edges = Array.from({ length: BANDS }, (_, band) => {
    const centre = LOWEST_HZ * 2 ** (band / 3);
    return [centre / 2 ** (1 / 6), centre * 2 ** (1 / 6)].map((hz) =>
      Math.round((hz * FFT_SIZE) / STOI_RATE_HZ),
    ) as [number, number];
  });
  const input = new Float64Array(FFT_SIZE);
  const re = new Float64Array(fft.binCount);
  const im = new Float64Array(fft.binCount);
  const bands = Array.from({ length: BANDS }, () => new Float64Array(frames));
  for (let frame = 0; frame < frames; frame++) {
    for (let n = 0; n < FRAME; n++) input[n] = samples[frame * HOP + n]! * window[n]!;
    fft.forward(input, re, im);
    for (const [band, [low, high]] of edges.entries()) {
      let sum = 0;
      for (let bin = low; bin < high; bin++) sum += re[bin]! ** 2 + im[bin]! ** 2;
      bands[band]![frame] = Math.sqrt(sum);
    }
  }
  return bands;
}

function hann(): Float64Array {
  return Float64Array.from(
    { length: FRAME },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 1)) / (FRAME + 1)),
  );
}

function energy(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let product = 0;
  let squareA = 1e-30;
  let squareB = 1e-30;
  for (let n = 0; n < a.length; n++) {
    product += (a[n]! - meanA) * (b[n]! - meanB);
    squareA += (a[n]! - meanA) ** 2;
    squareB += (b[n]! - meanB) ** 2;
  }
  return product / Math.sqrt(squareA * squareB);
}
