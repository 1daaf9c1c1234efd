import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decode } from 'wav-decoder';
import { encode } from 'wav-encoder';
import { crossCheckWav } from '../../src/audio/cross-check.js';
import { createWavWriter } from '../../src/audio/wav-writer.js';
import { makeFolder, noise } from './fixtures.js';

it('WAV files are exchanged exactly with wav-decoder and wav-encoder', async () => {
  const checks = await crossCheckWav();
  expect(checks).toHaveLength(3);
  for (const { name, isPassed } of checks) expect(isPassed, name).toBe(true);
});

it('the defects that keep those packages out of the audio path are still there', async () => {
  // When one of these fails, the ADR audio-wav-packages is out of date.
  const path = join(makeFolder(), 'x.wav');
  const write = (samples: Float64Array, bits: number) => {
    const form = { sampleRateHz: 48_000, channelCount: 1, frameCount: samples.length };
    const writer = createWavWriter(path, { ...form, sampleFormat: { kind: 'int', bits } });
    writer.write(0, [samples]);
    writer.commit();
    return new Uint8Array(fs.readFileSync(path)).buffer;
  };
  await expect(decode(write(noise(100, 1), 24))).rejects.toThrow(/Unsupported format/);
  const half = (await decode(write(Float64Array.of(0.5), 16))).channelData[0]![0]!;
  expect(half, 'divided by 32767').not.toBe(0.5);
  const encoded = new DataView(await encode({ sampleRate: 48_000, channelData: [Float32Array.of(0.75)] }));
  expect(encoded.getInt16(44, true), 'scaled by 32767').not.toBe(24_576);
});
