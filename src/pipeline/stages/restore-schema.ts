// Options and result of the stage `restore`.
import * as z from 'zod';
import { VOICE_DETECTOR_WISHES } from '../voice-activity.js';
import { LISTED_REGIONS } from './restore-passes.js';

/** In the order in which they are made. */
export const REPAIRS = [
  'clipping',
  'clicks',
  'dc',
  'rumble',
  'hum',
  'plosives',
  'breaths',
  'sibilance',
  'shimmer',
] as const;
export type Repair = (typeof REPAIRS)[number];

/** What any recording may have; the others are for voices, and for generated or separated music. */
export const DEFAULT_REPAIRS: readonly Repair[] = ['clipping', 'clicks', 'dc', 'rumble', 'hum'];

export const restoreOptions = z.strictObject({
  repairs: z
    .array(z.enum(REPAIRS))
    .default([...DEFAULT_REPAIRS])
    .describe(
      'What to look for and to mend. plosives, breaths and sibilance are for a voice alone; shimmer is for generated or separated music.',
    ),
  detect: z
    .boolean()
    .default(false)
    .describe('Only reports what is damaged and where; changes nothing, and makes no audio.'),
  clickThresholdDb: z
    .number()
    .min(15)
    .max(80)
    .default(30)
    .describe('How far a click stands out from the sound around it, in what that sound does not foretell.'),
  plosiveThresholdDb: z
    .number()
    .min(-40)
    .max(20)
    .default(-12)
    .describe('Level below 65 Hz, against the voice’s vowels, from which a thump is turned down.'),
  sibilanceThresholdDb: z
    .number()
    .min(-30)
    .max(20)
    .default(-2)
    .describe('Level of a sibilant against the voice’s vowels from which it is turned down.'),
  sibilanceLimitDb: z
    .number()
    .min(0)
    .max(24)
    .default(9)
    .describe('By how much a sibilant is turned down at most.'),
  breathReductionDb: z.number().min(0).max(40).default(9).describe('By how much breaths are turned down.'),
  shimmerLimitDb: z
    .number()
    .min(0)
    .max(40)
    .default(18)
    .describe('By how much a line that flickers is turned down at most.'),
  bandwidthPercent: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe('Level of what is added above the end of a band-limited file’s spectrum; 0 adds nothing.'),
  detector: z
    .enum(VOICE_DETECTOR_WISHES)
    .default('auto')
    .describe('What tells where someone speaks; auto takes the network where it is installed.'),
});

export type RestoreOptions = z.output<typeof restoreOptions>;

const region = z.strictObject({
  repair: z.enum(REPAIRS),
  channel: z.number().nullable().describe('From 0. null: all channels alike.'),
  startSec: z.number(),
  endSec: z.number(),
  severityDb: z
    .number()
    .describe(
      'dB. clicks: peak against the surroundings in the excitation. clipping: length against three samples. plosives: above the low band around. breaths: above the room. sibilance: above the threshold, as it is turned down. shimmer: flickering lines against everything above 4 kHz. dc, rumble, hum: level above −100 dBFS.',
    ),
});

const count = (what: string) => z.number().nullable().describe(`${what}. null: not looked for.`);
const level = (what: string) => z.number().nullable().describe(what);

export const restoreResult = z.strictObject({
  changed: z.boolean(),
  clippedPeakCount: count('Flat tops at the ceiling, all channels'),
  clipCeilingDbfs: level('dBFS. The lowest ceiling of all channels. null: none.'),
  clickCount: count('Clicks, all channels'),
  dcOffset: level(
    'Full scale = 1. Median of the means over 100 ms, of the channel where it is largest. null: not looked for.',
  ),
  rumbleDbfs: level('dBFS. Median level from 2 to 12 Hz. null: not looked for, or too short.'),
  hum: z
    .strictObject({
      mainsHz: z.number(),
      minHz: z.number().describe('Hz. Lowest fundamental in the file.'),
      maxHz: z.number().describe('Hz. Highest fundamental in the file.'),
      harmonics: z.array(z.number()).describe('Numbers of the harmonics, 1 is the fundamental.'),
      levelDbfs: z.number().describe('dBFS. All harmonics together, in the loudest channel.'),
    })
    .nullable()
    .describe('null: none was found, or it was not looked for.'),
  plosiveCount: count('Thumps below the voice'),
  breathCount: count('Breaths between phrases'),
  sibilantCount: count('Sibilants that are too loud'),
  shimmerShare: level('0 to 1. Share of the bins above 4 kHz in lines that flicker. null: not looked for.'),
  combLinesHz: z
    .array(z.number())
    .nullable()
    .describe('Hz. Lines above 4 kHz that never move. null: not looked for.'),
  bandLimitHz: level('Hz. Where the spectrum ends as if cut. null: it does not, below 19.5 kHz.'),
  bandwidthAddedPercent: z.number().describe('Level of what was added above bandLimitHz; 0: nothing.'),
  voice: z
    .strictObject({
      detector: z.enum(['silero-vad', 'own']),
      speechSec: z.number(),
      levelDbfs: z.number().nullable().describe('dBFS. Vowels, 300 Hz to 4 kHz. null: nobody speaks.'),
      roomDbfs: z
        .number()
        .nullable()
        .describe('dBFS. Noise floor: median level between phrases, before this stage. null: no pauses.'),
    })
    .nullable()
    .describe('null: no repair of voices was asked for.'),
  mendedSec: z.number().describe('Seconds that were replaced (clipping and clicks), all channels.'),
  peakAfterDbfs: level('dBFS. Highest sample after rebuilding peaks. null: none was rebuilt.'),
  regions: z.array(region).describe(`The first ${LISTED_REGIONS} of each repair, in order of time.`),
});

export type RestoreResult = z.output<typeof restoreResult>;
