import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { forge, jsonOf, startForge, testSong, writeWav } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/direct-job.js';

/** A canonical 44-byte header before `dataBytes` announced bytes. */
function header(options: { channels?: number; rateHz?: number; bits?: number; dataBytes?: number }): Buffer {
  const { channels = 2, rateHz = 44_100, bits = 16, dataBytes = 4000 } = options;
  const bytes = Buffer.alloc(44);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + dataBytes, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(rateHz, 24);
  bytes.writeUInt32LE((rateHz * channels * bits) / 8, 28);
  bytes.writeUInt16LE((channels * bits) / 8, 32);
  bytes.writeUInt16LE(bits, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(dataBytes, 40);
  return bytes;
}

const pcm = (bytes: number) => Buffer.alloc(bytes, 1);

describe('bad input', () => {
  const cwd = temporaryFolder();
  const file = (name: string, bytes: Uint8Array) => writeFileSync(join(cwd, name), bytes);

  beforeAll(() => {
    file('empty.wav', Buffer.alloc(0));
    file('text.wav', Buffer.from('this is no audio at all, just some text that someone named .wav\n'));
    file('cut-header.wav', header({}).subarray(0, 30));
    file('cut-data.wav', Buffer.concat([header({ dataBytes: 400_000 }), pcm(100_000)]));
    file('no-channels.wav', Buffer.concat([header({ channels: 0 }), pcm(4000)]));
    file('no-rate.wav', Buffer.concat([header({ rateHz: 0 }), pcm(4000)]));
    file('nine-channels.wav', Buffer.concat([header({ channels: 9, dataBytes: 18_000 }), pcm(18_000)]));
    file('no-frames.wav', header({ dataBytes: 0 }));
    for (const [name, value] of [
      ['nan.wav', Number.NaN],
      ['infinity.wav', Number.POSITIVE_INFINITY],
    ] as const) {
      const [left, right] = testSong(1);
      writeWav(join(cwd, name), [left!, right!], 44_100, { kind: 'float', bits: 32 });
      const bytes = readFileSync(join(cwd, name));
      bytes.writeFloatLE(value, bytes.length - 4000);
      writeFileSync(join(cwd, name), bytes);
    }
    mkdirSync(join(cwd, 'folder'));
    symlinkSync('loop-b.wav', join(cwd, 'loop-a.wav'));
    symlinkSync('loop-a.wav', join(cwd, 'loop-b.wav'));
    file('playlist.m3u8', Buffer.from('#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n'));
    file('concat.wav', Buffer.from('ffconcat version 1.0\nfile /etc/hostname\n'));
  });

  it.each([
    ['empty.wav', 'input/empty'],
    ['text.wav', 'input/not-audio'],
    ['cut-header.wav', 'input/bad-header'],
    ['cut-data.wav', 'input/truncated'],
    ['no-channels.wav', 'input/bad-header'],
    ['no-rate.wav', 'input/bad-header'],
    ['nine-channels.wav', 'input/unsupported'],
    ['no-frames.wav', 'input/empty'],
    ['nan.wav', 'input/non-finite'],
    ['infinity.wav', 'input/non-finite'],
    ['folder', 'input/no-audio-in-folder'],
    ['missing.wav', 'input/not-found'],
    ['nothing-*.wav', 'input/not-found'],
    ['loop-a.wav', 'input/unreadable'],
    ['playlist.m3u8', 'input/unsupported'],
    ['concat.wav', 'input/unsupported'],
  ])('%s ends with 4 and %s', async (name, code) => {
    const result = await forge(['analyze', name, '--json'], { cwd });
    expect(result.code, result.stderr).toBe(4);
    const { results, error } = jsonOf<{ results: { error: { code: string } }[]; error?: { code: string } }>(
      result,
    );
    expect((error ?? results[0]!.error).code).toBe(code);
    expect(result.stderr).toContain(`[${code}]`);
  });

  it('says what a truncated file has and lacks, and goes on when told to', async () => {
    const refused = await forge(['analyze', 'cut-data.wav'], { cwd });
    expect(refused.stderr).toMatch(/100000|25000|0\.57/);
    const tolerated = await forge(['analyze', 'cut-data.wav', '--tolerate-damage', '--json'], { cwd });
    expect(tolerated.code).toBe(0);
    expect(jsonOf(tolerated)).toMatchObject({
      results: [{ status: 'ok', input: { durationSec: 25_000 / 44_100 } }],
    });
    const run = JSON.parse(readFileSync(join(cwd, 'forge-out/cut-data/run.json'), 'utf8')) as {
      entries: unknown[];
    };
    expect(run.entries[0]).toMatchObject({ isDamageTolerated: true });
    expect(JSON.stringify(run)).toContain('truncated');
  });

  it('takes a file of one frame', async () => {
    file('one-frame.wav', Buffer.concat([header({ dataBytes: 4 }), pcm(4)]));
    const result = await forge(['analyze', 'one-frame.wav', '--json'], { cwd });
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout).not.toContain('NaN');
    expect(jsonOf(result)).toMatchObject({ results: [{ loudness: { integratedLufs: null } }] });
  });

  it.each(['with space.wav', 'qu"ote\'s.wav', 'new\nline.wav', 'ünï-夜.wav', '%41$(x)`y`.wav'])(
    'takes the name %j',
    async (name) => {
      writeWav(join(cwd, name), testSong(0.5), 44_100);
      const result = await forge(['analyze', name, '--json'], { cwd });
      expect(result.code, result.stderr).toBe(0);
    },
  );

  it('takes a name with a leading dash after --', async () => {
    writeWav(join(cwd, '-dash.wav'), testSong(0.5), 44_100);
    const result = await forge(['analyze', '--json', '--', '-dash.wav'], { cwd });
    expect(result.code, result.stderr).toBe(0);
    expect(jsonOf(result)).toMatchObject({ results: [{ folder: join('forge-out', 'dash') }] });
  });

  it.skipIf(process.getuid?.() === 0)(
    'says that a file cannot be read (skipped for root, who can read everything)',
    async () => {
      writeWav(join(cwd, 'closed.wav'), testSong(0.5), 44_100);
      chmodSync(join(cwd, 'closed.wav'), 0);
      const result = await forge(['analyze', 'closed.wav', '--json'], { cwd });
      expect(result.code).toBe(4);
    },
  );
});

describe('a batch', () => {
  it('goes on past failed files, lists them, and tells by its exit code', async () => {
    const cwd = temporaryFolder();
    writeWav(join(cwd, 'a.wav'), testSong(0.5), 44_100);
    writeFileSync(join(cwd, 'b.wav'), 'no audio');
    writeWav(join(cwd, 'c.wav'), testSong(0.5), 44_100);
    const result = await forge(['analyze', '.', '--json'], { cwd });
    expect(result.code).toBe(4);
    expect(jsonOf(result).results.map(({ status }) => status)).toEqual(['ok', 'failed', 'ok']);
    const text = await forge(['analyze', '.', '--quiet'], { cwd });
    expect(text.stdout).toContain('2 of 3 done, 1 failed');
  });

  it('gives files of one name folders of their own', async () => {
    const cwd = temporaryFolder();
    for (const folder of ['x', 'y']) {
      mkdirSync(join(cwd, folder));
      writeWav(join(cwd, folder, 'song.wav'), testSong(0.5), 44_100);
    }
    const result = await forge(['analyze', 'x/song.wav', 'y/song.wav', '--json'], { cwd });
    const folders = jsonOf<{ results: { folder: string }[] }>(result).results.map(({ folder }) => folder);
    expect(new Set(folders).size).toBe(2);
    for (const folder of folders) expect(folder).toMatch(/song-[0-9a-f]{8}$/);
  });

  it('replaces its own files, and no others', async () => {
    const cwd = temporaryFolder();
    writeWav(join(cwd, 'song.wav'), testSong(0.5), 44_100);
    expect((await forge(['analyze', 'song.wav'], { cwd })).code).toBe(0);
    expect((await forge(['analyze', 'song.wav'], { cwd })).code).toBe(0);
    writeFileSync(join(cwd, 'forge-out/song/report.json'), 'mine');
    const refused = await forge(['analyze', 'song.wav', '--json'], { cwd });
    expect(refused.code).toBe(7);
    expect(jsonOf(refused).results[0]!.error!.code).toBe('output/exists');
    expect(readFileSync(join(cwd, 'forge-out/song/report.json'), 'utf8')).toBe('mine');
    expect((await forge(['analyze', 'song.wav', '--overwrite'], { cwd })).code).toBe(0);
  });
});

it('tells why a file failed with --quiet too', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'text.wav'), 'no sound at all');
  const { code, stderr } = await startForge(['analyze', 'text.wav', '--quiet'], { cwd }).done;
  expect(code).toBe(4);
  expect(stderr).toContain('input/');
});
