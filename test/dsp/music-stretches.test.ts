import { describe, expect, it } from 'vitest';
import type { MusicAnalysis } from '../../src/dsp/music-analysis.js';
import { joinStretches, type MusicStretch } from '../../src/dsp/music-stretches.js';

const STEP_SEC = 0.5;

/** What an analysis of [originSec, untilSec) of a steady piece would give, in its own time. */
function heard(originSec: number, untilSec: number, tempoBpm: number, key: string): MusicAnalysis {
  const times = Array.from({ length: (untilSec - originSec) / STEP_SEC }, (_, k) => k * STEP_SEC);
  const lengthSec = untilSec - originSec;
  return {
    rhythm: {
      tempoBpm,
      tempoAlternativesBpm: [tempoBpm / 2],
      tempoConfidence: 0.9,
      beatsSec: times,
      downbeatsSec: times.filter((_, k) => k % 4 === 0),
      meter: '4/4',
      meterConfidence: 0.8,
      onsetsSec: times,
      tempoCurve: times.filter((_, k) => k % 4 === 0).map((timeSec) => ({ timeSec, tempoBpm })),
      tempoVariationPercent: 0,
      swingRatio: null,
    },
    tonal: {
      key,
      keyConfidence: 0.5,
      keys: [{ startSec: 0, endSec: lengthSec, label: key }],
      tuningHz: 440,
      chords: [{ startSec: 0, endSec: lengthSec, label: 'C:maj' }],
      bassNotes: [{ startSec: 0, endSec: lengthSec, label: 'C' }],
      chroma: [1, ...new Array<number>(11).fill(0)],
    },
    structure: {
      sections: [
        { startSec: 0, endSec: lengthSec / 2, label: 'A', energyDb: 0, hint: null },
        { startSec: lengthSec / 2, endSec: lengthSec, label: 'B', energyDb: 0, hint: null },
      ],
      energyCurve: times.filter((_, k) => k % 4 === 0).map((timeSec) => ({ timeSec, energyDb: 0 })),
    },
    genre: { guess: 'pop', confidence: 0.6, alternatives: [], reasons: ['steady'] },
  };
}

/** A recording of 100 s in stretches of 40, 40 and 20 s, each heard with 10 s more on both sides. */
const stretches: MusicStretch[] = [
  { originSec: 0, startSec: 0, endSec: 40, analysis: heard(0, 50, 120, 'C major') },
  { originSec: 30, startSec: 40, endSec: 80, analysis: heard(30, 90, 121, 'C major') },
  { originSec: 70, startSec: 80, endSec: 100, analysis: heard(70, 100, 90, 'A minor') },
];

describe('joinStretches', () => {
  const joined = joinStretches(stretches);

  it('has every event once, in order, where it is in the recording', () => {
    expect(joined.rhythm.beatsSec).toEqual(Array.from({ length: 200 }, (_, k) => k * STEP_SEC));
    expect(joined.rhythm.downbeatsSec).toEqual(Array.from({ length: 50 }, (_, k) => 2 * k));
    expect(joined.structure.energyCurve.map(({ timeSec }) => timeSec)).toEqual(
      Array.from({ length: 50 }, (_, k) => 2 * k),
    );
  });

  it('tells of the whole what holds for most of the time, and trusts it by its share', () => {
    expect(joined.rhythm.tempoBpm).toBe(120);
    expect(joined.rhythm.tempoConfidence).toBeCloseTo(0.9 * 0.8, 3);
    expect(joined.rhythm.tempoAlternativesBpm).toEqual([90, 60]);
    expect(joined.rhythm.meter).toBe('4/4');
    expect(joined.tonal.key).toBe('C major');
    expect(joined.tonal.keyConfidence).toBeCloseTo(0.4, 3);
    expect(joined.genre).toMatchObject({ guess: 'pop', confidence: 0.6 });
  });

  it('joins what goes on over a border, and covers the recording without gaps', () => {
    expect(joined.tonal.chords).toEqual([{ startSec: 0, endSec: 100, label: 'C:maj' }]);
    expect(joined.tonal.keys).toEqual([
      { startSec: 0, endSec: 80, label: 'C major' },
      { startSec: 80, endSec: 100, label: 'A minor' },
    ]);
    const { sections } = joined.structure;
    expect(sections[0]!.startSec).toBe(0);
    expect(sections.at(-1)!.endSec).toBe(100);
    for (const [k, section] of sections.slice(1).entries())
      expect(section.startSec).toBe(sections[k]!.endSec);
  });

  it('goes on with the letters: a section of one stretch was not compared with those of another', () => {
    expect(joined.structure.sections.map(({ label }) => label)).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
  });

  it('gives the analysis of a lone stretch as it is', () => {
    expect(joinStretches(stretches.slice(0, 1))).toBe(stretches[0]!.analysis);
  });
});
