import { describe, expect, it } from 'vitest';
import { findGain, type GainSearch } from '../../../src/pipeline/stages/master-search.js';

/** A programme of −20 LUFS with peaks of −6 dB, whose limiter takes `share` of each dB above the ceiling of −1. */
function programme(share: number, foretoldShare: number, changes: Partial<GainSearch> = {}) {
  const asked: number[] = [];
  const behind = (gainDb: number, part: number) => -20 + gainDb - part * Math.max(0, gainDb - 5) ** 1.5;
  const search: GainSearch = {
    targetLufs: -12,
    integratedLufs: -20,
    peakDb: -6,
    ceilingDb: -1,
    maxGainReductionDb: 12,
    foretell: (gainDb) => behind(gainDb, foretoldShare),
    evaluate(gainDb) {
      asked.push(gainDb);
      return Promise.resolve(behind(gainDb, share));
    },
    ...changes,
  };
  return { search, asked };
}

describe('findGain', () => {
  it('measures once where the forecast is right, and few times where it is not', async () => {
    for (const [foretoldShare, most] of [
      [0.2, 1],
      [0.19, 2],
      [0.15, 3],
      [0.4, 3],
    ] as const) {
      const { search, asked } = programme(0.2, foretoldShare);
      const found = await findGain(search);
      expect(Math.abs(found.integratedLufs + 12)).toBeLessThanOrEqual(0.005);
      expect(found).toMatchObject({ isLinear: false, isAtLimit: false, gainDb: asked.at(-1) });
      expect(asked.length).toBeLessThanOrEqual(most);
    }
  });

  it('measures nothing where gain alone does it', async () => {
    const { search, asked } = programme(0.2, 0.2, { targetLufs: -16 });
    expect(await findGain(search)).toMatchObject({ gainDb: 4, isLinear: true });
    expect(asked).toEqual([]);
  });

  it('ends at the reduction that is allowed', async () => {
    const { search, asked } = programme(0.2, 0.2, { targetLufs: -8, maxGainReductionDb: 3 });
    const found = await findGain(search);
    expect(found).toMatchObject({ gainDb: 8, isAtLimit: true });
    expect(asked).toEqual([8]);
    const linear = await findGain(programme(0.2, 0.2, { maxGainReductionDb: 0 }).search);
    expect(linear).toMatchObject({ gainDb: 5, isLinear: true, isAtLimit: true });
  });
});
