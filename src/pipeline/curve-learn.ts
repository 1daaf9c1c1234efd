// Learns a target curve from a user's own recordings and gives it as the text of a YAML file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAudio } from '../audio/decode.js';
import { probeAudio } from '../audio/probe.js';
import { openWav } from '../audio/wav-reader.js';
import { THIRD_OCTAVES_HZ } from '../dsp/spectrum/bands.js';
import { spectrumFigures } from '../dsp/spectrum/figures.js';
import { learnCurve } from '../dsp/spectrum/learn-curve.js';
import {
  createSpectrumMeter,
  joinSpectra,
  meanPowers,
  type SpectrumPart,
} from '../dsp/spectrum/spectrum-meter.js';
import { ForgeError } from '../errors.js';
import { roundTo } from '../units.js';
import { yaml } from '../yaml-file.js';
import { targetCurveSchema } from './target-curve.js';

const RANGE_SEC = 30;

/** Third-octave levels of a file in dB of its total power. @throws ForgeError input/* */
async function spectrumOf(path: string, scratchDir: string): Promise<readonly (number | null)[]> {
  const decoded = await decodeAudio(await probeAudio(path), { scratchDir });
  const reader = openWav(decoded.path);
  try {
    const { sampleRateHz, channelCount, frameCount } = reader;
    const meter = createSpectrumMeter(sampleRateHz, channelCount);
    const parts: SpectrumPart[] = [];
    for (let startFrame = 0; startFrame < frameCount; startFrame += RANGE_SEC * sampleRateHz) {
      const endFrame = Math.min(startFrame + RANGE_SEC * sampleRateHz, frameCount);
      parts.push(meter.measure(reader, startFrame, endFrame));
    }
    return spectrumFigures(meanPowers(joinSpectra(parts), channelCount), sampleRateHz).thirdOctavesDb;
  } finally {
    reader.close();
    if (decoded.path !== path) rmSync(decoded.path, { force: true });
  }
}

/**
 * The text of a curve file learnt from `paths` (at least one). Silent files count for nothing.
 * @throws ForgeError input/* of a file, input/not-comparable where none holds sound, preset/invalid for a wrong id
 */
export async function learnCurveFile(id: string, paths: readonly string[]): Promise<string> {
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-curve-'));
  const spectra: (readonly (number | null)[])[] = [];
  try {
    for (const path of paths) {
      const levels = await spectrumOf(path, scratchDir);
      if (levels.some((level) => level !== null)) spectra.push(levels);
    }
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
  if (spectra.length === 0) {
    throw new ForgeError('input/not-comparable', `expected sound in the ${paths.length} files, got silence`);
  }
  const bands = Object.fromEntries(
    learnCurve(spectra).flatMap((band, i) =>
      band === null
        ? []
        : [
            [
              String(THIRD_OCTAVES_HZ[i]),
              [band.lowDb, band.medianDb, band.highDb].map((level) => roundTo(level, 2)),
            ],
          ],
    ),
  );
  const curve = targetCurveSchema.safeParse({
    id,
    summary: `Learnt from ${spectra.length} recordings`,
    source: 'forge curve learn: median, 10th and 90th percentile of third-octave levels',
    date: 'learnt',
    convention: 'third-octave',
    bands,
  });
  if (!curve.success) {
    throw new ForgeError('usage/bad-option', `expected letters, digits and hyphens for --id, got "${id}"`);
  }
  return yaml().stringify(curve.data);
}
