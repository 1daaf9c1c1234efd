// A run's stems beside their mix: how much of each band is whose, and which stem a suggestion is about. Stems are measured
// like the mix; their powers are compared with each other, so that bleed and rounding do not matter.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { decodeAudio } from '../../audio/decode.js';
import { probeAudio } from '../../audio/probe.js';
import type { Suggestion } from '../../dsp/advice/schema.js';
import { loudnessFigures } from '../../dsp/loudness/programme.js';
import { bandPower } from '../../dsp/spectrum/bands.js';
import { BAND_EDGES_HZ, BAND_NAMES, type BandName } from '../../dsp/spectrum/figures.js';
import type { Spectrum } from '../../dsp/spectrum/spectrum-meter.js';
import { ForgeError } from '../../errors.js';
import { sha256Sync } from '../../file-hash.js';
import { roundTo } from '../../units.js';
import type { AudioRef, StageJob } from '../stage.js';
import type { StemsReport } from './analyze-schema.js';
import { measurePass } from './measure-pass.js';

const ENDINGS = ['.wav', '.flac', '.mp3', '.m4a', '.opus', '.ogg', '.aif', '.aiff'];
/** Sums of other stems, which would count them twice, and what is left over. */
const NO_STEMS = ['instrumental', 'residual'];
/** Stems may be this much longer or shorter than the mix. */
const LENGTH_TOLERANCE_SEC = 1;

/** A stem with its powers. */
export interface MeasuredStem {
  readonly name: string;
  readonly integratedLufs: number | null;
  /** Power of middle and sides, or of the sides alone, in a range of frequencies; mean over time, full scale 1. */
  readonly powerIn: (lowHz: number, highHz: number, isSideOnly?: boolean) => number;
}

/** Paths of the stems of a folder, sorted by name. @throws ForgeError input/not-found, input/no-audio-in-folder */
export function stemPaths(folder: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ForgeError('input/not-found', `expected a folder of stems for stems, got "${folder}"`);
  }
  const names = readdirSync(folder)
    .filter((name) => ENDINGS.includes(extname(name).toLowerCase()) && !NO_STEMS.includes(nameOf(name)))
    .sort();
  if (names.length === 0) {
    throw new ForgeError('input/no-audio-in-folder', `the folder ${folder} holds no stems`, {
      hint: 'Name the folder stems/ of a run of forge split.',
    });
  }
  return names.map((name) => join(folder, name));
}

/** sha256 over the stems of a folder, for the key of the result. @throws ForgeError input/* */
export function hashStems(folder: string): string {
  const hash = createHash('sha256');
  for (const path of stemPaths(folder)) hash.update(`${nameOf(path)}\n${sha256Sync(path)}\n`);
  return hash.digest('hex');
}

/** Measures every stem of the folder. @throws ForgeError input/* */
export async function measureStems<Options>(job: StageJob<Options>, folder: string): Promise<MeasuredStem[]> {
  const stems: MeasuredStem[] = [];
  const mix = job.inputs.audio!;
  for (const path of stemPaths(folder)) {
    const info = await probeAudio(path);
    const decoded = await decodeAudio(info, { scratchDir: job.scratchDir, tolerateDamage: false });
    const { shape, sampleFormat } = decoded;
    const audio: AudioRef = {
      ...shape,
      name: 'audio',
      path: decoded.path,
      key: `stem:${path}`,
      sampleFormat,
    };
    const offSec = shape.frameCount / shape.sampleRateHz - mix.frameCount / mix.sampleRateHz;
    if (Math.abs(offSec) > LENGTH_TOLERANCE_SEC) {
      job.note(
        'warning',
        `the stem ${basename(path)} is ${Math.abs(offSec).toFixed(1)} s ${offSec > 0 ? 'longer' : 'shorter'} than the mix`,
      );
    }
    const params = { role: 'audio', isWithLevels: false, isWithSpectrum: true };
    const { loudness, spectrum } = await job.scan(measurePass, params, { audio });
    const { integratedLufs } = loudnessFigures(loudness, shape.sampleRateHz);
    stems.push({
      name: nameOf(path),
      integratedLufs: integratedLufs === null ? null : roundTo(integratedLufs, 2),
      powerIn: (lowHz, highHz, isSideOnly = false) =>
        powerOf(spectrum!, shape.sampleRateHz, lowHz, highHz, isSideOnly),
    });
  }
  return stems;
}

/** The `stems` section. */
export function stemsReport(stems: readonly MeasuredStem[]): StemsReport {
  const shares = (lowHz: number, highHz: number): (number | null)[] => {
    const powers = stems.map(({ powerIn }) => powerIn(lowHz, highHz));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => (total > 0 ? roundTo((100 * power) / total, 1) : null));
  };
  const whole = shares(20, 20_000);
  const byBand = Object.fromEntries(
    BAND_NAMES.map((name) => [name, shares(BAND_EDGES_HZ[name][0], BAND_EDGES_HZ[name][1])]),
  ) as unknown as Record<BandName, (number | null)[]>;
  return stems.map(({ name, integratedLufs }, index) => ({
    name,
    integratedLufs,
    sharePercent: whole[index]!,
    bandsPercent: Object.fromEntries(BAND_NAMES.map((band) => [band, byBand[band][index]!])) as Record<
      BandName,
      number | null
    >,
  }));
}

/** A suggestion with the stem that holds most of what it is about; as it is where it is about no range. */
export function nameStem(suggestion: Suggestion, stems: readonly MeasuredStem[]): Suggestion {
  const { id, lowHz, highHz } = suggestion;
  if (lowHz === null || highHz === null) return suggestion;
  const powers = stems.map(({ powerIn }) => powerIn(lowHz, highHz, id === 'wide-lows'));
  const total = powers.reduce((sum, power) => sum + power, 0);
  if (!(total > 0)) return suggestion;
  const most = powers.indexOf(Math.max(...powers));
  const sharePercent = roundTo((100 * powers[most]!) / total, 1);
  return { ...suggestion, stem: { name: stems[most]!.name, sharePercent } };
}

function powerOf(
  { mid, side, size, windowCount }: Spectrum,
  sampleRateHz: number,
  lowHz: number,
  highHz: number,
  isSideOnly: boolean,
): number {
  const binHz = sampleRateHz / size;
  const middle = isSideOnly ? 0 : bandPower(mid, binHz, lowHz, highHz);
  return (middle + bandPower(side, binHz, lowHz, highHz)) / (windowCount * size * size);
}

function nameOf(path: string): string {
  return basename(path, extname(path));
}
