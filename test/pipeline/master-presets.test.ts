import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadMasterTarget, masterTargetIds } from '../../src/pipeline/master-target.js';
import { GENRE_IDS } from '../../src/pipeline/stages/master-characters.js';
import { curveBands, loadTargetCurve, targetCurveIds } from '../../src/pipeline/target-curve.js';

describe('master targets', () => {
  it.each(masterTargetIds())('%s is well-formed and named as its file', (id) => {
    expect(loadMasterTarget(id).id).toBe(id);
  });

  it('hold the figures that bind', () => {
    const figures = (id: string) => {
      const { integratedLufs, truePeakDbtp } = loadMasterTarget(id);
      return [integratedLufs, truePeakDbtp];
    };
    expect(figures('spotify')).toEqual([-14, -1]);
    expect(figures('apple-music')).toEqual([-16, -1]);
    expect(figures('podcast')[0]).toBe(-16);
    expect(figures('broadcast')).toEqual([-23, -2]);
    expect(figures('film')[0]).toBe(-24);
    expect(figures('cd')[1]).toBe(-0.3);
    expect(loadMasterTarget('cd')).toMatchObject({ minIntegratedLufs: -12, maxIntegratedLufs: -9 });
    expect(loadMasterTarget('club')).toMatchObject({
      truePeakDbtp: null,
      samplePeakDbfs: 0,
      maxIntegratedLufs: -8,
    });
  });

  it('names the nearest where a name is wrong', () => {
    expect(() => loadMasterTarget('spotfy')).toThrowError(
      expect.objectContaining({ code: 'preset/not-found' }),
    );
  });
});

describe('target curves', () => {
  it.each(targetCurveIds())('%s is well-formed, and its bounds enclose its median', (id) => {
    const curve = loadTargetCurve(id);
    expect(curve.id).toBe(id);
    for (const band of curveBands(curve)) {
      if (band === null) continue;
      expect(band.lowDb).toBeLessThan(band.medianDb);
      expect(band.highDb).toBeGreaterThan(band.medianDb);
    }
  });

  it('are there for every genre', () => {
    for (const genre of GENRE_IDS) expect(targetCurveIds()).toContain(genre);
  });

  it('fall 5 dB an octave in power per Hz from 100 Hz to 4 kHz where they follow the hits', () => {
    const bands = curveBands(loadTargetCurve('hits'));
    const octaves = Math.log2(4000 / 100);
    const perHz = bands[23]!.medianDb - bands[7]!.medianDb - 10 * Math.log10(4000 / 100);
    expect(perHz / octaves).toBeCloseTo(-5, 1);
  });

  it('lie in files that are all listed', () => {
    expect(readdirSync('presets/curves').length).toBe(targetCurveIds().length);
  });
});
