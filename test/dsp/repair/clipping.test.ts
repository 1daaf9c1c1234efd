// Peaks cut at known levels: found, rebuilt, and clean files left alone.
import { describe, expect, it } from 'vitest';
import {
  ceilingOf,
  type FlatTops,
  joinFlatTops,
  measureFlatTops,
  repairClipping,
} from '../../../src/dsp/repair/clipping.js';
import { isSameAudio, musicLike, speechLike } from '../denoise/signals.js';
import { errorDb, sourceOf } from './sources.js';

const RATE = 48_000;
const FRAMES = 3 * RATE;

function ceilingsOf(samples: Float64Array) {
  return {
    positive: ceilingOf(measureFlatTops(samples, 1)),
    negative: ceilingOf(measureFlatTops(samples, -1)),
  };
}

/** Cut at the level that the given share of samples exceeds. */
function clip(clean: Float64Array, share: number): { clipped: Float64Array; level: number } {
  const sorted = clean.map(Math.abs).sort();
  const level = sorted[Math.floor((1 - share) * sorted.length)]!;
  return { clipped: clean.map((value) => Math.max(-level, Math.min(level, value))), level };
}

const chord = Float64Array.from({ length: FRAMES }, (_, n) =>
  [220, 277.2, 329.6, 554.4, 1318].reduce(
    (sum, hz, k) => sum + Math.sin((2 * Math.PI * hz * n) / RATE + k) / (k + 2),
    0,
  ),
);

describe('repairClipping', () => {
  it.each<[string, Float64Array, number, number]>([
    ['a chord', chord, 0.02, 15],
    ['speech', speechLike(FRAMES, RATE), 0.01, 6],
    // Its peaks are drum hits, which nothing foretells: they must only not become worse.
    ['music with drums', musicLike(FRAMES, RATE), 0.005, -0.5],
  ])('rebuilds the peaks of %s', (_name, clean, share, leastDb) => {
    const { clipped, level } = clip(clean, share);
    const ceilings = ceilingsOf(clipped);
    expect(Math.abs(ceilings.positive / level - 1)).toBeLessThan(1e-3);
    const output = new Float64Array(FRAMES);
    const regions = repairClipping(sourceOf([clipped]), 0, FRAMES, [ceilings], [output]);
    expect(errorDb(clean, clipped, regions) - errorDb(clean, output, regions)).toBeGreaterThan(leastDb);
    // Detection: nearly every cut sample lies in a region, and nothing outside of them has changed.
    const isIn = new Uint8Array(FRAMES);
    for (const { startFrame, endFrame } of regions) isIn.fill(1, startFrame, endFrame);
    let cut = 0;
    let found = 0;
    let changedOutside = 0;
    for (let n = 0; n < FRAMES; n++) {
      if (Math.abs(clean[n]!) > level) {
        cut++;
        found += isIn[n]!;
      }
      if (isIn[n] === 0 && output[n] !== clipped[n]) changedOutside++;
    }
    expect(changedOutside).toBe(0);
    // Of noise, samples are cut one by one: those are no flat tops.
    if (leastDb > 0) expect(found / cut).toBeGreaterThan(0.85);
  });

  it('sees no ceiling in clean material', () => {
    for (const clean of [chord, speechLike(FRAMES, RATE), musicLike(FRAMES, RATE)]) {
      const { positive, negative } = ceilingsOf(clean);
      const output = new Float64Array(FRAMES);
      const regions = repairClipping(sourceOf([clean]), 0, FRAMES, [{ positive, negative }], [output]);
      expect(regions.length).toBe(0);
      expect(isSameAudio([output], [clean])).toBe(true);
    }
  });

  it('gives the same for any cut into ranges', () => {
    const { clipped } = clip(chord.subarray(0, 20_000), 0.05);
    const ceilings = ceilingsOf(clipped);
    const whole = new Float64Array(20_000);
    repairClipping(sourceOf([clipped]), 0, 20_000, [ceilings], [whole]);
    const cut = new Float64Array(20_000);
    for (let start = 0; start < 20_000; start += 3333) {
      const end = Math.min(20_000, start + 3333);
      repairClipping(sourceOf([clipped]), start, end, [ceilings], [cut.subarray(start, end)]);
    }
    expect(isSameAudio([cut], [whole])).toBe(true);
  });

  it('joins the flat tops of parts', () => {
    const tops = (peak: number, runCount: number): FlatTops => ({ peak, runCount });
    expect(joinFlatTops(tops(0.5, 3), tops(0.9, 1))).toEqual(tops(0.9, 1));
    expect(joinFlatTops(tops(0.9, 3), tops(0.9, 1))).toEqual(tops(0.9, 4));
    expect(ceilingOf(tops(0.9, 1))).toBe(Number.POSITIVE_INFINITY);
  });
});
