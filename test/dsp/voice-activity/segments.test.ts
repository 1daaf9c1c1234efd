import { describe, expect, it } from 'vitest';
import { speechSegments, VOICE_FRAME_SEC } from '../../../src/dsp/voice-activity/segments.js';

/** Probabilities over runs of [frames, probability]. */
function runs(...list: readonly (readonly [number, number])[]): number[] {
  return list.flatMap(([count, value]) => new Array<number>(count).fill(value));
}

const seconds = (frames: number) => frames * VOICE_FRAME_SEC;

describe('speechSegments', () => {
  it('pads a run of speech by 30 ms on both sides', () => {
    const probabilities = runs([20, 0], [30, 1], [20, 0]);
    const [segment, ...others] = speechSegments(probabilities, seconds(70));
    expect(others).toEqual([]);
    expect(segment!.startSec).toBeCloseTo(seconds(20) - 0.03, 9);
    expect(segment!.endSec).toBeCloseTo(seconds(50) + 0.03, 9);
  });

  it('bridges a dip of less than 100 ms, and splits at a longer one', () => {
    expect(speechSegments(runs([20, 1], [3, 0], [20, 1], [20, 0]), seconds(63))).toHaveLength(1);
    expect(speechSegments(runs([20, 1], [6, 0], [20, 1], [20, 0]), seconds(66))).toHaveLength(2);
  });

  it('goes on between the thresholds, and begins only above the upper one', () => {
    expect(speechSegments(runs([20, 1], [30, 0.4], [20, 0]), seconds(70))[0]!.endSec).toBeCloseTo(
      seconds(50) + 0.03,
      9,
    );
    expect(speechSegments(runs([70, 0.45]), seconds(70))).toEqual([]);
  });

  it('drops what is shorter than a quarter of a second', () => {
    expect(speechSegments(runs([20, 0], [7, 1], [20, 0]), seconds(47))).toEqual([]);
  });

  it('halves a gap that has no room for both pads, and stays inside of the file', () => {
    const [first, second] = speechSegments(runs([20, 1], [4, 0], [20, 1]), seconds(44), {
      minSilenceSec: 0.05,
      padSec: 0.2,
    });
    expect(first!.startSec).toBe(0);
    expect(first!.endSec).toBeCloseTo(seconds(22), 9);
    expect(second!.startSec).toBeCloseTo(seconds(22), 9);
    expect(second!.endSec).toBeCloseTo(seconds(44), 9);
  });

  it('finds nothing in nothing', () => {
    expect(speechSegments([], 0)).toEqual([]);
  });
});
