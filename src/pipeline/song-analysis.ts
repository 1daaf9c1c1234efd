// Measures the music of a file with the stage `analyze`, in a temporary folder: for what plays to a song.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { probeAudio } from '../audio/probe.js';
import type { Workshop } from './executor.js';
import { planTrack } from './plan.js';
import { pipelineOf } from './preset.js';
import { runTrack, type TrackProgress } from './run.js';
import type { Json } from './stage.js';

/** Gives the sections `only` of what `forge analyze` reports of a file. */
export type SongAnalyser = (path: string, only: readonly string[]) => Promise<Json>;

/** An analyser that works in `workshop`. @throws ForgeError input/*, interrupted/by-user */
export function songAnalyser(
  workshop: Workshop,
  onProgress: (progress: TrackProgress) => void,
): SongAnalyser {
  return async (path, only) => {
    const info = await probeAudio(path);
    const override = { target: 'analyze', key: 'only', value: only, origin: 'flag' } as const;
    const pipeline = await pipelineOf('analyze', [{ stageId: 'analyze' }], [override]);
    const settings = {
      command: 'analyze',
      seed: 0,
      tolerateDamage: false,
      overwrite: true,
      commercialOnly: false,
    };
    const folder = mkdtempSync(join(tmpdir(), 'forge-song-'));
    try {
      const plan = planTrack(pipeline, info, {});
      const track = join(folder, basename(path, extname(path)));
      const { stages } = await runTrack(plan, info, track, settings, workshop, () => [], onProgress);
      return stages[0]!.data;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}
