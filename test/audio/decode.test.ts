import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type DecodedAudio, decodeAudio } from '../../src/audio/decode.js';
import { probeAudio } from '../../src/audio/probe.js';
import type { ForgeError } from '../../src/errors.js';
import {
  align,
  expectSame,
  ffmpeg,
  hasEncoder,
  hasFfmpeg,
  makeFolder,
  music,
  noise,
  quantise,
  readAll,
  rejectionOf,
  writeWav,
} from './fixtures.js';

const folder = makeFolder();
const RATE_HZ = 44_100;
const FRAMES = 100_003;
const environment = process.env.FORGE_FFMPEG;
afterEach(() => {
  if (environment === undefined) delete process.env.FORGE_FFMPEG;
  else process.env.FORGE_FFMPEG = environment;
});

async function decode(path: string, tolerateDamage = false): Promise<DecodedAudio> {
  const info = await probeAudio(path, { tolerateDamage });
  const decoded = await decodeAudio(info, { scratchDir: folder, tolerateDamage });
  return { ...decoded, notes: [...info.notes, ...decoded.notes] };
}

async function failure(path: string): Promise<ForgeError> {
  const before = fs.readdirSync(folder).length;
  const error = await rejectionOf(decode(path));
  expect(fs.readdirSync(folder), 'nothing is left behind').toHaveLength(before);
  return error;
}

function source(sampleRateHz = RATE_HZ, channelCount = 2): { path: string; block: Float64Array[] } {
  const path = join(folder, `source-${sampleRateHz}-${channelCount}.wav`);
  const frameCount = Math.round((FRAMES * sampleRateHz) / RATE_HZ);
  const block = Array.from({ length: channelCount }, (_, channel) =>
    quantise(music(frameCount, sampleRateHz, channel), 16),
  );
  if (!fs.existsSync(path)) writeWav(path, block, sampleRateHz);
  return { path, block };
}

function encoded(name: string, args: readonly string[], sampleRateHz = RATE_HZ, channelCount = 2): string {
  const path = join(folder, name);
  if (!fs.existsSync(path)) ffmpeg('-i', source(sampleRateHz, channelCount).path, ...args, path);
  return path;
}

describe('decodeAudio: WAV', () => {
  it('is taken as it is', async () => {
    const { path, block } = source();
    const decoded = await decode(path);
    expect(decoded).toMatchObject({
      path,
      sampleFormat: { kind: 'int', bits: 16 },
      decoder: { id: 'wav' },
      shape: { sampleRateHz: RATE_HZ, channelCount: 2, frameCount: FRAMES },
    });
    expectSame(readAll(decoded.path), block);
  });
});

describe.runIf(hasEncoder)('decodeAudio: FLAC', () => {
  it.each([
    [1, 8, 5],
    [2, 8_000, 0],
    [2, 96_000, 12],
    [5, 48_000, 8],
    [8, 192_000, 3],
  ])('gives the exact samples of %i channels (16 and 24 bits)', async (channelCount, rate, level) => {
    const sampleRateHz = Math.max(rate, 8_000);
    for (const bits of [16, 24]) {
      const block = Array.from({ length: channelCount }, (_, channel) => {
        const hiss = noise(9_001, channel, 0.3);
        const mixed = music(9_001, sampleRateHz, channel).map((x, i) => x + (i > 4_500 ? hiss[i]! : 0));
        return quantise(mixed, bits);
      });
      // Extremes, silence and constants take other subframes.
      block[0]!.fill(0, 0, 1_000);
      block[0]!.fill(-1, 5_000, 5_010);
      block[0]!.fill(1 - 2 ** (1 - bits), 5_010, 5_020);
      const wav = writeWav(join(folder, 'exact.wav'), block, sampleRateHz, { kind: 'int', bits });
      const path = join(folder, 'exact.flac');
      ffmpeg('-i', wav, '-compression_level', String(level), path);
      const decoded = await decode(path);
      expect(decoded.decoder.id).toBe('flac');
      expect(decoded.sampleFormat).toEqual({ kind: 'int', bits });
      expectSame(readAll(decoded.path), block);
    }
  });

  it('finds one flipped bit anywhere in the audio, and goes on past it only where that is asked for', async () => {
    const path = encoded('good.flac', []);
    const { block } = source();
    const bytes = fs.readFileSync(path);
    const bad = join(folder, 'flipped.flac');
    for (const at of [0.3, 0.5, 0.9]) {
      const broken = Buffer.from(bytes);
      broken[Math.floor(bytes.length * at)]! ^= 0x10;
      fs.writeFileSync(bad, broken);
      const error = await failure(bad);
      expect(error.code, error.message).toBe('input/damaged');
      expect(error.message).toMatch(/frame \d+ \(\d\.\d+ s\)/);
      const tolerant = await decode(bad, true);
      expect(tolerant.shape.frameCount).toBe(FRAMES);
      expect(tolerant.notes.map(({ code }) => code)).toEqual(['damaged']);
      // Everything but the block that is broken is where it was, and exact.
      const back = readAll(tolerant.path)[0]!;
      const wrong = back.reduce((count, sample, i) => count + (sample === block[0]![i] ? 0 : 1), 0);
      expect(wrong).toBeGreaterThan(0);
      expect(wrong).toBeLessThanOrEqual(4_608);
    }
  });

  it('goes on behind a hole of zeros, with everything at its place', async () => {
    const bytes = fs.readFileSync(encoded('good.flac', []));
    bytes.fill(0, bytes.length >> 1, (bytes.length >> 1) + 20_000);
    const path = join(folder, 'hole.flac');
    fs.writeFileSync(path, bytes);
    expect((await failure(path)).code).toBe('input/damaged');
    const { block } = source();
    const back = readAll((await decode(path, true)).path);
    expect(back[0]!.length).toBe(FRAMES);
    for (const channel of [0, 1]) {
      expectSame([back[channel]!.subarray(FRAMES - 20_000)], [block[channel]!.subarray(FRAMES - 20_000)]);
      expectSame([back[channel]!.subarray(0, 20_000)], [block[channel]!.subarray(0, 20_000)]);
    }
  });

  it('finds a wrong MD5 sum', async () => {
    const bytes = fs.readFileSync(encoded('good.flac', []));
    bytes[4 + 4 + 18 + 3]! ^= 1;
    const path = join(folder, 'md5.flac');
    fs.writeFileSync(path, bytes);
    const error = await failure(path);
    expect(error.code).toBe('input/damaged');
    expect(error.message).toContain('MD5');
  });
});

/** Everything that is lost when the last 30 % of a file are cut off. */
const LOSSY: readonly [name: string, args: readonly string[], rateHz?: number][] = [
  ['lame.mp3', ['-c:a', 'libmp3lame', '-b:a', '256k']],
  ['lame-v4.mp3', ['-c:a', 'libmp3lame', '-q:a', '4']],
  ['lame-22k.mp3', ['-c:a', 'libmp3lame', '-b:a', '128k'], 22_050],
  ['vorbis.ogg', ['-c:a', 'libvorbis', '-q:a', '7']],
  ['opus.opus', ['-c:a', 'libopus', '-b:a', '256k'], 48_000],
  ['aac.m4a', ['-c:a', 'aac', '-b:a', '256k']],
];
const THROUGH: readonly [decoder: string, setting: string | undefined][] = [
  ['ffmpeg', environment],
  ['WebAssembly and own decoders', 'none'],
];

describe.runIf(hasEncoder).each(THROUGH)('decodeAudio: lossy formats through %s', (decoder, setting) => {
  const able = decoder !== 'ffmpeg' || hasFfmpeg;
  function choose(): void {
    if (setting === undefined) delete process.env.FORGE_FFMPEG;
    else process.env.FORGE_FFMPEG = setting;
  }

  it.runIf(able).each(LOSSY)(
    '%s comes out with its own frames at their own places',
    async (name, args, rateHz) => {
      const path = encoded(name, args, rateHz);
      const { block } = source(rateHz);
      choose();
      if (name.endsWith('.m4a') && setting === 'none') {
        const error = await rejectionOf(probeAudio(path));
        expect(error.code).toBe('input/needs-ffmpeg');
        expect(error.hint).toContain('FORGE_FFMPEG');
        return;
      }
      const decoded = await decode(path);
      expect(decoded.shape.frameCount).toBe(block[0]!.length);
      const back = readAll(decoded.path);
      for (let channel = 0; channel < 2; channel++) {
        const { lag, differenceDb } = align(block[channel]!, back[channel]!, 1_500);
        expect(lag, 'frames of delay').toBe(0);
        expect(differenceDb).toBeLessThan(-12);
      }
    },
  );

  it.runIf(able).each(LOSSY)(
    '%s, cut off, is an error, and a note where damage is tolerated',
    async (name, args, rateHz) => {
      if (name.endsWith('.m4a') && setting === 'none') return;
      const bytes = fs.readFileSync(
        encoded(
          `front-${name}`,
          [...args, ...(name.endsWith('.m4a') ? ['-movflags', '+faststart'] : [])],
          rateHz,
        ),
      );
      const path = join(folder, `cut-${name}`);
      choose();
      for (const ratio of [0.7, 0.995]) {
        fs.writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * ratio)));
        const error = await failure(path);
        expect(error.code, error.message).toBe('input/truncated');
        const tolerant = await decode(path, true);
        expect(tolerant.notes.map(({ code }) => code)).toContain('truncated');
        const whole = source(rateHz).block[0]!.length;
        expect(tolerant.shape.frameCount / whole).toBeGreaterThan(ratio - 0.35);
        expect(tolerant.shape.frameCount).toBeLessThanOrEqual(whole);
      }
    },
  );

  it.runIf(able).each(LOSSY.filter(([name]) => !name.endsWith('.m4a')))(
    '%s with a hole in the middle is an error, and a note where damage is tolerated',
    async (name, args, rateHz) => {
      const bytes = fs.readFileSync(encoded(name, args, rateHz));
      const path = join(folder, `hole-${name}`);
      bytes.fill(0xaa, bytes.length >> 1, (bytes.length >> 1) + 3_000);
      fs.writeFileSync(path, bytes);
      choose();
      const error = await failure(path);
      expect(error.code, error.message).toBe('input/damaged');
      const tolerant = await decode(path, true);
      expect(tolerant.notes.map(({ code }) => code)).toContain('damaged');
      expect(tolerant.shape.frameCount).toBeGreaterThan(FRAMES * 0.3);
    },
  );
});

describe.runIf(hasEncoder)('decodeAudio: the own and WebAssembly decoders against ffmpeg', () => {
  it
    .runIf(hasFfmpeg)
    .each([
      ...LOSSY.filter(([name]) => !name.endsWith('.m4a')),
      ['vorbis-mono.ogg', ['-c:a', 'libvorbis', '-q:a', '1', '-ac', '1'], 44_100],
      ['vorbis-low.ogg', ['-c:a', 'libvorbis', '-q:a', '-1'], 22_050],
      ['layer2.mp2', ['-c:a', 'mp2', '-b:a', '192k', '-f', 'mp2'], 48_000],
    ] as typeof LOSSY)('%s differs by less than −75 dB', async (name, args, rateHz) => {
    const path = encoded(name, args, rateHz);
    const one = await decode(path);
    process.env.FORGE_FFMPEG = 'none';
    const two = await decode(path);
    expect(two.decoder.id).not.toBe('ffmpeg');
    expect(two.shape).toEqual(one.shape);
    const [a, b] = [readAll(one.path)[0]!, readAll(two.path)[0]!];
    let error = 0;
    let power = 0;
    for (let i = 0; i < a.length; i++) {
      error += (a[i]! - b[i]!) ** 2;
      power += a[i]! ** 2;
    }
    expect(10 * Math.log10(error / power)).toBeLessThan(-75);
  });

  it('a low Opus rate lies where the source lies', async () => {
    // Its speech mode is resampled, which libopus and ffmpeg do differently: no bound on the difference is sharp.
    const path = encoded('opus-mono.opus', ['-c:a', 'libopus', '-b:a', '24k', '-ac', '1'], 48_000);
    const { block } = source(48_000);
    const mono = block[0]!.map((sample, i) => (sample + block[1]![i]!) / 2);
    for (const setting of hasFfmpeg ? ['none', ''] : ['none']) {
      process.env.FORGE_FFMPEG = setting;
      expect(
        Math.abs(align(mono, readAll((await decode(path)).path)[0]!, 500).lag),
        setting,
      ).toBeLessThanOrEqual(2);
    }
  });

  it.runIf(hasFfmpeg).each(['libvorbis', 'libopus'])(
    '%s with 6 channels keeps them in the order L R C LFE Ls Rs',
    async (codec) => {
      const path = encoded(`six-${codec}.ogg`, ['-c:a', codec, '-b:a', '600k'], 48_000, 6);
      const one = readAll((await decode(path)).path);
      process.env.FORGE_FFMPEG = 'none';
      const two = readAll((await decode(path)).path);
      for (let channel = 0; channel < 6; channel++) {
        expect(align(one[channel]!, two[channel]!, 10).differenceDb).toBeLessThan(-40);
      }
    },
  );
});

describe.runIf(hasFfmpeg)('decodeAudio: lossless formats through ffmpeg', () => {
  it.each([
    ['a.aiff', ['-c:a', 'pcm_s16be'], 16],
    ['b.aiff', ['-c:a', 'pcm_s24be'], 24],
    ['alac.m4a', ['-c:a', 'alac'], 16],
    ['w.wv', ['-c:a', 'wavpack'], 16],
    ['t.tta', ['-c:a', 'tta'], 16],
    ['flac.mka', ['-c:a', 'flac'], 16],
    ['flac.ogg', ['-c:a', 'flac'], 16],
    ['au.au', ['-c:a', 'pcm_s16be'], 16],
  ])('%s comes out exactly', async (name, args, bits) => {
    const path = encoded(name, args);
    const decoded = await decode(path);
    expect(decoded.sampleFormat).toEqual({ kind: 'int', bits });
    expect(decoded.decoder).toMatchObject({ id: 'ffmpeg' });
    expect(decoded.decoder.version).toMatch(/^\S+$/);
    expectSame(readAll(decoded.path), source().block);
  });

  it('an MP3 cut at a frame, whose first frames refer to what is gone, is no damage', async () => {
    const bytes = fs.readFileSync(encoded('lame.mp3', ['-c:a', 'libmp3lame', '-b:a', '256k']));
    const first = bytes.indexOf(Buffer.from([0xff, 0xfb]));
    // 256 kbit/s at 44.1 kHz: 835 bytes a frame, 836 with padding.
    const starts: number[] = [];
    for (let at = first; at < bytes.length; at += 835 + ((bytes[at + 2]! >> 1) & 1)) starts.push(at);
    const path = join(folder, 'split.mp3');
    fs.writeFileSync(path, bytes.subarray(starts[20], starts[60]));
    expect((await decode(path)).shape.frameCount).toBe(40 * 1152);
  });

  it.each(['a.aiff', 'w.wv', 't.tta', 'alac.m4a'])('%s, cut off, is an error', async (name) => {
    const bytes = fs.readFileSync(join(folder, name));
    const path = join(folder, `cut-${name}`);
    fs.writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
    const error = await failure(path);
    expect(error.code, error.message).toMatch(/^input\/(truncated|damaged)$/);
  });

  it('can be cancelled', async () => {
    const info = await probeAudio(encoded('a.aiff', []));
    const error = await rejectionOf(decodeAudio(info, { scratchDir: folder, isCancelled: () => true }));
    // A file this short may be done before the first look at the flag.
    expect(error.code).toBe('interrupted/by-user');
  });
});
