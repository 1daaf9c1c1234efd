import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { analyzeStage } from '../../../src/pipeline/stages/analyze.js';
import { analysisSchema } from '../../../src/pipeline/stages/analyze-schema.js';
import { musicLike, noise, sine } from '../../dsp/signals.js';
import { audioRefOf, runStage } from '../../helpers/direct-job.js';

type Report = { [Key in keyof Analysis]-?: NonNullable<Analysis[Key]> };
type Analysis = z.output<typeof analysisSchema>;

async function analyse(
  channels: readonly Float32Array[],
  sampleRateHz = 48_000,
  options = {},
): Promise<Report> {
  const { outcome } = await runStage(analyzeStage, { audio: audioRefOf(channels, sampleRateHz) }, options);
  return analysisSchema.parse(outcome.data) as Report;
}

function leavesOf(value: unknown): unknown[] {
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(leavesOf);
  return [value];
}

describe('analyze', () => {
  it('reports what a tone is by definition', async () => {
    const tone = sine(48_000 * 7, 1000, 48_000, 0.5);
    const report = await analyse([tone, tone]);
    expect(report.loudness.integratedLufs).toBeCloseTo(-6.02, 1);
    expect(report.loudness.samplePeakDbfs).toBeCloseTo(-6.02, 2);
    expect(report.loudness.truePeaksDbtp).toHaveLength(2);
    expect(report.dynamics.rmsDbfs).toBeCloseTo(-9.03, 2);
    expect(report.dynamics.crestFactorDb).toBeCloseTo(3.01, 2);
    expect(report.dynamics.dynamicRangeDb).toBeCloseTo(0, 1);
    expect(report.dynamics.clippedSampleCount).toBe(0);
    const inMono = { correlation: 1, sideToMidDb: -120, monoLossDb: 0, balanceDb: 0 };
    expect(report.stereo).toMatchObject({ ...inMono, bands: { mid: inMono } });
    expect(report.spectrum.bands.mid).toBeCloseTo(0, 3);
    expect(report.spectrum.centroidHz).toBeCloseTo(1000, 0);
    expect(report.spectrum.thirdOctavesDb[17]).toBeCloseTo(0, 2);
    expect(report.loudness.history!.momentaryLufs).toHaveLength(70);
  });

  it('reports white noise as flat, and unrelated channels as such', async () => {
    const report = await analyse([noise(48_000 * 8, 1, 0.3), noise(48_000 * 8, 2, 0.3)]);
    expect(report.spectrum.tiltDbPerOctave).toBeCloseTo(0, 1);
    expect(report.spectrum.flatness).toBeGreaterThan(0.95);
    expect(report.spectrum.bands.air! - report.spectrum.bands.presence!).toBeCloseTo(
      10 * Math.log10(8 / 6),
      1,
    );
    expect(report.stereo.correlation).toBeCloseTo(0, 1);
    expect(report.stereo.sideToMidDb).toBeCloseTo(0, 1);
    expect(report.stereo.monoLossDb).toBeCloseTo(3.01, 1);
  });

  it('counts clipped runs across the borders of ranges', async () => {
    const samples = noise(48_000 * 61, 3, 0.2);
    samples.fill(1, 100, 102);
    samples.fill(-1, 5_000, 5_003);
    samples.fill(1, 30 * 48_000 - 4, 30 * 48_000 + 2);
    samples.fill(1, 60 * 48_000 - 1, 60 * 48_000 + 1);
    const report = await analyse([samples]);
    expect(report.dynamics.clippedSampleCount).toBe(3 + 6);
  });

  it('gives null for silence, never NaN', async () => {
    const report = await analyse([new Float32Array(48_000 * 4), new Float32Array(48_000 * 4)], 48_000, {
      history: false,
    });
    const { advice, platforms, picture: _picture, ...measured } = report;
    const { clippedSampleCount, clippedRunCount, overCount, ...dynamics } = report.dynamics;
    expect([clippedSampleCount, clippedRunCount, overCount]).toEqual([0, 0, 0]);
    for (const value of leavesOf({ ...measured, dynamics })) expect(value).toBeNull();
    for (const { gainDb, limitingDb, pass } of platforms) {
      expect([gainDb, limitingDb, pass]).toEqual([null, null, null]);
    }
    expect(advice.suggestions).toEqual([]);
    for (const { differenceDb } of advice.thirdOctaves) expect(differenceDb).toBeNull();
  });

  it.each([1, 17, 4_000])('holds for a file of %i frames', async (frames) => {
    const report = await analyse([noise(frames, 1)], 8_000);
    for (const value of leavesOf(report)) expect(Number.isNaN(value)).toBe(false);
    expect(report.spectrum.centroidHz).toBeGreaterThan(0);
  });

  it.each([1, 3, 6, 8])('takes %i channels', async (channelCount) => {
    const channels = Array.from({ length: channelCount }, (_, c) => noise(24_000, c + 1, 0.1));
    const report = await analyse(channels);
    expect(report.loudness.truePeaksDbtp).toHaveLength(channelCount);
    expect(report.spectrum.tiltDbPerOctave).toBeCloseTo(0, 0);
  });

  it('limits itself to what is asked for', async () => {
    const report = await analyse(musicLike(48_000, 48_000), 48_000, { only: ['stereo'] });
    expect(Object.keys(report)).toEqual(['stereo', 'picture']);
  });

  it('counts dual mono where asked', async () => {
    const tone = [sine(96_000, 1000, 48_000, 0.5)];
    const plain = await analyse(tone);
    const dual = await analyse(tone, 48_000, { dualMono: true });
    expect(dual.loudness.integratedLufs! - plain.loudness.integratedLufs!).toBeCloseTo(3.01, 2);
  });

  it('refuses samples that are not finite', async () => {
    const audio = audioRefOf([noise(96_000, 1, 0.1)], 48_000);
    const bytes = readFileSync(audio.path);
    bytes.writeFloatLE(Number.NaN, bytes.length - 4 * 1000);
    writeFileSync(audio.path, bytes);
    await expect(runStage(analyzeStage, { audio }, {})).rejects.toMatchObject({ code: 'input/non-finite' });
  });
});
