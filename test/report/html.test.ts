import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/report/html.js';
import type { Report } from '../../src/report/report.js';

const SONG = '<b>"Tom & Jerry\'s"</b>.wav';

/** A report as `forge analyze` makes it, of three minutes in two sections. */
function report(): Report {
  const beatsSec = Array.from({ length: 360 }, (_, k) => k / 2);
  return {
    schema: 'forge.report/1',
    command: 'analyze',
    forgeVersion: '0.0.0',
    input: { name: SONG, sha256: 'ab'.repeat(32), durationSec: 180, sampleRateHz: 44_100, channelCount: 2 },
    status: 'ok',
    stages: [
      {
        id: 'analyze',
        stage: 'analyze',
        on: 'mix',
        options: {},
        models: [],
        bypassed: {},
        data: {
          loudness: {
            integratedLufs: -14.02,
            truePeakDbtp: -1,
            history: { hopSec: 0.1, momentaryLufs: [], shortTermLufs: new Array(1800).fill(-14) },
          },
          spectrum: {
            bands: { subBass: -12, bass: -4, lowMid: -8, mid: -9, highMid: -14, presence: -20, air: -28 },
          },
          rhythm: {
            tempoBpm: 120,
            tempoAlternativesBpm: [60],
            tempoConfidence: 0.9,
            beatsSec,
            downbeatsSec: beatsSec.filter((_, k) => k % 4 === 0),
            meter: '4/4',
            meterConfidence: 0.9,
            onsetsSec: beatsSec,
            tempoCurve: [
              { timeSec: 4, tempoBpm: 119.9 },
              { timeSec: 90, tempoBpm: 120.1 },
            ],
            tempoVariationPercent: 0.1,
            swingRatio: 1,
          },
          tonal: {
            key: 'A minor',
            keyConfidence: 0.7,
            keys: [{ startSec: 0, endSec: 180, label: 'A minor' }],
            tuningHz: 440,
            chords: [
              { startSec: 0, endSec: 90, label: 'A:min' },
              { startSec: 90, endSec: 180, label: 'F:maj' },
            ],
            bassNotes: [],
            chroma: null,
          },
          structure: {
            sections: [
              { startSec: 0, endSec: 90, label: 'A', energyDb: -1, hint: 'intro' },
              { startSec: 90, endSec: 180, label: 'B', energyDb: 1, hint: null },
            ],
            energyCurve: [],
          },
          genre: { guess: 'pop', confidence: 0.6, alternatives: [], reasons: [] },
          advice: {
            curve: 'pop',
            curveReason: 'genre guessed as pop (60 %)',
            thirdOctaves: [
              { centreHz: 200, differenceDb: 8 },
              { centreHz: 250, differenceDb: 7 },
              { centreHz: 4000, differenceDb: null },
            ],
            suggestions: [
              {
                id: 'mud',
                severity: 'high',
                message: 'Muddy: 200 to 500 Hz lie 7.5 dB above the curve.',
                lowHz: 200,
                highHz: 500,
                measured: 7.5,
                limit: 6,
                unit: 'dB',
                action: 'Cut there.',
                amountDb: -2.3,
              },
            ],
          },
        },
      },
    ],
    notes: [{ severity: 'warning', message: 'cut <short>' }],
    outputs: [{ kind: 'report', path: 'report.json', sha256: 'cd'.repeat(32) }],
  };
}

describe('reportHtml', () => {
  const html = reportHtml(report());

  it('shows figures, timeline and suggestions', () => {
    for (const text of ['−14.02 LUFS', 'A intro', 'F:maj', 'A minor', '120 BPM', 'Muddy: 200 to 500 Hz'])
      expect(html).toContain(text);
    expect(html).toContain('Try −2.3 dB');
    expect(html).toContain('aria-label="Timeline of sections, keys, chords, bars, tempo"');
  });

  it('is one page of its own: nothing is loaded, and no text becomes markup', () => {
    expect(html).not.toMatch(/(src|href)="https?:|@import|url\(|<script/);
    expect(html).not.toContain('<b>"Tom');
    expect(html).toContain('&#60;b&#62;');
    expect(html).toContain('cut &#60;short&#62;');
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });

  it('gives equal bytes for equal reports', () => {
    expect(reportHtml(report())).toBe(html);
  });

  it('leaves out what was not analysed', () => {
    const bare = report();
    (bare.stages[0] as { data: unknown }).data = { loudness: { integratedLufs: null } };
    const page = reportHtml(bare);
    expect(page).not.toContain('class="timeline"');
    expect(page).not.toContain('class="advise"');
    expect(page).not.toMatch(/undefined|NaN/);
  });
});
