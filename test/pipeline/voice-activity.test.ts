// Where someone speaks, found range by range: the same as over the whole file, by both detectors.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeVoice } from '../../fixtures/demo-voice.js';
import { openWav } from '../../src/audio/wav-reader.js';
import { createResampledReader } from '../../src/dsp/resample.js';
import {
  createSpeechMeter,
  SPEECH_HOP,
  SPEECH_RATE_HZ,
} from '../../src/dsp/voice-activity/speech-features.js';
import { speechProbabilities } from '../../src/dsp/voice-activity/speech-probability.js';
import { createSileroVad } from '../../src/models/silero-vad.js';
import { defineStage, type ModelFiles } from '../../src/pipeline/stage.js';
import {
  chooseVoiceDetector,
  type FoundVoice,
  findVoice,
  sileroNeed,
  voiceActivityPasses,
} from '../../src/pipeline/voice-activity.js';
import { audioRefOf, runStage } from '../helpers/direct-job.js';
import { sharedFile } from '../models/shared-files.js';

const modelPath = sharedFile('models', 'silero-vad', 'silero_vad.onnx');
const silero: Readonly<Record<string, ModelFiles>> =
  modelPath === undefined
    ? {}
    : {
        'silero-vad': {
          id: 'silero-vad',
          licence: 'MIT',
          files: { 'silero_vad.onnx': modelPath },
          sha256: {},
        },
      };

/** A voice that speaks for three seconds in every seven. */
function talk(durationSec: number, sampleRateHz: number) {
  const spans = Array.from(
    { length: Math.floor(durationSec / 7) },
    (_, k) => [7 * k + 2, 7 * k + 5] as const,
  );
  const mono = makeVoice(durationSec, sampleRateHz, spans);
  return audioRefOf([mono, mono.map((value) => 0.5 * value)], sampleRateHz, 'talk');
}

async function foundIn(ref: ReturnType<typeof talk>, models: typeof silero): Promise<FoundVoice> {
  let found: FoundVoice | undefined;
  const stage = defineStage({
    id: 'listen',
    version: 1,
    summary: 'Finds speech.',
    source: 'test',
    options: z.strictObject({}),
    result: z.unknown(),
    inputs: () => ['audio'],
    outputs: () => [],
    passes: voiceActivityPasses,
    async run(job) {
      found = await findVoice(job, job.inputs.audio!, { role: 'audio' });
      return { data: null };
    },
  });
  await runStage(stage, { audio: ref }, {}, { models });
  return found!;
}

/** The mean of the channels at another rate, as the detectors hear it. */
function readerOf(path: string, rateHz: number) {
  const reader = createResampledReader(openWav(path), rateHz);
  const read = (start: number, into: Float32Array) => {
    const block = [new Float32Array(into.length), new Float32Array(into.length)];
    reader.read(start, block);
    for (let n = 0; n < into.length; n++) into[n] = 0.5 * block[0]![n]! + 0.5 * block[1]![n]!;
  };
  return { read, frameCount: reader.frameCount };
}

describe('findVoice', () => {
  it('gives our own detector’s result of the whole file, over ranges, at an odd rate', async () => {
    const ref = talk(130, 11_025);
    const found = await foundIn(ref, {});
    const { read, frameCount } = readerOf(ref.path, SPEECH_RATE_HZ);
    const whole = speechProbabilities(createSpeechMeter()(read, 0, Math.ceil(frameCount / SPEECH_HOP)));
    expect(found.detector).toBe('own');
    expect(Buffer.from(found.probabilities.buffer).equals(Buffer.from(whole.buffer))).toBe(true);
    expect(found.segments.length).toBeGreaterThanOrEqual(18);
    expect(found.segments[0]!.startSec).toBeCloseTo(2, 0);
  });

  it.skipIf(modelPath === undefined)(
    'hands Silero’s state from range to range (skipped without the network)',
    async () => {
      const ref = talk(310, 16_000);
      const found = await foundIn(ref, silero);
      expect(found.detector).toBe('silero-vad');
      const vad = await createSileroVad(modelPath!, 16_000);
      const { read } = readerOf(ref.path, 16_000);
      let state = vad.createState();
      const samples = new Float32Array(512);
      for (let frame = 0; frame < found.probabilities.length; frame++) {
        read(frame * 512, samples);
        const next = await vad.detect(samples, state);
        state = next.state;
        if (next.probability !== found.probabilities[frame]) expect.fail(`frame ${frame} differs`);
      }
      await vad.release();
    },
  );

  it('chooses Silero where it is there, unless our own is asked for', () => {
    const there = { 'silero-vad': { id: 'silero-vad', licence: '', files: {}, sha256: {} } };
    expect(chooseVoiceDetector('auto', there)).toBe('silero-vad');
    expect(chooseVoiceDetector('auto', {})).toBe('own');
    expect(chooseVoiceDetector('own', there)).toBe('own');
    expect(sileroNeed('own')).toEqual([]);
    expect(sileroNeed('auto')).toEqual([{ id: 'silero-vad', required: false }]);
    expect(sileroNeed('silero-vad')).toEqual([{ id: 'silero-vad', required: true }]);
  });
});
