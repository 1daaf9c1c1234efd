// The platform sheet: every rule of a target against what was measured on the written file. A rule whose measure is
// missing is "not checked": its `pass` is null, never a guess.
import type { Dynamics } from '../../dsp/levels/figures.js';
import type { Loudness } from '../../dsp/loudness/programme.js';
import { roundTo } from '../../units.js';
import type { MasterTarget } from '../master-target.js';

/** One rule. `limit` holds the bounds that count; `measured` is null where there is no figure. */
export interface Check {
  readonly rule: string;
  readonly limit: { readonly min?: number; readonly max?: number };
  readonly measured: number | null;
  /** null: not checked. */
  readonly pass: boolean | null;
}

/** Integrated loudness may be off by this much where a target gives no range of its own. */
export const LOUDNESS_TOLERANCE_LU = 0.1;
/** Peaks are judged to a hundredth of a decibel, as they are reported. */
const PEAK_DIGITS = 2;

/** The sheet of a written file. A track of an album is not held to a loudness of its own. */
export function checkTarget(
  target: MasterTarget,
  loudness: Loudness,
  dynamics: Dynamics,
  isTrackOfAlbum = false,
): Check[] {
  const checks: Check[] = [];
  const add = (rule: string, measured: number | null, limit: Check['limit'], digits = 3): void => {
    const value = measured === null ? null : roundTo(measured, digits);
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = limit;
    checks.push({ rule, limit, measured: value, pass: value === null ? null : value >= min && value <= max });
  };
  const limited = (rule: string, measured: number | null, limit: Check['limit'], digits?: number): void => {
    if (limit.min !== undefined || limit.max !== undefined) add(rule, measured, limit, digits);
  };
  const bounds = (min: number | undefined, max: number | undefined): Check['limit'] => ({
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  });

  if (target.integratedLufs !== null) {
    const { integratedLufs, minIntegratedLufs, maxIntegratedLufs } = target;
    const min = minIntegratedLufs ?? roundTo(integratedLufs - LOUDNESS_TOLERANCE_LU, 3);
    const max = maxIntegratedLufs ?? roundTo(integratedLufs + LOUDNESS_TOLERANCE_LU, 3);
    add('integratedLufs', loudness.integratedLufs, { min, max });
    if (isTrackOfAlbum) checks.push({ ...checks.pop()!, pass: null });
  }
  if (target.truePeakDbtp !== null) {
    add('truePeakDbtp', loudness.truePeakDbtp, { max: target.truePeakDbtp }, PEAK_DIGITS);
  }
  add('samplePeakDbfs', loudness.samplePeakDbfs, { max: target.samplePeakDbfs }, PEAK_DIGITS);
  limited('shortTermMaxLufs', loudness.shortTermMaxLufs, bounds(undefined, target.shortTermMaxLufs));
  limited('momentaryMaxLufs', loudness.momentaryMaxLufs, bounds(undefined, target.momentaryMaxLufs));
  limited('loudnessRangeLu', loudness.loudnessRangeLu, bounds(undefined, target.loudnessRangeMaxLu));
  limited('rmsDbfs', dynamics.rmsDbfs, bounds(target.rmsMinDbfs, target.rmsMaxDbfs));
  limited('noiseFloorDbfs', dynamics.noiseFloorDbfs, bounds(undefined, target.noiseFloorMaxDbfs));
  if (target.dialogueLufs !== undefined) {
    const { dialogueLufs } = target;
    add('dialogueLufs', null, { min: dialogueLufs - 2, max: dialogueLufs + 2 });
  }
  return checks;
}
