// The stage `level`: rides the fader of a voice, so that loud and soft phrases come near to each other.
// It finds speech, measures each phrase, and applies one slow gain to all channels; pauses keep the gain of the phrase
// before. Loudness as a whole is the matter of `master`.
import * as z from 'zod';
import { highPass, lowPass } from '../../dsp/biquad.js';
import { LEVEL_STEP_SEC, rideGains } from '../../dsp/leveller/gain-ride.js';
import { dbToGain, roundTo } from '../../units.js';
import { defineApply, defineScan, defineStage, type StageJob } from '../stage.js';
import { findVoice, sileroNeed, VOICE_DETECTOR_WISHES, voiceActivityPasses } from '../voice-activity.js';

const options = z.strictObject({
  levelPercent: z
    .number()
    .min(0)
    .max(100)
    .default(70)
    .describe('Share of a phrase’s distance to the level of the whole that is made up.'),
  maxGainDb: z.number().min(0).max(24).default(9).describe('Largest gain or cut.'),
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
const VOICE_LOW_HZ = 250;
const VOICE_HIGH_HZ = 5000;
/** A filter settles over this before a block's first step. */
const SETTLE_SEC = 0.1;

/** Mean square of the voice's band, in steps of LEVEL_STEP_SEC, mean of the channels. */
const levelScan = defineScan<unknown, null, Float32Array, Float32Array>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 20,
  run(context) {
    const { range, sampleRateHz, channelCount } = context;
    const audio = context.input('audio');
    const stepFrames = LEVEL_STEP_SEC * sampleRateHz;
    const first = Math.ceil(range.startFrame / stepFrames);
    const end = Math.ceil(range.endFrame / stepFrames);
    const settle = Math.round(SETTLE_SEC * sampleRateHz);
    const filters = [
      highPass(VOICE_LOW_HZ, Math.SQRT1_2, sampleRateHz),
      lowPass(VOICE_HIGH_HZ, Math.SQRT1_2, sampleRateHz),
    ];
    const part = new Float32Array(end - first);
    for (let step = first; step < end; step++) {
      const start = Math.round(step * stepFrames);
      const frames = Math.round((step + 1) * stepFrames) - start;
      const block = Array.from({ length: channelCount }, () => new Float64Array(settle + frames));
      audio.read(start - settle, block);
      let sum = 0;
      for (const samples of block) {
        for (const filter of filters) runBiquad(filter, samples);
        for (let n = settle; n < samples.length; n++) sum += samples[n]! * samples[n]!;
      }
      part[step - first] = sum / frames / channelCount;
      context.progress(Math.max(0, start - range.startFrame));
    }
    return { part };
  },
  merge(parts) {
    const all = [...parts];
    const joined = new Float32Array(all.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of all) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  },
});

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
      for (let n = 0; n < frames; n++) {
        // A step's gain stands in its middle, and runs straight to the next.
        const place = (start + n) / sampleRateHz / LEVEL_STEP_SEC - 0.5;
        const low = Math.min(gainsDb.length - 1, Math.max(0, Math.floor(place)));
        const high = Math.min(gainsDb.length - 1, low + 1);
        const share = Math.min(1, Math.max(0, place - low));
        const gain = dbToGain(gainsDb[low]! + share * (gainsDb[high]! - gainsDb[low]!));
        for (const samples of block) samples[n] = samples[n]! * gain;
      }
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
  version: 1,
  summary: 'Bring the phrases of a voice to one level.',
  source: 'Gain riding over the mean square of 3 s of speech',
  options,
  result,
  inputs: () => ['audio'],
  outputs: () => ['audio'],
  models: ({ detector }) => sileroNeed(detector),
  estimate: () => ({ realTimeFactor: 0.02, memoryMb: 150 }),
  passes: { levels: levelScan, gain: gainApply, ...voiceActivityPasses },
  run,
});

async function run(job: StageJob<Options>) {
  const audio = job.inputs.audio!;
  const speech = await findVoice(job, audio, { role: 'audio', wish: job.options.detector });
  const powers = await job.scan(levelScan, null);
  const isSpeech = new Uint8Array(powers.length);
  for (const { startSec, endSec } of speech.segments)
    isSpeech.fill(1, Math.ceil(startSec / LEVEL_STEP_SEC), Math.floor(endSec / LEVEL_STEP_SEC));
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

function runBiquad(
  [b0, b1, b2, a1, a2]: readonly [number, number, number, number, number],
  samples: Float64Array,
): void {
  let s1 = 0;
  let s2 = 0;
  for (let n = 0; n < samples.length; n++) {
    const x = samples[n]!;
    const y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    samples[n] = y;
  }
}
