// No step where ranges meet, on a sine, noise and music: of forge-classic, of forge-lite, of the spreading of a remainder, and of a toy
// network of the HTDemucs family. Ranges are cut in the middle of the signal, not where the stage's own lie: that they
// give the same samples wherever they are cut is another test's matter.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderSong } from '../../../fixtures/demo-song/render-song.js';
import { createBlendedSeparator } from '../../../src/dsp/separation/blended-range.js';
import { createRangeSeparator, STEM_NAMES } from '../../../src/dsp/separation/separate-range.js';
import { spreadRemainder } from '../../../src/dsp/separation/spread-remainder.js';
import { PACKAGE_WEIGHTS_DIR } from '../../../src/models/card.js';
import { rangeGeometry } from '../../../src/models/separation/estimate-range.js';
import { createShareNetwork } from '../../../src/models/separation/share-network.js';
import type { ModelFiles } from '../../../src/pipeline/stage.js';
import { separateStage } from '../../../src/pipeline/stages/separate.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';
import { seamRatio } from '../../helpers/seam.js';

const toy = fileURLToPath(new URL('../../../fixtures/htdemucs/toy4.onnx', import.meta.url));
const htdemucs: ModelFiles = {
  id: 'htdemucs',
  licence: 'test',
  files: { 'htdemucs.onnx': toy },
  sha256: { 'htdemucs.onnx': '0'.repeat(64) },
};
const RATE_HZ = 44_100;
const FRAMES = 110_000;
const BORDER = 51_234;
/** Frames before and after the border that are made, enough for the detector. */
const REACH_FRAMES = 2000;

function sine(): Float32Array[] {
  const samples = Float32Array.from({ length: FRAMES }, (_, i) => 0.3 * Math.sin(0.06 * i));
  return [samples, samples];
}

function noise(): Float32Array[] {
  let state = 1;
  return [0, 1].map(() =>
    Float32Array.from({ length: FRAMES }, () => {
      state = (state * 48271) % 2147483647;
      return (0.4 * state) / 2147483647 - 0.2;
    }),
  );
}

function music(): Float32Array[] {
  const { left, right } = renderSong().mix;
  return [left, right].map((samples) =>
    Float32Array.from({ length: FRAMES }, (_, i) => samples[i + 3 * RATE_HZ]! / 32768),
  );
}

function readerOf(channels: readonly Float32Array[]) {
  return (start: number, into: readonly Float32Array[]) => {
    for (const [channel, samples] of into.entries())
      for (let i = 0; i < samples.length; i++) samples[i] = channels[channel]![start + i] ?? 0;
  };
}

/** Two neighbours as one signal, and where they meet. */
function joined(before: Float32Array, after: Float32Array): Float32Array {
  const whole = new Float32Array(before.length + after.length);
  whole.set(before);
  whole.set(after, before.length);
  return whole;
}

describe.each([
  ['a sine', sine],
  ['noise', noise],
  ['music', music],
])('at the borders of ranges, on %s', (_name, signal) => {
  const mix = signal();

  it('forge-classic leaves no step', () => {
    const separator = createRangeSeparator(RATE_HZ);
    const song = { channelCount: 2, frameCount: FRAMES, centreShare: 0.7 };
    const [before, after] = [
      separator.separate(readerOf(mix), song, BORDER - REACH_FRAMES, BORDER),
      separator.separate(readerOf(mix), song, BORDER, BORDER + REACH_FRAMES),
    ];
    for (const stem of STEM_NAMES)
      for (const channel of [0, 1]) {
        const whole = joined(before![stem][channel]!, after![stem][channel]!);
        expect(seamRatio(whole, REACH_FRAMES), stem).toBeLessThanOrEqual(1);
      }
  });

  it('forge-lite leaves no step', async () => {
    const network = await createShareNetwork(join(PACKAGE_WEIGHTS_DIR, 'forge-lite', 'forge-lite.onnx'));
    const separator = createBlendedSeparator(RATE_HZ, network);
    const song = { channelCount: 2, frameCount: FRAMES, centreShare: 0.7, midRms: 0.1 };
    const before = await separator.separate(readerOf(mix), song, BORDER - REACH_FRAMES, BORDER);
    const after = await separator.separate(readerOf(mix), song, BORDER, BORDER + REACH_FRAMES);
    for (const stem of STEM_NAMES)
      for (const channel of [0, 1]) {
        const whole = joined(before[stem][channel]!, after[stem][channel]!);
        expect(seamRatio(whole, REACH_FRAMES), stem).toBeLessThanOrEqual(1);
      }
  });

  it('a remainder that is spread leaves no step', () => {
    // Estimates that miss much of the mix, each in its own way.
    const smooth = mix.map((samples) => samples.map((_, i) => 0.3 * (samples[i]! + (samples[i - 1] ?? 0))));
    const small = mix.map((samples) => samples.map((sample) => 0.1 * sample));
    const spread = (start: number, end: number) =>
      spreadRemainder(RATE_HZ, 2, start, end, readerOf(mix), [smooth, small].map(readerOf), 1);
    const before = spread(BORDER - REACH_FRAMES, BORDER);
    const after = spread(BORDER, BORDER + REACH_FRAMES);
    for (const stem of [0, 1])
      for (const channel of [0, 1]) {
        const whole = joined(before[stem]![channel]!, after[stem]![channel]!);
        expect(seamRatio(whole, REACH_FRAMES)).toBeLessThanOrEqual(1);
      }
  });

  it('a network leaves no step', async () => {
    const { rangeFrames } = rangeGeometry(22_050, Math.floor(0.75 * 22_050), RATE_HZ);
    const { outputs } = await runStage(
      separateStage,
      { audio: audioRefOf(mix, RATE_HZ) },
      { model: 'htdemucs' },
      { models: { htdemucs } },
    );
    for (const stem of STEM_NAMES)
      for (const samples of readAll(outputs[stem]!))
        for (let border = rangeFrames; border < FRAMES; border += rangeFrames)
          expect(seamRatio(samples, border), `${stem} ${border}`).toBeLessThanOrEqual(1);
  });
});

describe('seamRatio', () => {
  it('finds a step in a slow sine', () => {
    const [slow] = sine();
    expect(seamRatio(slow!, 5000)).toBeLessThanOrEqual(1);
    const stepped = slow!.map((sample, i) => (i < 5000 ? sample : sample + 0.05));
    expect(seamRatio(stepped, 5000)).toBeGreaterThan(2);
  });
});
