// The stage on whole files with hum, rumble, a cut band and damage of voices: found by itself, reported, mended.
import { describe, expect, it } from 'vitest';
import { restoreStage } from '../../../src/pipeline/stages/restore.js';
import { differenceOf, isSameAudio, levelDbfs, musicLike, sumOf } from '../../dsp/denoise/signals.js';
import { addAt, voiceInRoom } from '../../dsp/repair/voices.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const RATE = 16_000;
const FRAMES = 18 * RATE;
const { clean } = voiceInRoom(FRAMES, RATE);
const hum = Float64Array.from({ length: FRAMES }, (_, n) => {
  let sum = 0;
  for (let k = 1; k <= 9; k++) sum += (0.006 / k) * Math.sin((2 * Math.PI * 50.04 * k * n) / RATE + k * k);
  return sum;
});
const rumble = Float64Array.from({ length: FRAMES }, (_, n) => 0.01 * Math.sin((2 * Math.PI * 8 * n) / RATE));

async function restore(block: readonly Float64Array[], options: Record<string, unknown> = {}) {
  const result = await runStage(restoreStage, { audio: audioRefOf(block, RATE) }, options);
  const data = restoreStage.result.parse(result.outcome.data) as Record<string, unknown> & {
    hum: { mainsHz: number; levelDbfs: number } | null;
    regions: { repair: string; severityDb: number }[];
  };
  return { ...result, data, output: result.outputs.audio === undefined ? [] : readAll(result.outputs.audio) };
}

describe('the stage restore, on a whole file', () => {
  it('takes hum and rumble out of both channels, and tells of them', async () => {
    const damaged = sumOf(sumOf(clean, hum), rumble);
    const { data, output } = await restore([damaged, damaged]);
    expect(data.hum!.mainsHz).toBe(50);
    expect(Math.abs(data.hum!.levelDbfs - levelDbfs(hum))).toBeLessThan(2);
    expect(data.regions.map(({ repair }) => repair).sort()).toEqual(['hum', 'rumble']);
    const inside = (samples: Float64Array) => samples.subarray(RATE, FRAMES - RATE);
    for (const samples of output) {
      const left = levelDbfs(inside(differenceOf(samples, clean)));
      expect(levelDbfs(sumOf(hum, rumble)) - left).toBeGreaterThan(20);
    }
  });

  it('only tells of them where it is asked to detect', async () => {
    const damaged = sumOf(sumOf(clean, hum), rumble);
    const { data, output, notes } = await restore([damaged], { detect: true });
    expect(data).toMatchObject({ changed: false, rumbleDbfs: expect.any(Number) });
    expect(data.hum).not.toBeNull();
    expect(output).toEqual([]);
    expect(notes.map(({ message }) => message)).toContainEqual(expect.stringMatching(/only detection/));
  });

  it('looks for what troubles a voice by its own detector, and says so', async () => {
    const thump = Float64Array.from(
      { length: FRAMES },
      (_, n) => 0.5 * Math.sin((2 * Math.PI * 38 * n) / RATE),
    );
    const places = [1.55, 4.55].map((sec) => ({
      startFrame: Math.round(sec * RATE),
      endFrame: Math.round((sec + 0.07) * RATE),
    }));
    const { data, notes } = await restore([addAt(clean, thump, places)], {
      repairs: ['plosives', 'breaths', 'sibilance'],
    });
    expect(notes.map(({ message }) => message).join()).toMatch(/own detector/);
    expect(data).toMatchObject({ plosiveCount: 2, clickCount: null, voice: { detector: 'own' } });
    expect((data.voice as { roomDbfs: number }).roomDbfs).toBeLessThan(-70);
  });

  it('leaves clean music alone, also where everything is looked for', async () => {
    const music = musicLike(6 * RATE, RATE);
    const { data, output } = await restore([music], {
      repairs: ['clipping', 'clicks', 'dc', 'rumble', 'hum', 'shimmer'],
      bandwidthPercent: 100,
    });
    expect(data).toMatchObject({
      changed: false,
      hum: null,
      bandLimitHz: null,
      bandwidthAddedPercent: 0,
      regions: [],
    });
    expect(isSameAudio(output, [Float32Array.from(music)])).toBe(true);
  });
});
