// The `advice` and `platforms` sections of an analysis: chooses the target curve and holds the measures against it, and
// against what the common platforms ask for.
import type { Advice } from '../../dsp/advice/schema.js';
import { type AdviceMeasures, advise, LOWS_HZ } from '../../dsp/advice/suggestions.js';
import type { GenreGuess } from '../../dsp/genre/schema.js';
import type { Dynamics } from '../../dsp/levels/figures.js';
import type { Loudness } from '../../dsp/loudness/programme.js';
import { type Spectrum, sideToMid } from '../../dsp/spectrum/spectrum-meter.js';
import { powerToDb, roundTo } from '../../units.js';
import { loadMasterTarget } from '../master-target.js';
import type { Json } from '../stage.js';
import { curveBands, loadTargetCurve } from '../target-curve.js';
import { spectrumReport } from './analyze-report.js';
import type { Platforms } from './analyze-schema.js';
import { checkTarget } from './master-checks.js';

/** A guess of the genre is followed from this share on; below, the average of hits is the better guide. */
const TRUSTED_GUESS = 0.4;
const LOWEST_HZ = 20;
const SILENT_SIDE_DB = -120;

export interface AdviceSource {
  /** Sections of the report. */
  readonly loudness: NonNullable<AdviceMeasures['loudness']>;
  readonly dynamics: { readonly [key: string]: Json };
  readonly stereo: { readonly [key: string]: Json };
  readonly spectrum: Spectrum;
  /** The guess, where the music was heard. */
  readonly genre: Json | undefined;
  readonly channelCount: number;
  readonly sampleRateHz: number;
}

/** @throws ForgeError preset/* where the curve is not there or not valid */
export function adviceReport(wishedCurve: string, source: AdviceSource): Advice {
  const { spectrum, channelCount, sampleRateHz } = source;
  const { name, reason } = chooseCurve(wishedCurve, source.genre as GenreGuess | undefined);
  const curve = loadTargetCurve(name);
  const lows = channelCount === 1 ? null : sideToMid(spectrum, sampleRateHz, LOWEST_HZ, LOWS_HZ);
  const measures: AdviceMeasures = {
    thirdOctavesDb: spectrumReport(spectrum, channelCount, sampleRateHz).thirdOctavesDb,
    loudness: source.loudness,
    dynamics: source.dynamics as unknown as NonNullable<AdviceMeasures['dynamics']>,
    stereo: source.stereo as unknown as NonNullable<AdviceMeasures['stereo']>,
    lowSideToMidDb: lows === null ? null : roundTo(Math.max(SILENT_SIDE_DB, powerToDb(lows)), 2),
  };
  return advise(measures, curveBands(curve), { id: curve.id, reason });
}

function chooseCurve(
  wished: string,
  genre: GenreGuess | undefined,
): { readonly name: string; readonly reason: string } {
  if (wished !== 'auto') return { name: wished, reason: 'as asked' };
  const { guess, confidence } = genre ?? { guess: null, confidence: null };
  if (guess !== null && confidence !== null && confidence >= TRUSTED_GUESS) {
    return {
      name: guess.replace('-', ''),
      reason: `genre guessed as ${guess} (${Math.round(100 * confidence)} %)`,
    };
  }
  return { name: 'hits', reason: guess === null ? 'no genre was guessed' : 'no genre is clear enough' };
}

/** Targets whose rules a file is held against without being asked. */
const PLATFORMS = [
  'spotify',
  'apple-music',
  'youtube',
  'amazon',
  'tidal',
  'deezer',
  'soundcloud',
  'broadcast',
  'podcast',
] as const;

/** The `platforms` section. */
export function platformsReport(loudness: Loudness, dynamics: Dynamics, channelCount: number): Platforms {
  const written = { loudness, dynamics, channelCount, lowSideToMidDb: null, dialogue: undefined };
  return PLATFORMS.map((name) => {
    const target = loadMasterTarget(name);
    const checks = checkTarget(target, { ...written, isTrackOfAlbum: false });
    const { integratedLufs, truePeakDbtp } = loudness;
    const gainDb =
      integratedLufs === null || target.integratedLufs === null
        ? null
        : target.integratedLufs - integratedLufs;
    const overDb =
      gainDb === null || truePeakDbtp === null || target.truePeakDbtp === null
        ? null
        : Math.max(0, truePeakDbtp + gainDb - target.truePeakDbtp);
    return {
      preset: name,
      summary: target.summary,
      targetLufs: target.integratedLufs,
      gainDb: gainDb === null ? null : roundTo(gainDb, 2),
      limitingDb: overDb === null ? null : roundTo(overDb, 2),
      checks,
      pass: integratedLufs === null ? null : checks.every(({ pass }) => pass !== false),
    };
  });
}
