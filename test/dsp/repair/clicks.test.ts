// Clicks of known place and level in speech and music: what is found, what is mended, and what is left alone.
import { describe, expect, it } from 'vitest';
import { DEFAULT_CLICK_OPTIONS, repairClicks } from '../../../src/dsp/repair/clicks.js';
import { isSameAudio, musicLike, speechLike, sumOf, whiteNoise } from '../denoise/signals.js';
import { errorDb, randomFrom, sourceOf } from './sources.js';

const RATE = 48_000;
const FRAMES = 6 * RATE;
const room = whiteNoise(FRAMES, -70, 9);
const MATERIAL: [string, Float64Array][] = [
  ['speech', sumOf(speechLike(FRAMES, RATE), room)],
  ['music with drums', sumOf(musicLike(FRAMES, RATE), room)],
];

interface Click {
  readonly startFrame: number;
  readonly endFrame: number;
}

/** Bursts of 1 to 25 samples of ±0.1 to ±0.5, one in every 100 ms or so. */
function addClicks(clean: Float64Array, seed: number): { damaged: Float64Array; clicks: Click[] } {
  const random = randomFrom(seed);
  const damaged = clean.slice();
  const clicks: Click[] = [];
  for (let at = 3000; at < clean.length - 3000; at += 3000 + Math.floor(random() * 4000)) {
    const length = 1 + Math.floor(random() * 25);
    for (let n = 0; n < length; n++) {
      damaged[at + n]! += (random() < 0.5 ? -1 : 1) * (0.1 + 0.4 * random()) * Math.exp((-3 * n) / length);
    }
    clicks.push({ startFrame: at, endFrame: at + length });
  }
  return { damaged, clicks };
}

function repair(samples: Float64Array, rangeFrames = samples.length) {
  const output = new Float64Array(samples.length);
  const regions = [];
  for (let start = 0; start < samples.length; start += rangeFrames) {
    const end = Math.min(samples.length, start + rangeFrames);
    regions.push(
      ...repairClicks(sourceOf([samples]), start, end, DEFAULT_CLICK_OPTIONS, [output.subarray(start, end)]),
    );
  }
  return { output, regions };
}

describe('repairClicks', () => {
  it.each(MATERIAL)('finds and mends clicks in %s', (name, clean) => {
    const { damaged, clicks } = addClicks(clean, 3);
    const { output, regions } = repair(damaged);
    const touches = (a: Click, b: Click) => a.startFrame < b.endFrame && b.startFrame < a.endFrame;
    const hits = clicks.filter((click) => regions.some((region) => touches(click, region)));
    const right = regions.filter((region) => clicks.some((click) => touches(click, region)));
    // Under drum hits a click is neither heard nor found.
    expect(hits.length / clicks.length).toBeGreaterThan(name === 'speech' ? 0.97 : 0.8);
    expect(right.length / regions.length).toBeGreaterThan(0.95);
    expect(errorDb(clean, damaged, hits) - errorDb(clean, output, hits)).toBeGreaterThan(15);
  });

  it.each(MATERIAL)('changes nothing of clean %s', (_name, clean) => {
    const { output, regions } = repair(clean);
    expect(regions).toEqual([]);
    expect(isSameAudio([output], [clean])).toBe(true);
  });

  it('gives the same for any cut into ranges, and the same regions without an output', () => {
    const { damaged } = addClicks(MATERIAL[0]![1].subarray(0, RATE), 8);
    const whole = repair(damaged);
    const cut = repair(damaged, 1777);
    expect(isSameAudio([cut.output], [whole.output])).toBe(true);
    expect(cut.regions).toEqual(whole.regions);
    const detected = repairClicks(sourceOf([damaged]), 0, damaged.length, DEFAULT_CLICK_OPTIONS);
    expect(detected).toEqual(whole.regions);
  });
});
