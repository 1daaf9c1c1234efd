import { describe, expect, it } from 'vitest';
import { pairFiles } from '../../src/pipeline/pairs.js';

const shown = (paths: readonly string[]) =>
  pairFiles(paths).map(({ name, bed, voice }) => `${name}: ${bed ?? '–'} + ${voice ?? '–'}`);

describe('pairFiles', () => {
  it.each([
    [['a/ep1.voice.wav', 'a/ep1.music.mp3'], ['ep1: a/ep1.music.mp3 + a/ep1.voice.wav']],
    [['a/ep 1_VO.wav', 'a/ep 1_Bed.wav'], ['ep-1: a/ep 1_Bed.wav + a/ep 1_VO.wav']],
    [['a/voice-ep1.wav', 'a/music-ep1.wav'], ['ep1: a/music-ep1.wav + a/voice-ep1.wav']],
    [['show/voice.wav', 'show/music.wav'], ['show: show/music.wav + show/voice.wav']],
    [
      ['a/x-vo.wav', 'a/y-vo.wav', 'a/y-bed.wav', 'a/music.wav'],
      ['x: a/music.wav + a/x-vo.wav', 'y: a/y-bed.wav + a/y-vo.wav'],
    ],
    [
      ['a/x-vo.wav', 'b/music.wav'],
      ['b: b/music.wav + –', 'x: – + a/x-vo.wav'],
    ],
    [['a/song.wav', 'a/take 3.wav'], []],
    [
      ['a/ep.vo.wav', 'a/ep.bed.wav', 'b/ep.vo.wav', 'b/ep.bed.wav'],
      ['ep: a/ep.bed.wav + a/ep.vo.wav', 'ep-2: b/ep.bed.wav + b/ep.vo.wav'],
    ],
  ])('pairs %j', (paths, expected) => {
    expect(shown(paths)).toEqual(expected);
  });
});
