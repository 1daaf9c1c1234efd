// What the beat network says of a piece: how much each instant sounds like a beat, a downbeat, an onset.

export const BEAT_FRAMES_PER_SEC = 50;
export const ONSET_FRAMES_PER_SEC = 100;

/** Probabilities 0 … 1. Beat frame k is centred on (k + ¼)/50 s, onset frame k on k/100 s. */
export interface BeatActivations {
  readonly beat: Float32Array;
  readonly downbeat: Float32Array;
  readonly onset: Float32Array;
}

/** Time in seconds of a beat frame: it stands for the two feature frames 2k and 2k+1. */
export function beatFrameToSec(frame: number): number {
  return (frame + 0.25) / BEAT_FRAMES_PER_SEC;
}

/** Beat frame (with fraction) at a time in seconds. */
export function secToBeatFrame(sec: number): number {
  return sec * BEAT_FRAMES_PER_SEC - 0.25;
}

/** Largest activation within `reachFrames` of a frame; 0 outside of the piece. */
export function peakNear(activation: Float32Array, frame: number, reachFrames: number): number {
  const centre = Math.round(frame);
  let peak = 0;
  for (let k = centre - reachFrames; k <= centre + reachFrames; k++)
    peak = Math.max(peak, activation[k] ?? 0);
  return peak;
}

/** Twice as many frames, by linear interpolation: value 2k is frame k, value 2k+1 the mean of k and k+1. */
export function doubleRate(activation: Float32Array): Float32Array {
  const out = new Float32Array(2 * activation.length);
  for (let k = 0; k < activation.length; k++) {
    out[2 * k] = activation[k]!;
    out[2 * k + 1] = 0.5 * (activation[k]! + (activation[k + 1] ?? activation[k]!));
  }
  return out;
}
