import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSED_HAT, CRASH, KICK, OPEN_HAT, PIECE_COUNT, RIDE, SNARE } from '../../src/players/pieces.js';
import { FOOT_MS, HAND_MS, keepPlayable, restingLimbs } from '../../src/players/playable.js';

const options = { pedalHat: false, doublePedal: false };
const likely = new Float32Array(PIECE_COUNT).fill(0.5);

describe('playability', () => {
  it('leaves at most two hands, one of hats and ride, and rests between strokes', () => {
    const step = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), {
      minLength: PIECE_COUNT,
      maxLength: PIECE_COUNT,
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 4, maxLength: 24 }),
        fc.integer({ min: 40, max: 240 }),
        (steps, bpm) => {
          const limbs = restingLimbs();
          const stepMs = 15000 / bpm;
          const hands: number[] = [];
          const feet: number[] = [];
          steps.forEach((wanted, index) => {
            const velocity = Float32Array.from(wanted.map((v) => (v > 0.5 ? v : 0)));
            keepPlayable(velocity, likely, limbs, index * stepMs, options);
            const time = [CLOSED_HAT, OPEN_HAT, RIDE].filter((piece) => velocity[piece]! > 0);
            expect(time.length).toBeLessThanOrEqual(1);
            const struck = [...velocity.keys()].filter((piece) => piece !== KICK && velocity[piece]! > 0);
            expect(struck.length).toBeLessThanOrEqual(2);
            for (const _ of struck) hands.push(index * stepMs);
            if (velocity[KICK]! > 0) feet.push(index * stepMs);
          });
          // Two hands: the stroke before the last must have rested.
          for (let i = 2; i < hands.length; i++)
            expect(hands[i]! - hands[i - 2]!).toBeGreaterThanOrEqual(HAND_MS - 1e-9);
          for (let i = 1; i < feet.length; i++)
            expect(feet[i]! - feet[i - 1]!).toBeGreaterThanOrEqual(FOOT_MS - 1e-9);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('plays hats under the ride by foot where the persona does', () => {
    const velocity = new Float32Array(PIECE_COUNT);
    for (const piece of [CLOSED_HAT, RIDE, SNARE]) velocity[piece] = 0.6;
    expect(keepPlayable(velocity, likely, restingLimbs(), 0, { ...options, pedalHat: true })).toBe(0);
    expect(velocity[CLOSED_HAT]).toBeGreaterThan(0);
    expect(velocity[RIDE]).toBeGreaterThan(0);
  });

  it('plays fast kicks with two feet only', () => {
    const played = (doublePedal: boolean) => {
      const limbs = restingLimbs();
      let hits = 0;
      for (let i = 0; i < 16; i++) {
        const velocity = new Float32Array(PIECE_COUNT);
        velocity[KICK] = 1;
        keepPlayable(velocity, likely, limbs, i * 75, { pedalHat: false, doublePedal });
        if (velocity[KICK] > 0) hits++;
      }
      return hits;
    };
    expect(played(false)).toBe(8);
    expect(played(true)).toBe(16);
  });

  it('gives the crash its hand first', () => {
    const velocity = new Float32Array(PIECE_COUNT);
    for (const piece of [CRASH, SNARE, CLOSED_HAT]) velocity[piece] = 0.6;
    expect(keepPlayable(velocity, likely, restingLimbs(), 0, options)).toBe(1);
    expect(velocity[CRASH]).toBeGreaterThan(0);
    expect(velocity[CLOSED_HAT]).toBe(0);
  });
});
