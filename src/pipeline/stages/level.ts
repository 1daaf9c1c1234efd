// The stage `level`: rides the fader of a voice, so that loud and soft phrases come near to each other.
// It finds speech, measures each phrase, and applies one slow gain to all channels; pauses keep the gain of the phrase
// before. Loudness as a whole is the matter of `master`.
import * as z from 'zod';
import { LEVEL_STEP_SEC, rideGains, USUAL_MAX_GAIN_DB } from '../../dsp/leveller/gain-ride.js';
import { applyRide } from '../../dsp/leveller/ride-gain.js';
import { dbToGain, roundTo } from '../../units.js';
import { defineApply, defineStage, type StageJob } from '../stage.js';
import { findVoice, sileroNeed, VOICE_DETECTOR_WISHES, voiceActivityPasses } from '../voice-activity.js';
import { speechLevelPass, speechSteps } from './speech-level-pass.js';

const options = z.strictObject({
  levelPercent: z
    .number()
    .min(0)
    .max(100)
    .default(70)
    .describe('Share of a phrase’s distance to the level of the whole that is made up.'),
  maxGainDb: z.number().min(0).max(24).default(USUAL_MAX_GAIN_DB).describe('Largest gain or cut.'),
  detector: z
    .enum(VOICE_DETECTOR_WISHES)
    .default('auto')
    .describe('What tells where someone speaks; auto takes the network where it is installed.'),
});

type Options = z.output<typeof options>;

const result = z.strictObject({
  changed: z.boolean(),
  detector: z.enum(['silero-vad', 'own']),
  speechSec: z.number(),
  spanBeforeDb: z
    .number()
    .nullable()
    .describe('dB. 10th to 90th percentile of the levels over 1 s of speech. null: nobody speaks.'),
  spanAfterDb: z.number().nullable().describe('dB. The same after the gains.'),
  minGainDb: z.number(),
  maxGainDb: z.number(),
});

const BLOCK_SEC = 10;

const gainApply = defineApply<unknown, { readonly gainsDb: Float32Array }, null, null>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 30,
  run(context) {
    const { range, sampleRateHz, channelCount } = context;
    const audio = context.input('audio');
    const { gainsDb } = context.params;
    const blockFrames = BLOCK_SEC * sampleRateHz;
    for (let start = range.startFrame; start < range.endFrame; start += blockFrames) {
      const frames = Math.min(blockFrames, range.endFrame - start);
      const block = Array.from({ length: channelCount }, () => new Float64Array(frames));
      audio.read(start, block);
      applyRide(block, start, gainsDb, sampleRateHz);
      context.write('audio', start, block);
      context.progress(start + frames - range.startFrame);
    }
    return { part: null };
  },
  merge: () => null,
});

/** The stage. */
export const levelStage = defineStage({
  id: 'level',
  version: 2,
  summary: 'Bring the phrases of a voice to one level.',
  source: 'Gain riding over the mean square of 3 s of speech',
  options,
  result,
  inputs: () => ['audio'],
  outputs: () => ['audio'],
  models: ({ detector }) => sileroNeed(detector),
  estimate: () => ({ realTimeFactor: 0.02, memoryMb: 150 }),
  passes: { levels: speechLevelPass, gain: gainApply, ...voiceActivityPasses },
  run,
});

async function run(job: StageJob<Options>) {
  const audio = job.inputs.audio!;
  const speech = await findVoice(job, audio, { role: 'audio', wish: job.options.detector });
  const powers = await job.scan(speechLevelPass, null);
  const isSpeech = speechSteps(speech.segments, powers.length);
  const gainsDb = rideGains(powers, isSpeech, {
    share: job.options.levelPercent / 100,
    maxGainDb: job.options.maxGainDb,
  });
  const isChanged = gainsDb.some((gain) => gain !== 0);
  if (isChanged) await job.apply(gainApply, { gainsDb }, { audio: { channelCount: audio.channelCount } });
  else job.bypass('audio', 'audio', speech.segments.length === 0 ? 'nobody speaks' : 'the level is even');
  const after = powers.map((power, n) => power * dbToGain(2 * gainsDb[n]!));
  const rounded = (value: number | null) => (value === null ? null : roundTo(value, 1));
  const extreme = (pick: (a: number, b: number) => number) =>
    roundTo(
      gainsDb.reduce((best, gain) => pick(best, gain), 0),
      1,
    );
  return {
    data: {
      changed: isChanged,
      detector: speech.detector,
      speechSec: roundTo(
        speech.segments.reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0),
        3,
      ),
      spanBeforeDb: rounded(spanOf(powers, isSpeech)),
      spanAfterDb: rounded(spanOf(after, isSpeech)),
      minGainDb: extreme(Math.min),
      maxGainDb: extreme(Math.max),
    },
  };
}

/** Span of the levels of whole seconds, of which at least half is speech. */
function spanOf(powers: Float32Array, isSpeech: Uint8Array): number | null {
  const levels: number[] = [];
  const steps = Math.round(1 / LEVEL_STEP_SEC);
  for (let from = 0; from + steps <= powers.length; from += steps) {
    let sum = 0;
    let count = 0;
    for (let n = from; n < from + steps; n++) {
      if (isSpeech[n] === 0) continue;
      sum += powers[n]!;
      count++;
    }
    if (2 * count >= steps && sum > 0) levels.push(10 * Math.log10(sum / count));
  }
  if (levels.length === 0) return null;
  levels.sort((a, b) => a - b);
  return levels[Math.floor(0.9 * (levels.length - 1))]! - levels[Math.floor(0.1 * (levels.length - 1))]!;
}
