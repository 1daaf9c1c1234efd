import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SampleFormat } from '../../src/audio/audio-file.js';
import { openWav } from '../../src/audio/wav-reader.js';
import { createWavWriter, openWavRegion } from '../../src/audio/wav-writer.js';
import { expectSame, makeFolder, noise, quantise, readAll, writeWav } from './fixtures.js';

const FORMATS: readonly SampleFormat[] = [
  { kind: 'int', bits: 8 },
  { kind: 'int', bits: 16 },
  { kind: 'int', bits: 24 },
  { kind: 'int', bits: 32 },
  { kind: 'float', bits: 32 },
  { kind: 'float', bits: 64 },
];
const folder = makeFolder();
const path = join(folder, 'round trip.wav');

/** Values that the format holds exactly, its extremes among them. */
function exactSamples(format: SampleFormat, frameCount: number, seed: number): Float64Array {
  const raw = noise(frameCount, seed, 1.2);
  const samples =
    format.kind === 'int'
      ? quantise(raw, format.bits)
      : format.bits === 32
        ? Float64Array.from(raw, Math.fround)
        : raw;
  samples[0] = -1;
  if (format.kind === 'int') samples[frameCount - 1] = 1 - 2 ** (1 - format.bits);
  return samples.map((sample) => sample + 0); // no −0, which integers do not have
}

describe('WAV round trip', () => {
  it('is exact for every format, channel count, rate, length, and order of ranges', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FORMATS),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(8_000, 11_025, 44_100, 48_000, 96_000, 192_000),
        fc.integer({ min: 1, max: 3_000 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 4 }),
        (sampleFormat, channelCount, sampleRateHz, frameCount, cuts) => {
          const block = Array.from({ length: channelCount }, (_, channel) =>
            exactSamples(sampleFormat, frameCount, channel),
          );
          const writer = createWavWriter(path, { sampleRateHz, channelCount, frameCount, sampleFormat });
          const edges = [0, ...cuts.map((cut) => cut % (frameCount + 1)).sort((a, b) => a - b), frameCount];
          for (let i = edges.length - 2; i >= 0; i--) {
            writer.write(
              edges[i]!,
              block.map((samples) => samples.subarray(edges[i], edges[i + 1])),
            );
          }
          writer.commit();
          const reader = openWav(path);
          expect(reader).toMatchObject({ sampleRateHz, channelCount, frameCount });
          expect(reader.info.sampleFormat).toEqual(sampleFormat);
          const whole = block.map(() => new Float64Array(frameCount));
          reader.read(0, whole);
          expectSame(whole, block);
          // Any range, beyond both ends, into 32-bit floats: exact up to 24 bits, rounded beyond.
          const start = (cuts[0] ?? 7) - 1_500;
          const part = block.map(() => new Float32Array(700).fill(9));
          reader.read(start, part);
          for (let channel = 0; channel < channelCount; channel++) {
            for (let i = 0; i < 700; i++) {
              const frame = start + i;
              const expected = frame < 0 || frame >= frameCount ? 0 : Math.fround(block[channel]![frame]!);
              if (part[channel]![i] !== expected)
                expect.fail(`frame ${frame}: ${part[channel]![i]} is not ${expected}`);
            }
          }
          reader.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is exact for every one of the 65,536 values of 16 bits, and for all bytes', () => {
    const all16 = Float64Array.from({ length: 65_536 }, (_, i) => (i - 32_768) / 32_768);
    expectSame(readAll(writeWav(path, [all16])), [all16]);
    const bytes = fs.readFileSync(path);
    const stored = Array.from(all16, (_, i) => bytes.readInt16LE(44 + i * 2));
    expect(stored.every((value, i) => value === i - 32_768)).toBe(true);
    const all8 = Float64Array.from({ length: 256 }, (_, i) => (i - 128) / 128);
    expect(readAll(writeWav(path, [all8], 8_000, { kind: 'int', bits: 8 }))[0]).toEqual(all8);
  });

  it('gives raw frames as they lie in the file', () => {
    writeWav(path, [noise(1_000, 1), noise(1_000, 2)], 48_000, { kind: 'int', bits: 24 });
    const reader = openWav(path);
    const bytes = fs.readFileSync(path);
    const at = reader.info.dataOffset + 100 * 6;
    expect(Buffer.from(reader.readBytes(100, 50))).toEqual(bytes.subarray(at, at + 300));
    const own = new Uint8Array(600);
    expect(reader.readBytes(0, 100, own).buffer).toBe(own.buffer);
    expect(() => reader.readBytes(990, 11)).toThrow(/expected frames within/);
    reader.close();
  });

  it('takes ranges from several writers on one temporary file', () => {
    const block = [noise(30_000, 5), noise(30_000, 6)];
    const spec = { sampleRateHz: 44_100, channelCount: 2, frameCount: 30_000, sampleFormat: FORMATS[1]! };
    const one = createWavWriter(path, { ...spec, ditherSeed: 3 });
    one.write(0, block);
    one.commit();
    const expected = fs.readFileSync(path);
    const many = createWavWriter(path, { ...spec, ditherSeed: 3 });
    for (const start of [20_000, 0, 10_000]) {
      const region = openWavRegion(many.temporaryPath, { ditherSeed: 3 });
      region.write(
        start,
        block.map((samples) => samples.subarray(start, start + 10_000)),
      );
      region.close();
    }
    many.commit();
    expect(fs.readFileSync(path).equals(expected)).toBe(true);
  });
});

describe('RF64', () => {
  it('is written past 4 GiB and read back beyond it', () => {
    // A sparse file: only the frames that are written take room on the disk.
    const frameCount = 2 ** 28 + 1_001;
    const long = join(folder, 'long.wav');
    const spec = { sampleRateHz: 192_000, channelCount: 4, frameCount, sampleFormat: FORMATS[4]! };
    const writer = createWavWriter(long, spec);
    const tail = Array.from({ length: 4 }, (_, channel) => Float32Array.from(noise(1_000, channel)));
    writer.write(frameCount - 1_000, tail);
    writer.commit();
    const reader = openWav(long);
    expect(reader.info.container).toBe('rf64');
    expect(reader.frameCount).toBe(frameCount);
    const back = tail.map(() => new Float32Array(1_001));
    reader.read(frameCount - 1_000, back);
    for (let channel = 0; channel < 4; channel++) {
      expect(back[channel]!.subarray(0, 1_000)).toEqual(tail[channel]);
      expect(back[channel]![1_000]).toBe(0);
    }
    reader.close();
    fs.rmSync(long);
  });
});
