import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { abortUnfinishedFiles } from '../../src/audio/atomic-file.js';
import { createWavWriter } from '../../src/audio/wav-writer.js';
import { errorOf, makeFolder, noise, readAll, writeWav } from './fixtures.js';

const folder = makeFolder();
const path = join(folder, 'out.wav');
const INT16 = { kind: 'int', bits: 16 } as const;
const SPEC = { sampleRateHz: 48_000, channelCount: 1, frameCount: 200_000, sampleFormat: INT16 };

function write(
  samples: Float64Array,
  ditherSeed?: number,
): { error: Float64Array; clippedSampleCount: number } {
  const writer = createWavWriter(path, { ...SPEC, frameCount: samples.length, ditherSeed });
  writer.write(0, [samples]);
  writer.commit();
  const back = readAll(path)[0]!;
  return {
    error: back.map((sample, i) => (sample - samples[i]!) * 32_768),
    clippedSampleCount: writer.clippedSampleCount,
  };
}

describe('dither', () => {
  it('makes an error of mean 0 and variance 1/4 LSB², whatever the signal between two steps', () => {
    for (const level of [0.05, 0.25, 0.5, 0.77]) {
      const { error } = write(new Float64Array(200_000).fill((100 + level) / 32_768), 1);
      const mean = error.reduce((sum, x) => sum + x, 0) / error.length;
      const variance = error.reduce((sum, x) => sum + x * x, 0) / error.length;
      expect(Math.abs(mean), `mean at ${level}`).toBeLessThan(0.01);
      expect(variance, `variance at ${level}`).toBeGreaterThan(0.245);
      expect(variance, `variance at ${level}`).toBeLessThan(0.255);
      expect(error.every((x) => Math.abs(x) <= 1.5)).toBe(true);
    }
  });

  it('is white, and independent between channels, seeds and neighbours', () => {
    const silence = new Float64Array(200_000).fill(0.5 / 32_768);
    const one = write(silence, 1).error;
    const two = write(silence, 2).error;
    const correlation = (a: Float64Array, b: Float64Array, lag: number) => {
      let sum = 0;
      for (let i = 0; i + lag < a.length; i++) sum += a[i]! * b[i + lag]!;
      return sum / a.length / 0.25;
    };
    for (const lag of [1, 2, 3, 7, 64, 441, 1024])
      expect(Math.abs(correlation(one, one, lag))).toBeLessThan(0.01);
    expect(Math.abs(correlation(one, two, 0))).toBeLessThan(0.01);
    const writer = createWavWriter(path, { ...SPEC, channelCount: 2, ditherSeed: 1 });
    writer.write(0, [silence, silence]);
    writer.commit();
    const [left, right] = readAll(path).map((x) => x.map((sample) => sample * 32_768 - 0.5)) as [
      Float64Array,
      Float64Array,
    ];
    expect(Math.abs(correlation(left, right, 0))).toBeLessThan(0.01);
  });

  it('leaves digital silence silent and rounds to nearest without a seed', () => {
    expect(write(new Float64Array(1_000), 9).error.every((x) => x === 0)).toBe(true);
    expect(write(noise(10_000, 3)).error.every((x) => Math.abs(x) <= 0.5)).toBe(true);
  });

  it('depends on absolute frames only', () => {
    const samples = noise(50_000, 4);
    write(samples, 11);
    const expected = fs.readFileSync(path);
    const writer = createWavWriter(path, { ...SPEC, frameCount: 50_000, ditherSeed: 11 });
    for (const [start, end] of [
      [30_001, 50_000],
      [0, 17],
      [17, 30_001],
    ] as const) {
      writer.write(start, [samples.subarray(start, end)]);
    }
    writer.commit();
    expect(fs.readFileSync(path).equals(expected)).toBe(true);
  });
});

describe('createWavWriter', () => {
  it('clips what does not fit and counts it', () => {
    const samples = Float64Array.from([1.5, 1, 32_767 / 32_768, 0, -1, -1.5]);
    const { error, clippedSampleCount } = write(samples);
    expect(clippedSampleCount).toBe(3);
    expect([...error].map((x) => x + 0)).toEqual([-16_385, -1, 0, 0, 0, 16_384]);
  });

  it('refuses NaN instead of writing it', () => {
    for (const sampleFormat of [INT16, { kind: 'float', bits: 32 } as const]) {
      const writer = createWavWriter(path, { ...SPEC, sampleFormat, frameCount: 3 });
      expect(errorOf(() => writer.write(0, [Float32Array.from([0, Number.NaN, 0])])).code).toBe(
        'internal/defect',
      );
      writer.abort();
    }
  });

  it('shows nothing under the final name before commit, and leaves nothing after abort', () => {
    const own = join(makeFolder(), 'ä "b" \n c.wav');
    const writer = createWavWriter(own, SPEC);
    writer.write(0, [noise(200_000, 1)]);
    expect(fs.existsSync(own)).toBe(false);
    expect(fs.readdirSync(join(own, '..'))).toHaveLength(1);
    writer.abort();
    expect(fs.readdirSync(join(own, '..'))).toEqual([]);
    createWavWriter(own, SPEC);
    abortUnfinishedFiles();
    expect(fs.readdirSync(join(own, '..'))).toEqual([]);
    const third = createWavWriter(own, SPEC);
    third.commit();
    expect(fs.readdirSync(join(own, '..'))).toEqual(['ä "b" \n c.wav']);
  });

  it('takes names as long as the system allows', () => {
    const own = join(makeFolder(), `${'é'.repeat(125)}.wav`);
    writeWav(own, [noise(10, 1)]);
    expect(readAll(own)[0]).toHaveLength(10);
  });

  it.each([
    ['a missing folder', join(folder, 'none', 'x.wav'), SPEC, 'output/unwritable'],
    ['a file as a folder', join(path, 'x.wav'), SPEC, 'output/unwritable'],
    ['more than the disk holds', join(folder, 'x.wav'), { ...SPEC, frameCount: 2 ** 50 }, 'output/disk-full'],
    ['9 channels', join(folder, 'x.wav'), { ...SPEC, channelCount: 9 }, 'output/unsupported'],
    [
      '20 bits',
      join(folder, 'x.wav'),
      { ...SPEC, sampleFormat: { kind: 'int', bits: 20 } as const },
      'output/unsupported',
    ],
  ])('refuses %s', (_, target, spec, code) => {
    writeWav(path, [noise(10, 1)]);
    expect(errorOf(() => createWavWriter(target, spec)).code).toBe(code);
  });

  it('does not replace a folder', () => {
    const target = join(folder, 'folder.wav');
    fs.mkdirSync(target);
    const writer = createWavWriter(target, { ...SPEC, frameCount: 10 });
    expect(errorOf(() => writer.commit()).code).toBe('output/unwritable');
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('says so when its temporary file is taken away', () => {
    const writer = createWavWriter(path, { ...SPEC, frameCount: 10 });
    fs.rmSync(writer.temporaryPath);
    expect(errorOf(() => writer.commit()).code).toBe('output/unwritable');
  });

  it('writes chunks beside the audio, bext before it', () => {
    const body = Uint8Array.from({ length: 7 }, (_, i) => i + 1);
    const writer = createWavWriter(path, {
      ...SPEC,
      frameCount: 3,
      sampleFormat: { kind: 'int', bits: 8 },
      extraChunks: [
        { id: 'LIST', body },
        { id: 'bext', body },
      ],
    });
    writer.write(0, [noise(3, 1)]);
    writer.commit();
    const bytes = fs.readFileSync(path);
    const order = ['fmt ', 'bext', 'data', 'LIST'].map((id) => bytes.indexOf(id, 0, 'latin1'));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect(bytes.subarray(bytes.length - 8, bytes.length - 1)).toEqual(Buffer.from(body));
  });
});
