import { describe, expect, it } from 'vitest';
import { measureDialogue } from '../../../src/dsp/loudness/dialogue.js';

/** Mean square of a loudness. */
const of = (lufs: number): number => 10 ** ((lufs + 0.691) / 10);

describe('dialogue', () => {
  // 10 s of music at −20, 5 s of speech at −27, 5 s of silence.
  const hops = Float64Array.from({ length: 200 }, (_, i) => (i < 100 ? of(-20) : i < 150 ? of(-27) : 0));

  it('has the loudness of the speech, whatever is beside it', () => {
    const { dialogueLufs, dialoguePercent } = measureDialogue(hops, [{ startSec: 10, endSec: 15 }]);
    // The blocks at both ends of the speech hold a quarter of what is beside it.
    expect(dialogueLufs!).toBeGreaterThan(-27.2);
    expect(dialogueLufs!).toBeLessThan(-26.8);
    expect(dialoguePercent).toBeCloseTo(25, 6);
  });

  it('is nothing where nobody speaks, or too short to fill a block', () => {
    expect(measureDialogue(hops, [])).toEqual({ dialogueLufs: null, dialoguePercent: 0 });
    expect(measureDialogue(hops, [{ startSec: 3, endSec: 3.2 }]).dialogueLufs).toBeNull();
    expect(measureDialogue(new Float64Array(0), []).dialoguePercent).toBe(0);
    expect(measureDialogue(hops, [{ startSec: 16, endSec: 25 }]).dialogueLufs).toBeNull();
  });
});
