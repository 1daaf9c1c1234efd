// Both detectors of speech on scenes with known speech: sentences over silence, room noise, noise, music, drums and a
// recorded noise, and scenes with no speech at all, from speakers and backgrounds that our own detector did not learn
// from. Needs ../shared (FORGE_SHARED_DIR) and ffmpeg; Silero is left out where it is not there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED_DIR } from './peers/tools.js';
import type { BenchCase, BenchRow } from './run.js';
import { evaluateDetectors } from './voice-activity/evaluate.js';

export const bench: BenchCase = {
  summary: 'speech detection, frame by frame of 32 ms after the rules of segments',
  async run({ isQuick }) {
    if (!existsSync(join(SHARED_DIR, 'datasets/separation/speech')))
      return [{ name: 'not run', figures: { because: `there is no ${SHARED_DIR}` } }];
    const model = join(SHARED_DIR, 'models/silero-vad/silero_vad.onnx');
    const results = await evaluateDetectors(
      SHARED_DIR,
      existsSync(model) ? model : undefined,
      isQuick ? 9 : 108,
    );
    return Object.entries(results).flatMap(([detector, scores]) =>
      Object.entries(scores).map(([kind, { precision, recall, f1, falseAlarms }]): BenchRow => {
        const shown = (value: number | null) => (value === null ? '–' : value.toFixed(3));
        return {
          name: `${detector}: ${kind}`,
          figures: {
            precision: shown(precision),
            recall: shown(recall),
            f1: shown(f1),
            falseAlarms: falseAlarms.toFixed(3),
          },
        };
      }),
    );
  },
};
