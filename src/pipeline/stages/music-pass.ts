// The pass that hears a whole piece from the compact features that the measure pass gathered by ranges: beats by the
// network, then rhythm, tonality, structure and genre. One range, because a beat depends on what comes before and after.
import { join } from 'node:path';
import type { MusicAnalysis } from '../../dsp/music-analysis.js';
import type { MusicFeatures } from '../../dsp/music-features.js';
import type { RhythmOptions } from '../../dsp/rhythm/schema.js';
import { defineScan, type ModelNeed } from '../stage.js';

export interface MusicParams {
  readonly features: MusicFeatures;
  /** Tempo and meter that the user gave. */
  readonly given: RhythmOptions;
}

/** The network that the pass runs; a part of the package. */
export const MUSIC_MODEL: ModelNeed = { id: 'beats', required: false };

export const musicPass = defineScan<unknown, MusicParams, MusicAnalysis, MusicAnalysis>({
  order: 'parallel',
  rangeSec: 1,
  rangeFrames: ({ frameCount }) => frameCount,
  memoryMb: 150,
  async run(context) {
    const { features, given } = context.params;
    // Loaded here, so that an analysis that does not hear the music starts without them.
    const [{ analyzeMusic }, { createBeatNetwork }, { PACKAGE_WEIGHTS_DIR }] = await Promise.all([
      import('../../dsp/music-analysis.js'),
      import('../../models/beats.js'),
      import('../../models/card.js'),
    ]);
    const path =
      context.models.beats?.files['beats.onnx'] ?? join(PACKAGE_WEIGHTS_DIR, 'beats', 'beats.onnx');
    const network = await context.resource(`beats ${path}`, () => createBeatNetwork(path));
    const frames = context.range.endFrame - context.range.startFrame;
    const activations = await network.run(features.bands, (share) =>
      context.progress(Math.floor(share * 0.5 * frames)),
    );
    return { part: analyzeMusic(features, activations, given) };
  },
  merge: (parts) => parts[0]!,
});
