import { describe, expect, it } from 'vitest';
import { THIRD_OCTAVES_HZ } from '../../../src/dsp/spectrum/bands.js';
import { learnCurve } from '../../../src/dsp/spectrum/learn-curve.js';

const slope = (offsetDb: number, dbPerBand: number) =>
  THIRD_OCTAVES_HZ.map((_, i) => offsetDb - dbPerBand * i);

describe('learnCurve', () => {
  it('gives the shape of what it learnt from, whatever the levels', () => {
    const curve = learnCurve([slope(0, 1), slope(-20, 1), slope(7, 1)]);
    for (let i = 1; i < curve.length; i++)
      expect(curve[i]!.medianDb - curve[i - 1]!.medianDb).toBeCloseTo(-1, 9);
    expect(curve[12]!.highDb - curve[12]!.medianDb).toBeCloseTo(1, 9);
  });

  it('takes median and percentiles over the recordings', () => {
    const spectra = Array.from({ length: 11 }, (_, k) => slope(0, k / 10));
    const curve = learnCurve(spectra);
    const top = curve[30]!;
    const expected = (dbPerBand: number) => -dbPerBand * (30 - (7 + 26) / 2);
    expect(top.medianDb).toBeCloseTo(expected(0.5), 9);
    expect(top.lowDb).toBeCloseTo(expected(0.9), 9);
    expect(top.highDb).toBeCloseTo(expected(0.1), 9);
  });

  it('leaves out what most recordings do not hold', () => {
    const cut = slope(0, 1).map((level, i) => (i > 27 ? null : level));
    expect(learnCurve([cut, cut, slope(0, 1)])[29]).toBeNull();
    expect(learnCurve([]).every((band) => band === null)).toBe(true);
  });
});
