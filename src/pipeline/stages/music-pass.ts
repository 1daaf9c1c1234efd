// The passes that hear music. The first leaves compact features of parallel ranges on disk; the second reads them: beats by
// the network, then rhythm, tonality, structure and genre. There a piece is one range, because a beat depends on what
// comes before and after; recordings that are longer than a piece are heard in stretches.
import { join } from 'node:path';
import type { MusicAnalysis } from '../../dsp/music-analysis.js';
import type { MusicFeatures } from '../../dsp/music-features.js';
import { joinStretches, type MusicStretch } from '../../dsp/music-stretches.js';
import type { RhythmOptions } from '../../dsp/rhythm/schema.js';
import { isLong } from '../long-recording.js';
import { bulkOf } from '../range-records.js';
import { defineScan, type ModelNeed, type RecordedBulk } from '../stage.js';
import { measureRangeSec } from './measure-pass.js';

export interface FeatureParams {
  readonly role: string;
}

/** Features of ranges as long as those of the measure pass; what they are is bulk, nothing is joined. */
export const featuresPass = defineScan<unknown, FeatureParams, null, null>({
  order: 'parallel',
  rangeSec: (_params, shape) => measureRangeSec(shape),
  memoryMb: 40,
  async run({ sampleRateHz, channelCount, params, range, input, resource }) {
    const extractor = await resource(`music features ${sampleRateHz} ${channelCount}`, async () => {
      const { createMusicFeatureExtractor } = await import('../../dsp/music-features.js');
      return createMusicFeatureExtractor(sampleRateHz, channelCount);
    });
    return { part: null, bulk: extractor.extract(input(params.role), range) };
  },
  merge: () => null,
});

export interface MusicParams {
  /** What the features pass left. */
  readonly features: RecordedBulk<MusicFeatures>;
  /** Tempo and meter that the user gave. */
  readonly given: RhythmOptions;
}

/** The network that the pass runs; a part of the package. */
export const MUSIC_MODEL: ModelNeed = { id: 'beats', required: false };

/** Long recordings are heard in stretches of about this length. */
const STRETCH_SEC = 300;
/** Sound of the neighbours that a stretch is heard with: more than the network sees. */
const MARGIN_SEC = 30;

/** The network that the package holds, where no store was asked for one. */
async function packagedNetwork(): Promise<string> {
  const { PACKAGE_WEIGHTS_DIR } = await import('../../models/card.js');
  return join(PACKAGE_WEIGHTS_DIR, 'beats', 'beats.onnx');
}

export const musicPass = defineScan<unknown, MusicParams, MusicStretch, MusicAnalysis>({
  order: 'parallel',
  rangeSec: STRETCH_SEC,
  // In whole ranges of the features pass.
  rangeFrames(shape) {
    const { frameCount, sampleRateHz } = shape;
    const measureSec = measureRangeSec(shape);
    const ranges = isLong(shape)
      ? Math.round(STRETCH_SEC / measureSec)
      : Math.ceil(frameCount / sampleRateHz / measureSec);
    return ranges * measureSec * sampleRateHz;
  },
  memoryMb: 150,
  async run(context) {
    const { params, range, sampleRateHz, frameCount, models } = context;
    // Loaded here, so that an analysis that does not hear the music starts without them.
    const [{ analyzeMusic }, { cutMusicFeatures, mergeMusicFeatures }, { createBeatNetwork }] =
      await Promise.all([
        import('../../dsp/music-analysis.js'),
        import('../../dsp/music-features.js'),
        import('../../models/beats.js'),
      ]);
    const path = models.beats?.files['beats.onnx'] ?? (await packagedNetwork());
    const network = await context.resource(`beats ${path}`, () => createBeatNetwork(path));
    const startSec = range.startFrame / sampleRateHz;
    const endSec = range.endFrame / sampleRateHz;
    const partSec = measureRangeSec(context);
    const endOfFileSec = frameCount / sampleRateHz;
    const originSec = Math.max(0, startSec - MARGIN_SEC);
    const heardEndSec = Math.min(endSec + MARGIN_SEC, endOfFileSec);
    const first = Math.floor(originSec / partSec);
    const last = Math.min(params.features.rangeCount, Math.ceil(heardEndSec / partSec));
    // Cut one by one as they are read: three parts of a long recording are far more than a stretch.
    const parts = Array.from({ length: last - first }, (_, k) => {
      const part = bulkOf(params.features, first + k);
      const partStartSec = (first + k) * partSec;
      const toSec = Math.min(part.durationSec, heardEndSec - partStartSec);
      return cutMusicFeatures(part, Math.max(0, originSec - partStartSec), toSec);
    });
    const features = mergeMusicFeatures(parts);
    const activations = await network.run(features.bands, (share) =>
      context.progress(Math.floor(share * 0.5 * (range.endFrame - range.startFrame))),
    );
    const analysis = analyzeMusic(features, activations, params.given);
    return { part: { originSec, startSec, endSec, analysis } };
  },
  merge: (parts) => joinStretches([...parts]),
});
