// The concert pitch of a piece, and spectra moved onto it.
// Method: three bins to a semitone give each partial a phase on the circle of one semitone; the phases' sum over all
// loud partials points at the common deviation from 440 Hz.
import { byteToDb } from '../level-byte.js';
import { BINS_PER_SEMITONE, PITCH_BIN_COUNT } from './pitch-frames.js';

/** Partials below 110 Hz smear over semitones and are left out. */
const FIRST_BIN = 21 * BINS_PER_SEMITONE;
/** Sine of the analysis' own response, which draws the estimate to the bin in the middle: measured on sines. */
const LARGEST_PEAKS_DB = 30;

/** Amplitudes 0 … 1 of the 256 bytes of a level. */
const AMPLITUDES = Float64Array.from({ length: 256 }, (_, byte) =>
  byte === 0 ? 0 : 10 ** (byteToDb(byte) / 20),
);

/** Amplitude of a level byte; byte 0 is silence. */
export function byteToAmplitude(byte: number): number {
  return AMPLITUDES[byte]!;
}

/**
 * Deviation of the piece's pitch from A4 = 440 Hz in semitones, -0.5 … 0.5, and how much its partials agree, 0 … 1.
 * Silence gives 0 and 0.
 */
export function estimateTuning(pitches: Uint8Array): { semitones: number; agreement: number } {
  let re = 0;
  let im = 0;
  let sum = 0;
  const frames = pitches.length / PITCH_BIN_COUNT;
  for (let t = 0; t < frames; t++) {
    const at = t * PITCH_BIN_COUNT;
    let peak = 0;
    for (let bin = FIRST_BIN; bin < PITCH_BIN_COUNT; bin++) peak = Math.max(peak, pitches[at + bin]!);
    const threshold = peak - 2 * LARGEST_PEAKS_DB;
    for (let bin = FIRST_BIN; bin + 1 < PITCH_BIN_COUNT; bin++) {
      const level = pitches[at + bin]!;
      if (level === 0 || level < threshold) continue;
      const before = pitches[at + bin - 1]!;
      const after = pitches[at + bin + 1]!;
      if (level < before || level <= after) continue;
      // A parabola through the levels in dB places the partial between the bins.
      const bend = before - 2 * level + after;
      const place = bin + (bend < 0 ? (0.5 * (before - after)) / bend : 0);
      const angle = (2 * Math.PI * (place - 1)) / BINS_PER_SEMITONE;
      const weight = Math.sqrt(byteToAmplitude(level));
      re += weight * Math.cos(angle);
      im += weight * Math.sin(angle);
      sum += weight;
    }
  }
  if (sum === 0) return { semitones: 0, agreement: 0 };
  return { semitones: Math.atan2(im, re) / (2 * Math.PI), agreement: Math.hypot(re, im) / sum };
}
