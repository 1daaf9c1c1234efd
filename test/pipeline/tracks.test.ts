import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignTrackNames, TrackFolder, trackNameOf } from '../../src/pipeline/tracks.js';
import { temporaryFolder } from '../helpers/direct-job.js';

describe('trackNameOf', () => {
  it('keeps what is safe, non-ASCII included', () => {
    expect(trackNameOf('/a/Für Elise – März.wav')).toBe('Für Elise – März');
    expect(trackNameOf('夜に駆ける.flac')).toBe('夜に駆ける');
  });

  it.each([
    ['../../etc/passwd', 'passwd'],
    ['-rf.wav', 'rf'],
    ['.hidden.wav', 'hidden'],
    ['a:b*c?.wav', 'a_b_c_'],
    ['line\nbreak.wav', 'line_break'],
    ['CON.wav', 'track_CON'],
    ['...wav', 'track_'],
  ])('makes a folder name out of %j', (path, name) => {
    expect(trackNameOf(path)).toBe(name);
  });

  it('never leaves the output folder and never gets too long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const track = trackNameOf(name);
        expect(track).not.toMatch(/[\\/]|^\.+$/);
        expect(track.length).toBeGreaterThan(0);
        expect(Buffer.byteLength(track)).toBeLessThanOrEqual(130);
      }),
    );
  });
});

describe('assignTrackNames', () => {
  const free = () => undefined;

  it('gives inputs of one name folders of their own, stable by path', () => {
    const [first, second, third] = assignTrackNames(['/a/song.wav', '/b/Song.flac', '/b/other.wav'], free);
    expect(first).toMatch(/^song-[0-9a-f]{8}$/);
    expect(second).toMatch(/^Song-[0-9a-f]{8}$/);
    expect(third).toBe('other');
    expect(assignTrackNames(['/b/Song.flac', '/a/song.wav'], free)).toEqual([second, first]);
  });

  it('leaves the folder of another input alone', () => {
    const ownerOf = (name: string) => (name === 'song' ? '/a/song.wav' : undefined);
    expect(assignTrackNames(['/a/song.wav'], ownerOf)).toEqual(['song']);
    expect(assignTrackNames(['/b/song.wav'], ownerOf)[0]).toMatch(/^song-[0-9a-f]{8}$/);
  });
});

describe('TrackFolder', () => {
  it('clears what a killed run left, and nothing else', () => {
    const path = temporaryFolder();
    mkdirSync(join(path, 'stems'));
    mkdirSync(join(path, '.scratch'));
    mkdirSync(join(path, '.cache/0a'), { recursive: true });
    for (const name of [
      '.master.wav.123.partial',
      'master.wav',
      'stems/.vocals.wav.7.partial',
      '.cache/0a/.master.delivery.wav.0123456789ab.partial',
      '.cache/0a/0.done',
      '.scratch/x.wav',
      '.lock',
    ]) {
      writeFileSync(join(path, name), name === '.lock' ? '999999999' : 'x');
    }
    const folder = TrackFolder.open(path);
    const left = [
      '.master.wav.123.partial',
      'stems/.vocals.wav.7.partial',
      '.cache/0a/.master.delivery.wav.0123456789ab.partial',
      '.scratch/x.wav',
    ];
    for (const name of left) expect(existsSync(join(path, name)), name).toBe(false);
    for (const name of ['master.wav', '.cache/0a/0.done']) expect(existsSync(join(path, name))).toBe(true);
    folder.close();
    expect(existsSync(join(path, '.scratch'))).toBe(false);
    expect(existsSync(join(path, '.lock'))).toBe(false);
  });

  it('refuses a folder that another process works in', () => {
    const path = temporaryFolder();
    writeFileSync(join(path, '.lock'), '1');
    expect(() => TrackFolder.open(path)).toThrow(expect.objectContaining({ code: 'output/busy' }));
  });
});
