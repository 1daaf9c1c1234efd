// The stage `analyze`: measures and reports, changes nothing. What the figures mean stands in analyze-schema.ts.
import { z } from 'zod';
import { DUAL_MONO_LU } from '../../dsp/loudness/programme.js';
import { defineStage, type Json } from '../stage.js';
import { dynamicsReport, loudnessReport, spectrumReport, stereoReport } from './analyze-report.js';
import { analysisSchema } from './analyze-schema.js';
import { measurePass } from './measure-pass.js';

export const ANALYSES = ['loudness', 'dynamics', 'stereo', 'spectrum'] as const;

const options = z.strictObject({
  only: z
    .array(z.enum(ANALYSES))
    .min(1)
    .default([...ANALYSES])
    .describe('The analyses to make.'),
  dualMono: z
    .boolean()
    .default(false)
    .describe('Counts a mono file as it will sound on two speakers: its loudness reads 3.01 LU higher.'),
  history: z.boolean().default(true).describe('Reports momentary and short-term loudness every 100 ms.'),
});

/** The stage `analyze`. */
export const analyzeStage = defineStage({
  id: 'analyze',
  version: 1,
  summary: 'Measures loudness, dynamics, stereo image and spectrum.',
  source: 'ITU-R BS.1770-5; EBU R 128, Tech 3341, Tech 3342; IEC 61260-1',
  options,
  result: analysisSchema,
  inputs: () => ['audio'],
  outputs: () => [],
  estimate: () => ({ realTimeFactor: 0.002, memoryMb: 60 }),
  passes: { measure: measurePass },
  async run(job) {
    const { only, dualMono, history } = job.options;
    const { sampleRateHz, channelCount } = job.inputs.audio!;
    const { loudness, levels, spectrum } = await job.scan(measurePass, {
      role: 'audio',
      isWithLevels: only.includes('dynamics') || only.includes('stereo'),
      isWithSpectrum: only.includes('spectrum'),
    });
    const offsetLu = dualMono && channelCount === 1 ? DUAL_MONO_LU : 0;
    const data: Record<string, Json> = {};
    if (only.includes('loudness')) {
      data.loudness = loudnessReport(loudness, sampleRateHz, { offsetLu, isWithHistory: history });
    }
    if (only.includes('dynamics')) data.dynamics = dynamicsReport(levels!);
    if (only.includes('stereo')) data.stereo = stereoReport(levels!);
    if (only.includes('spectrum')) data.spectrum = spectrumReport(spectrum!, channelCount, sampleRateHz);
    return { data };
  },
});
