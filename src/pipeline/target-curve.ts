// Target curves: third-octave levels that a kind of music (or speech) usually has, with what is common around them.
// One YAML file each under presets/curves/; `forge curve learn` writes the same form from a user's own music.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { hintOf } from '../complaints.js';
import { THIRD_OCTAVES_HZ } from '../dsp/spectrum/bands.js';
import type { TargetBand } from '../dsp/spectrum/correction.js';
import { ForgeError } from '../errors.js';
import { readYaml } from '../yaml-file.js';

const levelsDb = z.tuple([z.number(), z.number(), z.number()]);

export const targetCurveSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('Name of the curve; that of its file.'),
  summary: z.string().min(1).describe('One line for lists.'),
  source: z.string().min(1).describe('Document, or the music that it was learnt from.'),
  date: z.string().describe('When the source was published, or the curve was made.'),
  convention: z
    .enum(['third-octave', 'power-per-hz'])
    .describe('Levels of third-octave bands, or of power per Hz (3 dB an octave lower towards the top).'),
  bands: z
    .record(z.string().regex(/^\d+(\.\d+)?$/), levelsDb)
    .describe(
      'By nominal centre in Hz: low, median and high level in dB. Only differences between bands count.',
    ),
});

export type TargetCurve = z.output<typeof targetCurveSchema>;

const FOLDER = fileURLToPath(new URL('../../presets/curves/', import.meta.url));

/** Ids of the curves that come with forge, sorted. */
export function targetCurveIds(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/**
 * A curve by its id, or by the path of a YAML file.
 * @throws ForgeError preset/not-found, preset/unreadable, preset/syntax, preset/invalid
 */
export function loadTargetCurve(name: string): TargetCurve {
  const isPath = /[\\/]|\.ya?ml$/.test(name);
  const known = targetCurveIds();
  if (!isPath && !known.includes(name)) {
    throw new ForgeError('preset/not-found', `expected the name of a curve for curve, got "${name}"`, {
      hint: hintOf(name, known),
    });
  }
  return readYaml(isPath ? name : join(FOLDER, `${name}.yaml`)).check(targetCurveSchema);
}

/** The curve as levels of the bands of THIRD_OCTAVES_HZ; null for bands that it leaves out. */
export function curveBands(curve: TargetCurve): (TargetBand | null)[] {
  return THIRD_OCTAVES_HZ.map((centreHz) => {
    const levels = curve.bands[String(centreHz)];
    if (levels === undefined) return null;
    const widthDb = curve.convention === 'power-per-hz' ? 10 * Math.log10(centreHz) : 0;
    const [lowDb, medianDb, highDb] = levels;
    return { lowDb: lowDb + widthDb, medianDb: medianDb + widthDb, highDb: highDb + widthDb };
  });
}
