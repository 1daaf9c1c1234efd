import { describe, expect, it } from 'vitest';
import { KIT_NAMES, KIT_SOUNDS } from '../../src/dsp/drum-kit/kits.js';
import { loadDrumMap } from '../../src/players/drum-maps.js';
import { gridOf, parseMeter } from '../../src/players/meter.js';
import { KITS, listPersonaIds, loadPersona } from '../../src/players/persona.js';
import { SOUNDS } from '../../src/players/pieces.js';
import { songOfReport } from '../../src/players/song.js';

const NAMED = 'kyle anders logan gavin magnus leah anton max tyrell rose maurice jasper lorenzo austin'.split(
  ' ',
);

describe('personas', () => {
  it('are 28 or more, with all that were asked for by name', () => {
    expect(listPersonaIds().length).toBeGreaterThanOrEqual(28);
    expect(listPersonaIds()).toEqual(expect.arrayContaining(NAMED));
  });

  it.each(listPersonaIds())(
    '%s has patterns that fit its first meter, and a tempo within its range',
    (id) => {
      const persona = loadPersona(id);
      const bar = gridOf(parseMeter(persona.meters[0]!), persona.grid === 'triplets');
      const patterns = [
        ...Object.values(persona.patterns),
        ...persona.percussion.map(({ pattern }) => pattern),
      ];
      for (const pattern of patterns) expect(pattern!.length % bar.stepCount).toBe(0);
      expect(persona.tempoBpm.default).toBeGreaterThanOrEqual(persona.tempoBpm.low);
      expect(persona.tempoBpm.default).toBeLessThanOrEqual(persona.tempoBpm.high);
    },
  );

  it('are refused by name with the nearest', () => {
    expect(() => loadPersona('lorenzzo')).toThrow(/no persona is named/);
    expect(() => loadPersona('../kyle')).toThrow(/no persona is named/);
  });
});

describe('kits and maps', () => {
  it('know every sound and every kit', () => {
    expect([...KIT_SOUNDS].sort()).toEqual([...SOUNDS].sort());
    expect([...KIT_NAMES]).toEqual([...KITS]);
    for (const name of ['gm', 'td11']) {
      const map = loadDrumMap(name);
      for (const sound of SOUNDS) expect(map[sound]).toBeGreaterThan(0);
    }
  });
});

describe('songs', () => {
  it('give bars, sections and chords out of a report', () => {
    const beatsSec = Array.from({ length: 33 }, (_, beat) => 0.5 + beat * 0.5);
    const report = {
      results: [
        {
          rhythm: { beatsSec, downbeatsSec: beatsSec.filter((_, i) => i % 4 === 0), meter: '4/4' },
          tonal: {
            chords: [
              { startSec: 0.5, endSec: 2.5, label: 'C' },
              { startSec: 2.5, endSec: 4, label: 'G:7' },
            ],
          },
          structure: {
            sections: [
              { startSec: 0, endSec: 8.5, label: 'verse' },
              { startSec: 8.5, endSec: 16.5, label: 'chorus' },
            ],
          },
        },
      ],
    };
    const song = songOfReport(JSON.stringify(report), 'report.json', false);
    expect(song.sections).toEqual([
      { label: 'verse', bars: 4 },
      { label: 'chorus', bars: 4 },
    ]);
    expect(song.tempoMap.toSec(4)).toBeCloseTo(2.5, 9);
    expect(song.chords).toEqual([
      { atQuarter: 0, label: 'C' },
      { atQuarter: 4, label: 'G:7' },
    ]);
    expect(() => songOfReport('{"loudness":{}}', 'x.json', false)).toThrow(/holds no rhythm/);
  });
});
