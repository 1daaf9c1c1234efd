import { describe, expect, it } from 'vitest';
import { gainAt } from '../../../src/dsp/equaliser/fir-design.js';
import { createFirEqualiser, firEqualiser } from '../../../src/dsp/equaliser/fir-equaliser.js';
import { createSubsonic } from '../../../src/dsp/equaliser/subsonic.js';
import { runDevice, toneLevelDb } from '../devices.js';
import { sine } from '../signals.js';

const POINTS = [
  { frequencyHz: 40, gainDb: -3 },
  { frequencyHz: 200, gainDb: 4 },
  { frequencyHz: 1000, gainDb: -6 },
  { frequencyHz: 8000, gainDb: 3 },
];

describe.each(['linear', 'minimum'] as const)('equaliser of %s phase', (phase) => {
  it.each([8_000, 44_100, 96_000])('follows its curve at %i Hz', (rateHz) => {
    const settings = firEqualiser.options.parse({ points: POINTS, phase });
    for (const frequencyHz of [60, 200, 450, 1000, 3000, 3900, 12_000, 20_000]) {
      if (frequencyHz > 0.49 * rateHz) continue;
      const tone = sine(rateHz, frequencyHz, rateHz, 0.5);
      const out = runDevice(createFirEqualiser(settings, rateHz, 1), [tone])[0]!;
      const gainDb = toneLevelDb(out.subarray(rateHz / 2, rateHz), frequencyHz, rateHz) + 6.0206;
      expect(Math.abs(gainDb - gainAt(POINTS, frequencyHz))).toBeLessThan(0.35);
    }
  });

  it('is transparent for a flat curve', () => {
    const tone = sine(20_000, 777, 48_000, 0.5);
    const settings = firEqualiser.options.parse({ phase });
    const out = runDevice(createFirEqualiser(settings, 48_000, 2), [tone, tone]);
    for (let i = 8192; i < 12_000; i++) {
      expect(Math.abs(out[0]![i]! - tone[i]!)).toBeLessThan(1e-6);
      expect(Math.abs(out[1]![i]! - tone[i]!)).toBeLessThan(1e-6);
    }
  });
});

describe('phase', () => {
  it('does not ring before an impulse when it is minimum, and is symmetric when it is linear', () => {
    const impulse = new Float32Array(30_000);
    impulse[15_000] = 1;
    const out = (phase: 'linear' | 'minimum') =>
      runDevice(createFirEqualiser(firEqualiser.options.parse({ points: POINTS, phase }), 48_000, 1), [
        impulse,
      ])[0]!;
    const minimum = out('minimum');
    expect(Math.max(...minimum.subarray(10_000, 14_995).map(Math.abs))).toBeLessThan(1e-5);
    const linear = out('linear');
    for (let k = 1; k < 500; k++) expect(linear[15_000 - k]).toBeCloseTo(linear[15_000 + k]!, 5);
  });
});

describe('subsonic filter', () => {
  it('is 3 dB down at its corner, 24 dB an octave below, and flat above', () => {
    const gain = (frequencyHz: number): number => {
      const tone = sine(192_000, frequencyHz, 48_000, 0.5);
      const out = runDevice(createSubsonic({ cutoffHz: 25 }, 48_000, 1), [tone])[0]!;
      return toneLevelDb(out.subarray(96_000), frequencyHz, 48_000) + 6.0206;
    };
    expect(gain(25)).toBeCloseTo(-3.01, 1);
    expect(gain(12.5)).toBeCloseTo(-24.1, 0);
    expect(gain(100)).toBeCloseTo(0, 1);
  });
});
