// Precision and recall of both detectors on scenes with known speech, frame by frame, after the rules of segments.

import { speechSegments, VOICE_FRAME_SEC } from '../../src/dsp/voice-activity/segments.js';
import { createSpeechMeter } from '../../src/dsp/voice-activity/speech-features.js';
import { speechProbabilities } from '../../src/dsp/voice-activity/speech-probability.js';
import { createSileroVad } from '../../src/models/silero-vad.js';
import { makeScenes, type Scene } from './scenes.js';

/** Shares of frames; null where there is no speech, or none was found. */
export interface Score {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Frames wrongly taken for speech, of those without. */
  readonly falseAlarms: number;
}

/** Scores by kind of scene, and over all. */
export async function evaluateDetectors(
  shared: string,
  modelPath: string | undefined,
  count: number,
): Promise<Record<string, Record<string, Score>>> {
  const scenes = makeScenes(shared, 'test', count);
  const results: Record<string, Record<string, Score>> = { own: scoreAll(scenes, scenes.map(ownDetector())) };
  if (modelPath !== undefined) {
    const silero = await createSileroVad(modelPath, 16000);
    const found: Float32Array[] = [];
    for (const scene of scenes) {
      const probabilities = new Float32Array(scene.truth.length);
      let state = silero.createState();
      for (let t = 0; t < probabilities.length; t++) {
        const reply = await silero.detect(scene.samples.subarray(t * 512, (t + 1) * 512), state);
        state = reply.state;
        probabilities[t] = reply.probability;
      }
      found.push(probabilities);
    }
    results['silero-vad'] = scoreAll(scenes, found);
  }
  return results;
}

function ownDetector(): (scene: Scene) => Float32Array {
  const meter = createSpeechMeter();
  return ({ samples, truth }) => {
    const read = (start: number, into: Float32Array) => {
      for (let n = 0; n < into.length; n++) into[n] = samples[start + n] ?? 0;
    };
    return speechProbabilities(meter(read, 0, truth.length));
  };
}

function scoreAll(scenes: readonly Scene[], found: readonly Float32Array[]): Record<string, Score> {
  const counts = new Map<string, { hit: number; said: number; spoken: number; frames: number }>();
  for (const [k, { kind, truth }] of scenes.entries()) {
    const said = new Uint8Array(truth.length);
    for (const { startSec, endSec } of speechSegments(found[k]!, truth.length * VOICE_FRAME_SEC))
      said.fill(1, Math.round(startSec / VOICE_FRAME_SEC), Math.round(endSec / VOICE_FRAME_SEC));
    for (const name of [kind, 'all']) {
      const sum = counts.get(name) ?? { hit: 0, said: 0, spoken: 0, frames: 0 };
      sum.frames += truth.length;
      for (let t = 0; t < truth.length; t++) {
        sum.said += said[t]!;
        sum.spoken += truth[t]!;
        sum.hit += said[t]! & truth[t]!;
      }
      counts.set(name, sum);
    }
  }
  return Object.fromEntries(
    [...counts].map(([name, { hit, said, spoken, frames }]) => {
      const precision = said === 0 ? null : hit / said;
      const recall = spoken === 0 ? null : hit / spoken;
      const f1 = spoken === 0 ? null : (2 * hit) / (said + spoken);
      return [name, { precision, recall, f1, falseAlarms: (said - hit) / (frames - spoken) }];
    }),
  );
}
