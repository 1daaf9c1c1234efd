import { describe, expect, it } from 'vitest';
import { BAND_COUNT, BAND_FRAMES_PER_SEC } from '../../../src/dsp/rhythm/band-frames.js';
import { analyzeStructure } from '../../../src/dsp/structure/analyze-structure.js';
import { structureSchema } from '../../../src/dsp/structure/schema.js';
import type { Segment } from '../../../src/dsp/tonal/segments.js';
import { createNoise } from '../tonal/tones.js';

const BAR_SEC = 2;

/** What a kind of section sounds like: its bars' chords (pitch classes), the tilt of its spectrum, and its level. */
const KINDS: Record<string, { chords: number[][]; tilt: number; levelDb: number }> = {
  verse: {
    chords: [
      [0, 4, 7],
      [9, 0, 4],
      [5, 9, 0],
      [7, 11, 2],
    ],
    tilt: -0.5,
    levelDb: -20,
  },
  chorus: {
    chords: [
      [5, 9, 0],
      [7, 11, 2],
      [4, 7, 11],
      [9, 0, 4],
    ],
    tilt: -0.1,
    levelDb: -14,
  },
  bridge: {
    chords: [
      [2, 5, 9],
      [10, 2, 5],
      [8, 0, 3],
      [1, 5, 8],
    ],
    tilt: -0.9,
    levelDb: -26,
  },
};

function compose(plan: readonly [string, number][]) {
  const noise = createNoise(3);
  const barKinds = plan.flatMap(([kind, bars]) =>
    Array.from({ length: bars }, (_, k) => ({ kind: KINDS[kind]!, k })),
  );
  const durationSec = barKinds.length * BAR_SEC;
  const bands = new Uint8Array(durationSec * BAND_FRAMES_PER_SEC * BAND_COUNT);
  const segments: Segment[] = barKinds.map(({ kind, k }, bar) => {
    const chroma = Float64Array.from({ length: 12 }, () => 0.05 + 0.04 * noise());
    for (const pc of kind.chords[k % 4]!) chroma[pc] = 1 + 0.1 * noise();
    for (let t = bar * BAR_SEC * BAND_FRAMES_PER_SEC; t < (bar + 1) * BAR_SEC * BAND_FRAMES_PER_SEC; t++) {
      for (let band = 0; band < BAND_COUNT; band++) {
        const levelDb = kind.levelDb + kind.tilt * band + 2 * noise();
        bands[t * BAND_COUNT + band] = Math.round(2 * (levelDb + 100));
      }
    }
    return { startSec: bar * BAR_SEC, endSec: (bar + 1) * BAR_SEC, isDownbeat: true, chroma, bass: chroma };
  });
  const downbeatsSec = segments.map((segment) => segment.startSec);
  return analyzeStructure(bands, segments, durationSec, downbeatsSec);
}

describe('analyzeStructure', () => {
  it('finds verse, chorus and bridge, and what comes again', () => {
    const plan: [string, number][] = [
      ['verse', 8],
      ['chorus', 8],
      ['verse', 8],
      ['chorus', 8],
      ['bridge', 8],
      ['chorus', 8],
    ];
    const result = compose(plan);
    expect(() => structureSchema.parse(result)).not.toThrow();
    expect(result.sections.map((section) => section.label).join('')).toBe('ABABCB');
    expect(result.sections.map((section) => section.startSec)).toEqual([0, 16, 32, 48, 64, 80]);
    expect(result.sections[4]!.hint).toBe('break');
    expect(result.sections[5]!.hint).toBe('drop');
  });

  it('keeps one section where nothing changes', () => {
    expect(compose([['verse', 16]]).sections).toHaveLength(1);
  });

  it('covers the piece without gaps', () => {
    const { sections } = compose([
      ['verse', 7],
      ['chorus', 13],
      ['bridge', 5],
    ]);
    expect(sections[0]!.startSec).toBe(0);
    expect(sections.at(-1)!.endSec).toBe(50);
    for (const [k, section] of sections.slice(1).entries())
      expect(section.startSec).toBe(sections[k]!.endSec);
  });

  it('has no sections for silence', () => {
    expect(analyzeStructure(new Uint8Array(400 * BAND_COUNT), [], 4, [])).toEqual({
      sections: [],
      energyCurve: [],
    });
    expect(analyzeStructure(new Uint8Array(0), [], 0, [])).toEqual({ sections: [], energyCurve: [] });
  });
});
