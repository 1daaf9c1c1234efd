import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeAudio } from '../../src/audio/decode.js';
import { deliverableRateHz, isDivisible, PART_FRAMES } from '../../src/audio/delivery-form.js';
import { type EncodeOptions, type EncodeSpec, encodeAudio, encodePart } from '../../src/audio/encode.js';
import { type AudioInfo, probeAudio } from '../../src/audio/probe.js';
import { readTags } from '../../src/audio/tags.js';
import { openWav } from '../../src/audio/wav-reader.js';
import { createWavWriter } from '../../src/audio/wav-writer.js';
import { resampleBlock } from '../../src/dsp/resample.js';
import {
  align,
  expectSame,
  ffmpeg,
  hasEncoder,
  hasFfmpeg,
  makeFolder,
  music,
  quantise,
  readAll,
  rejectionOf,
  writeWav,
} from './fixtures.js';

const folder = makeFolder();
const FRAMES = 50_001;
const INT16 = { kind: 'int', bits: 16 } as const;
const INT24 = { kind: 'int', bits: 24 } as const;
const FLOAT32 = { kind: 'float', bits: 32 } as const;
const block24 = [0, 1].map((channel) => quantise(music(FRAMES, 44_100, channel), 24));
const source24 = writeWav(join(folder, 'source 24.wav'), block24, 44_100, INT24);
const environment = process.env.FORGE_FFMPEG;
afterEach(() => {
  if (environment === undefined) delete process.env.FORGE_FFMPEG;
  else process.env.FORGE_FFMPEG = environment;
});

async function encode(name: string, spec: EncodeSpec, options: EncodeOptions = {}, from = source24) {
  const reader = openWav(from);
  const path = join(folder, name);
  try {
    const result = await encodeAudio(reader, path, spec, options);
    return { path, ...result };
  } finally {
    reader.close();
    expect(fs.readdirSync(folder).filter((file) => file.startsWith('.'))).toEqual([]);
  }
}

async function decoded(path: string): Promise<Float64Array[]> {
  return readAll((await decodeAudio(await probeAudio(path), { scratchDir: folder })).path);
}

const hashOf = (path: string) => createHash('sha256').update(fs.readFileSync(path)).digest('hex');

describe('encodeAudio: WAV', () => {
  it('is exact where the target holds the source, and dithered where it does not', async () => {
    const spec = { container: 'wav', sampleRateHz: 44_100, sampleFormat: INT24 } as const;
    const same = await encode('same.wav', spec, { sourceSampleFormat: INT24, seed: 5 });
    expectSame(readAll(same.path), block24);
    const low = await encode(
      'low.wav',
      { ...spec, sampleFormat: INT16 },
      { sourceSampleFormat: INT24, seed: 5 },
    );
    const error = readAll(low.path)[0]!.map((sample, i) => (sample - block24[0]![i]!) * 32_768);
    const power = error.reduce((sum, x) => sum + x * x, 0) / FRAMES;
    expect(power).toBeGreaterThan(0.23);
    expect(power).toBeLessThan(0.27);
    const again = await encode(
      'again.wav',
      { ...spec, sampleFormat: INT16 },
      { sourceSampleFormat: INT24, seed: 5 },
    );
    expect(hashOf(again.path)).toBe(hashOf(low.path));
    const other = await encode(
      'other.wav',
      { ...spec, sampleFormat: INT16 },
      { sourceSampleFormat: INT24, seed: 6 },
    );
    expect(hashOf(other.path)).not.toBe(hashOf(low.path));
  });

  describe('part by part', () => {
    const loud = Float64Array.from({ length: PART_FRAMES + 5_000 }, (_, i) => 1.2 * Math.sin(i / 9));
    const from = writeWav(join(folder, 'long.wav'), [loud, loud], 44_100, FLOAT32);
    const spec = { container: 'wav', sampleRateHz: 44_100, sampleFormat: INT16 } as const;
    const inOrder: EncodeOptions = { seed: 3, sourceSampleFormat: FLOAT32 };

    it('gives the same bytes in any order', async () => {
      const whole = await encode('whole.wav', spec, inOrder, from);
      const source = openWav(from);
      const waiting: (() => void)[] = [];
      const writePart: EncodeOptions['writePart'] = (part) =>
        new Promise((resolve) => {
          waiting.push(() => resolve(encodePart(source, part)));
          if (waiting.length === 2) for (const write of waiting.reverse()) write();
        });
      const parts = await encode('parts.wav', spec, { ...inOrder, writePart }, from);
      source.close();
      expect(waiting).toHaveLength(2);
      expect(hashOf(parts.path)).toBe(hashOf(whole.path));
      expect(parts.clippedSampleCount).toBe(whole.clippedSampleCount);
      expect(parts.clippedSampleCount).toBeGreaterThan(700_000);
    });

    it('leaves no file where a part fails', async () => {
      const writePart: EncodeOptions['writePart'] = async ({ startFrame }) => {
        if (startFrame > 0) throw new Error('lost');
        return 0;
      };
      await rejectionOf(encode('failed.wav', spec, { ...inOrder, writePart }, from));
      expect(fs.existsSync(join(folder, 'failed.wav'))).toBe(false);
    });

    it('is for what no filter runs through', () => {
      const source = { sampleRateHz: 44_100 };
      expect(isDivisible(spec, source)).toBe(true);
      expect(isDivisible({ ...spec, dither: 'shaped' }, source)).toBe(false);
      expect(isDivisible({ ...spec, sampleRateHz: 48_000 }, source)).toBe(false);
      expect(isDivisible({ ...spec, container: 'flac' }, source)).toBe(false);
    });
  });

  it('converts the rate with exact length and no delay', async () => {
    const sweep = (frames: number, rateHz: number) =>
      Float64Array.from(
        { length: frames },
        (_, i) => 0.5 * Math.sin(2 * Math.PI * (100 + (3_000 * i) / rateHz) * (i / rateHz)),
      );
    const from = writeWav(join(folder, 'sweep.wav'), [sweep(FRAMES, 44_100)], 44_100, FLOAT32);
    const spec = { container: 'wav', sampleRateHz: 48_000, sampleFormat: FLOAT32 } as const;
    const { path, frameCount } = await encode('48k.wav', spec, {}, from);
    expect(frameCount).toBe(Math.ceil((FRAMES * 48_000) / 44_100));
    const { lag, differenceDb } = align(sweep(frameCount, 48_000), readAll(path)[0]!, 50);
    expect(lag).toBe(0);
    expect(differenceDb).toBeLessThan(-110);
  });

  it('carries BWF, cue, iXML and unknown chunks over, corrected for the new rate', async () => {
    const bext = Buffer.alloc(610);
    bext.write('A description', 0, 'latin1');
    bext.writeBigUInt64LE(88_200n, 338);
    bext.writeUInt16LE(2, 346);
    bext.writeInt16LE(-2300, 412);
    bext.write('A=PCM,F=44100', 602, 'latin1');
    const cue = Buffer.alloc(28);
    cue.writeUInt32LE(1, 0);
    cue.writeUInt32LE(22_050, 8);
    cue.write('data', 12, 'latin1');
    cue.writeUInt32LE(22_050, 24);
    const ixml = Buffer.from('<BWFXML><SPEED><FILE_SAMPLE_RATE>44100</FILE_SAMPLE_RATE></SPEED></BWFXML>');
    const odd = Buffer.from([9, 8, 7]);
    const tagged = join(folder, 'tagged.wav');
    const writer = createWavWriter(tagged, {
      sampleRateHz: 44_100,
      channelCount: 2,
      frameCount: FRAMES,
      sampleFormat: INT24,
      extraChunks: [
        { id: 'bext', body: bext },
        { id: 'cue ', body: cue },
        { id: 'iXML', body: ixml },
        { id: 'xyz ', body: odd },
      ],
    });
    writer.write(0, block24);
    writer.commit();
    const metadataFrom = await probeAudio(tagged);
    expect(metadataFrom.chunks).toEqual(['bext', 'cue ', 'iXML', 'xyz ']);
    const same = await encode(
      'chunks.wav',
      { container: 'wav', sampleRateHz: 44_100, sampleFormat: INT24 },
      { metadataFrom },
      tagged,
    );
    expect((await probeAudio(same.path)).chunks).toEqual(metadataFrom.chunks);
    const bytes = fs.readFileSync(same.path);
    for (const body of [cue, ixml, odd]) expect(bytes.includes(body)).toBe(true);
    const { path } = await encode(
      'chunks48.wav',
      { container: 'wav', sampleRateHz: 48_000, sampleFormat: INT24 },
      { metadataFrom },
      tagged,
    );
    const converted = fs.readFileSync(path);
    const bodyOf = (id: string) => {
      const chunk = openWav(path).info.chunks.find((each) => each.id === id)!;
      return converted.subarray(chunk.offset, chunk.offset + chunk.byteCount);
    };
    expect(bodyOf('bext').readBigUInt64LE(338)).toBe(96_000n);
    expect(bodyOf('bext').readInt16LE(412), 'a stated loudness that no longer holds').toBe(0x7fff);
    expect(bodyOf('bext').toString('latin1', 0, 13)).toBe('A description');
    expect(bodyOf('cue ').readUInt32LE(8)).toBe(24_000);
    expect(bodyOf('iXML').toString()).toContain('<FILE_SAMPLE_RATE>48000<');
    expect(bodyOf('xyz ')).toEqual(odd);
  });

  it('keeps the speaker positions that the input states, and chunks that are too short to mean anything', async () => {
    const path = join(folder, 'centre-back.wav');
    const form = { sampleRateHz: 44_100, channelCount: 4, frameCount: 100, sampleFormat: INT16 };
    const extraChunks = ['bext', 'cue ', 'smpl', 'iXML'].map((id) => ({ id, body: Uint8Array.of(1, 2) }));
    const writer = createWavWriter(path, { ...form, channelMask: 0x107, extraChunks });
    writer.write(
      0,
      [0, 1, 2, 3].map((channel) => music(100, 44_100, channel)),
    );
    writer.commit();
    const metadataFrom = await probeAudio(path);
    const spec = { container: 'wav', sampleRateHz: 48_000, sampleFormat: INT16 } as const;
    const out = openWav((await encode('centre-back-48k.wav', spec, { metadataFrom }, path)).path);
    out.close();
    expect(out.info.channelMask).toBe(0x107);
    expect(out.info.chunks.map(({ id }) => id)).toEqual(['fmt ', 'bext', 'data', 'cue ', 'smpl', 'iXML']);
  });

  it('leaves nothing behind when it is cancelled, and counts what it clips', async () => {
    const target = join(folder, 'cancelled.wav');
    const reader = openWav(source24);
    const spec = { container: 'wav', sampleRateHz: 44_100, sampleFormat: INT16 } as const;
    const error = await rejectionOf(encodeAudio(reader, target, spec, { isCancelled: () => true }));
    reader.close();
    expect(error.code).toBe('interrupted/by-user');
    expect(fs.existsSync(target)).toBe(false);
    const loud = writeWav(join(folder, 'loud.wav'), [Float64Array.from([2, 0.5, -2, 0])], 44_100, FLOAT32);
    expect((await encode('clipped.wav', spec, {}, loud)).clippedSampleCount).toBe(2);
  });
});

describe('encodeAudio: without ffmpeg', () => {
  it('says what is missing', async () => {
    process.env.FORGE_FFMPEG = 'none';
    const error = await rejectionOf(
      encode('x.flac', { container: 'flac', sampleRateHz: 44_100, sampleFormat: INT16 }),
    );
    expect(error.code).toBe('output/needs-ffmpeg');
    expect(error.hint).toContain('FORGE_FFMPEG');
  });
});

describe('deliverableRateHz', () => {
  it('is the rate asked for where the container knows it, else the next one', () => {
    expect(deliverableRateHz('wav', 44_101)).toBe(44_101);
    expect(deliverableRateHz('flac', 192_000)).toBe(192_000);
    expect(deliverableRateHz('mp3', 44_100)).toBe(44_100);
    expect(deliverableRateHz('mp3', 44_101)).toBe(48_000);
    expect(deliverableRateHz('mp3', 96_000)).toBe(48_000);
    expect(deliverableRateHz('m4a', 96_000)).toBe(96_000);
    expect(deliverableRateHz('m4a', 192_000)).toBe(96_000);
    expect(deliverableRateHz('opus', 44_100)).toBe(48_000);
  });
});

const FORMS: readonly EncodeSpec[] = [
  { container: 'flac', sampleRateHz: 44_100, sampleFormat: INT24 },
  { container: 'mp3', sampleRateHz: 44_100, sampleFormat: INT16 },
  { container: 'm4a', sampleRateHz: 44_100, sampleFormat: INT16 },
  { container: 'opus', sampleRateHz: 44_100, sampleFormat: INT16 },
];

describe.runIf(hasFfmpeg)('encodeAudio: through ffmpeg', () => {
  it('writes FLAC of 16 and 24 bits that holds the very samples', async () => {
    const { path } = await encode('exact.flac', FORMS[0]!, { sourceSampleFormat: INT24 });
    expect((await probeAudio(path)).sampleFormat).toEqual(INT24);
    expectSame(await decoded(path), block24);
    const spec = { ...FORMS[0]!, sampleFormat: INT16 };
    const flac = await encode('low.flac', spec, { seed: 4 });
    const wav = await encode('low2.wav', { ...spec, container: 'wav' }, { seed: 4 });
    expectSame(await decoded(flac.path), readAll(wav.path));
  });

  it.each(FORMS)('gives the same bytes again, and the frames at their places: $container', async (spec) => {
    const one = await encode(`one.${spec.container}`, spec, { sourceSampleFormat: INT24 });
    const two = await encode(`two.${spec.container}`, spec, { sourceSampleFormat: INT24 });
    expect(hashOf(one.path)).toBe(hashOf(two.path));
    const bytes = fs.readFileSync(one.path, 'latin1');
    expect(bytes, 'no version of ffmpeg in the file').not.toMatch(/Lav[fc]\d\d/);
    const back = await decoded(one.path);
    expect(back[0]!.length).toBe(one.frameCount);
    const expected = Float64Array.from(
      resampleBlock([Float32Array.from(block24[0]!)], 44_100, one.sampleRateHz)[0]!,
    );
    const { lag, differenceDb } = align(expected, back[0]!, 1_200);
    expect(lag).toBe(0);
    expect(differenceDb).toBeLessThan(-15);
  });

  it('refuses more channels than MP3 holds, and keeps six in M4A and Opus', async () => {
    const six = writeWav(
      join(folder, 'six.wav'),
      [0, 1, 2, 3, 4, 5].map((channel) => music(48_000, 48_000, channel)),
      48_000,
      FLOAT32,
    );
    const spec = { container: 'mp3', sampleRateHz: 48_000, sampleFormat: INT16 } as const;
    expect((await rejectionOf(encode('six.mp3', spec, {}, six))).code).toBe('output/unsupported');
    for (const container of ['m4a', 'opus', 'flac'] as const) {
      const { path } = await encode(`six.${container}`, { ...spec, container }, {}, six);
      expect((await probeAudio(path)).channelCount).toBe(6);
      const back = await decoded(path);
      for (const channel of [0, 1, 2, 4, 5]) {
        const { differenceDb } = align(music(48_000, 48_000, channel), back[channel]!, 2);
        expect(differenceDb, `${container}, channel ${channel}`).toBeLessThan(-9);
      }
    }
  });

  it('says what the encoder says when the folder is taken away', async () => {
    const own = join(makeFolder(), 'gone');
    fs.mkdirSync(own);
    const reader = openWav(source24);
    fs.rmdirSync(own);
    const error = await rejectionOf(encodeAudio(reader, join(own, 'x.flac'), FORMS[0]!));
    reader.close();
    expect(error.code).toBe('output/unwritable');
  });
});

describe.runIf(hasEncoder)('encodeAudio: tags and cover', () => {
  const tags = {
    title: 'Tïtle = ; # \\ \'q\' "d"',
    artist: '-A; 音楽',
    album: 'Album',
    track: '3/12',
    date: '2001',
    comment: 'line one\nline two',
  };

  async function taggedMp3(): Promise<AudioInfo> {
    const path = join(folder, 'tagged.mp3');
    if (!fs.existsSync(path)) {
      const picture = join(folder, 'cover.png');
      ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1', picture);
      const words = Object.entries({ ...tags, mood: 'calm', REPLAYGAIN_TRACK_GAIN: '-7 dB' });
      ffmpeg(
        ...[
          '-i',
          source24,
          '-i',
          picture,
          '-map',
          '0:a',
          '-map',
          '1:v',
          '-c:v',
          'copy',
          '-disposition:v',
          'attached_pic',
        ],
        ...words.flatMap(([name, text]) => ['-metadata', `${name}=${text}`]),
        ...['-id3v2_version', '4', path],
      );
    }
    return probeAudio(path);
  }

  it.each(['wav', 'flac', 'mp3', 'm4a', 'opus'] as const)('go into %s', async (container) => {
    if (container !== 'wav' && !hasFfmpeg) return;
    const metadataFrom = await taggedMp3();
    expect((await readTags(metadataFrom.path)).cover).not.toBeNull();
    const spec = { container, sampleRateHz: 44_100, sampleFormat: INT16 };
    const { path } = await encode(`tags.${container}`, spec, { metadataFrom });
    const back = await readTags(path);
    expect(back.tags).toMatchObject(tags);
    expect(Object.keys(back.tags).join()).not.toMatch(/replaygain/i);
    expect(Buffer.from(back.cover!.data)).toEqual(fs.readFileSync(join(folder, 'cover.png')));
  });

  it.runIf(hasFfmpeg)('go from WAV to FLAC and back', async () => {
    const metadataFrom = await taggedMp3();
    const wav = await encode(
      'chain.wav',
      { container: 'wav', sampleRateHz: 44_100, sampleFormat: INT16 },
      { metadataFrom },
    );
    const info = await probeAudio(wav.path);
    expect((await readTags(wav.path)).tags).toMatchObject(tags);
    const flac = await encode('chain.flac', FORMS[0]!, { metadataFrom: info });
    expect((await readTags(flac.path)).tags).toMatchObject(tags);
  });
});
