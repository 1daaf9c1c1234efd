// The second look at the metrical level: what a judge of bars may change, and what it may not.
import { describe, expect, it } from 'vitest';
import { secToBeatFrame } from '../../../src/dsp/rhythm/activations.js';
import { chooseLevel, lookAgain } from '../../../src/dsp/rhythm/metrical-level.js';

const DURATION_SEC = 60;

/** Activations of strength `on` every `intervalSec` from `startSec`, and of `between` halfway. */
function activations(intervalSec: number, startSec: number, on: number, between: number): Float32Array {
  const beat = new Float32Array(50 * DURATION_SEC).fill(0.02);
  for (let k = 0; startSec + (k * intervalSec) / 2 < DURATION_SEC - 0.1; k++)
    beat[Math.round(secToBeatFrame(startSec + (k * intervalSec) / 2))] = k % 2 === 0 ? on : between;
  return beat;
}

/** Sure of every fourth of the true beats, undecided about anything else. */
const judgeOf =
  (intervalSec: number, startSec: number) =>
  (beatsSec: readonly number[]): number[] => {
    const placeOf = (sec: number): number => (sec - startSec) / intervalSec;
    const isTrue = beatsSec.every((sec, k) => {
      const place = placeOf(sec);
      const step = k === 0 ? 1 : place - placeOf(beatsSec[k - 1]!);
      return Math.abs(place - Math.round(place)) < 0.1 && Math.abs(step - 1) < 0.1;
    });
    return beatsSec.map((sec) => (isTrue ? (Math.round(placeOf(sec)) % 4 === 0 ? 0.98 : 0.02) : 0.4));
  };

describe('lookAgain', () => {
  it('moves beats by half where what lies between them is nearly as strong, and bars are clear there', () => {
    const beat = activations(0.7, 0.5, 0.6, 0.56);
    const choice = chooseLevel(beat, new Float32Array(beat.length))!;
    expect(Math.abs(((choice.best.beatsSec[4]! - 0.5) / 0.7) % 1)).toBeLessThan(0.1);
    const settled = lookAgain(choice, beat, judgeOf(0.7, 0.85));
    expect(settled.best.tempoBpm).toBeCloseTo(60 / 0.7, 0);
    const late = settled.best.beatsSec.filter((sec) => Math.abs(((sec - 0.85) / 0.7) % 1) < 0.1);
    expect(late.length / settled.best.beatsSec.length).toBeGreaterThan(0.9);
    // A tempo is named once.
    for (const { tempoBpm } of settled.rivals)
      expect(Math.abs(tempoBpm / settled.best.tempoBpm - 1)).toBeGreaterThan(0.06);
  });

  it('prefers half of the tempo where both are nearly as likely, and bars are clear there', () => {
    // Eighths as strong as beats are counted at 140; the chords say 70.
    const beat = activations(60 / 70, 0.5, 0.62, 0.6);
    const choice = chooseLevel(beat, new Float32Array(beat.length))!;
    expect(choice.best.tempoBpm).toBeCloseTo(140, 0);
    const settled = lookAgain(choice, beat, judgeOf(60 / 70, 0.5));
    expect(settled.best.tempoBpm).toBeCloseTo(70, 0);
    expect(settled.confidence).toBeLessThan(1);
  });

  it('asks nobody where nothing comes close', () => {
    const beat = activations(0.6, 0.5, 0.95, 0.02);
    const choice = chooseLevel(beat, new Float32Array(beat.length))!;
    const settled = lookAgain(choice, beat, () => {
      throw new Error('nobody was to be asked');
    });
    expect(settled).toBe(choice);
  });
});
