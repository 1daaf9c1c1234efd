// How strongly each note from C1 to B7 sounds in a stretch of a piece.
// Method: the stretch's mean spectrum is whitened by its own neighbourhood and explained by notes with harmonics,
// none of them negative (non-negative least squares, by coordinate descent on the normal equations).
import { createKernels } from '../kernels/instance.js';
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
  const bins = Array.from({ length: PITCH_BIN_COUNT }, (_, bin) => {
    const centreHz = pitchBinHz(bin);
    const widthHz = Math.max(FFT_BIN_HZ, centreHz * (2 ** (1 / (12 * BINS_PER_SEMITONE)) - 1));
    return { centreHz, reachHz: 0.5 * widthHz + 1.4 * FFT_BIN_HZ };
  });
  const kernels = createKernels(
    8 * NOTE_COUNT * (PITCH_BIN_COUNT + NOTE_COUNT + 2) + 8 * PITCH_BIN_COUNT + 4096,
  );
  const { dotRows, solveNonNegative } = kernels.functions;
  const templates = kernels.f64(NOTE_COUNT * PITCH_BIN_COUNT);
  const gram = kernels.f64(NOTE_COUNT * NOTE_COUNT);
  const spectrum = kernels.f64(PITCH_BIN_COUNT);
  const target = kernels.f64(NOTE_COUNT);
  const notes = kernels.f64(NOTE_COUNT);
  const explain = (values: Float64Array, into: Float64Array): void =>
    dotRows(templates.byteOffset, NOTE_COUNT, PITCH_BIN_COUNT, values.byteOffset, into.byteOffset);
  for (let note = 0; note < NOTE_COUNT; note++)
    templates.set(noteTemplate(note, bins), note * PITCH_BIN_COUNT);
  for (let note = 0; note < NOTE_COUNT; note++) {
    const row = note * PITCH_BIN_COUNT;
    explain(templates.subarray(row, row + PITCH_BIN_COUNT), gram.subarray(note * NOTE_COUNT));
  }
  const tuned = new Float64Array(PITCH_BIN_COUNT);
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
      explain(spectrum, target);
      for (let note = 0; note < NOTE_COUNT; note++) target[note] = target[note]! - SPARSITY;
      solveNonNegative(gram.byteOffset, target.byteOffset, notes.byteOffset, NOTE_COUNT, SWEEPS);
      into.set(notes);
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
  // Sums over the neighbourhood of the bin before the first, less what the first step drops.
  let sum = 0;
  let squares = 0;
  let overall = 0;
  for (const [bin, value] of values.entries()) {
    overall += value * value;
    if (bin >= WHITEN_REACH) continue;
    sum += value;
    squares += value * value;
  }
  const least = 0.1 * Math.sqrt(overall / values.length) + 1e-9;
  for (let bin = 0; bin < values.length; bin++) {
    const entering = values[bin + WHITEN_REACH] ?? 0;
    const leaving = values[bin - WHITEN_REACH - 1] ?? 0;
    sum += entering - leaving;
    squares += entering * entering - leaving * leaving;
    const count = Math.min(values.length - 1, bin + WHITEN_REACH) - Math.max(0, bin - WHITEN_REACH) + 1;
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
    out[bin] = Math.max(0, (values[bin]! - mean) / (deviation + least));
  }
}

/** Spectrum of a note of unit length: partials as the analysis shows them. */
function noteTemplate(
  note: number,
  bins: readonly { readonly centreHz: number; readonly reachHz: number }[],
): Float64Array {
  const template = new Float64Array(PITCH_BIN_COUNT);
  const fundamentalHz = 440 * 2 ** ((LOWEST_NOTE + note - 69) / 12);
  for (let partial = 1; partial <= PARTIALS; partial++) {
    const hz = partial * fundamentalHz;
    const amplitude = PARTIAL_DECAY ** (partial - 1);
    for (const [bin, { centreHz, reachHz }] of bins.entries()) {
      const distance = Math.abs(centreHz - hz) / reachHz;
      if (distance < 1)
        template[bin] = template[bin]! + amplitude * (0.5 + 0.5 * Math.cos(Math.PI * distance));
    }
  }
  const length = Math.sqrt(template.reduce((sum, value) => sum + value * value, 0));
  return template.map((value) => value / length);
}
