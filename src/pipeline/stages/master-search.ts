// Finds the gain with which a programme, limited, reaches a loudness. Method: the linear gain where no peak meets the
// ceiling; else the gain for which a forecast of the limiter's loss reaches it, measured, the forecast corrected by
// what was measured, and so on, within the reduction that the target allows. Pure: both are asked of the caller.

export interface GainSearch {
  readonly targetLufs: number;
  /** Loudness and true (or sample) peak of the programme as it is. */
  readonly integratedLufs: number;
  readonly peakDb: number;
  readonly ceilingDb: number;
  readonly maxGainReductionDb: number;
  /** By what the forecast of the loss is to be multiplied; 1 unless an earlier search has found out. */
  readonly lossFactor?: number;
  /** Loudness after gain and limiter as foretold; null where nothing passes the gate. */
  foretell(gainDb: number): number | null;
  /** The same as measured. */
  evaluate(gainDb: number): Promise<number | null>;
}

export interface FoundGain {
  readonly gainDb: number;
  /** What the last evaluation gave; its gain is `gainDb`. */
  readonly integratedLufs: number;
  /** True where gain alone does it, and no peak meets the ceiling: nothing was evaluated. */
  readonly isLinear: boolean;
  /** True where the allowed reduction ended the search. */
  readonly isAtLimit: boolean;
  /** For the next search on the same programme. */
  readonly lossFactor: number;
}

const TOLERANCE_LU = 0.005;
const MAX_ROUNDS = 6;
/** Halvings of the interval of gains: 12 dB to a thousandth. */
const HALVINGS = 14;
/** A forecast of less is not judged by the loss that was measured. */
const SMALLEST_LOSS_LU = 0.02;

/** The gain, and what it reaches. */
export async function findGain(search: GainSearch): Promise<FoundGain> {
  const { targetLufs, ceilingDb, integratedLufs, evaluate } = search;
  const linearGainDb = targetLufs - integratedLufs;
  const lossFactor = search.lossFactor ?? 1;
  if (search.peakDb + linearGainDb <= ceilingDb) {
    return {
      gainDb: linearGainDb,
      integratedLufs: targetLufs,
      isLinear: true,
      isAtLimit: false,
      lossFactor,
    };
  }
  const highestGainDb = ceilingDb - search.peakDb + search.maxGainReductionDb;
  if (search.maxGainReductionDb === 0) {
    const reached = integratedLufs + highestGainDb;
    return { gainDb: highestGainDb, integratedLufs: reached, isLinear: true, isAtLimit: true, lossFactor };
  }

  const forecast = { search, factor: lossFactor, offsetLu: 0 };
  let gainDb = gainFor(forecast, highestGainDb);
  let lufs: number | null = null;
  for (let round = 1; ; round++) {
    lufs = await evaluate(gainDb);
    if (lufs === null || Math.abs(targetLufs - lufs) <= TOLERANCE_LU || round === MAX_ROUNDS) break;
    correct(forecast, gainDb, lufs);
    const next = gainFor(forecast, highestGainDb);
    if (Math.abs(next - gainDb) < TOLERANCE_LU / 10) break;
    gainDb = next;
  }
  const reached = lufs ?? Number.NEGATIVE_INFINITY;
  const isAtLimit = gainDb === highestGainDb && targetLufs - reached > TOLERANCE_LU;
  return { gainDb, integratedLufs: reached, isLinear: false, isAtLimit, lossFactor: forecast.factor };
}

interface Forecast {
  readonly search: GainSearch;
  factor: number;
  offsetLu: number;
}

/** What limiting will take at a gain, by the raw forecast. */
function rawLoss({ search }: Forecast, gainDb: number): number | null {
  const foretold = search.foretell(gainDb);
  return foretold === null ? null : search.integratedLufs + gainDb - foretold;
}

/** The gain for which the forecast reaches the target, `highestGainDb` at most. */
function gainFor(forecast: Forecast, highestGainDb: number): number {
  const { search } = forecast;
  const missing = (gainDb: number): number => {
    const loss = rawLoss(forecast, gainDb);
    if (loss === null) return 1;
    return search.targetLufs - (search.integratedLufs + gainDb - forecast.factor * loss + forecast.offsetLu);
  };
  // Below the ceiling loudness follows the gain; limiting only takes from it.
  let low = Math.min(search.ceilingDb - search.peakDb, highestGainDb);
  let high = highestGainDb;
  if (missing(high) >= 0) return high;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (missing(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function correct(forecast: Forecast, gainDb: number, lufs: number): void {
  const { search } = forecast;
  const loss = rawLoss(forecast, gainDb);
  if (loss === null) return;
  const measured = search.integratedLufs + gainDb - lufs;
  if (loss > SMALLEST_LOSS_LU) forecast.factor = Math.min(2, Math.max(0.5, measured / loss));
  forecast.offsetLu = forecast.factor * loss - measured;
}
