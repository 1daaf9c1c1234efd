import { describe, expect, it } from 'vitest';
import { type AdviceMeasures, advise } from '../../../src/dsp/advice/suggestions.js';
import { THIRD_OCTAVES_HZ } from '../../../src/dsp/spectrum/bands.js';

const CURVE = { id: 'flat', reason: 'as asked' };
/** 0 dB in every band, ±3 dB usual. */
const TARGET = THIRD_OCTAVES_HZ.map(() => ({ lowDb: -3, medianDb: 0, highDb: 3 }));

/** A sound mix; `levelDb` gives the level of a band at a frequency. */
function measures(levelDb: (hz: number) => number, changes: Partial<AdviceMeasures> = {}): AdviceMeasures {
  return {
    thirdOctavesDb: THIRD_OCTAVES_HZ.map((hz) => levelDb(hz) - 15),
    loudness: { plrLu: 12, truePeakDbtp: -1.2 },
    dynamics: { clippedSampleCount: 0, dcOffset: 0 },
    stereo: { correlation: 0.6, sideToMidDb: -9 },
    lowSideToMidDb: -30,
    ...changes,
  };
}

const idsOf = (given: AdviceMeasures) => advise(given, TARGET, CURVE).suggestions.map(({ id }) => id);

describe('advise', () => {
  it('has nothing to say of a mix on its curve, whatever its level', () => {
    const advice = advise(
      measures(() => 0),
      TARGET,
      CURVE,
    );
    expect(advice.suggestions).toEqual([]);
    expect(advice.thirdOctaves.every(({ differenceDb }) => differenceDb === 0)).toBe(true);
  });

  it.each([
    ['boom', 40, 125, 8],
    ['mud', 200, 500, 8],
    ['harshness', 2000, 6300, 8],
    ['dullness', 10_000, 16_000, -9],
    ['thin', 80, 250, -9],
  ] as const)('finds %s between %i and %i Hz, and not within the tolerance', (id, lowHz, highHz, offDb) => {
    const within = (offset: number) => measures((hz) => (hz >= lowHz && hz <= highHz ? offset : 0));
    const [first] = advise(within(offDb), TARGET, CURVE).suggestions;
    expect(first).toMatchObject({ id, lowHz, highHz, unit: 'dB' });
    expect(Math.sign(first!.amountDb!)).toBe(-Math.sign(offDb));
    expect(idsOf(within(Math.sign(offDb) * 5.9))).toEqual([]);
  });

  it('never asks for more than 2 dB of air, and not for what lies far below', () => {
    const [dull] = advise(
      measures((hz) => (hz >= 10_000 ? -20 : 0)),
      TARGET,
      CURVE,
    ).suggestions;
    expect(dull).toMatchObject({ id: 'dullness', severity: 'high', amountDb: 2 });
  });

  it('puts what matters most first', () => {
    const bad = measures((hz) => (hz >= 200 && hz <= 500 ? 7 : 0), {
      dynamics: { clippedSampleCount: 5000, dcOffset: 0 },
      stereo: { correlation: 0.4, sideToMidDb: -40 },
    });
    expect(idsOf(bad)).toEqual(['clipping', 'narrow', 'mud']);
  });

  it('tells of overs, hard limiting, direct current, wide lows and phase, each with its figure', () => {
    const { suggestions } = advise(
      measures(() => 0, {
        loudness: { plrLu: 5, truePeakDbtp: 0.7 },
        dynamics: { clippedSampleCount: 0, dcOffset: -0.02 },
        stereo: { correlation: -0.5, sideToMidDb: 3 },
        lowSideToMidDb: -2,
      }),
      TARGET,
      CURVE,
    );
    const figures = Object.fromEntries(suggestions.map(({ id, measured }) => [id, measured]));
    expect(figures).toEqual({ overs: 0.7, 'over-limited': 5, dc: -0.02, phase: -0.5, 'wide-lows': -2 });
  });

  it('is silent about silence and about what was not measured', () => {
    const silence: AdviceMeasures = {
      thirdOctavesDb: THIRD_OCTAVES_HZ.map(() => null),
      loudness: undefined,
      dynamics: undefined,
      stereo: undefined,
      lowSideToMidDb: null,
    };
    expect(advise(silence, TARGET, CURVE).suggestions).toEqual([]);
  });
});
