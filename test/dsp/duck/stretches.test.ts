import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAND_COUNT } from '../../../src/dsp/duck/bands.js';
import type { DuckSettings } from '../../../src/dsp/duck/gain-curve.js';
import { cutHeard, type Heard } from '../../../src/dsp/duck/listen.js';
import type { Phrase } from '../../../src/dsp/duck/phrases.js';
import { planDuck } from '../../../src/dsp/duck/plan-duck.js';
import { stretchesOf } from '../../../src/dsp/duck/stretches.js';
import { noise } from '../signals.js';

const CONTROLS = 1200;

/** Something that is heard, whose levels wander; `louder` is half decibels of its bands. */
function heard(seed: number, level: number, louder = 0): Heard {
  const wander = noise(CONTROLS, seed);
  const bytes = (more: number) =>
    Uint8Array.from(
      { length: CONTROLS * BAND_COUNT },
      (_, at) => 130 + more + louder + 20 * wander[Math.floor(at / BAND_COUNT)]!,
    );
  return {
    energies: Float32Array.from(wander, (value) => level * 10 ** (1.5 * value)),
    mid: bytes(0),
    side: bytes(-10),
  };
}

const settings = fc.record({
  differenceLu: fc.constant(10),
  maxDepthDb: fc.integer({ min: 6, max: 40 }),
  attackSec: fc.double({ min: 0.05, max: 2, noNaN: true }),
  releaseSec: fc.double({ min: 0.05, max: 4, noNaN: true }),
  lookaheadSec: fc.double({ min: 0, max: 1, noNaN: true }),
  restShare: fc.constant(0.5),
}) satisfies fc.Arbitrary<DuckSettings>;

/** Phrases from lengths of speech and pauses in turn, as many as fit. */
const phrases = fc
  .array(fc.record({ pause: fc.integer({ min: 1, max: 200 }), speech: fc.integer({ min: 1, max: 120 }) }), {
    minLength: 1,
    maxLength: 9,
  })
  .map((turns) => {
    const found: Phrase[] = [];
    let at = 0;
    for (const { pause, speech } of turns) {
      const first = at + pause;
      at = first + speech;
      if (at <= CONTROLS) found.push({ first, end: at });
    }
    return found;
  });

describe('stretchesOf', () => {
  it('covers every phrase once, in order, without overlap', () => {
    fc.assert(
      fc.property(phrases, settings, (list, given) => {
        const stretches = stretchesOf(list, given, CONTROLS);
        expect(stretches.flatMap(({ firstPhrase, endPhrase }) => list.slice(firstPhrase, endPhrase))).toEqual(
          list,
        );
        for (const [k, { first, end }] of stretches.entries()) {
          expect(first).toBeGreaterThanOrEqual(stretches[k - 1]?.end ?? 0);
          expect(end).toBeLessThanOrEqual(CONTROLS);
        }
      }),
    );
  });

  it('leaves the bed alone between stretches, whatever is planned in them', () => {
    const voice = heard(3, 1e-3);
    const bed = heard(5, 0.3, 40);
    let cuts = 0;
    let carved = 0;
    fc.assert(
      fc.property(phrases, settings, (list, given) => {
        const wish = {
          voiceDb: 0,
          bedDb: 0,
          settings: given,
          carve: { strength: 'firm', lowHz: 200, highHz: 4000, sampleRateHz: 48_000 },
        } as const;
        const stretches = stretchesOf(list, given, CONTROLS);
        cuts += stretches.length - 1;
        const whole = planDuck({ ...wish, voice, bed, phrases: list });
        carved += whole.dips.mid.filter((dip) => dip > 0).length;
        const isOpen = (point: number) =>
          whole.gainDb[point] === 0 &&
          [whole.dips.mid, whole.dips.side].every((bytes) =>
            bytes.subarray(point * BAND_COUNT, (point + 1) * BAND_COUNT).every((dip) => dip === 0),
          );
        let at = 0;
        for (const { first, end } of [...stretches, { first: CONTROLS, end: CONTROLS }]) {
          // The points at both borders belong to the pause, where the file goes on beyond them.
          for (let point = at; point <= first; point++)
            if (point > 0 && point < CONTROLS) expect(isOpen(point)).toBe(true);
          at = end;
        }
      }),
      { numRuns: 60 },
    );
    expect(cuts).toBeGreaterThan(20);
    expect(carved).toBeGreaterThan(1000);
  });

  it('plans the same in a part as in the whole, where one stretch is all there is', () => {
    const voice = heard(3, 1e-3);
    const bed = heard(5, 0.3, 40);
    const list = [{ first: 400, end: 500 }];
    const given = {
      differenceLu: 10,
      maxDepthDb: 24,
      attackSec: 0.4,
      releaseSec: 0.9,
      lookaheadSec: 0.05,
      restShare: 0.5,
    };
    const wish = {
      voiceDb: 0,
      bedDb: 0,
      settings: given,
      carve: { strength: 'gentle', lowHz: 200, highHz: 4000, sampleRateHz: 48_000 },
    } as const;
    const [stretch] = stretchesOf(list, given, CONTROLS);
    const { first, end } = stretch!;
    const whole = planDuck({ ...wish, voice, bed, phrases: list });
    const part = planDuck({
      ...wish,
      voice: cutHeard(voice, first, end),
      bed: cutHeard(bed, first, end),
      phrases: [{ first: 400 - first, end: 500 - first }],
    });
    expect(part.gainDb).toEqual(whole.gainDb.subarray(first, end + 1));
    expect(part.dips.mid).toEqual(whole.dips.mid.subarray(first * BAND_COUNT, (end + 1) * BAND_COUNT));
    expect(Math.min(...part.gainDb)).toBeLessThan(-5);
    expect(Math.max(...part.dips.mid)).toBeGreaterThan(0);
  });
});
