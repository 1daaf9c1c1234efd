import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyzeStage } from '../../../src/pipeline/stages/analyze.js';
import { analysisSchema } from '../../../src/pipeline/stages/analyze-schema.js';
import { hashStems, stemPaths } from '../../../src/pipeline/stages/analyze-stems.js';
import { noise, sine } from '../../dsp/signals.js';
import { writeWav } from '../../helpers/cli.js';
import { audioRefOf, runStage, temporaryFolder } from '../../helpers/direct-job.js';

const RATE = 44_100;
const FRAMES = 8 * RATE;
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A bass whose channels oppose each other, and a pad of quiet noise in the middle. */
const low = sine(FRAMES, 80, RATE, 0.3);
const high = noise(FRAMES, 1, 0.1);
const bass = [low, low.map((sample) => -0.8 * sample)];
const pad = [high, high];
const mix = [0, 1].map((c) => bass[c]!.map((sample, i) => sample + pad[c]![i]!));

describe('analyze with stems', () => {
  writeWav(join(folder, 'bass.wav'), bass, RATE);
  writeWav(join(folder, 'pad.wav'), pad, RATE);
  writeWav(join(folder, 'instrumental.wav'), mix, RATE);

  it('names the stem to change, and says whose each band is', async () => {
    const options = { only: ['advice' as const], stems: folder };
    const { outcome, notes } = await runStage(analyzeStage, { audio: audioRefOf(mix, RATE) }, options);
    const { advice, stems } = analysisSchema.parse(outcome.data);
    const wide = advice!.suggestions.find(({ id }) => id === 'wide-lows');
    expect(wide?.stem?.name).toBe('bass');
    expect(wide?.stem?.sharePercent).toBeGreaterThan(99);
    expect(stems!.map(({ name }) => name)).toEqual(['bass', 'pad']);
    expect(stems![0]!.bandsPercent.bass).toBeGreaterThan(99);
    expect(stems![1]!.bandsPercent.air).toBeGreaterThan(99);
    // Powers: bass 0.3²/2 × (1 + 0.8²) / 2; pad 0.1²/3 by the part of its band from 20 Hz to 20 kHz.
    const [ofBass, ofPad] = [0.045 * 0.82, (0.01 / 3) * (20_000 / 22_050)];
    expect(stems![0]!.sharePercent).toBeCloseTo((100 * ofBass) / (ofBass + ofPad), 0);
    expect(notes).toEqual([]);
  });

  it('says where a stem is not of this mix', async () => {
    const short = mix.map((samples) => samples.subarray(0, 5 * RATE));
    const options = { only: ['advice' as const], stems: folder };
    const { notes } = await runStage(analyzeStage, { audio: audioRefOf(short, RATE) }, options);
    expect(notes.map(({ message }) => message)).toContain('the stem bass.wav is 3.0 s longer than the mix');
  });

  it('notices a changed stem, and a folder without stems', () => {
    const before = hashStems(folder);
    expect(hashStems(folder)).toBe(before);
    writeWav(join(folder, 'pad.wav'), bass, RATE);
    expect(hashStems(folder)).not.toBe(before);
    writeWav(join(folder, 'pad.wav'), pad, RATE);
    expect(hashStems(folder)).toBe(before);
    expect(() => stemPaths(join(folder, 'none'))).toThrow('expected a folder of stems');
    const empty = temporaryFolder();
    expect(() => stemPaths(empty)).toThrow('holds no stems');
    rmSync(empty, { recursive: true });
  });
});
