// What the search for a gain steers by, and the level of a programme that is too faint for the gate. Shared by the stage
// and by forecasts of it.
import { dynamicsFigures } from '../../dsp/levels/figures.js';
import type { Dialogue } from '../../dsp/loudness/dialogue.js';
import { integratedLoudness } from '../../dsp/loudness/gating.js';
import { hopMeansOf, type Loudness } from '../../dsp/loudness/programme.js';
import { dbToPower } from '../../units.js';
import type { MasterTarget } from '../master-target.js';
import { SPARSE_DIALOGUE_PERCENT } from './dialogue.js';
import type { ProgrammeMeasures } from './measure-pass.js';

/** Kept below the ceiling from the start: dither at 16 bits alone adds 0.0005 dB. */
export const HEADROOM_DB = 0.005;

/** A target of unweighted level is met by way of loudness, and corrected on the result. */
export interface Goal {
  /** null: the peak decides alone. */
  readonly targetLufs: number | null;
  readonly ceilingDb: number;
  readonly detection: 'true-peak' | 'sample-peak';
}

/**
 * The goal for a programme of these measures. `referenceLufs` where the target takes its loudness from a reference;
 * `dialogue` where the target is about dialogue and that was measured.
 */
export function goalOf(
  target: MasterTarget,
  { integratedLufs }: Loudness,
  { levels }: ProgrammeMeasures,
  referenceLufs: number | undefined,
  dialogue?: Dialogue,
): Goal {
  const { rmsDbfs } = dynamicsFigures(levels!);
  const byLevel =
    target.rmsTargetDbfs === undefined || rmsDbfs === null || integratedLufs === null
      ? null
      : integratedLufs + target.rmsTargetDbfs - rmsDbfs;
  return {
    targetLufs:
      byDialogue(target, integratedLufs, dialogue) ??
      target.integratedLufs ??
      byLevel ??
      referenceLufs ??
      null,
    ceilingDb: target.truePeakDbtp ?? target.samplePeakDbfs,
    detection: target.truePeakDbtp === null ? 'sample-peak' : 'true-peak',
  };
}

/** Integrated loudness with which the dialogue has the loudness that it should; null where there is no such rule or figure. */
function byDialogue(
  target: MasterTarget,
  integratedLufs: number | null,
  dialogue: Dialogue | undefined,
): number | null {
  if (target.dialogueLufs === undefined || dialogue === undefined || integratedLufs === null) return null;
  if (isSparse(dialogue)) return target.sparseDialogueLufs ?? null;
  return dialogue.dialogueLufs === null ? null : integratedLufs + target.dialogueLufs - dialogue.dialogueLufs;
}

/** Whether there is so little dialogue that rules ask for the integrated loudness instead. */
export function isSparse({ dialoguePercent }: Dialogue): boolean {
  return dialoguePercent < SPARSE_DIALOGUE_PERCENT;
}

/** The peak that the goal is about, in dB. */
export function peakOf({ detection }: Goal, loudness: Loudness): number | null {
  return detection === 'true-peak' ? loudness.truePeakDbtp : loudness.samplePeakDbfs;
}

/** Raised by so much, a faint programme passes the absolute gate. */
const FAINT_GAIN_DB = 60;

/** Integrated loudness of a programme that lies under the absolute gate as it is, and will not once it is raised. */
export function faintLoudness({ loudness }: ProgrammeMeasures, sampleRateHz: number): number | null {
  const raised = hopMeansOf(loudness, sampleRateHz).map((mean) => mean * dbToPower(FAINT_GAIN_DB));
  const lufs = integratedLoudness(raised);
  return lufs === null ? null : lufs - FAINT_GAIN_DB;
}
