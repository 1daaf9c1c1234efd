// `forge denoise` of linked stereo against mono of the same length, as whole commands on two cores, in turns.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createWavWriter } from '../../dist/audio/wav-writer.js';
import type { BenchRow } from '../run.js';
import { timedForge } from './timed.js';

const RATE_HZ = 48_000;
/** What is promised is 1; the clock of a machine that others use differs by this from turn to turn. */
const LARGEST_RATIO = 1.05;
/** Of a shorter file most of the time is the start of the command. */
const JUDGED_FROM_SEC = 300;
/** The right channel is softer than the left and later, so that the two are not the same. */
const RIGHT_GAIN = 0.7;
const RIGHT_DELAY_FRAMES = 500;

/** Medians of the ratio of stereo to mono, by the clock and in processor time. */
export function compareStereo(
  noisy: Float64Array,
  modelsDir: string,
  folder: string,
  options: { readonly durationSec: number; readonly repeats: number },
): BenchRow {
  const { durationSec, repeats } = options;
  const left = Float64Array.from({ length: durationSec * RATE_HZ }, (_, n) => noisy[n % noisy.length]!);
  const right = left.map((_, n) => RIGHT_GAIN * (left[n - RIGHT_DELAY_FRAMES] ?? 0));
  const inputs = [[left], [left, right]].map((block) => writeInput(folder, block));
  const ratios = Array.from({ length: repeats }, () => {
    const [mono, stereo] = inputs.map((input) => {
      const out = join(folder, 'stereo-command');
      const args = ['denoise', input, '--model', 'deepfilternet3', '--jobs', '2', '--out', out];
      const cost = timedForge([...args, '--quiet'], { FORGE_MODELS_DIR: modelsDir });
      rmSync(out, { recursive: true });
      return cost;
    });
    return {
      elapsed: stereo!.wallSec / mono!.wallSec,
      cpu: stereo!.cpuSec / mono!.cpuSec,
    };
  });
  const medianOf = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  const clockRatio = medianOf(ratios.map(({ elapsed }) => elapsed));
  return {
    name: `forge denoise, linked stereo against mono, ${durationSec} s on two cores`,
    figures: { clockRatio, cpuRatio: medianOf(ratios.map(({ cpu }) => cpu)) },
    ...(durationSec < JUDGED_FROM_SEC ? {} : { isMet: clockRatio <= LARGEST_RATIO }),
  };
}

function writeInput(folder: string, block: readonly Float64Array[]): string {
  const path = join(folder, `${block.length}-channels.wav`);
  const writer = createWavWriter(path, {
    sampleRateHz: RATE_HZ,
    channelCount: block.length,
    frameCount: block[0]!.length,
    sampleFormat: { kind: 'int', bits: 16 },
  });
  writer.write(0, block);
  writer.commit();
  return path;
}
