// The stage on files with damage of all kinds, and on files without.
import { describe, expect, it } from 'vitest';
import { restoreStage } from '../../../src/pipeline/stages/restore.js';
import {
  differenceOf,
  isSameAudio,
  levelDbfs,
  musicLike,
  speechLike,
  sumOf,
  whiteNoise,
} from '../../dsp/denoise/signals.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const RATE = 48_000;
const FRAMES = 3 * RATE;
// No room is so still that every frame of a voice could be foretold.
const clean = sumOf(speechLike(FRAMES, RATE), whiteNoise(FRAMES, -75));

type Data = {
  changed: boolean;
  clippedPeakCount: number | null;
  clipCeilingDbfs: number | null;
  clickCount: number | null;
  dcOffset: number | null;
  peakAfterDbfs: number | null;
  regions: { repair: string; channel: number; startSec: number; endSec: number }[];
};

async function restore(block: readonly Float64Array[], options: Record<string, unknown> = {}) {
  const result = await runStage(restoreStage, { audio: audioRefOf(block, RATE) }, options);
  expect(restoreStage.result.safeParse(result.outcome.data).error).toBeUndefined();
  return {
    ...result,
    data: result.outcome.data as Data,
    output: result.outputs.audio === undefined ? [] : readAll(result.outputs.audio),
  };
}

function withClicks(samples: Float64Array): Float64Array {
  const damaged = samples.slice();
  for (let at = 10_000; at < FRAMES - 10_000; at += 14_000) {
    damaged[at] = damaged[at]! + 0.4;
    damaged[at + 1] = damaged[at + 1]! - 0.3;
  }
  return damaged;
}

describe('the stage restore', () => {
  it.each<[string, Float64Array]>([
    ['speech', clean],
    ['music', musicLike(FRAMES, RATE)],
    ['silence', new Float64Array(RATE)],
    ['one frame', Float64Array.of(0.3)],
  ])('leaves %s without damage alone', async (_name, samples) => {
    const { data, output } = await restore([samples]);
    expect(data).toMatchObject({ changed: false, clippedPeakCount: 0, clickCount: 0, regions: [] });
    expect(isSameAudio(output, [Float32Array.from(samples)])).toBe(true);
  });

  it('mends clicks in the channel that has them, and leaves the other as it is', async () => {
    const damaged = withClicks(clean);
    const { data, output } = await restore([clean, damaged]);
    expect(data.clickCount).toBe(9);
    expect(data.regions.every(({ channel }) => channel === 1)).toBe(true);
    expect(data.regions[0]!.startSec).toBeCloseTo(10_000 / RATE, 3);
    expect(isSameAudio([output[0]!], [Float32Array.from(clean)])).toBe(true);
    const before = levelDbfs(differenceOf(damaged, clean));
    expect(before - levelDbfs(differenceOf(output[1]!, clean))).toBeGreaterThan(25);
  });

  it('rebuilds clipped peaks and tells of the headroom that they need', async () => {
    const peak = clean.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const loud = clean.map((value) => (value * 1.2) / peak);
    const clipped = loud.map((value) => Math.max(-1, Math.min(1, value)));
    const { data, output, notes } = await restore([clipped]);
    expect(data.clipCeilingDbfs).toBeCloseTo(0, 1);
    expect(data.clippedPeakCount).toBeGreaterThan(20);
    expect(data.peakAfterDbfs).toBeGreaterThan(1);
    expect(notes[0]?.message).toMatch(/headroom/);
    const improvement = levelDbfs(differenceOf(clipped, loud)) - levelDbfs(differenceOf(output[0]!, loud));
    expect(improvement).toBeGreaterThan(15);
  });

  it('takes a DC offset away', async () => {
    const { data, output } = await restore([clean.map((value) => value + 0.05)]);
    expect(data.dcOffset).toBeCloseTo(0.05, 3);
    expect(levelDbfs(differenceOf(output[0]!, clean))).toBeLessThan(-70);
  });

  it('mends all at once', async () => {
    const loud = clean.map((value) => Math.max(-0.5, Math.min(0.5, value * 2)));
    const { data } = await restore([withClicks(loud).map((value) => value + 0.01)]);
    expect(data.clickCount).toBeGreaterThan(5);
    expect(data.dcOffset).toBeCloseTo(0.01, 2);
  });

  it('changes nothing when it is asked to detect, and looks for what it is asked for', async () => {
    const damaged = withClicks(clean);
    const detected = await restore([damaged], { detect: true });
    expect(detected.data).toMatchObject({ changed: false, clickCount: 9 });
    expect(detected.output).toEqual([]);
    const onlyDc = await restore([damaged], { repairs: ['dc'] });
    expect(onlyDc.data).toMatchObject({ clickCount: null, clippedPeakCount: null });
  });
});
