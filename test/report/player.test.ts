import { describe, expect, it } from 'vitest';
import { labelOfOutput, playerBar } from '../../src/report/player.js';
import { sampleReport } from './sample-report.js';

/** Trims in dB of a split with these loudnesses, the mix at −10 LUFS. */
function trimsOf(stems: Readonly<Record<string, number | null>>, extra: readonly string[] = []): number[] {
  const report = sampleReport();
  const stage = {
    ...report.stages[0]!,
    stage: 'separate',
    data: {
      mixIntegratedLufs: -10,
      stems: Object.entries(stems).map(([name, integratedLufs]) => ({ name, integratedLufs })),
    },
  };
  const sources = ['input', ...Object.keys(stems), ...extra].map((label) => ({
    label,
    href: `${label}.wav`,
  }));
  const html = playerBar({ ...report, stages: [stage] }, sources);
  return [...html.matchAll(/data-trim="([^"]+)"/g)].map(([, trimDb]) => Number(trimDb));
}

describe('playerBar', () => {
  it('turns every version down to the quietest', () => {
    expect(trimsOf({ vocals: -12, drums: -16.5 })).toEqual([-6.5, -4.5, 0]);
  });

  it('lets no near-silent version silence the others, and leaves alone what was not measured', () => {
    expect(trimsOf({ vocals: -12, drums: -65, bass: null }, ['denoised'])).toEqual([-20, -18, 0, 0, 0]);
  });

  it('is not there where nothing can be played', () => {
    expect(playerBar(sampleReport(), [])).toBe('');
  });

  it('names versions by their files', () => {
    expect(labelOfOutput('stems/vocals.wav')).toBe('vocals');
    expect(labelOfOutput('master.spotify-loud.flac')).toBe('master spotify-loud');
  });
});
