import { describe, expect, it } from 'vitest';
import { albumFigures, albumGainDb, chooseForAlbum, measureAlbum } from '../../src/pipeline/album.js';
import { loadMasterTarget } from '../../src/pipeline/master-target.js';
import { masterStage } from '../../src/pipeline/stages/master.js';
import { musicLike } from '../dsp/signals.js';
import { audioRefOf, runStage } from '../helpers/direct-job.js';

const RATE_HZ = 44_100;

async function lufsOf(paths: readonly string[]): Promise<number | null> {
  return albumFigures(await measureAlbum(paths)).integratedLufs;
}

describe('album', () => {
  it('brings the whole to the target and keeps the levels between tracks', async () => {
    const tracks = [0.4, 0.2].map((level, i) =>
      audioRefOf(musicLike(RATE_HZ * 6, RATE_HZ, i + 1, level), RATE_HZ),
    );
    const target = loadMasterTarget('apple-music');
    const gainDb = albumGainDb(await lufsOf(tracks.map(({ path }) => path)), target);
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
      loudness.push((await lufsOf([outputs.master!.path])) ?? 0);
    }
    expect(loudness[0]! - loudness[1]!).toBeCloseTo(6.02, 0);
  });

  it('has no gain for silence, or where the target asks for no loudness', async () => {
    const silence = audioRefOf([new Float32Array(48_000)], 48_000).path;
    expect(await lufsOf([silence])).toBeNull();
    expect(albumGainDb(null, loadMasterTarget('spotify'))).toBe(0);
    expect(albumGainDb(-20, loadMasterTarget('reference'))).toBe(0);
    expect(albumGainDb(-20, loadMasterTarget('spotify'))).toBe(6);
  });

  it('chooses one character for all, by the time that asks for it', async () => {
    const wish = { genre: 'auto', character: 'auto', curve: 'auto' } as const;
    const long = audioRefOf(musicLike(RATE_HZ * 8, RATE_HZ, 1, 0.4), RATE_HZ).path;
    const short = audioRefOf([musicLike(RATE_HZ * 3, RATE_HZ, 2, 0.4)[0]!], RATE_HZ).path;
    const [alone] = [chooseForAlbum(wish, await measureAlbum([long]))!];
    const choice = chooseForAlbum(wish, await measureAlbum([short, long]))!;
    expect(choice.character).toBe(alone.character);
    expect(choice.curve).toBe(alone.curve);
    expect(choice.reason).toMatch(/^for \d+ % of the album's time: /);
    const silence = audioRefOf([new Float32Array(48_000)], 48_000).path;
    expect(chooseForAlbum(wish, await measureAlbum([silence]))).toBeUndefined();
  });
});
