import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWav } from '../../src/audio/wav-reader.js';
import {
  errorOf,
  expectSame,
  ffmpeg,
  hasEncoder,
  makeFolder,
  music,
  noise,
  plainFormat,
  quantise,
  readAll,
  riff,
  writeWav,
} from './fixtures.js';

const folder = makeFolder();
const path = join(folder, 'a.wav');

function file(bytes: Uint8Array): string {
  fs.writeFileSync(path, bytes);
  return path;
}

/** 16-bit data whose n-th value is n. */
function ramp(count: number): Buffer {
  const data = Buffer.alloc(count * 2);
  for (let i = 0; i < count; i++) data.writeInt16LE(i, i * 2);
  return data;
}

function extensible(fields: {
  bits: number;
  validBits: number;
  channels?: number;
  tag?: number;
  mask?: number;
}): Buffer {
  const { bits, validBits, channels = 1, tag = 1, mask = 0 } = fields;
  const body = Buffer.alloc(40);
  plainFormat({ tag: 0xfffe, bits, channels }).copy(body);
  body.writeUInt16LE(22, 16);
  body.writeUInt16LE(validBits, 18);
  body.writeUInt32LE(mask, 20);
  body.writeUInt16LE(tag, 24);
  body.write('000000001000800000aa00389b71', 26, 'hex');
  return body;
}

function ds64(dataBytes: number, frameCount: number): Buffer {
  const body = Buffer.alloc(28);
  body.writeBigUInt64LE(BigInt(dataBytes + 100), 0);
  body.writeBigUInt64LE(BigInt(dataBytes), 8);
  body.writeBigUInt64LE(BigInt(frameCount), 16);
  return body;
}

function frames(): number[] {
  return [...readAll(path)[0]!].map((sample) => Math.round(sample * 32_768));
}

describe('openWav: forms', () => {
  it('reads 20 valid bits in 24, and 12 bits in 16, from the top bit down', () => {
    file(
      riff([
        ['fmt ', extensible({ bits: 24, validBits: 20 })],
        ['data', Buffer.from([0x10, 0, 0x40, 0xf0, 0xff, 0xbf])],
      ]),
    );
    expect(readAll(path)[0]).toEqual(Float64Array.from([0x400010, -0x400010].map((x) => x / 2 ** 23)));
    expect(openWav(path).info).toMatchObject({ validBits: 20, sampleFormat: { kind: 'int', bits: 24 } });
    file(
      riff([
        ['fmt ', plainFormat({ bits: 12, bytesPerFrame: 2 })],
        ['data', ramp(3)],
      ]),
    );
    expect(frames()).toEqual([0, 1, 2]);
  });

  it('reads 64-bit integers and extensible floats', () => {
    const int64 = Buffer.alloc(16);
    int64.writeBigInt64LE(-(2n ** 62n), 0);
    int64.writeBigInt64LE(2n ** 61n, 8);
    file(
      riff([
        ['fmt ', plainFormat({ bits: 64 })],
        ['data', int64],
      ]),
    );
    expect([...readAll(path)[0]!]).toEqual([-0.5, 0.25]);
    const float = Buffer.alloc(8);
    float.writeFloatLE(0.1, 0);
    float.writeFloatLE(-3.5, 4);
    file(
      riff([
        ['fmt ', extensible({ bits: 32, validBits: 32, tag: 3 })],
        ['data', float],
      ]),
    );
    expect([...readAll(path)[0]!]).toEqual([Math.fround(0.1), -3.5]);
  });

  it.runIf(hasEncoder)('reads what ffmpeg writes, as ffmpeg reads it', () => {
    const source = writeWav(
      join(folder, 's.wav'),
      [quantise(music(4_001, 8_000, 0), 16), quantise(music(4_001, 8_000, 1), 16)],
      8_000,
    );
    const expected = join(folder, 'expected.wav');
    const forms = ['pcm_alaw', 'pcm_mulaw', 'pcm_u8', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le'].map(
      (codec) => [codec, 'wav'] as const,
    );
    for (const [codec, container] of [...forms, ['pcm_s16le', 'w64'], ['pcm_f32le', 'w64']] as const) {
      ffmpeg('-i', source, '-c:a', codec, '-f', container, path);
      ffmpeg('-i', path, '-c:a', 'pcm_f64le', '-f', 'wav', expected);
      expect(openWav(path).info.container, codec).toBe(container);
      expectSame(readAll(path), readAll(expected));
    }
    ffmpeg('-i', source, '-rf64', 'always', path);
    expect(openWav(path).info.container).toBe('rf64');
    expectSame(readAll(path), readAll(source));
  });

  it('passes over chunks of odd sizes, with and without their pad byte', () => {
    const odd = Buffer.from([1, 2, 3]);
    file(
      riff([
        ['junk', odd],
        ['fmt ', plainFormat()],
        ['LIST', odd],
        ['data', ramp(5)],
        ['id3 ', odd],
      ]),
    );
    expect(frames()).toEqual([0, 1, 2, 3, 4]);
    expect(openWav(path).info.chunks.map(({ id }) => id)).toEqual(['junk', 'fmt ', 'LIST', 'data', 'id3 ']);
    const padded = riff([
      ['LIST', odd],
      ['fmt ', plainFormat()],
      ['data', ramp(4)],
    ]);
    file(Buffer.concat([padded.subarray(0, 23), padded.subarray(24)]));
    expect(frames()).toEqual([0, 1, 2, 3]);
  });

  it('reads RF64 and BW64 whose sizes stand in ds64', () => {
    for (const id of ['RF64', 'BW64']) {
      file(
        riff(
          [
            ['ds64', ds64(8, 4)],
            ['fmt ', plainFormat()],
            ['data', ramp(4), 0xffffffff],
            ['LIST', Buffer.alloc(4)],
          ],
          id,
        ),
      );
      expect(frames()).toEqual([0, 1, 2, 3]);
      expect(openWav(path).info.notes).toEqual([]);
    }
  });

  it.each([0, 0xffffffff, 0x7ffff000, 0x7fffffff, 0xffffffff - 36])(
    'reads a data size of %i to the end of the file, and says so',
    (size) => {
      file(
        riff([
          ['fmt ', plainFormat()],
          ['data', ramp(6), size],
        ]),
      );
      expect(frames()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(openWav(path).info.notes.map(({ code }) => code)).toEqual(['size-unknown']);
    },
  );

  it.runIf(hasEncoder)('reads what ffmpeg and sox write into a pipe', () => {
    const source = writeWav(join(folder, 's.wav'), [quantise(noise(999, 1), 16)]);
    fs.writeFileSync(path, execFileSync('ffmpeg', ['-v', 'error', '-i', source, '-f', 'wav', 'pipe:1']));
    expectSame(readAll(path), readAll(source));
    expect(openWav(path).info.notes.map(({ code }) => code)).toEqual(['size-unknown']);
  });

  it('leaves out the bytes that are no whole frame, and says so', () => {
    file(
      riff([
        ['fmt ', plainFormat({ channels: 2 })],
        ['data', ramp(5)],
      ]),
    );
    const { frameCount, info } = openWav(path);
    expect(frameCount).toBe(2);
    expect(info.notes.map(({ code }) => code)).toEqual(['partial-frame']);
  });
});

describe('openWav: what is wrong', () => {
  const cases: [string, Uint8Array, string][] = [
    ['an empty file', Buffer.alloc(0), 'input/empty'],
    ['text', Buffer.from('this is not a wave file, whatever its name says\n'), 'input/not-audio'],
    ['only "RIFF"', Buffer.from('RIFF'), 'input/bad-header'],
    [
      'a header that is cut off',
      riff([
        ['fmt ', plainFormat()],
        ['data', ramp(9)],
      ]).subarray(0, 30),
      'input/bad-header',
    ],
    ['no fmt chunk', riff([['data', ramp(40)]]), 'input/bad-header'],
    [
      'a short fmt chunk',
      riff([
        ['fmt ', Buffer.alloc(8)],
        ['data', ramp(20)],
      ]),
      'input/bad-header',
    ],
    [
      'no data chunk',
      riff([
        ['fmt ', plainFormat()],
        ['LIST', Buffer.alloc(8)],
      ]),
      'input/bad-header',
    ],
    [
      '0 channels',
      riff([
        ['fmt ', plainFormat({ channels: 0 })],
        ['data', ramp(4)],
      ]),
      'input/bad-header',
    ],
    [
      '0 Hz',
      riff([
        ['fmt ', plainFormat({ rateHz: 0 })],
        ['data', ramp(4)],
      ]),
      'input/bad-header',
    ],
    [
      '0 bits',
      riff([
        ['fmt ', plainFormat({ bits: 0 })],
        ['data', ramp(4)],
      ]),
      'input/bad-header',
    ],
    [
      '16 bits in 1 byte',
      riff([
        ['fmt ', plainFormat({ bytesPerFrame: 1 })],
        ['data', ramp(4)],
      ]),
      'input/bad-header',
    ],
    [
      '9 channels',
      riff([
        ['fmt ', plainFormat({ channels: 9 })],
        ['data', ramp(18)],
      ]),
      'input/unsupported',
    ],
    [
      '4 kHz',
      riff([
        ['fmt ', plainFormat({ rateHz: 4_000 })],
        ['data', ramp(4)],
      ]),
      'input/unsupported',
    ],
    [
      '384 kHz',
      riff([
        ['fmt ', plainFormat({ rateHz: 384_000 })],
        ['data', ramp(4)],
      ]),
      'input/unsupported',
    ],
    [
      'ADPCM',
      riff([
        ['fmt ', plainFormat({ tag: 2 })],
        ['data', ramp(4)],
      ]),
      'input/unsupported',
    ],
    [
      '0 frames',
      riff([
        ['fmt ', plainFormat()],
        ['data', Buffer.alloc(0)],
        ['LIST', Buffer.alloc(4)],
      ]),
      'input/empty',
    ],
    [
      'half a frame',
      riff([
        ['fmt ', plainFormat()],
        ['data', Buffer.alloc(1)],
      ]),
      'input/empty',
    ],
    [
      'data longer than the file',
      riff([
        ['fmt ', plainFormat()],
        ['data', ramp(100), 400],
      ]),
      'input/truncated',
    ],
    [
      'a chunk behind the audio that is cut off',
      riff([
        ['fmt ', plainFormat()],
        ['data', ramp(100)],
        ['LIST', Buffer.alloc(8), 4_000],
      ]),
      'input/truncated',
    ],
  ];
  it.each(cases)('refuses %s', (_, bytes, code) => {
    const error = errorOf(() => openWav(file(bytes)));
    expect(error.code, error.message).toBe(code);
    expect(error.message).toContain('a.wav');
  });

  it('says what of a truncated file is there and what is missing', () => {
    file(
      riff([
        ['fmt ', plainFormat({ rateHz: 8_000 })],
        ['data', ramp(4_000), 16_000],
      ]),
    );
    const error = errorOf(() => openWav(path));
    expect(error.message).toMatch(
      /expected 8000 frames \(1\.000 s\).*got 4000 \(0\.500 s\).*last 4000 are missing/,
    );
    expect(error.hint).toContain('--tolerate-damage');
    const reader = openWav(path, { tolerateDamage: true });
    expect(reader.frameCount).toBe(4_000);
    expect(reader.info.notes.map(({ code }) => code)).toEqual(['truncated']);
  });

  it('reads a file of 1 frame', () => {
    file(
      riff([
        ['fmt ', plainFormat({ channels: 2 })],
        ['data', ramp(2)],
      ]),
    );
    expect(readAll(path).map((channel) => channel[0])).toEqual([0, 1 / 32_768]);
  });

  it('finds NaN and infinity, says where, and reads them as 0 where damage is tolerated', () => {
    for (const [bits, bad] of [
      [32, Number.NaN],
      [64, Number.POSITIVE_INFINITY],
      [32, Number.NEGATIVE_INFINITY],
    ] as const) {
      const samples = Float64Array.from(noise(300_000, 1), Math.fround);
      const data = Buffer.alloc((samples.length * bits) / 8);
      samples[200_002] = bad;
      for (let i = 0; i < samples.length; i++) {
        if (bits === 32) data.writeFloatLE(samples[i]!, i * 4);
        else data.writeDoubleLE(samples[i]!, i * 8);
      }
      file(
        riff([
          ['fmt ', plainFormat({ tag: 3, bits, channels: 2 })],
          ['data', data],
        ]),
      );
      const error = errorOf(() => readAll(path));
      expect(error.code).toBe('input/non-finite');
      expect(error.message).toMatch(/channel 1 at frame 100001/);
      const reader = openWav(path, { tolerateDamage: true });
      const into = [new Float32Array(150_000), new Float32Array(150_000)];
      reader.read(0, into);
      expect(into[0]![100_001]).toBe(0);
      expect(into[0]![100_000]).toBe(samples[200_000]);
      expect(reader.nonFiniteSampleCount).toBe(1);
    }
  });

  it('notices that a file has become shorter', () => {
    writeWav(path, [noise(100_000, 1)]);
    const reader = openWav(path);
    fs.truncateSync(path, 1_000);
    const error = errorOf(() => reader.read(50_000, [new Float32Array(10)]));
    expect(error.code).toBe('input/changed');
  });
});
