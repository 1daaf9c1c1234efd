// What the ducking benchmark measures on written files, apart from what forge says of itself: loudness of voice over bed
// in each phrase, how far the voice stands above the bed in the bands of speech, and what is left untouched.

import { createRealFft } from '../../dist/dsp/fft.js';
import { designKWeighting, kWeightedEnergy } from '../../dist/dsp/loudness/k-weighting.js';

export interface PhraseSpan {
  readonly startSec: number;
  readonly endSec: number;
}

/** K-weighted energy of a span of [channels][frames], per second. */
export function weightedPower(channels: readonly Float32Array[], rateHz: number, span: PhraseSpan): number {
  const weighting = designKWeighting(rateHz);
  const first = Math.max(0, Math.round(span.startSec * rateHz));
  const lead = Math.max(0, first - Math.round(0.3 * rateHz));
  const end = Math.round(span.endSec * rateHz);
  let sum = 0;
  for (const samples of channels) {
    const state = new Float64Array(6);
    kWeightedEnergy(samples.subarray(lead, first), weighting, state);
    sum += kWeightedEnergy(samples.subarray(first, Math.min(end, samples.length)), weighting, state);
  }
  return sum / (span.endSec - span.startSec);
}

const FFT_SIZE = 1024;
const LOW_HZ = 200;
const HIGH_HZ = 4000;

/**
 * Mean over third octaves from 200 Hz to 4 kHz and over frames of speech of the voice's level above the bed's, each
 * held within ±15 dB as the Speech Intelligibility Index does. Mono signals of one length.
 * @source ANSI S3.5-1997, band audibility
 */
export function bandRatioDb(
  voice: Float32Array,
  bed: Float32Array,
  rateHz: number,
  phrases: readonly PhraseSpan[],
): number {
  const fft = createRealFft(FFT_SIZE);
  const frame = new Float64Array(FFT_SIZE);
  const re = new Float64Array(fft.binCount);
  const im = new Float64Array(fft.binCount);
  const edges: number[] = [];
  for (let hz = LOW_HZ; hz <= HIGH_HZ * 1.01; hz *= 2 ** (1 / 3))
    edges.push(Math.round((hz * FFT_SIZE) / rateHz));
  const powers = (samples: Float32Array, at: number): number[] => {
    for (let n = 0; n < FFT_SIZE; n++)
      frame[n] = (samples[at + n] ?? 0) * Math.sin((Math.PI * n) / FFT_SIZE) ** 2;
    fft.forward(frame, re, im);
    return edges.slice(1).map((high, k) => {
      let sum = 1e-14;
      for (let bin = edges[k]!; bin < high; bin++) sum += re[bin]! ** 2 + im[bin]! ** 2;
      return sum;
    });
  };
  let sum = 0;
  let count = 0;
  for (const { startSec, endSec } of phrases) {
    for (let at = Math.round(startSec * rateHz); at < endSec * rateHz; at += FFT_SIZE / 2) {
      const over = powers(voice, at);
      const under = powers(bed, at);
      for (const [k, power] of over.entries()) {
        sum += Math.min(15, Math.max(-15, 10 * Math.log10(power / under[k]!)));
        count++;
      }
    }
  }
  return sum / Math.max(1, count);
}

/** Level of `output` − gain · `input` against the input over spans, in dB. */
export function nullDb(
  input: readonly Float32Array[],
  output: readonly Float32Array[],
  rateHz: number,
  spans: readonly PhraseSpan[],
): number {
  let difference = 0;
  let power = 0;
  for (const { startSec, endSec } of spans) {
    for (let n = Math.round(startSec * rateHz); n < Math.round(endSec * rateHz); n++) {
      for (const [c, samples] of input.entries()) {
        difference += (output[c]![n]! - samples[n]!) ** 2;
        power += samples[n]! ** 2;
      }
    }
  }
  return 10 * Math.log10(difference / power);
}

/** Largest change of level of `output` over `input` between neighbouring windows of 10 ms, in dB. */
export function largestStepDb(input: Float32Array, output: Float32Array, rateHz: number): number {
  const window = Math.round(rateHz / 100);
  let largest = 0;
  let before: number | undefined;
  for (let at = 0; at + window <= input.length; at += window) {
    let powerIn = 0;
    let powerOut = 0;
    for (let n = at; n < at + window; n++) {
      powerIn += input[n]! ** 2;
      powerOut += output[n]! ** 2;
    }
    const gainDb = 10 * Math.log10(powerOut / powerIn);
    if (before !== undefined) largest = Math.max(largest, Math.abs(gainDb - before));
    before = gainDb;
  }
  return largest;
}
