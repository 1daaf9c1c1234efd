// What `duck` reports.
import * as z from 'zod';

const sec = (description: string) =>
  z.number().describe(`${description}, in seconds from the start of the bed.`);
const lu = (description: string) => z.number().nullable().describe(description);

export const duckSchema = z.strictObject({
  voice: z.strictObject({
    name: z.string(),
    sha256: z.string(),
    durationSec: z.number(),
    sampleRateHz: z.number(),
    channelCount: z.number(),
    atSec: sec('Where it begins'),
    integratedLufs: lu('LUFS of the file as it is; null where no block passes the gate.'),
    clippedSampleCount: z.number().describe('Samples in runs of three or more at full scale.'),
    detector: z.enum(['silero-vad', 'own']).describe('What found the speech.'),
    modelSha256: z.record(z.string(), z.string()).nullable().describe('By file; null for our own detector.'),
    speechSec: z.number().describe('Seconds of speech.'),
    segments: z
      .array(z.strictObject({ startSec: sec('Start'), endSec: sec('End') }))
      .describe('Where it speaks.'),
  }),
  wantedLu: z.number().describe('LU by which the bed shall lie below the voice.'),
  voiceRide: z
    .strictObject({ minGainDb: z.number(), maxGainDb: z.number() })
    .nullable()
    .describe('Smallest and largest gain of the leveller on the voice; null where it was not asked for.'),
  voiceGainDb: z.number().describe('dB by which the voice was brought to its loudness in the mix.'),
  bedGainDb: z.number().describe('dB by which the whole bed was brought to its loudness.'),
  releaseMs: z.number().describe('Time in which the bed comes up.'),
  tempoBpm: z.number().nullable().describe('Tempo of the bed where it was asked for; null otherwise.'),
  phrases: z
    .array(
      z.strictObject({
        startSec: sec('Start'),
        endSec: sec('End'),
        differenceLu: lu(
          'Loudness of the voice minus that of the written bed over the phrase, K-weighted, in LU; null where the bed is silent.',
        ),
        gainDb: z.number().describe('Mean gain of the bed in dB.'),
        limitedBy: z
          .enum(['depth', 'bed-quieter', 'neighbours'])
          .nullable()
          .describe(
            'What held the difference off the wanted one: the depth limit, a bed that is quieter than wanted as it is, or the slope to a neighbouring phrase.',
          ),
      }),
    )
    .describe('Speech with the pauses that are held.'),
  difference: z
    .array(z.strictObject({ atSec: sec('Time'), differenceLu: z.number() }))
    .describe('Voice minus bed over the 3 s around every second of a phrase, in LU; cut at its ends.'),
  worstErrorLu: lu(
    'Largest distance from the wanted difference among phrases longer than 1 s that nothing limits.',
  ),
  steepestDbPer10Ms: z.number().describe('Largest change of the gain within 10 ms.'),
  deepestDb: z.number().describe('Lowest gain of the bed in dB, ≤ 0.'),
  gain: z
    .array(z.strictObject({ atSec: sec('Time'), gainDb: z.number() }))
    .describe('The gain of the bed; straight in dB between the points, within 0.1 dB.'),
  carve: z.strictObject({
    strength: z.enum(['off', 'gentle', 'firm']),
    bands: z
      .array(
        z.strictObject({
          centreHz: z.number(),
          deepestDb: z.number().describe('Deepest dip of the centre in dB.'),
          meanDb: z.number().describe('Mean dip of the centre within phrases in dB.'),
          sidesDeepestDb: z.number().describe('Deepest dip of the sides in dB; 0 where all is centre.'),
        }),
      )
      .describe('Third octaves that were carved.'),
  }),
  bed: z.strictObject({
    durationSec: z.number().describe('Of the result.'),
    loop: z
      .strictObject({ startSec: sec('Start'), endSec: sec('End'), isOnBars: z.boolean() })
      .nullable()
      .describe('What is repeated; null where nothing is.'),
    fade: z.strictObject({ startSec: sec('Start'), endSec: sec('End') }).nullable(),
  }),
  limiterReductionDb: z.number().nullable().describe('Most that the mix was limited by; null without a mix.'),
});
