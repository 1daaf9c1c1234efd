// A voice with what damages voices, at known places and levels.
import { speechLike, sumOf, whiteNoise } from '../denoise/signals.js';

export interface Place {
  readonly startFrame: number;
  readonly endFrame: number;
}

/** Noise between two frequencies, by differences of one-pole filters: enough of a band for a test. */
export function bandNoise(
  frames: number,
  lowHz: number,
  highHz: number,
  rateHz: number,
  seed: number,
): Float64Array {
  const noise = whiteNoise(frames, 0, seed);
  const stages = [lowHz, lowHz, highHz, highHz].map((hz) => 1 - Math.exp((-2 * Math.PI * hz) / rateHz));
  const states = new Float64Array(4);
  return noise.map((value) => {
    let x = value;
    for (const [n, weight] of stages.entries()) {
      states[n] = states[n]! + weight * (x - states[n]!);
      x = n < 2 ? x - states[n]! : states[n]!;
    }
    return x;
  });
}

/** Adds `sound` · envelope of half a sine at every place. */
export function addAt(base: Float64Array, sound: Float64Array, places: readonly Place[]): Float64Array {
  const out = base.slice();
  for (const { startFrame, endFrame } of places) {
    for (let n = startFrame; n < endFrame; n++) {
      const envelope = Math.sin((Math.PI * (n - startFrame)) / (endFrame - startFrame));
      out[n] = out[n]! + envelope * sound[n]!;
    }
  }
  return out;
}

/** Syllables with a room behind them, and the spans of speech: pauses of half a second every second. */
export function voiceInRoom(frames: number, rateHz: number): { clean: Float64Array; spans: Float64Array } {
  const clean = sumOf(speechLike(frames, rateHz), whiteNoise(frames, -75, 5));
  const spans: number[] = [];
  for (let start = 0; start < frames; start += 1.5 * rateHz)
    spans.push(start, Math.min(frames, start + rateHz));
  return { clean, spans: Float64Array.from(spans) };
}

/** Share of the places that a region touches, and of the regions that touch a place. */
export function score(
  places: readonly Place[],
  regions: readonly Place[],
): { recall: number; precision: number } {
  const touches = (a: Place, b: Place) => a.startFrame < b.endFrame && b.startFrame < a.endFrame;
  return {
    recall: places.filter((place) => regions.some((region) => touches(place, region))).length / places.length,
    precision:
      regions.filter((region) => places.some((place) => touches(place, region))).length /
      Math.max(1, regions.length),
  };
}
