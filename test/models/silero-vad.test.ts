// Needs the pulled network in FORGE_SHARED_DIR (default ../shared), and a recording; says so where they are missing.
import { describe, expect, it } from 'vitest';
import { openWav } from '../../src/audio/wav-reader.js';
import { createResampledReader } from '../../src/dsp/resample.js';
import { speechSegments } from '../../src/dsp/voice-activity/segments.js';
import { createSileroVad, type SileroState, sileroRateOf } from '../../src/models/silero-vad.js';
import { sharedFile } from './shared-files.js';

const model = sharedFile('models', 'silero-vad', 'silero_vad.onnx');
const clean = sharedFile('audio', 'speech', 'clean.wav');
const noise = sharedFile('audio', 'speech', 'noise.wav');

it('listens at 16 kHz to all but telephone speech', () => {
  expect([8000, 11_025, 16_000, 48_000, 192_000].map(sileroRateOf)).toEqual([
    8000, 16000, 16000, 16000, 16000,
  ]);
});

describe.skipIf(model === undefined || clean === undefined || noise === undefined)(
  'Silero VAD (skipped without the network and recordings)',
  () => {
    async function probabilitiesOf(path: string, rateHz: 8000 | 16000): Promise<Float32Array> {
      const vad = await createSileroVad(model!, rateHz);
      const reader = createResampledReader(openWav(path), rateHz);
      const count = Math.ceil(reader.frameCount / vad.frameSamples);
      const probabilities = new Float32Array(count);
      let state: SileroState = vad.createState();
      for (let frame = 0; frame < count; frame++) {
        const samples = new Float32Array(vad.frameSamples);
        reader.read(frame * vad.frameSamples, [samples]);
        // The state goes from range to range as a copy.
        const found = await vad.detect(samples, structuredClone(state));
        probabilities[frame] = found.probability;
        state = found.state;
      }
      reader.close();
      await vad.release();
      return probabilities;
    }

    it('finds the three phrases of the clean recording where its reference does', async () => {
      const found = speechSegments(await probabilitiesOf(clean!, 16000), 10.6);
      const expected = [
        [1.28, 3.29],
        [3.49, 5.37],
        [5.54, 9.6],
      ];
      expect(found).toHaveLength(3);
      for (const [k, { startSec, endSec }] of found.entries()) {
        expect(Math.abs(startSec - expected[k]![0]!)).toBeLessThan(0.05);
        expect(Math.abs(endSec - expected[k]![1]!)).toBeLessThan(0.05);
      }
    });

    it('finds none in noise, and much the same at 8 kHz', async () => {
      expect(speechSegments(await probabilitiesOf(noise!, 16000), 4.94)).toEqual([]);
      const found = speechSegments(await probabilitiesOf(clean!, 8000), 10.6);
      expect(found.length).toBeGreaterThanOrEqual(2);
      expect(Math.abs(found[0]!.startSec - 1.28)).toBeLessThan(0.15);
    });
  },
);
