import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { learnCurveFile } from '../../src/pipeline/curve-learn.js';
import { curveBands, loadTargetCurve } from '../../src/pipeline/target-curve.js';
import { noise } from '../dsp/signals.js';
import { audioRefOf, temporaryFolder } from '../helpers/direct-job.js';

describe('learning a curve', () => {
  it('gives a file that loads, flat in power per Hz for white noise at any level', async () => {
    const files = [0.5, 0.01].map((level, i) => audioRefOf([noise(48_000 * 3, i + 1, level)], 48_000).path);
    files.push(audioRefOf([new Float32Array(48_000)], 48_000).path);
    const path = join(temporaryFolder(), 'own.yaml');
    writeFileSync(path, await learnCurveFile('own', files));
    const curve = loadTargetCurve(path);
    expect(curve.summary).toContain('2 recordings');
    const bands = curveBands(curve);
    expect(bands[27]!.medianDb - bands[17]!.medianDb).toBeCloseTo(10, 0);
  });

  it('says what is wrong', async () => {
    const silent = audioRefOf([new Float32Array(4800)], 48_000).path;
    await expect(learnCurveFile('own', [silent])).rejects.toMatchObject({ code: 'input/not-comparable' });
    const white = audioRefOf([noise(9600, 1, 0.1)], 48_000).path;
    await expect(learnCurveFile('My Curve', [white])).rejects.toMatchObject({ code: 'usage/bad-option' });
  });
});
