// The stage `analyze`: measures and reports, changes nothing. What the figures mean stands in analyze-schema.ts.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { dynamicsFigures } from '../../dsp/levels/figures.js';
import { DUAL_MONO_LU, hopMeansOf, loudnessFigures } from '../../dsp/loudness/programme.js';
import type { MusicAnalysis } from '../../dsp/music-analysis.js';
import type { MusicFeatures } from '../../dsp/music-features.js';
import { rhythmOptionsSchema } from '../../dsp/rhythm/schema.js';
import { bothOf } from '../in-lanes.js';
import { isLong } from '../long-recording.js';
import { defineStage, type Json, type StageJob } from '../stage.js';
import { loadTargetCurve } from '../target-curve.js';
import { VOICE_ACTIVITY_MODELS } from '../voice-activity.js';
import { analyzePasses } from './analyze-passes.js';
import {
  dialogueReport,
  dynamicsReport,
  loudnessReport,
  pictureOf,
  spectrumReport,
  stereoReport,
} from './analyze-report.js';
import { analysisSchema } from './analyze-schema.js';
import { hashStems, measureStems, nameStem, stemsReport } from './analyze-stems.js';
import { findDialogue } from './dialogue.js';
import { measurePass } from './measure-pass.js';
import { featuresPass, MUSIC_MODEL, musicPass } from './music-pass.js';

const MUSIC_ANALYSES = ['rhythm', 'tonal', 'structure', 'genre'] as const;
const USUAL_ANALYSES = ['loudness', 'dynamics', 'stereo', 'spectrum', ...MUSIC_ANALYSES, 'advice'] as const;
export const ANALYSES = [...USUAL_ANALYSES, 'dialogue'] as const;

const options = z.strictObject({
  only: z
    .array(z.enum(ANALYSES))
    .min(1)
    .default([...USUAL_ANALYSES])
    .describe('The analyses to make; dialogue, which needs the model silero-vad, only where it is named.'),
  dualMono: z
    .boolean()
    .default(false)
    .describe('Counts a mono file as it will sound on two speakers: its loudness reads 3.01 LU higher.'),
  history: z.boolean().default(true).describe('Reports momentary and short-term loudness every 100 ms.'),
  curve: z
    .string()
    .default('auto')
    .describe('Target curve for the advice: its name, a YAML file, or auto, by the guess of the genre.'),
  stems: z
    .string()
    .default('')
    .describe('Folder of the stems of this mix: suggestions then name the stem to change.'),
  filesSha256: z.string().default('').meta({
    isFilledByPlan: true,
    description:
      'Filled by the plan: hash of the files that curve and stems name, so that a change is noticed.',
  }),
  tempoBpm: rhythmOptionsSchema.shape.tempoBpm,
  meter: rhythmOptionsSchema.shape.meter,
});

/** The stage `analyze`. */
export const analyzeStage = defineStage({
  id: 'analyze',
  version: 12,
  summary: 'Measures loudness, dynamics, stereo image, spectrum, rhythm, tonality and structure.',
  source: 'ITU-R BS.1770-5; EBU R 128, Tech 3341, Tech 3342; IEC 61260-1',
  options,
  result: analysisSchema,
  adapt: ({ curve, stems, ...options }) => ({
    ...options,
    curve,
    stems,
    filesSha256: hashCurve(curve) + (stems === '' ? '' : hashStems(stems)),
  }),
  inputs: () => ['audio'],
  outputs: () => [],
  estimate: ({ only }) => {
    if (hearsMusic(only)) return { realTimeFactor: 0.012, memoryMb: 200 };
    return { realTimeFactor: needs(only, 'stereo', 'spectrum', 'advice') ? 0.005 : 0.001, memoryMb: 90 };
  },
  models: ({ only }) => [
    ...(hearsMusic(only) ? [MUSIC_MODEL] : []),
    ...(only.includes('dialogue') ? VOICE_ACTIVITY_MODELS : []),
  ],
  passes: analyzePasses,
  async run(job) {
    const { only, dualMono, history } = job.options;
    const { sampleRateHz, channelCount } = job.inputs.audio!;
    const shape = { channelCount, sampleRateHz };
    const isWithLevels = needs(only, 'dynamics', 'stereo', 'advice');
    if (hearsMusic(only)) await job.scan(featuresPass, { role: 'audio' });
    const hearing = hearsMusic(only) ? hearMusic(job) : Promise.resolve(null);
    // One thread hears a piece, which takes long: the others measure meanwhile. Of hours, which are heard in stretches by all
    // threads, the memory of one need not stand beside that of the other.
    if (isLong(job.inputs.audio!)) await hearing;
    const [heard, { loudness, levels, timeline, spectrum }] = await bothOf(
      hearing,
      job.scan(measurePass, {
        role: 'audio',
        isWithLevels,
        isWithTimeline: isWithLevels,
        isWithSpectrum: needs(only, 'stereo', 'spectrum', 'advice'),
      }),
    );
    const offsetLu = dualMono && channelCount === 1 ? DUAL_MONO_LU : 0;
    const data: Record<string, Json> = {};
    if (only.includes('loudness')) {
      data.loudness = loudnessReport(loudness, sampleRateHz, { offsetLu, isWithHistory: history });
    }
    if (only.includes('dialogue')) {
      const dialogue = await findDialogue(
        job,
        job.inputs.audio!,
        'audio',
        hopMeansOf(loudness, sampleRateHz),
      );
      data.dialogue = dialogueReport(dialogue, offsetLu);
    }
    const dynamics = isWithLevels ? dynamicsReport(levels!, timeline!, sampleRateHz) : undefined;
    const stereo = needs(only, 'stereo', 'advice')
      ? stereoReport(levels!, spectrum!, shape, history)
      : undefined;
    if (only.includes('dynamics')) data.dynamics = dynamics!;
    if (only.includes('stereo')) data.stereo = stereo!;
    if (only.includes('spectrum')) data.spectrum = spectrumReport(spectrum!, channelCount, sampleRateHz);
    if (heard !== null) for (const part of MUSIC_ANALYSES) if (only.includes(part)) data[part] = heard[part];
    if (only.includes('advice')) {
      const { adviceReport, platformsReport } = await import('./analyze-advice.js');
      const stems = job.options.stems === '' ? [] : await measureStems(job, job.options.stems);
      if (stems.length > 0) data.stems = stemsReport(stems) as unknown as Json;
      const advice = adviceReport(job.options.curve, {
        loudness: loudnessReport(loudness, sampleRateHz, { offsetLu, isWithHistory: false }),
        dynamics: dynamics!,
        stereo: stereo!,
        spectrum: spectrum!,
        genre: data.genre,
        ...shape,
      });
      const suggestions = advice.suggestions.map((suggestion) => nameStem(suggestion, stems));
      data.advice = { ...advice, suggestions };
      data.suggestions = suggestions;
      data.platforms = platformsReport(
        loudnessFigures(loudness, sampleRateHz, offsetLu),
        dynamicsFigures(levels!),
        channelCount,
      ) as unknown as Json;
    }
    if (timeline !== undefined) data.picture = { ...pictureOf(timeline, spectrum, sampleRateHz) };
    return { data };
  },
});

/** Rhythm, tonality, structure and genre, from the features that were left before. */
function hearMusic(job: StageJob<Options>): Promise<MusicAnalysis> {
  const { tempoBpm, meter } = job.options;
  return job.scan(musicPass, {
    features: job.recorded<MusicFeatures>(featuresPass),
    given: { ...(tempoBpm === undefined ? {} : { tempoBpm }), ...(meter === undefined ? {} : { meter }) },
  });
}

type Options = z.infer<typeof options>;
type Analysis = (typeof ANALYSES)[number];

/** Read when the run is planned, so that a wrong name fails before any work. @throws ForgeError preset/* */
function hashCurve(curve: string): string {
  if (curve === 'auto') return '';
  return createHash('sha256')
    .update(JSON.stringify(loadTargetCurve(curve)))
    .digest('hex');
}

function needs(only: readonly Analysis[], ...parts: readonly Analysis[]): boolean {
  return parts.some((part) => only.includes(part));
}

function hearsMusic(only: readonly Analysis[]): boolean {
  return needs(only, ...MUSIC_ANALYSES);
}
