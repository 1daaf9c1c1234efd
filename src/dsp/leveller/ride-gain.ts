// The leveller's gains on samples: a step's gain stands in its middle, and runs straight to the next in decibels. Every
// frame's gain follows from its absolute position.
import { dbToGain } from '../../units.js';
import type { FrameSource } from '../kernels/frame-window.js';
import { LEVEL_STEP_SEC } from './gain-ride.js';

/** Applies the gains of `rideGains` to [channels][frames] that begin at `startFrame`, in place. */
export function applyRide(
  block: readonly (Float32Array | Float64Array)[],
  startFrame: number,
  gainsDb: Float32Array,
  sampleRateHz: number,
): void {
  const frames = block[0]?.length ?? 0;
  for (let n = 0; n < frames; n++) {
    const place = (startFrame + n) / sampleRateHz / LEVEL_STEP_SEC - 0.5;
    const low = Math.min(gainsDb.length - 1, Math.max(0, Math.floor(place)));
    const high = Math.min(gainsDb.length - 1, low + 1);
    const share = Math.min(1, Math.max(0, place - low));
    const gain = dbToGain(gainsDb[low]! + share * (gainsDb[high]! - gainsDb[low]!));
    for (const samples of block) samples[n] = samples[n]! * gain;
  }
}

/** A reader of a source through the gains. */
export function createRiddenReader(
  source: FrameSource,
  gainsDb: Float32Array,
  sampleRateHz: number,
): FrameSource {
  return {
    channelCount: source.channelCount,
    frameCount: source.frameCount,
    read(startFrame, into) {
      source.read(startFrame, into);
      applyRide(into, startFrame, gainsDb, sampleRateHz);
    },
  };
}
