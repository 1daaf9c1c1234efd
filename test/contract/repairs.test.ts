// What every repair promises (src/dsp/repair/repairs.ts): any length, rate and number of channels; finite output; the
// input untouched; the same sound for any cut into ranges; silence stays silence.
import { describe, expect, it } from 'vitest';
import type { Hum } from '../../src/dsp/repair/hum-track.js';
import { type RepairSetting, runRepair } from '../../src/dsp/repair/repairs.js';
import {
  differenceOf,
  isSameAudio,
  levelDbfs,
  musicLike,
  sumOf,
  whiteNoise,
} from '../dsp/denoise/signals.js';
import { sourceOf } from '../dsp/repair/sources.js';

const voice = { spans: Float64Array.of(0, 20_000), power: 1e-4, roomPower: 1e-8 };

function humFor(channelCount: number): Hum {
  return {
    mainsHz: 50,
    track: Float64Array.of(50.1, 50.2, 50.1),
    harmonics: [1, 3],
    phasors: Array.from({ length: channelCount }, () =>
      Float32Array.of(0.01, 0, 0.002, 0.001, 0.01, 0.001, 0.002, 0),
    ),
    minHz: 50.1,
    maxHz: 50.2,
    levelDbfs: -40,
  };
}

/** Settings under which each repair does something to the test's music. */
const settingsFor = (channelCount: number): readonly RepairSetting[] => [
  {
    repair: 'clipping',
    ceilings: Array.from({ length: channelCount }, () => ({ positive: 0.2, negative: 0.2 })),
  },
  { repair: 'clicks', thresholdDb: 15 },
  { repair: 'dc', offsets: Array.from({ length: channelCount }, () => 0.01) },
  { repair: 'rumble' },
  { repair: 'hum', hum: humFor(channelCount) },
  { repair: 'plosives', voice, thresholdDb: -30, maxReductionDb: 30 },
  { repair: 'breaths', voice, reductionDb: 9 },
  { repair: 'sibilance', voice, thresholdDb: -20, maxReductionDb: 9 },
  { repair: 'stillLines', lines: [{ lowHz: 9370, highHz: 9380 }], maxReductionDb: 18 },
  { repair: 'shimmer', maxReductionDb: 18 },
  { repair: 'bandwidth', cutoffHz: 3000, slopeDbPerOctave: -12, share: 1 },
];

function run(
  setting: RepairSetting,
  block: readonly Float64Array[],
  sampleRateHz: number,
  rangeFrames: number,
) {
  const frames = block[0]!.length;
  const output = block.map(() => new Float64Array(frames));
  for (let start = 0; start < frames; start += rangeFrames) {
    const end = Math.min(frames, start + rangeFrames);
    const part = output.map((samples) => samples.subarray(start, end));
    runRepair(setting, sourceOf(block, sampleRateHz), start, end, part);
  }
  return output;
}

const names = settingsFor(1).map(({ repair }, n) => [repair, n] as const);

describe.each(names)('repair %s', (repair, n) => {
  it.each([8_000, 11_025, 44_100, 192_000])(
    'takes %i Hz, one to eight channels, and lengths of 1 and 17',
    (rateHz) => {
      for (const channelCount of [1, 2, 8]) {
        const setting = settingsFor(channelCount)[n]!;
        for (const frames of [1, 17, 3000]) {
          const block = Array.from({ length: channelCount }, (_, c) => whiteNoise(frames, -12, c + 1));
          const before = block.map((samples) => samples.slice());
          const output = run(setting, block, rateHz, frames);
          for (const samples of output) expect(samples.every(Number.isFinite)).toBe(true);
          expect(isSameAudio(block, before)).toBe(true);
        }
      }
    },
  );

  it('sounds the same for any cut into ranges', () => {
    const block = [sumOf(musicLike(30_000, 24_000), whiteNoise(30_000, -40, 2))];
    const setting = settingsFor(1)[n]!;
    const whole = run(setting, block, 24_000, 30_000);
    const cut = run(setting, block, 24_000, 6_789);
    expect(levelDbfs(differenceOf(cut[0]!, whole[0]!)) || -400).toBeLessThan(-240);
  });

  it.skipIf(repair === 'dc' || repair === 'hum')(
    'leaves silence silent (dc and hum subtract what was measured elsewhere: skipped)',
    () => {
      const output = run(settingsFor(1)[n]!, [new Float64Array(9000)], 48_000, 9000);
      expect(output[0]!.every((value) => Math.abs(value) < 1e-12)).toBe(true);
    },
  );
});
