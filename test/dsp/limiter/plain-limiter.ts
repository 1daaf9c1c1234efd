// The limiter once more, plainly and for whole signals: what the kernels must equal.
import { interpolationPhases } from '../../../src/dsp/loudness/true-peak.js';

export interface PlainSettings {
  readonly ceiling: number;
  /** Look-ahead in steps of 8 frames. */
  readonly spanSteps: number;
  readonly halfFrames: number;
  /** Per step. */
  readonly releaseFactor: number;
  readonly slowFactor: number;
}

/** Largest magnitude at every frame and at the seven eighths behind it, over all channels. */
export function plainEnvelope(channels: readonly Float32Array[], halfFrames: number): Float64Array {
  const phases = interpolationPhases(8, halfFrames);
  return Float64Array.from({ length: channels[0]!.length }, (_, n) => {
    let peak = 0;
    for (const samples of channels) {
      peak = Math.max(peak, Math.abs(samples[n]!));
      for (const taps of phases) {
        let value = 0;
        for (let k = 0; k < taps.length; k++) value += taps[k]! * (samples[n - halfFrames + 1 + k] ?? 0);
        peak = Math.max(peak, Math.abs(value));
      }
    }
    return peak;
  });
}

const STEP_FRAMES = 8;

/** Output of the limiter without its delay. */
export function plainLimiter(channels: readonly Float32Array[], settings: PlainSettings): Float64Array[] {
  const { ceiling, spanSteps, halfFrames, releaseFactor, slowFactor } = settings;
  const envelope = plainEnvelope(channels, halfFrames);
  const stepCount = Math.ceil(envelope.length / STEP_FRAMES);
  const needs = Float64Array.from({ length: stepCount }, (_, step) => {
    const peak = Math.max(...envelope.subarray(step * STEP_FRAMES, (step + 1) * STEP_FRAMES));
    return peak > ceiling ? 1 - ceiling / peak : 0;
  });
  const sideSteps = Math.ceil(halfFrames / STEP_FRAMES);
  const hold = spanSteps + 2 * sideSteps + 1;
  const delay = spanSteps - 1 + sideSteps;
  let release = 0;
  let slow = 0;
  let depths = Float64Array.from({ length: stepCount + delay + 1 }, (_, n) => {
    let held = 0;
    for (let k = Math.max(0, n - hold + 1); k <= n; k++) held = Math.max(held, needs[k] ?? 0);
    release = Math.max(held, release * releaseFactor);
    slow += slowFactor * (held - slow);
    return Math.max(release, slow);
  });
  for (let i = 0; i < 3; i++) {
    const length = Math.floor((spanSteps + 2 + i) / 3);
    depths = depths.map((_, n) => {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += depths[n - k] ?? 0;
      return sum / length;
    });
  }
  const depthAt = (frame: number): number => {
    const step = Math.floor(frame / STEP_FRAMES);
    const from = depths[step + delay]!;
    return from + ((depths[step + delay + 1]! - from) * (frame % STEP_FRAMES)) / STEP_FRAMES;
  };
  return channels.map((samples) => Float64Array.from(samples, (x, n) => x * (1 - depthAt(n))));
}
