import { describe, expect, it } from 'vitest';
import { gainAt } from '../../../src/dsp/equaliser/fir-design.js';
import { designCorrection, type TargetBand } from '../../../src/dsp/spectrum/correction.js';
import { curveBands, loadTargetCurve } from '../../../src/pipeline/target-curve.js';

const hits = curveBands(loadTargetCurve('hits'));
const exact = hits.map((band) => (band === null ? null : band.medianDb - 20));
const options = { amountPercent: 100, limitDb: 6, isTolerant: false };

describe('spectral correction', () => {
  it('does nothing to a spectrum that is the target, at any level', () => {
    expect(designCorrection(exact, hits, options).points).toEqual([]);
    expect(designCorrection(exact, hits, options).distanceDb).toBeCloseTo(0, 9);
  });

  it('takes away a bump and fills a dip, within its limit', () => {
    const bent = exact.map((level, i) =>
      level === null ? null : level + (i >= 9 && i <= 12 ? 10 : i >= 21 && i <= 23 ? -3 : 0),
    );
    const { points } = designCorrection(bent, hits, options);
    expect(gainAt(points, 220)).toBeCloseTo(-6, 1);
    expect(gainAt(points, 3150)).toBeCloseTo(3, 0);
    expect(Math.abs(gainAt(points, 10_000))).toBeLessThan(0.5);
    const half = designCorrection(bent, hits, { ...options, amountPercent: 50 }).points;
    expect(gainAt(half, 3150)).toBeCloseTo(gainAt(points, 3150) / 2, 1);
  });

  it('leaves what is common where it is tolerant', () => {
    const near = exact.map((level, i) => (level === null ? null : level + (i % 2 === 0 ? 2 : -2)));
    expect(designCorrection(near, hits, { ...options, isTolerant: true }).points).toEqual([]);
  });

  it('never boosts a top that was cut off, an empty band, or the lowest bass', () => {
    const cut = exact.map((level, i) => (level === null || i >= 28 ? -90 : level));
    const result = designCorrection(cut, hits, options);
    expect(result.cutOffHz).toBe(12_500);
    for (const point of result.points)
      if (point.frequencyHz > 12_000) expect(point.gainDb).toBeLessThanOrEqual(0);
    const rumbleFree = exact.map((level, i) => (level === null ? null : level - (i < 3 ? 15 : 0)));
    const low = designCorrection(rumbleFree, hits, options).points;
    for (const point of low) if (point.frequencyHz < 30) expect(point.gainDb).toBeLessThanOrEqual(0.01);
    const empty = exact.map((level, i) => (i === 15 ? -120 : level));
    expect(gainAt(designCorrection(empty, hits, options).points, 630)).toBeLessThanOrEqual(0.3);
  });

  it('takes bands that reach beyond half the rate as not there', () => {
    const narrow = exact.map((level, i) => (i >= 23 ? null : level));
    expect(designCorrection(narrow, hits, options).points).toEqual([]);
    const nothing: (TargetBand | null)[] = hits.map(() => null);
    expect(designCorrection(exact, nothing, options).points).toEqual([]);
  });
});
