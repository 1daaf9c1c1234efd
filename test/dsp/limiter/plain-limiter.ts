// The limiter once more, plainly and for whole signals: what the kernels must equal.
import { interpolationPhases } from '../../../src/dsp/loudness/true-peak.js';

export interface PlainSettings {
  readonly ceiling: number;
  readonly spanFrames: number;
  readonly halfFrames: number;
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

/** Output of the limiter without its delay. */
export function plainLimiter(channels: readonly Float32Array[], settings: PlainSettings): Float64Array[] {
  const { ceiling, spanFrames, halfFrames, releaseFactor, slowFactor } = settings;
  const frames = channels[0]!.length;
  const needs = plainEnvelope(channels, halfFrames).map((peak) => (peak > ceiling ? 1 - ceiling / peak : 0));
  const hold = spanFrames + 2 * halfFrames + 1;
  const delay = spanFrames - 1 + halfFrames;
  const total = frames + delay;
  let release = 0;
  let slow = 0;
  let depths = Float64Array.from({ length: total }, (_, n) => {
    let held = 0;
    for (let k = Math.max(0, n - hold + 1); k <= n; k++) held = Math.max(held, needs[k] ?? 0);
    release = Math.max(held, release * releaseFactor);
    slow += slowFactor * (held - slow);
    return Math.max(release, slow);
  });
  for (let i = 0; i < 3; i++) {
    const length = Math.floor((spanFrames + 2 + i) / 3);
    depths = depths.map((_, n) => {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += depths[n - k] ?? 0;
      return sum / length;
    });
  }
  return channels.map((samples) => Float64Array.from(samples, (x, n) => x * (1 - depths[n + delay]!)));
}
