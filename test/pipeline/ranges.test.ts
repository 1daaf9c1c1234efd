import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf } from '../../src/pipeline/ranges.js';
import { defineScan } from '../../src/pipeline/stage.js';

const scan = (rangeSec: number) =>
  defineScan<unknown, null, null, null>({
    order: 'parallel',
    rangeSec,
    run: () => ({ part: null }),
    merge: () => null,
  });

describe('rangesOf', () => {
  it('covers every frame once, in order, whatever the length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000_000 }),
        fc.double({ min: 0.5, max: 100, noNaN: true }),
        fc.constantFrom(8_000, 44_100, 48_000, 192_000),
        (frameCount, rangeSec, sampleRateHz) => {
          const ranges = rangesOf(scan(rangeSec), null, { sampleRateHz, channelCount: 2, frameCount });
          let next = 0;
          for (const range of ranges) {
            expect(range.startFrame).toBe(next);
            expect(range.endFrame).toBeGreaterThan(range.startFrame);
            expect(range.count).toBe(ranges.length);
            next = range.endFrame;
          }
          expect(next).toBe(frameCount);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses a range of no length', () => {
    expect(() => rangesOf(scan(0), null, { sampleRateHz: 48_000, channelCount: 1, frameCount: 10 })).toThrow(
      /range length/,
    );
  });
});
