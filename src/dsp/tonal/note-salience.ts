// How strongly each note from C1 to B7 sounds in a stretch of a piece.
// Method: the stretch's mean spectrum is whitened by its own neighbourhood and explained by notes with harmonics,
// none of them negative (non-negative least squares, by coordinate descent on the normal equations).
import { BINS_PER_SEMITONE, LOWEST_NOTE, NOTE_COUNT, PITCH_BIN_COUNT, pitchBinHz } from './pitch-frames.js';
import { byteToAmplitude } from './tuning.js';

const PARTIALS = 12;
/** Amplitude of each partial over that of the one below. */
const PARTIAL_DECAY = 0.7;
/** Neighbourhood of the whitening: half an octave to each side. */
const WHITEN_REACH = 18;
const SWEEPS = 12;
/** Penalty for each note that is used at all, against explanations by many faint notes. */
const SPARSITY = 0.02;
const FFT_BIN_HZ = 11025 / 4096;

export interface SalienceAnalyser {
  /**
   * Saliences (NOTE_COUNT values ≥ 0) of the mean of the frames [from, to) with `weights` of that length, at a
   * tuning of `semitones` from 440 Hz. Silence gives zeros.
   */
  analyse(
    pitches: Uint8Array,
    from: number,
    weights: ArrayLike<number>,
    semitones: number,
    into: Float64Array,
  ): void;
}

/** @source Mauch & Dixon 2010 (Approximate note transcription for the improved identification of difficult chords) */
export function createSalienceAnalyser(): SalienceAnalyser {
  const centresHz = Float64Array.from({ length: PITCH_BIN_COUNT }, (_, bin) => pitchBinHz(bin));
  const templates = Array.from({ length: NOTE_COUNT }, (_, note) => noteTemplate(note, centresHz));
  const gram = new Float64Array(NOTE_COUNT * NOTE_COUNT);
  for (let a = 0; a < NOTE_COUNT; a++) {
    for (let b = 0; b < NOTE_COUNT; b++) gram[a * NOTE_COUNT + b] = dot(templates[a]!, templates[b]!);
  }
  const spectrum = new Float64Array(PITCH_BIN_COUNT);
  const tuned = new Float64Array(PITCH_BIN_COUNT);
  const target = new Float64Array(NOTE_COUNT);
  return {
    analyse(pitches, from, weights, semitones, into) {
      spectrum.fill(0);
      for (let k = 0; k < weights.length; k++) {
        const at = (from + k) * PITCH_BIN_COUNT;
        const weight = weights[k]!;
        for (let bin = 0; bin < PITCH_BIN_COUNT; bin++) {
          spectrum[bin] = spectrum[bin]! + weight * byteToAmplitude(pitches[at + bin] ?? 0);
        }
      }
      shiftBins(spectrum, semitones * BINS_PER_SEMITONE, tuned);
      whiten(tuned, spectrum);
      for (let note = 0; note < NOTE_COUNT; note++) target[note] = dot(templates[note]!, spectrum);
      solve(gram, target, into);
    },
  };
}

/** out[b] = values[b + shift], linearly between bins; outside is zero. */
function shiftBins(values: Float64Array, shift: number, out: Float64Array): void {
  const whole = Math.floor(shift);
  const part = shift - whole;
  for (let bin = 0; bin < out.length; bin++) {
    out[bin] = (1 - part) * (values[bin + whole] ?? 0) + part * (values[bin + whole + 1] ?? 0);
  }
}

/** Each value less its neighbourhood's mean, over the neighbourhood's deviation; negative ones become zero. */
function whiten(values: Float64Array, out: Float64Array): void {
  let overall = 0;
  for (const value of values) overall += value * value;
  const least = 0.1 * Math.sqrt(overall / values.length) + 1e-9;
  for (let bin = 0; bin < values.length; bin++) {
    const first = Math.max(0, bin - WHITEN_REACH);
    const last = Math.min(values.length - 1, bin + WHITEN_REACH);
    let sum = 0;
    let squares = 0;
    for (let k = first; k <= last; k++) {
      sum += values[k]!;
      squares += values[k]! * values[k]!;
    }
    const count = last - first + 1;
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
    out[bin] = Math.max(0, (values[bin]! - mean) / (deviation + least));
  }
}

/**
 * Non-negative least squares for gram·x = target, gram symmetric. `target` ends as what x leaves unexplained; most notes
 * stay at zero, and cost nothing.
 */
function solve(gram: Float64Array, target: Float64Array, x: Float64Array): void {
  x.fill(0);
  for (let a = 0; a < NOTE_COUNT; a++) target[a] = target[a]! - SPARSITY;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let a = 0; a < NOTE_COUNT; a++) {
      const row = a * NOTE_COUNT;
      const before = x[a]!;
      const after = Math.max(0, before + target[a]! / gram[row + a]!);
      if (after === before) continue;
      x[a] = after;
      const change = after - before;
      for (let b = 0; b < NOTE_COUNT; b++) target[b] = target[b]! - change * gram[row + b]!;
    }
  }
}

/** Spectrum of a note of unit length: partials as the analysis shows them. */
function noteTemplate(note: number, centresHz: Float64Array): Float64Array {
  const template = new Float64Array(PITCH_BIN_COUNT);
  const fundamentalHz = 440 * 2 ** ((LOWEST_NOTE + note - 69) / 12);
  for (let partial = 1; partial <= PARTIALS; partial++) {
    const hz = partial * fundamentalHz;
    const amplitude = PARTIAL_DECAY ** (partial - 1);
    for (let bin = 0; bin < PITCH_BIN_COUNT; bin++) {
      const centreHz = centresHz[bin]!;
      const binWidthHz = Math.max(FFT_BIN_HZ, centreHz * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1));
      const distance = Math.abs(centreHz - hz) / (0.5 * binWidthHz + 1.4 * FFT_BIN_HZ);
      if (distance < 1)
        template[bin] = template[bin]! + amplitude * (0.5 + 0.5 * Math.cos(Math.PI * distance));
    }
  }
  const length = Math.sqrt(dot(template, template));
  return template.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
