// Options of `duck`, and what follows from them.
import * as z from 'zod';
import { VOICE_DETECTOR_WISHES } from '../voice-activity.js';

export const duckOptions = z.strictObject({
  voice: z.string().default('').describe('The recording of the voice: any file that forge reads.'),
  voiceAtSec: z
    .number()
    .min(0)
    .max(36_000)
    .default(0)
    .describe('Where the voice begins on the bed: the length of a musical opening.'),
  bed: z
    .enum(['music', 'ambience'])
    .default('music')
    .describe(
      'What lies under the voice: music 10 LU below it, ambience 15 LU, unless differenceLu is given.',
    ),
  differenceLu: z
    .number()
    .min(0)
    .max(40)
    .optional()
    .describe('How far the bed lies below the voice while it speaks, in LU of short-term loudness.'),
  audience: z
    .enum(['experts', 'general'])
    .default('experts')
    .describe('Who listens: the general public wants the bed 4 LU lower than experts do.'),
  carve: z
    .enum(['off', 'gentle', 'firm'])
    .default('gentle')
    .describe('Dips in the bands where the bed would mask the voice: up to 6 dB, or up to 12 dB.'),
  carveLowHz: z.number().min(100).max(5000).default(200).describe('Lowest band that is carved.'),
  carveHighHz: z.number().min(100).max(5000).default(4000).describe('Highest band that is carved.'),
  attackMs: z
    .number()
    .min(50)
    .max(5000)
    .default(400)
    .describe(
      'Time in which the bed goes down, before the first word; longer where 0.5 dB in 10 ms would be passed.',
    ),
  releaseMs: z
    .number()
    .min(50)
    .max(20_000)
    .default(900)
    .describe('Time in which the bed comes up again after the last word.'),
  releaseBeats: z
    .number()
    .min(0.25)
    .max(32)
    .optional()
    .describe(
      'The release in beats of the bed, instead of releaseMs; its tempo is found unless tempoBpm is given.',
    ),
  tempoBpm: z.number().min(30).max(300).optional().describe('Tempo of the bed.'),
  lookaheadMs: z
    .number()
    .min(0)
    .max(1000)
    .default(50)
    .describe('The bed is down so long before the first word.'),
  holdMs: z
    .number()
    .min(0)
    .max(10_000)
    .default(800)
    .describe('Pauses of the voice up to this long do not let the bed come up.'),
  maxDepthDb: z
    .number()
    .min(0)
    .max(60)
    .default(24)
    .describe('Most that the bed is lowered, from the point where it is as loud as the voice.'),
  ending: z
    .enum(['keep', 'fade', 'loop'])
    .default('keep')
    .describe(
      'keep leaves the bed its length; fade ends it tailSec after the voice; loop also repeats a short one from bar to bar.',
    ),
  tailSec: z.number().min(0.1).max(60).default(4).describe('How long the bed fades out after the voice.'),
  stems: z
    .boolean()
    .default(false)
    .describe('Ducks drums and bass less than the rest; needs a separate stage before it.'),
  rhythmDepthPercent: z
    .number()
    .min(0)
    .max(100)
    .default(50)
    .describe('Share of the depth, in dB, by which drums and bass go down where stems are used.'),
  mix: z.boolean().default(false).describe('Also makes the finished mix of voice and bed.'),
  level: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe('Brings voice and bed to voiceLufs before anything else; auto does so where a mix is made.'),
  voiceLufs: z
    .number()
    .min(-40)
    .max(-8)
    .default(-16)
    .describe('Integrated loudness to which voice and bed are brought.'),
  voiceRidePercent: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe(
      'Where a mix is made: share of a phrase’s distance to the level of the whole voice that a slow gain makes up first.',
    ),
  ceilingDbtp: z
    .number()
    .min(-20)
    .max(0)
    .default(-1)
    .describe('True peak that the mix does not exceed; a limiter holds it.'),
  detector: z
    .enum(VOICE_DETECTOR_WISHES)
    .default('auto')
    .describe(
      'What finds the voice: auto takes silero-vad where it is installed, else forge’s own detector.',
    ),
  keyframes: z
    .array(z.enum(['json', 'csv']))
    .default([])
    .describe('Also writes the gain of the bed as points for an editor.'),
  stemNames: z.array(z.string()).default([]).describe('Filled by the plan: the stems that are there.'),
  voiceSha256: z
    .string()
    .default('')
    .describe('Filled by the plan: hash of the voice, so that a changed file is noticed.'),
});

export type DuckOptions = z.output<typeof duckOptions>;

/** Options that only the plan fills. */
export const DUCK_INTERNAL_OPTIONS = ['stemNames', 'voiceSha256'] as const;

/** @source Torcoli et al., Preferred Levels for Background Ducking to Produce Esthetically Pleasing Audio, JAES 2019 */
const DIFFERENCES_LU = { music: 10, ambience: 15 } as const;
const GENERAL_AUDIENCE_LU = 4;

/** How far below the voice the bed shall lie. */
export function wantedDifferenceLu({ differenceLu, bed, audience }: DuckOptions): number {
  return (differenceLu ?? DIFFERENCES_LU[bed]) + (audience === 'general' ? GENERAL_AUDIENCE_LU : 0);
}

/** Whether a leveller rides the voice: without a mix it stays with the editor as it is. */
export function isRidden({ voiceRidePercent, mix }: DuckOptions): boolean {
  return mix && voiceRidePercent > 0;
}

/** Whether voice and bed are brought to one loudness first. */
export function isLevelled({ level, mix }: DuckOptions): boolean {
  return level === 'on' || (level === 'auto' && mix);
}
