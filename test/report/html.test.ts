import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/report/html.js';
import { sampleReport } from './sample-report.js';

describe('reportHtml', () => {
  const html = reportHtml(sampleReport());

  it('shows figures, timeline and suggestions', () => {
    for (const text of ['−14.02 LUFS', 'A intro', '>Am<', 'A minor', '120 BPM', 'Muddy: 200 to 500 Hz'])
      expect(html).toContain(text);
    expect(html).toContain('Try −2.3 dB');
    expect(html).toContain('aria-label="Chords: A:min from 0:00, F:maj from 1:30"');
    expect(html).toContain('1:30: 12 clipped samples');
    expect(html).toContain('data:image/png;base64,');
  });

  it('is one page of its own: nothing is loaded, and no text becomes markup', () => {
    expect(html).not.toMatch(/(src|href)="https?:|@import|url\(|<script src/);
    expect(html).not.toContain('<b>"Tom');
    expect(html).toContain('&#60;b&#62;');
    expect(html).toContain('cut &#60;short&#62;');
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });

  it('gives equal bytes for equal reports', () => {
    expect(reportHtml(sampleReport())).toBe(html);
  });

  it('leaves out what was not analysed', () => {
    const bare = sampleReport();
    (bare.stages[0] as { data: unknown }).data = { loudness: { integratedLufs: null } };
    const page = reportHtml(bare);
    expect(page).not.toContain('class="lanes"');
    expect(page).not.toContain('class="advice"');
    expect(page).not.toMatch(/undefined|NaN/);
  });
});
