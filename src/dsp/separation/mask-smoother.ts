// Refines masks as a Wiener filter does whose powers are those of a cell and, to a part, of its eight neighbours: a cell
// that was judged unlike everything around it gives way. Masks come frame by frame and go out one frame later.
import type { FrameMasks } from './masks.js';

/** Weight of each neighbour in time and frequency against the cell itself. */
const NEIGHBOUR_WEIGHT = 0.3;
const STEM_COUNT = 4;

export interface MaskSmoother {
  /** The masks of the next frame and its magnitudes [bin]; both are copied. */
  push(masks: FrameMasks, magnitude: Float32Array): void;
  /** The refined masks of the frame before the last that was pushed; three must have been. */
  smooth(into: FrameMasks): void;
}

/** Starts with no frame. @source Wiener filtering of smoothed powers: Benaroya, Bimbot, Gribonval, IEEE TASLP 14(1), 2006 */
export function createMaskSmoother(binCount: number): MaskSmoother {
  // Powers of the stems in three frames, [frame][stem][bin], with a silent bin at both ends.
  const powers = Array.from({ length: 3 }, () =>
    Array.from({ length: STEM_COUNT }, () => new Float64Array(binCount + 2)),
  );
  const sums = Array.from({ length: STEM_COUNT }, () => new Float64Array(binCount));
  let pushed = 0;
  return {
    push({ drums, bass, vocals }, magnitude) {
      const [ofDrums, ofBass, ofVocals, ofOther] = powers[pushed % 3]! as unknown as Float64Array[];
      for (let bin = 0; bin < binCount; bin++) {
        const power = magnitude[bin]! * magnitude[bin]!;
        const left = Math.max(0, 1 - drums[bin]! - bass[bin]! - vocals[bin]!);
        ofDrums![bin + 1] = power * drums[bin]!;
        ofBass![bin + 1] = power * bass[bin]!;
        ofVocals![bin + 1] = power * vocals[bin]!;
        ofOther![bin + 1] = power * left;
      }
      pushed++;
    },
    smooth(into) {
      const [before, now, after] = [0, 1, 2].map((k) => powers[(pushed + k) % 3]!);
      for (let stem = 0; stem < STEM_COUNT; stem++) {
        const a = before![stem]!;
        const b = now![stem]!;
        const c = after![stem]!;
        const sum = sums[stem]!;
        let left = a[0]! + b[0]! + c[0]!;
        let middle = a[1]! + b[1]! + c[1]!;
        for (let bin = 0; bin < binCount; bin++) {
          const right = a[bin + 2]! + b[bin + 2]! + c[bin + 2]!;
          sum[bin] = NEIGHBOUR_WEIGHT * (left + middle + right) + (1 - NEIGHBOUR_WEIGHT) * b[bin + 1]!;
          left = middle;
          middle = right;
        }
      }
      const [ofDrums, ofBass, ofVocals, ofOther] = sums as unknown as Float64Array[];
      for (let bin = 0; bin < binCount; bin++) {
        const total = ofDrums![bin]! + ofBass![bin]! + ofVocals![bin]! + ofOther![bin]! + 1e-30;
        into.drums[bin] = ofDrums![bin]! / total;
        into.bass[bin] = ofBass![bin]! / total;
        into.vocals[bin] = ofVocals![bin]! / total;
      }
    },
  };
}
