import { describe, expect, it } from 'vitest';
import { albumGainDb, albumLoudness } from '../../src/pipeline/album.js';
import { loadMasterTarget } from '../../src/pipeline/master-target.js';
import { masterStage } from '../../src/pipeline/stages/master.js';
import { musicLike } from '../dsp/signals.js';
import { audioRefOf, runStage } from '../helpers/direct-job.js';

const RATE_HZ = 44_100;

describe('album', () => {
  it('brings the whole to the target and keeps the levels between tracks', async () => {
    const tracks = [0.4, 0.2].map((level, i) =>
      audioRefOf(musicLike(RATE_HZ * 6, RATE_HZ, i + 1, level), RATE_HZ),
    );
    const target = loadMasterTarget('apple-music');
    const gainDb = albumGainDb(await albumLoudness(tracks.map(({ path }) => path)), target);
    const loudness: number[] = [];
    for (const mix of tracks) {
      const { outcome, outputs } = await runStage(
        masterStage,
        { mix },
        { preset: 'apple-music', albumGainDb: gainDb },
      );
      const data = outcome.data as {
        before: { loudness: { integratedLufs: number } };
        after: { loudness: { integratedLufs: number; truePeakDbtp: number } };
        checks: { rule: string; pass: boolean | null }[];
      };
      expect(data.after.loudness.truePeakDbtp).toBeLessThanOrEqual(-1);
      expect(data.checks.find(({ rule }) => rule === 'integratedLufs')!.pass).toBeNull();
      expect(data.after.loudness.integratedLufs - data.before.loudness.integratedLufs).toBeCloseTo(gainDb, 0);
      expect(outcome.missed).toBeUndefined();
      loudness.push((await albumLoudness([outputs.master!.path])) ?? 0);
    }
    expect(loudness[0]! - loudness[1]!).toBeCloseTo(6.02, 0);
  });

  it('has no gain for silence, or where the target asks for no loudness', async () => {
    const silence = audioRefOf([new Float32Array(48_000)], 48_000).path;
    expect(await albumLoudness([silence])).toBeNull();
    expect(albumGainDb(null, loadMasterTarget('spotify'))).toBe(0);
    expect(albumGainDb(-20, loadMasterTarget('reference'))).toBe(0);
    expect(albumGainDb(-20, loadMasterTarget('spotify'))).toBe(6);
  });
});
