import { describe, expect, it } from 'vitest';
import { makeVoice, type Spans } from '../../../fixtures/demo-voice.js';
import { speechSegments, VOICE_FRAME_SEC } from '../../../src/dsp/voice-activity/segments.js';
import {
  createSpeechMeter,
  SPEECH_FEATURES,
  SPEECH_HOP,
  SPEECH_RATE_HZ,
} from '../../../src/dsp/voice-activity/speech-features.js';
import { speechProbabilities } from '../../../src/dsp/voice-activity/speech-probability.js';

const SPANS: Spans = [
  [2, 5],
  [7, 9],
  [11, 15],
];
const DURATION_SEC = 18;

function measure(samples: Float32Array, first = 0, end = Math.ceil(samples.length / SPEECH_HOP)): Uint8Array {
  const meter = createSpeechMeter();
  return meter(
    (start, into) => {
      for (let n = 0; n < into.length; n++) into[n] = samples[start + n] ?? 0;
    },
    first,
    end,
  );
}

/** Share of the frames for which segments and spans agree. */
function agreement(samples: Float32Array): number {
  const probabilities = speechProbabilities(measure(samples));
  const found = speechSegments(probabilities, DURATION_SEC);
  let right = 0;
  for (let t = 0; t < probabilities.length; t++) {
    const sec = (t + 0.5) * VOICE_FRAME_SEC;
    const isSaid = SPANS.some(([start, stop]) => sec >= start && sec < stop);
    const isFound = found.some(({ startSec, endSec }) => sec >= startSec && sec < endSec);
    if (isSaid === isFound) right++;
  }
  return right / probabilities.length;
}

function noise(level: number): Float32Array {
  let seed = 7;
  return Float32Array.from({ length: DURATION_SEC * SPEECH_RATE_HZ }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return level * (seed / 2 ** 31 - 1);
  });
}

describe('our own detector of speech', () => {
  const voice = makeVoice(DURATION_SEC, SPEECH_RATE_HZ, SPANS);

  it('finds a voice over silence and over noise', () => {
    expect(agreement(voice)).toBeGreaterThan(0.95);
    const hiss = noise(0.01);
    expect(agreement(voice.map((value, n) => value + hiss[n]!))).toBeGreaterThan(0.95);
  });

  it('finds it at any level', () => {
    expect(agreement(voice.map((value) => 0.01 * value))).toBeGreaterThan(0.95);
  });

  it.each([
    ['silence', new Float32Array(DURATION_SEC * SPEECH_RATE_HZ)],
    ['noise', noise(0.1)],
    [
      'a steady tone',
      Float32Array.from({ length: DURATION_SEC * SPEECH_RATE_HZ }, (_, n) => 0.3 * Math.sin(n / 12)),
    ],
  ])('finds no speech in %s', (_, samples) => {
    expect(speechSegments(speechProbabilities(measure(samples)), DURATION_SEC)).toEqual([]);
  });

  it('takes nothing, and less than a frame', () => {
    expect(speechProbabilities(new Uint8Array(0))).toHaveLength(0);
    expect(speechProbabilities(measure(new Float32Array(17)))).toHaveLength(1);
  });

  it('measures the same frames however they are cut into ranges', () => {
    const whole = measure(voice);
    const parts = [measure(voice, 0, 100), measure(voice, 100, 101), measure(voice, 101)];
    expect(Buffer.concat(parts)).toEqual(Buffer.from(whole));
    expect(whole.length % SPEECH_FEATURES).toBe(0);
  });
});
