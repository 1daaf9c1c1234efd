// What a mix is matched to: spectrum, width, density and loudness of reference recordings, as weighted means.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAudio } from '../../audio/decode.js';
import { probeAudio } from '../../audio/probe.js';
import { loudnessFigures } from '../../dsp/loudness/programme.js';
import { bandPower } from '../../dsp/spectrum/bands.js';
import type { TargetBand } from '../../dsp/spectrum/correction.js';
import { spectrumFigures } from '../../dsp/spectrum/figures.js';
import { meanPowers, type Spectrum } from '../../dsp/spectrum/spectrum-meter.js';
import { ForgeError } from '../../errors.js';
import type { AudioRef } from '../stage.js';
import { CORNERS_HZ } from './master-chain.js';
import type { MeasureWish, ProgrammeMeasures } from './measure-pass.js';

/** Means over the references. */
export interface Reference {
  readonly integratedLufs: number;
  readonly plrLu: number;
  readonly bands: readonly (TargetBand | null)[];
  /** Side over mid power per band of CORNERS_HZ; null where they are mono. */
  readonly sideShares: readonly number[] | null;
}

/**
 * Measures every file by `measure` and gives the weighted means. Files that are no WAV are decoded into a folder of
 * their own, which goes afterwards.
 * @throws ForgeError input/* for a file that cannot be read or holds no sound, usage/bad-option for wrong weights
 */
export async function measureReferences(
  paths: readonly string[],
  weights: readonly number[],
  measure: (audio: AudioRef, what: MeasureWish) => Promise<ProgrammeMeasures>,
): Promise<Reference> {
  if (weights.length !== 0 && weights.length !== paths.length) {
    throw new ForgeError(
      'usage/bad-option',
      `expected ${paths.length} weights for referenceWeights, got ${weights.length}`,
    );
  }
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-reference-'));
  try {
    const measured: Reference[] = [];
    for (const path of paths) {
      const info = await probeAudio(path);
      const {
        path: wavPath,
        shape,
        sampleFormat,
      } = await decodeAudio(info, { scratchDir, tolerateDamage: false });
      const audio = { ...shape, name: 'mix', path: wavPath, key: `reference:${path}`, sampleFormat };
      measured.push(referenceOf(path, audio, await measure(audio, { isWithSpectrum: true })));
    }
    return meanOf(
      measured,
      paths.map((_, i) => weights[i] ?? 1),
    );
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}

function referenceOf(path: string, audio: AudioRef, measures: ProgrammeMeasures): Reference {
  const { sampleRateHz, channelCount } = audio;
  const { integratedLufs, plrLu } = loudnessFigures(measures.loudness, sampleRateHz);
  if (integratedLufs === null || plrLu === null) {
    throw new ForgeError(
      'input/not-comparable',
      `expected sound above −70 LUFS in the reference ${path}, got none`,
    );
  }
  const { thirdOctavesDb } = spectrumFigures(meanPowers(measures.spectrum!, channelCount), sampleRateHz);
  return {
    integratedLufs,
    plrLu,
    bands: thirdOctavesDb.map((level) =>
      level === null ? null : { lowDb: level, medianDb: level, highDb: level },
    ),
    sideShares: channelCount < 2 ? null : sideShares(measures.spectrum!, sampleRateHz),
  };
}

/** Side over mid power in each of the four bands. */
export function sideShares({ mid, side, size }: Spectrum, sampleRateHz: number): number[] {
  const binHz = sampleRateHz / size;
  const edges = [20, ...CORNERS_HZ, 20_000];
  return edges.slice(1).map((high, i) => {
    const low = edges[i]!;
    return bandPower(side, binHz, low, high) / Math.max(bandPower(mid, binHz, low, high), 1e-30);
  });
}

function meanOf(references: readonly Reference[], weights: readonly number[]): Reference {
  const mean = (pick: (reference: Reference) => number | null | undefined): number | null => {
    let sum = 0;
    let total = 0;
    for (const [i, reference] of references.entries()) {
      const value = pick(reference);
      if (value === null || value === undefined) continue;
      sum += weights[i]! * value;
      total += weights[i]!;
    }
    return total === 0 ? null : sum / total;
  };
  const first = references[0]!;
  const bands = first.bands.map((_, i): TargetBand | null => {
    const level = mean((reference) => reference.bands[i]?.medianDb);
    return level === null ? null : { lowDb: level, medianDb: level, highDb: level };
  });
  const shares = CORNERS_HZ.map((_, i) => mean((reference) => reference.sideShares?.[i]));
  const last = mean((reference) => reference.sideShares?.[CORNERS_HZ.length]);
  const all = [...shares, last];
  return {
    integratedLufs: mean((reference) => reference.integratedLufs)!,
    plrLu: mean((reference) => reference.plrLu)!,
    bands,
    sideShares: all.every((share) => share !== null) ? (all as number[]) : null,
  };
}
