// Measures of `analyze` that say where and in which band: clipped spots, overs, silence, crest factors, images, pictures.
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { PICTURE_ROWS, pictureEdgeHz } from '../../../src/dsp/spectrum/picture-columns.js';
import { analyzeStage } from '../../../src/pipeline/stages/analyze.js';
import { analysisSchema } from '../../../src/pipeline/stages/analyze-schema.js';
import { noise, sine } from '../../dsp/signals.js';
import { audioRefOf, runStage } from '../../helpers/direct-job.js';

type Report = {
  [Key in keyof z.output<typeof analysisSchema>]-?: NonNullable<z.output<typeof analysisSchema>[Key]>;
};

const RATE = 48_000;

async function measure(channels: readonly Float32Array[], sampleRateHz = RATE): Promise<Report> {
  const options = { only: ['dynamics' as const, 'stereo' as const, 'spectrum' as const] };
  const { outcome } = await runStage(analyzeStage, { audio: audioRefOf(channels, sampleRateHz) }, options);
  return analysisSchema.parse(outcome.data) as Report;
}

function sumOf(...signals: readonly Float32Array[]): Float32Array {
  return signals[0]!.map((_, i) => signals.reduce((sum, signal) => sum + signal[i]!, 0));
}

describe('analyze over time', () => {
  it('says where clipped runs lie, also across a border of ranges', async () => {
    const samples = noise(61 * RATE, 3, 0.2);
    samples.fill(1, 5.25 * RATE, 5.25 * RATE + 40);
    samples.fill(-1, 5.32 * RATE, 5.32 * RATE + 2);
    samples.fill(-1, 5.33 * RATE, 5.33 * RATE + 3);
    samples.fill(1, 30 * RATE - 4, 30 * RATE + 2);
    samples.fill(1, 61 * RATE - 5);
    const { dynamics } = await measure([samples, samples.map((sample) => sample / 2)]);
    expect(dynamics.clippedSampleCount).toBe(40 + 3 + 6 + 5);
    expect(dynamics.clippedRunCount).toBe(4);
    expect(dynamics.clippedSpots).toEqual([
      { startSec: 5.2, endSec: 5.4, sampleCount: 43 },
      { startSec: 30, endSec: 30.1, sampleCount: 6 },
      { startSec: 60.9, endSec: 61, sampleCount: 5 },
    ]);
  });

  it('finds what passes full scale between the samples, and not what stays below', async () => {
    // At a quarter of the rate and 45°, samples lie 3 dB under the peaks of the wave.
    const wave = (amplitude: number) =>
      Float32Array.from(
        { length: 3 * RATE },
        (_, i) => amplitude * Math.sin((Math.PI / 2) * i + Math.PI / 4),
      );
    const hot = wave(0.9);
    hot.set(wave(1.2).subarray(0, 9_600), RATE);
    const { dynamics } = await measure([wave(0.9), hot]);
    expect(dynamics.clippedSampleCount).toBe(0);
    expect(dynamics.overSpots).toHaveLength(1);
    const [spot] = dynamics.overSpots;
    expect(spot!.startSec).toBe(1);
    expect(spot!.endSec).toBeCloseTo(1.2, 0);
    expect(spot!.truePeakDbtp).toBeCloseTo(20 * Math.log10(1.2), 0);
    expect(dynamics.overCount).toBeGreaterThanOrEqual(2);
    expect((await measure([wave(0.9)])).dynamics.overCount).toBe(0);
  });

  it('measures silence at head and tail to the sample', async () => {
    const samples = new Float32Array(40 * RATE);
    samples.set(
      sine(30 * RATE, 500, RATE, 0.5)
        .fill(0.5, 0, 1)
        .fill(0.5, -1),
      1.5 * RATE,
    );
    samples.fill(0.0009, 0, 100);
    const { dynamics } = await measure([samples]);
    expect(dynamics.headSilenceSec).toBe(1.5);
    expect(dynamics.tailSilenceSec).toBeCloseTo(8.5, 3);
  });

  it('gives each band its own crest factor', async () => {
    const steady = sine(20 * RATE, 1000, RATE, 0.2);
    // Ten periods of 100 Hz each second: a tenth of the time, 10 dB more than a steady tone.
    const bursts = sine(20 * RATE, 100, RATE, 0.3).map((sample, i) => (i % RATE < RATE / 10 ? sample : 0));
    const { spectrum } = await measure([sumOf(steady, bursts), sumOf(steady, bursts)]);
    expect(spectrum.crestFactorsDb!.mid).toBeCloseTo(3.01, 0);
    expect(spectrum.crestFactorsDb!.bass).toBeGreaterThan(11.5);
    expect(spectrum.crestFactorsDb!.bass).toBeLessThan(13.8);
    const { spectrum: ofNoise } = await measure([noise(30 * RATE, 4, 0.5)]);
    // Peaks of what is close to Gaussian noise: 4 to 5 times its level.
    for (const name of ['highMid', 'presence', 'air'] as const) {
      expect(ofNoise.crestFactorsDb![name]).toBeGreaterThan(11);
      expect(ofNoise.crestFactorsDb![name]).toBeLessThan(15);
    }
  });

  it('gives each band its own image', async () => {
    const low = sine(10 * RATE, 100, RATE, 0.3);
    const high = sine(10 * RATE, 4000, RATE, 0.2);
    const left = sine(10 * RATE, 8000, RATE, 0.1);
    const minus = high.map((sample) => -sample);
    const { stereo } = await measure([sumOf(low, high, left), sumOf(low, minus)]);
    // The tones' abrupt begin and end are in every band.
    expect(stereo.bands.bass.sideToMidDb).toBeLessThan(-65);
    expect(stereo.bands.bass.monoLossDb).toBe(0);
    expect(stereo.bands.bass.correlation).toBeCloseTo(1, 2);
    expect(stereo.bands.highMid.correlation).toBeCloseTo(-1, 2);
    expect(stereo.bands.highMid.monoLossDb).toBeGreaterThan(40);
    expect(stereo.bands.presence.balanceDb).toBeLessThan(-40);
    expect(stereo.bands.presence.monoLossDb).toBeCloseTo(3.01, 1);
    const unrelated = await measure([noise(20 * RATE, 1, 0.3), noise(20 * RATE, 2, 0.3)]);
    expect(unrelated.stereo.bands.mid.correlation).toBeCloseTo(0, 1);
  });

  it('follows the image over time', async () => {
    const tone = noise(8 * RATE, 5, 0.3);
    const turned = tone.map((sample, i) => (i < 4 * RATE ? sample : -sample / 2));
    const { stereo } = await measure([tone, turned]);
    const { history } = stereo;
    expect(history!.correlation).toEqual([...new Array(8).fill(1), ...new Array(8).fill(-1)]);
    expect(history!.balanceDb[0]).toBeCloseTo(0, 2);
    expect(history!.balanceDb[15]).toBeCloseTo(-6.02, 2);
  });

  it('draws a waveform and a spectrogram that ranges do not show in', async () => {
    const samples = sine(61 * RATE, 1000, RATE, 0.5);
    samples.fill(0, 45 * RATE);
    const { picture } = await measure([samples, samples]);
    const highs = Buffer.from(picture.highs, 'base64');
    expect(highs).toHaveLength(Math.round(61 / picture.columnSec));
    expect(highs.subarray(0, 45 / picture.columnSec).every((high) => high === 64)).toBe(true);
    expect(highs.subarray(45 / picture.columnSec).every((high) => high === 0)).toBe(true);
    const { columnSec, bytes } = picture.spectrogram!;
    const levels = Buffer.from(bytes, 'base64');
    expect(levels).toHaveLength(PICTURE_ROWS * Math.ceil(61 / columnSec));
    const columnsOfTone = Math.floor(44.5 / columnSec);
    for (let column = 1; column < columnsOfTone; column++) {
      const rows = levels.subarray(column * PICTURE_ROWS, (column + 1) * PICTURE_ROWS);
      const loudest = rows.indexOf(Math.max(...rows));
      expect(pictureEdgeHz(loudest)).toBeLessThan(1005);
      expect(pictureEdgeHz(loudest + 1)).toBeGreaterThan(995);
      expect(rows[loudest]! / 2 - 100).toBeCloseTo(20 * Math.log10(0.5) - 3.01, 0);
    }
  });
});
