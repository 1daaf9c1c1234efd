// Runs a processor over a whole signal, for tests.
import type { Processor } from '../../src/dsp/processor.js';

/** The output without the device's delay; the input is left as it is. */
export function runDevice(
  device: Processor,
  channels: readonly Float32Array[],
  blockFrames = 1000,
): Float32Array[] {
  const frames = channels[0]!.length;
  const padded = channels.map((samples) => {
    const copy = new Float32Array(frames + device.latencyFrames);
    copy.set(samples);
    return copy;
  });
  for (let at = 0; at < padded[0]!.length; at += blockFrames) {
    device.process(padded.map((samples) => samples.subarray(at, at + blockFrames)));
  }
  return padded.map((samples) => samples.subarray(device.latencyFrames));
}

/** Level in dB of a sine of a frequency in the samples, amplitude 1 = 0 dB, through a Blackman-Harris window. */
export function toneLevelDb(samples: Float32Array, frequencyHz: number, sampleRateHz: number): number {
  let re = 0;
  let im = 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    const w = blackmanHarris(i / samples.length);
    const phase = (2 * Math.PI * frequencyHz * i) / sampleRateHz;
    re += w * samples[i]! * Math.cos(phase);
    im += w * samples[i]! * Math.sin(phase);
    sum += w;
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / sum);
}

export function blackmanHarris(t: number): number {
  const a = 2 * Math.PI * t;
  return 0.35875 - 0.48829 * Math.cos(a) + 0.14128 * Math.cos(2 * a) - 0.01168 * Math.cos(3 * a);
}

/** Level in dB of all samples, a full-scale square = 0 dB. */
export function levelDb(samples: Float32Array): number {
  return 10 * Math.log10(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
}
