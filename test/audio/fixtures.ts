// Signals and files for the tests of src/audio: a folder that goes when the tests end, WAV files built byte by byte,
// and files encoded by the ffmpeg on PATH (whatever FORGE_FFMPEG says, so that decoding without it can be tested).
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { SampleFormat } from '../../src/audio/audio-file.js';
import { openWav } from '../../src/audio/wav-reader.js';
import { createWavWriter } from '../../src/audio/wav-writer.js';
import type { ForgeError } from '../../src/errors.js';

/** Whether fixtures can be encoded at all on this machine. */
export const hasEncoder = spawnSync('ffmpeg', ['-version']).status === 0;
/** Whether forge itself may use ffmpeg in this run. */
export const hasFfmpeg = hasEncoder && process.env.FORGE_FFMPEG !== 'none';
if (!hasEncoder) console.log('no ffmpeg on PATH: tests on encoded files are skipped');
else if (!hasFfmpeg) console.log('FORGE_FFMPEG=none: tests that decode or write through ffmpeg are skipped');

/** A folder of this test file's own. */
export function makeFolder(): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'forge-audio-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** White noise in ±peak as a pure function of seed and frame. */
export function noise(frameCount: number, seed: number, peak = 0.5): Float64Array {
  return Float64Array.from({ length: frameCount }, (_, frame) => {
    let x = Math.imul(frame + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    return ((x ^ (x >>> 15)) / 2 ** 31) * peak;
  });
}

/** Music-like: a chord with bursts of low-passed noise, so that alignment shows and codecs keep it. */
export function music(frameCount: number, sampleRateHz: number, channel: number): Float64Array {
  const white = noise(frameCount, 77 + channel, 1);
  let low = 0;
  return Float64Array.from({ length: frameCount }, (_, frame) => {
    const t = frame / sampleRateHz;
    low += 0.2 * (white[frame]! - low);
    const burst = Math.exp(-12 * ((t * 3 + channel * 0.1) % 1));
    const chord = Math.sin(2 * Math.PI * 220 * t) + Math.sin(2 * Math.PI * (331 + 40 * channel) * t + 1);
    return 0.12 * chord + 0.6 * burst * low;
  });
}

/** Samples rounded to a depth, as floats. */
export function quantise(samples: Float64Array, bits: number): Float64Array {
  const scale = 2 ** (bits - 1);
  return samples.map(
    (sample) => Math.max(-scale, Math.min(scale - 1, Math.round(sample * scale))) / scale + 0,
  );
}

export function writeWav(
  path: string,
  block: readonly Float64Array[],
  sampleRateHz = 44_100,
  sampleFormat: SampleFormat = { kind: 'int', bits: 16 },
): string {
  const frameCount = block[0]!.length;
  const writer = createWavWriter(path, {
    sampleRateHz,
    channelCount: block.length,
    frameCount,
    sampleFormat,
  });
  writer.write(0, block);
  writer.commit();
  return path;
}

/** All frames of a WAV file. */
export function readAll(path: string): Float64Array[] {
  const reader = openWav(path);
  const block = Array.from({ length: reader.channelCount }, () => new Float64Array(reader.frameCount));
  reader.read(0, block);
  reader.close();
  return block;
}

export function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
}

/** A RIFF file of any chunks. */
export function riff(
  chunks: readonly (readonly [id: string, body: Uint8Array, size?: number])[],
  id = 'RIFF',
): Buffer {
  const parts = chunks.map(([chunkId, body, size]) => {
    const head = Buffer.alloc(8);
    head.write(chunkId, 'latin1');
    head.writeUInt32LE(size ?? body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(12);
  head.write(id, 'latin1');
  head.writeUInt32LE(4 + body.length, 4);
  head.write('WAVE', 8, 'latin1');
  return Buffer.concat([head, body]);
}

/** The 16 bytes of a plain format chunk. */
export function plainFormat(
  fields: { tag?: number; channels?: number; rateHz?: number; bits?: number; bytesPerFrame?: number } = {},
): Buffer {
  const { tag = 1, channels = 1, rateHz = 44_100, bits = 16 } = fields;
  const bytesPerFrame = fields.bytesPerFrame ?? (channels * bits) / 8;
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rateHz, 4);
  body.writeUInt32LE(rateHz * bytesPerFrame, 8);
  body.writeUInt16LE(bytesPerFrame, 12);
  body.writeUInt16LE(bits, 14);
  return body;
}

/** The error that `work` throws, or its code as text for a readable failure. */
export function errorOf(work: () => unknown): ForgeError {
  try {
    work();
  } catch (thrown) {
    return thrown as ForgeError;
  }
  throw new Error('expected an error, got none');
}

/** The error that a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<ForgeError> {
  try {
    await promise;
  } catch (thrown) {
    return thrown as ForgeError;
  }
  throw new Error('expected a rejection, got none');
}

/** Fails with the first sample that differs; toEqual takes seconds for what this does at once. */
export function expectSame(actual: readonly Float64Array[], expected: readonly Float64Array[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (let channel = 0; channel < expected.length; channel++) {
    const frame = expected[channel]!.findIndex((sample, i) => sample !== actual[channel]![i]);
    if (frame < 0) continue;
    expect.fail(
      `channel ${channel}, frame ${frame}: ${actual[channel]![frame]} is not ${expected[channel]![frame]}`,
    );
  }
}

/** Frames by which `b` lies behind `a`, and the level of the difference there in dB of `a`. */
export function align(
  a: Float64Array,
  b: Float64Array,
  maxLag: number,
): { lag: number; differenceDb: number } {
  let best = { lag: 0, sum: Number.NEGATIVE_INFINITY };
  const from = Math.floor(a.length / 4);
  const to = Math.min(from + 20_000, a.length - maxLag, b.length - maxLag);
  for (let lag = -maxLag; lag <= maxLag; lag++) {
    let sum = 0;
    for (let i = from; i < to; i++) sum += a[i]! * b[i + lag]!;
    if (sum > best.sum) best = { lag, sum };
  }
  let error = 0;
  let power = 0;
  for (let i = from; i < to; i++) {
    error += (a[i]! - b[i + best.lag]!) ** 2;
    power += a[i]! ** 2;
  }
  return { lag: best.lag, differenceDb: 10 * Math.log10(error / power) };
}
