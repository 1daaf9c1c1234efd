import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTROLS_PER_SEC } from '../../../src/dsp/duck/control.js';
import {
  type DuckEnergies,
  type DuckSettings,
  phraseDifference,
  planGain,
} from '../../../src/dsp/duck/gain-curve.js';
import { keyframesOf, steepestStepDb } from '../../../src/dsp/duck/keyframes.js';
import { planPhrases } from '../../../src/dsp/duck/phrases.js';

const SETTINGS: DuckSettings = {
  differenceLu: 10,
  maxDepthDb: 24,
  attackSec: 0.4,
  releaseSec: 0.9,
  lookaheadSec: 0.05,
  restShare: 0.5,
};

/** Energies of so many seconds: a voice in the spans and a bed everywhere, both in dB. */
function energiesOf(
  durationSec: number,
  voiceDb: (sec: number) => number,
  bedDb: (sec: number) => number,
  restDb?: number,
): DuckEnergies {
  const count = durationSec * CONTROLS_PER_SEC;
  const powers = (db: (sec: number) => number) =>
    Float64Array.from({ length: count }, (_, k) => 10 ** (db(k / CONTROLS_PER_SEC) / 10));
  return {
    voice: Float32Array.from(powers(voiceDb)),
    masking: powers(bedDb),
    rest: restDb === undefined ? new Float64Array(count) : powers(() => restDb),
    cross: new Float64Array(count),
  };
}

const inside = (spans: readonly (readonly [number, number])[], sec: number) =>
  spans.some(([start, end]) => sec >= start && sec < end);

describe('planPhrases', () => {
  it('holds short pauses, splits at long ones, and shifts by the start of the voice', () => {
    const segments = [
      { startSec: 1, endSec: 2 },
      { startSec: 2.5, endSec: 4 },
      { startSec: 6, endSec: 7 },
    ];
    expect(planPhrases(segments, 0.8, 10, 20 * 30)).toEqual([
      { first: 220, end: 280 },
      { first: 320, end: 340 },
    ]);
  });

  it('drops what lies behind the end of the bed', () => {
    expect(planPhrases([{ startSec: 9, endSec: 12 }], 0.5, 0, 200)).toEqual([{ first: 180, end: 200 }]);
    expect(planPhrases([{ startSec: 11, endSec: 12 }], 0.5, 0, 200)).toEqual([]);
  });
});

describe('planGain', () => {
  const spans = [
    [4, 8],
    [14, 20],
  ] as const;
  const phrases = planPhrases(
    spans.map(([startSec, endSec]) => ({ startSec, endSec })),
    0.8,
    0,
    30 * CONTROLS_PER_SEC,
  );

  it('reaches the wanted difference in every phrase, and 0 dB far from it', () => {
    const energies = energiesOf(
      30,
      (sec) => (inside(spans, sec) ? -20 + 3 * Math.sin(5 * sec) : -100),
      (sec) => -16 + 4 * Math.sin(0.9 * sec),
    );
    const plan = planGain(energies, phrases, SETTINGS);
    for (const phrase of plan.phrases) {
      expect(phrase.limitedBy).toBeNull();
      expect(phrase.differenceLu).toBeCloseTo(10, 1);
    }
    for (const sec of [0, 2, 11, 24, 29]) expect(plan.gainDb[sec * CONTROLS_PER_SEC]).toBe(0);
  });

  it('is down before the first word and begins to rise after the last', () => {
    const plan = planGain(
      energiesOf(
        30,
        (sec) => (inside(spans, sec) ? -20 : -100),
        () => -16,
      ),
      phrases,
      SETTINGS,
    );
    expect(plan.gainDb[4 * CONTROLS_PER_SEC - 1]).toBeCloseTo(-14, 1);
    expect(plan.gainDb[8 * CONTROLS_PER_SEC]).toBeCloseTo(-14, 1);
    expect(plan.gainDb[8 * CONTROLS_PER_SEC + 9]!).toBeGreaterThan(-12);
  });

  it('leaves a bed alone that is quiet enough, and says so', () => {
    const plan = planGain(
      energiesOf(
        30,
        (sec) => (inside(spans, sec) ? -20 : -100),
        () => -40,
      ),
      phrases,
      SETTINGS,
    );
    expect(plan.gainDb.every((db) => db === 0)).toBe(true);
    expect(plan.phrases.map(({ limitedBy }) => limitedBy)).toEqual(['bed-quieter', 'bed-quieter']);
  });

  it('does not go deeper than the limit, and says so', () => {
    const plan = planGain(
      energiesOf(
        30,
        (sec) => (inside(spans, sec) ? -50 : -100),
        () => -10,
      ),
      phrases,
      SETTINGS,
    );
    expect(Math.min(...plan.gainDb)).toBeCloseTo(-24, 5);
    expect(plan.phrases.map(({ limitedBy }) => limitedBy)).toEqual(['depth', 'depth']);
  });

  it('lowers drums and bass by their share, and the sum by what is wanted', () => {
    const energies = energiesOf(
      30,
      (sec) => (inside(spans, sec) ? -20 : -100),
      () => -16,
      -22,
    );
    const plan = planGain(energies, phrases, SETTINGS);
    for (const phrase of phrases)
      expect(phraseDifference(energies, phrase, plan.gainDb, SETTINGS.restShare)).toBeCloseTo(10, 1);
    expect(Math.min(...plan.gainDb)).toBeLessThan(-15);
  });

  it('goes straight over a pause that is too short to come up in', () => {
    const close = planPhrases(
      [
        { startSec: 4, endSec: 8 },
        { startSec: 9, endSec: 12 },
      ],
      0.8,
      0,
      600,
    );
    expect(close).toHaveLength(2);
    const plan = planGain(
      energiesOf(
        30,
        (sec) => (sec >= 4 && sec < 12 ? -20 : -100),
        () => -16,
      ),
      close,
      SETTINGS,
    );
    for (let k = 4 * CONTROLS_PER_SEC; k <= 12 * CONTROLS_PER_SEC; k++)
      expect(plan.gainDb[k]).toBeCloseTo(-14, 1);
  });

  it('shifts a phrase by its correction', () => {
    const energies = energiesOf(
      30,
      (sec) => (inside(spans, sec) ? -20 : -100),
      () => -16,
    );
    const plan = planGain(energies, phrases, SETTINGS, [1, 0]);
    expect(phraseDifference(energies, phrases[0]!, plan.gainDb, 0.5)).toBeCloseTo(11, 1);
    expect(phraseDifference(energies, phrases[1]!, plan.gainDb, 0.5)).toBeCloseTo(10, 1);
  });

  it('never raises the bed, never passes the depth, and never steps by more than 0.5 dB in 10 ms', () => {
    const level = fc.double({ min: -70, max: 0, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(level, { minLength: 60, maxLength: 60 }),
        fc.array(level, { minLength: 60, maxLength: 60 }),
        fc.array(fc.tuple(fc.nat(28), fc.integer({ min: 1, max: 8 })), { minLength: 1, maxLength: 5 }),
        (voice, bed, raw) => {
          const segments = raw
            .map(([start, length]) => ({ startSec: start, endSec: Math.min(30, start + length / 2) }))
            .sort((a, b) => a.startSec - b.startSec);
          const found = planPhrases(segments, 0.3, 0, 600);
          const energies = energiesOf(
            30,
            (sec) => voice[Math.floor(2 * sec)]!,
            (sec) => bed[Math.floor(2 * sec)]!,
          );
          const { gainDb } = planGain(energies, found, SETTINGS);
          expect(gainDb).toHaveLength(601);
          expect(Math.max(...gainDb)).toBeLessThanOrEqual(0);
          expect(Math.min(...gainDb)).toBeGreaterThanOrEqual(-24.001);
          expect(steepestStepDb(gainDb)).toBeLessThan(0.4);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('keyframesOf', () => {
  it('keeps the curve within the tolerance, with few points', () => {
    const curve = Float32Array.from({ length: 400 }, (_, k) => -6 + 6 * Math.cos(k / 40));
    const points = keyframesOf(curve, 0.1);
    expect(points.length).toBeLessThan(80);
    for (let k = 0; k < curve.length; k++) {
      const after = points.findIndex(({ atSec }) => atSec * CONTROLS_PER_SEC >= k - 1e-9);
      const to = points[after]!;
      const from = points[Math.max(0, after - 1)]!;
      const share = to === from ? 0 : (k / CONTROLS_PER_SEC - from.atSec) / (to.atSec - from.atSec);
      expect(Math.abs(from.gainDb + share * (to.gainDb - from.gainDb) - curve[k]!)).toBeLessThan(0.1001);
    }
  });

  it('takes nothing, and a single point', () => {
    expect(keyframesOf([], 0.1)).toEqual([]);
    expect(keyframesOf([-3], 0.1)).toEqual([{ atSec: 0, gainDb: -3 }]);
  });
});
