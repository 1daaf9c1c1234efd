// The platform sheet: every rule of a target against what was measured on the written file. A rule whose measure is
// missing is "not checked": its `pass` is null, never a guess.
import type { Dynamics } from '../../dsp/levels/figures.js';
import type { Loudness } from '../../dsp/loudness/programme.js';
import { roundTo } from '../../units.js';
import type { MasterTarget } from '../master-target.js';

/** One rule. `limit` holds the bounds that count, or all that is allowed; `measured` is null where there is no figure. */
export interface Check {
  readonly rule: string;
  readonly limit: {
    readonly min?: number;
    readonly max?: number;
    readonly oneOf?: (string | number)[];
  };
  readonly measured: number | string | null;
  /** null: not checked. */
  readonly pass: boolean | null;
}

/** What the sheet is about, measured on the written file. */
export interface Written {
  readonly loudness: Loudness;
  readonly dynamics: Dynamics;
  readonly channelCount: number;
  /** Side against mid below the target's `monoBelowHz`, in dB; null where there is no side, or nobody asks. */
  readonly lowSideToMidDb: number | null;
  /** undefined where no detector of speech is installed, or nobody asks. */
  readonly dialogue: { readonly dialogueLufs: number | null; readonly isSparse: boolean } | undefined;
  /** A track of an album is not held to a loudness of its own. */
  readonly isTrackOfAlbum: boolean;
}

/** Integrated loudness may be off by this much where a target gives no range of its own. */
export const LOUDNESS_TOLERANCE_LU = 0.1;
/** Peaks are judged to a hundredth of a decibel, as they are reported. */
const PEAK_DIGITS = 2;
/** Lows are one channel when their side lies this far under their mid. */
const MONO_SIDE_TO_MID_DB = -20;

/** The sheet of a written file. */
export function checkTarget(target: MasterTarget, written: Written): Check[] {
  const { loudness, dynamics, dialogue } = written;
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

  const isByDialogue = dialogue !== undefined && !dialogue.isSparse;
  if (target.integratedLufs !== null) {
    add('integratedLufs', loudness.integratedLufs, integratedBounds(target, dialogue?.isSparse === true));
    // Where the rule is about dialogue, and there is some, the whole is told and not judged.
    if (written.isTrackOfAlbum || isByDialogue) checks.push({ ...checks.pop()!, pass: null });
  }
  if (target.dialogueLufs !== undefined) {
    const { dialogueLufs, dialogueToleranceLu } = target;
    const measured = isByDialogue ? dialogue.dialogueLufs : null;
    add('dialogueLufs', measured, {
      min: dialogueLufs - dialogueToleranceLu,
      max: dialogueLufs + dialogueToleranceLu,
    });
    if (written.isTrackOfAlbum) checks.push({ ...checks.pop()!, pass: null });
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
  if (target.monoBelowHz !== undefined && written.channelCount > 1) {
    add('lowSideToMidDb', written.lowSideToMidDb, { max: MONO_SIDE_TO_MID_DB }, 1);
  }
  if (target.isMono) add('channelCount', written.channelCount, { min: 1, max: 1 });
  return checks;
}

function integratedBounds(target: MasterTarget, isSparse: boolean): Check['limit'] {
  const { sparseDialogueLufs, dialogueToleranceLu } = target;
  if (isSparse && sparseDialogueLufs !== undefined) {
    return { min: sparseDialogueLufs - dialogueToleranceLu, max: sparseDialogueLufs + dialogueToleranceLu };
  }
  const integratedLufs = target.integratedLufs!;
  return {
    min: target.minIntegratedLufs ?? roundTo(integratedLufs - LOUDNESS_TOLERANCE_LU, 3),
    max: target.maxIntegratedLufs ?? roundTo(integratedLufs + LOUDNESS_TOLERANCE_LU, 3),
  };
}

/** A phrase for every rule that the written file does not hold. */
export function describeFailed(checks: readonly Check[]): string[] {
  return checks
    .filter(({ pass }) => pass === false)
    .map(({ rule, measured, limit }) => `${rule} is ${measured}, expected ${boundsText(limit)}`);
}

function boundsText({ min, max, oneOf }: Check['limit']): string {
  if (oneOf !== undefined) return oneOf.join(' or ');
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}
