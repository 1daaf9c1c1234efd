// The pass that a leveller draws on: the level of a voice's band over time, of role `audio`; and which of its steps are speech.
import { type Biquad, BUTTERWORTH_Q, highPass, lowPass } from '../../dsp/biquad.js';
import { concat } from '../../dsp/concat.js';
import { LEVEL_STEP_SEC } from '../../dsp/leveller/gain-ride.js';
import type { SpeechSegment } from '../../dsp/voice-activity/segments.js';
import { defineScan } from '../stage.js';

const VOICE_LOW_HZ = 250;
const VOICE_HIGH_HZ = 5000;
/** A filter settles over this before a block's first step. */
const SETTLE_SEC = 0.1;

/** Mean square of the voice's band, in steps of LEVEL_STEP_SEC, mean of the channels. */
export const speechLevelPass = defineScan<unknown, null, Float32Array, Float32Array>({
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
      highPass(VOICE_LOW_HZ, BUTTERWORTH_Q, sampleRateHz),
      lowPass(VOICE_HIGH_HZ, BUTTERWORTH_Q, sampleRateHz),
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
  merge: (parts) => concat(Float32Array, [...parts]),
});

/** 1 for every one of `count` steps that lies in a segment. */
export function speechSteps(segments: readonly SpeechSegment[], count: number): Uint8Array {
  const isSpeech = new Uint8Array(count);
  for (const { startSec, endSec } of segments)
    isSpeech.fill(1, Math.ceil(startSec / LEVEL_STEP_SEC), Math.floor(endSec / LEVEL_STEP_SEC));
  return isSpeech;
}

function runBiquad([b0, b1, b2, a1, a2]: Biquad, samples: Float64Array): void {
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
