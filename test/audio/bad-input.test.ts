import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probeAudio } from '../../src/audio/probe.js';
import { exitCodeOf } from '../../src/errors.js';
import { ffmpeg, hasEncoder, hasFfmpeg, makeFolder, noise, rejectionOf, writeWav } from './fixtures.js';

const folder = makeFolder();
const good = writeWav(join(folder, 'good.wav'), [noise(4_000, 1), noise(4_000, 2)]);

async function codeOf(path: string): Promise<string> {
  const error = await rejectionOf(probeAudio(path));
  expect(error.message.split('\n'), 'one line').toHaveLength(1);
  expect(exitCodeOf(error.code), error.message).toBe(4);
  return error.code;
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  fs.writeFileSync(path, bytes);
  return path;
}

describe('probeAudio: what is no file', () => {
  it('names what is there instead', async () => {
    expect(await codeOf(join(folder, 'none.wav'))).toBe('input/not-found');
    expect(await codeOf(join(good, 'inside.wav'))).toBe('input/not-found');
    expect(await codeOf(folder)).toBe('input/is-directory');
    expect(await codeOf(join(folder, `${'x'.repeat(300)}.wav`))).toBe('input/not-found');
    expect(await codeOf(join(folder, 'nu\u0000ll.wav'))).toBe('input/not-found');
  });

  it('sees a loop of symbolic links, and follows those that lead somewhere', async () => {
    fs.symlinkSync(join(folder, 'loop-b.wav'), join(folder, 'loop-a.wav'));
    fs.symlinkSync(join(folder, 'loop-a.wav'), join(folder, 'loop-b.wav'));
    expect(await codeOf(join(folder, 'loop-a.wav'))).toBe('input/unreadable');
    fs.symlinkSync(good, join(folder, 'link.wav'));
    expect((await probeAudio(join(folder, 'link.wav'))).frameCount).toBe(4_000);
  });

  it.runIf(process.platform === 'linux')('does not wait for a pipe', async () => {
    const pipe = join(folder, 'pipe.wav');
    execFileSync('mkfifo', [pipe]);
    expect(await codeOf(pipe)).toBe('input/unreadable');
    expect(await codeOf('/dev/null')).toBe('input/unreadable');
  });

  it.skipIf(process.getuid?.() === 0)(
    'says that permission is missing (not as root, who has it)',
    async () => {
      const path = file('secret.wav', fs.readFileSync(good));
      fs.chmodSync(path, 0);
      expect(await codeOf(path)).toBe('input/unreadable');
    },
  );
});

describe('probeAudio: what is no audio', () => {
  it.each([
    ['empty.mp3', '', 'input/empty'],
    ['text.wav', 'just some text that someone named .wav\n'.repeat(50), 'input/not-audio'],
    ['text.mp3', 'just some text that someone named .mp3\n'.repeat(5_000), 'input/not-audio'],
    ['picture.flac', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'input/not-audio'],
    ['one byte.ogg', 'O', 'input/not-audio'],
    ['cut.ogg', 'OggS\0\x02', 'input/'],
    ['cut.flac', 'fLaC\0\0\0\x22', 'input/bad-header'],
    ['cut.m4a', Buffer.from('0000001c667479704d344120', 'hex'), 'input/'],
    ['list.mp3', '#EXTM3U\n#EXTINF:1,x\ngood.wav\n', 'input/unsupported'],
    ['list.wav', 'ffconcat version 1.0\nfile good.wav\n', 'input/unsupported'],
    ['list.pls', '[playlist]\nFile1=good.wav\n', 'input/unsupported'],
  ])('refuses %s', async (name, content, code) => {
    expect(await codeOf(file(name, content))).toMatch(new RegExp(`^${code}`));
  });

  it('refuses what a fuzzer makes of good files, or reads it, but never breaks', async () => {
    const sources = [fs.readFileSync(good)];
    if (hasEncoder) {
      for (const name of ['a.flac', 'a.mp3', 'a.ogg', 'a.opus', 'a.m4a']) {
        ffmpeg('-i', good, ...(name === 'a.ogg' ? ['-c:a', 'libvorbis'] : []), join(folder, name));
        sources.push(fs.readFileSync(join(folder, name)));
      }
    }
    let random = 12345;
    const next = (below: number) => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return Math.floor((random / 2 ** 32) * below);
    };
    for (let round = 0; round < 30; round++) {
      const bytes = Buffer.from(sources[round % sources.length]!);
      // Headers are where it hurts.
      for (let i = 0; i < 6; i++) bytes[next(Math.min(bytes.length, 400))] = next(256);
      const path = file('fuzz.bin', bytes.subarray(0, next(3) === 0 ? next(bytes.length) + 1 : bytes.length));
      try {
        const info = await probeAudio(path);
        expect(info.channelCount).toBeGreaterThan(0);
      } catch (thrown) {
        expect((thrown as { code?: string }).code, String(thrown)).toMatch(/^input\//);
      }
    }
  });
});

describe('probeAudio: names and contents', () => {
  it.each([
    'with space.wav',
    'quote \' and " double.wav',
    'new\nline.wav',
    '-leading-dash.wav',
    '--option=x.wav',
    'ünïcødé 音楽 🎵.wav',
    'percent %d %s %%.wav',
    'colon: file:x|y.wav',
    '$(touch pwned) `id` ;&.wav',
    'concat:a|b.wav',
  ])('reads %j, as WAV and as what needs a decoder', async (name) => {
    const path = file(name, fs.readFileSync(good));
    expect(await probeAudio(path)).toMatchObject({ frameCount: 4_000, channelCount: 2, decoder: 'wav' });
    if (!hasFfmpeg) return;
    const aiff = join(folder, 'good.aiff');
    if (!fs.existsSync(aiff)) ffmpeg('-i', good, '-f', 'aiff', aiff);
    fs.copyFileSync(aiff, path);
    expect(await probeAudio(path)).toMatchObject({
      container: 'aiff',
      sampleRateHz: 44_100,
      decoder: 'ffmpeg',
    });
    expect(fs.existsSync('pwned')).toBe(false);
  });

  it('finds relative names that begin with a dash', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      fs.copyFileSync(good, '-i.wav');
      expect((await probeAudio('-i.wav')).frameCount).toBe(4_000);
      if (hasFfmpeg) {
        ffmpeg('-i', good, '-f', 'aiff', './-i.wav');
        expect((await probeAudio('-i.wav')).container).toBe('aiff');
      }
    } finally {
      process.chdir(before);
    }
  });

  it.runIf(hasEncoder)('goes by content, never by extension', async () => {
    ffmpeg('-i', good, join(folder, 'b.flac'));
    ffmpeg('-i', good, '-b:a', '128k', join(folder, 'b.mp3'));
    expect(
      (await probeAudio(file('really flac.mp3', fs.readFileSync(join(folder, 'b.flac'))))).container,
    ).toBe('flac');
    expect((await probeAudio(file('really mp3.wav', fs.readFileSync(join(folder, 'b.mp3'))))).container).toBe(
      'mp3',
    );
    expect((await probeAudio(file('no extension', fs.readFileSync(join(folder, 'b.mp3'))))).container).toBe(
      'mp3',
    );
  });

  it.runIf(hasFfmpeg)('refuses video without sound and more than 8 channels', async () => {
    const video = join(folder, 'silent.mp4');
    ffmpeg('-f', 'lavfi', '-i', 'color=red:s=32x32:r=5:d=1', '-c:v', 'mpeg4', video);
    expect(await codeOf(video)).toBe('input/unsupported');
    const many = join(folder, 'many.wv');
    ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=hexadecagonal:d=0.1', many);
    expect(await codeOf(many)).toBe('input/unsupported');
  });

  it.runIf(hasFfmpeg)('does not let ffmpeg follow a playlist, whatever its name', async () => {
    const list = file(
      'list.bin',
      `\n#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${good}\n#EXT-X-ENDLIST\n`,
    );
    expect(await codeOf(list)).toMatch(/^input\/(unsupported|not-audio)$/);
    const dash = file('dash.mpd', `<?xml version="1.0"?><MPD><BaseURL>${good}</BaseURL></MPD>`);
    expect(await codeOf(dash)).toMatch(/^input\/(unsupported|not-audio)$/);
  });
});
