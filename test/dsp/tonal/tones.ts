// Test signals made of notes with harmonics, and a source to read them from.
import type { SampledSource } from '../../../src/dsp/music-features.js';

export const RATE_HZ = 22050;

/** A mono source over a whole signal. */
export function sourceOf(signal: Float32Array, sampleRateHz: number = RATE_HZ): SampledSource {
  return {
    sampleRateHz,
    channelCount: 1,
    frameCount: signal.length,
    read(startFrame, into) {
      const block = into[0]!;
      block.fill(0);
      const from = Math.max(0, startFrame);
      const to = Math.min(signal.length, startFrame + block.length);
      if (to > from) block.set(signal.subarray(from, to), from - startFrame);
    },
  };
}

/** Notes (MIDI numbers) that sound together for some seconds, one group after the other, with six harmonics. */
export function playNotes(
  groups: readonly { readonly notes: readonly number[]; readonly sec: number }[],
  concertPitchHz = 440,
  sampleRateHz: number = RATE_HZ,
): Float32Array {
  const total = groups.reduce((sum, group) => sum + Math.round(group.sec * sampleRateHz), 0);
  const signal = new Float32Array(total);
  let at = 0;
  for (const { notes, sec } of groups) {
    const frames = Math.round(sec * sampleRateHz);
    for (const note of notes) {
      const hz = concertPitchHz * 2 ** ((note - 69) / 12);
      for (let partial = 1; partial <= 6 && partial * hz < sampleRateHz / 2; partial++) {
        const step = (2 * Math.PI * partial * hz) / sampleRateHz;
        const amplitude = 0.1 * 0.6 ** (partial - 1);
        for (let n = 0; n < frames; n++) {
          const fade = Math.min(1, n / 200, (frames - n) / 200) * Math.exp(-n / frames);
          signal[at + n] = signal[at + n]! + amplitude * fade * Math.sin(step * n + note);
        }
      }
    }
    at += frames;
  }
  return signal;
}

/** Uniform noise from -1 to 1, the same for the same seed. */
export function createNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
