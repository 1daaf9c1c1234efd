import { describe, expect, it } from 'vitest';
import type { Dynamics } from '../../../src/dsp/levels/figures.js';
import { loadMasterTarget } from '../../../src/pipeline/master-target.js';
import { measureFile } from '../../../src/pipeline/measure-file.js';
import { masterStage } from '../../../src/pipeline/stages/master.js';
import { checkTarget, type Written } from '../../../src/pipeline/stages/master-checks.js';
import { goalOf } from '../../../src/pipeline/stages/master-goal.js';
import { noise } from '../../dsp/signals.js';
import { audioRefOf, runStage, temporaryFolder } from '../../helpers/direct-job.js';

function written(changes: Partial<Written> & { readonly lufs?: number } = {}): Written {
  const { lufs = -27, ...rest } = changes;
  return {
    loudness: {
      integratedLufs: lufs,
      loudnessRangeLu: 8,
      momentaryMaxLufs: -20,
      shortTermMaxLufs: -22,
      truePeakDbtp: -6,
      samplePeakDbfs: -6.2,
      plrLu: 20,
    },
    dynamics: { rmsDbfs: -28, noiseFloorDbfs: -70 } as Dynamics,
    channelCount: 2,
    lowSideToMidDb: null,
    dialogue: undefined,
    isTrackOfAlbum: false,
    ...rest,
  };
}

const verdicts = (preset: string, facts: Written) =>
  Object.fromEntries(checkTarget(loadMasterTarget(preset), facts).map(({ rule, pass }) => [rule, pass]));

describe('platform sheet', () => {
  it('does not guess at dialogue where nobody listened', () => {
    expect(verdicts('netflix', written())).toMatchObject({ integratedLufs: true, dialogueLufs: null });
  });

  it('judges by dialogue where there is some, by the whole where there is little', () => {
    const by = (dialogueLufs: number | null, isSparse: boolean, lufs: number) =>
      verdicts('netflix', written({ dialogue: { dialogueLufs, isSparse }, lufs }));
    expect(by(-27.5, false, -20)).toMatchObject({ integratedLufs: null, dialogueLufs: true });
    expect(by(-30, false, -27)).toMatchObject({ integratedLufs: null, dialogueLufs: false });
    expect(by(-30, true, -24)).toMatchObject({ integratedLufs: true, dialogueLufs: null });
    expect(by(null, true, -27)).toMatchObject({ integratedLufs: false, dialogueLufs: null });
  });

  it('looks at the lows of vinyl and at the channels of mono', () => {
    expect(verdicts('vinyl', written({ lufs: -16, lowSideToMidDb: -35 })).lowSideToMidDb).toBe(true);
    expect(verdicts('vinyl', written({ lufs: -16, lowSideToMidDb: -3 })).lowSideToMidDb).toBe(false);
    expect(verdicts('vinyl', written({ lufs: -16 })).lowSideToMidDb).toBeNull();
    expect(verdicts('podcast-mono', written({ lufs: -19 })).channelCount).toBe(false);
    expect(verdicts('podcast-mono', written({ lufs: -19, channelCount: 1 })).channelCount).toBe(true);
  });

  it('finds the lows of a pressed master to be one channel', async () => {
    const lows = [noise(44_100 * 6, 1, 0.2), noise(44_100 * 6, 2, 0.2)];
    const { outcome } = await runStage(
      masterStage,
      { mix: audioRefOf(lows, 44_100) },
      { preset: 'vinyl', character: 'clean' },
    );
    const { checks } = outcome.data as { checks: { rule: string; pass: boolean; measured: number }[] };
    const check = checks.find(({ rule }) => rule === 'lowSideToMidDb')!;
    expect(check.pass).toBe(true);
    expect(check.measured).toBeLessThan(-20);
  });
});

describe('a goal by dialogue', () => {
  it('moves the whole by what the dialogue is off', async () => {
    const target = loadMasterTarget('netflix');
    const { loudness } = written({ lufs: -20 });
    const { path } = audioRefOf([noise(48_000, 1, 0.1)], 48_000);
    const { measures } = await measureFile(path, temporaryFolder());
    const goal = (dialogueLufs: number | null, dialoguePercent: number) =>
      goalOf(target, loudness, measures, undefined, { dialogueLufs, dialoguePercent }).targetLufs;
    expect(goal(-23, 40)).toBe(-24);
    expect(goal(-30, 40)).toBe(-17);
    expect(goal(-30, 5)).toBe(-24);
    expect(goalOf(target, loudness, measures, undefined).targetLufs).toBe(-27);
  });
});
