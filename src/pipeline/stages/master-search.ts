// Finds the gain with which a programme, limited, reaches a loudness. Method: the linear gain first; where the limiter
// takes some of it back, the secant on what it gave, within the reduction that the target allows. Pure: what a gain
// gives is asked of the caller.

export interface GainSearch {
  readonly targetLufs: number;
  /** Loudness and true (or sample) peak of the programme as it is. */
  readonly integratedLufs: number;
  readonly peakDb: number;
  readonly ceilingDb: number;
  readonly maxGainReductionDb: number;
  /** Where to begin, when an earlier search ended there; the linear gain otherwise. */
  readonly startGainDb?: number;
  /** Integrated loudness after gain and limiter; null where nothing passes the gate. */
  evaluate(gainDb: number): Promise<number | null>;
}

export interface FoundGain {
  readonly gainDb: number;
  /** What the last evaluation gave. */
  readonly integratedLufs: number;
  /** True where gain alone does it, and no peak meets the ceiling. */
  readonly isLinear: boolean;
  /** True where the allowed reduction ended the search. */
  readonly isAtLimit: boolean;
}

const TOLERANCE_LU = 0.01;
const MAX_ROUNDS = 8;
/** More than this of gain for one LU means that the limiter has flattened what there is. */
const STEEPEST_DB_PER_LU = 8;

/** The gain, and what it reaches. */
export async function findGain(search: GainSearch): Promise<FoundGain> {
  const { targetLufs, ceilingDb, evaluate } = search;
  const linearGainDb = targetLufs - search.integratedLufs;
  if (search.peakDb + linearGainDb <= ceilingDb) {
    return { gainDb: linearGainDb, integratedLufs: targetLufs, isLinear: true, isAtLimit: false };
  }
  const highestGainDb = ceilingDb - search.peakDb + search.maxGainReductionDb;
  if (search.maxGainReductionDb === 0) {
    const integratedLufs = search.integratedLufs + highestGainDb;
    return { gainDb: highestGainDb, integratedLufs, isLinear: true, isAtLimit: true };
  }

  // Below the ceiling loudness follows the gain; that point is known without a measurement.
  let known = { gainDb: ceilingDb - search.peakDb, lufs: search.integratedLufs + ceilingDb - search.peakDb };
  let gainDb = Math.min(search.startGainDb ?? linearGainDb, highestGainDb);
  let best = { gainDb, lufs: Number.NEGATIVE_INFINITY };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const lufs = await evaluate(gainDb);
    if (lufs === null) break;
    const missingLu = targetLufs - lufs;
    if (Math.abs(missingLu) < Math.abs(targetLufs - best.lufs)) best = { gainDb, lufs };
    if (Math.abs(missingLu) <= TOLERANCE_LU) break;
    if (gainDb === highestGainDb && missingLu > 0) break;
    const slope = (gainDb - known.gainDb) / (lufs - known.lufs);
    const stepDb = missingLu * Math.min(Math.max(Number.isFinite(slope) ? slope : 1, 1), STEEPEST_DB_PER_LU);
    known = { gainDb, lufs };
    gainDb = Math.min(gainDb + stepDb, highestGainDb);
    if (gainDb === known.gainDb) break;
  }
  const isAtLimit = best.gainDb === highestGainDb && targetLufs - best.lufs > TOLERANCE_LU;
  return { gainDb: best.gainDb, integratedLufs: best.lufs, isLinear: false, isAtLimit };
}
