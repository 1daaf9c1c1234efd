import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeAudio } from '../../src/audio/decode.js';
import { probeAudio } from '../../src/audio/probe.js';
import {
  align,
  ffmpeg,
  hasEncoder,
  hasFfmpeg,
  makeFolder,
  music,
  quantise,
  readAll,
  writeWav,
} from './fixtures.js';

const folder = makeFolder();
const RATE_HZ = 48_000;
const block = [0, 1].map((channel) => quantise(music(5 * RATE_HZ, RATE_HZ, channel), 16));
const environment = process.env.FORGE_FFMPEG;
afterEach(() => {
  if (environment === undefined) delete process.env.FORGE_FFMPEG;
  else process.env.FORGE_FFMPEG = environment;
});

/** The byte at which each page begins. */
function pagesOf(bytes: Buffer): number[] {
  const pages: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    pages.push(at);
    const segments = bytes[at + 26]!;
    at +=
      27 + segments + bytes.subarray(at + 27, at + 27 + segments).reduce((sum, length) => sum + length, 0);
  }
  return pages;
}

describe
  .runIf(hasEncoder)
  .each([
    ['vorbis', ['-c:a', 'libvorbis', '-q:a', '6'], 'none'],
    ['opus', ['-c:a', 'libopus', '-b:a', '160k'], 'none'],
    ...(hasFfmpeg ? ([['opus', ['-c:a', 'libopus', '-b:a', '160k'], '']] as const) : []),
  ] as const)('a live %s stream', (codec, args, setting) => {
  it(`that was joined late is read whole, and said to be so (FORGE_FFMPEG="${setting}")`, async () => {
    const whole = join(folder, `${codec}.ogg`);
    // Pages of a quarter of a second, as servers cut them.
    ffmpeg(
      '-i',
      writeWav(join(folder, 'source.wav'), block, RATE_HZ),
      ...args,
      '-page_duration',
      '250000',
      whole,
    );
    const bytes = fs.readFileSync(whole);
    const pages = pagesOf(bytes);
    const firstAudio = pages.findIndex((at) => bytes.readBigInt64LE(at + 6) > 0n);
    const joined = join(folder, `joined-${codec}.ogg`);
    fs.writeFileSync(
      joined,
      Buffer.concat([bytes.subarray(0, pages[firstAudio]), bytes.subarray(pages[firstAudio + 6])]),
    );
    if (setting !== '') process.env.FORGE_FFMPEG = setting;
    const info = await probeAudio(joined);
    expect(info.notes.map(({ code }) => code)).toEqual(['starts-late']);
    expect(info.durationSec).toBeGreaterThan(2.5);
    expect(info.durationSec).toBeLessThan(4.2);
    const back = readAll((await decodeAudio(info, { scratchDir: folder })).path)[0]!;
    expect(back.length).toBe(info.frameCount);
    // Its end is the source's end.
    const end = block[0]!.subarray(block[0]!.length - back.length);
    expect(align(end, back, 400).lag).toBe(0);
  });
});
