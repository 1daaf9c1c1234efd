// Gain and dips together: dips take loudness off the bed, so the gain may be higher, and a higher gain masks more.
// A few rounds of each settle both.
import { dbToPower, powerToDb } from '../../units.js';
import { type CarveOptions, type Dips, energyLeft, planDips } from './carve-plan.js';
import { CONTROL_SEC, CONTROLS_PER_SEC, meansWithin } from './control.js';
import {
  type DuckEnergies,
  type DuckSettings,
  type GainPlan,
  type PlannedPhrase,
  phraseDifference,
  planGain,
} from './gain-curve.js';
import type { Heard } from './listen.js';
import type { Phrase } from './phrases.js';

/** Voice and bed over the same controls. */
export interface HeardPair {
  readonly voice: Heard;
  /** What masks the voice: the bed, or the bed without drums and bass. */
  readonly bed: Heard;
  /** Drums and bass, and the bed with them; absent where they are not known apart. */
  readonly rest?: Heard | undefined;
  readonly whole?: Heard | undefined;
}

/** What is asked for. */
export interface DuckWish {
  /** Gains of whole files before anything else. */
  readonly voiceDb: number;
  readonly bedDb: number;
  readonly phrases: readonly Phrase[];
  readonly settings: DuckSettings;
  readonly carve: CarveOptions;
}

export interface DuckRequest extends DuckWish, HeardPair {}

export interface DuckPlan extends GainPlan {
  readonly dips: Dips;
}

const ROUNDS = 3;

/** `correctionsLu` as in planGain. */
export function planDuck(request: DuckRequest, correctionsLu: readonly number[] = []): DuckPlan {
  const { bed, voice, phrases, settings, carve, bedDb, voiceDb } = request;
  const uncarved = energiesOf(request, new Float64Array(bed.energies.length).fill(1));
  let plan = planGain(uncarved, phrases, settings, correctionsLu);
  const shares = phrases.map(() => 1);
  const open = new Float64Array(plan.gainDb.length);
  for (let round = 0; ; round++) {
    // Bands are compared at the levels at which both will play.
    const played = plan.gainDb.map((db) => db + bedDb - voiceDb);
    const dips = planDips(voice, bed, played, phrases, carve, shares);
    if (carve.strength === 'off') return { ...plan, dips };
    const left = energyLeft(bed, dips, carve.sampleRateHz);
    plan = planGain(energiesOf(request, left), phrases, settings, correctionsLu);
    const isTooDeep = plan.phrases.some(({ limitedBy }) => limitedBy === 'bed-quieter');
    if (round + 1 === ROUNDS || (round > 0 && !isTooDeep)) return { ...plan, dips };
    for (const [p, phrase] of plan.phrases.entries())
      shares[p]! *= neededShare(uncarved, phrase, open, settings, correctionsLu[p] ?? 0);
  }
}

/** The share of its dips that a phrase needs where they alone take more off the bed than is wanted. */
function neededShare(
  uncarved: DuckEnergies,
  phrase: PlannedPhrase,
  open: Float64Array,
  { differenceLu, restShare }: DuckSettings,
  correctionLu: number,
): number {
  if (phrase.limitedBy !== 'bed-quieter' || phrase.differenceLu === null) return 1;
  const without = phraseDifference(uncarved, phrase, open, restShare);
  if (without === null) return 1;
  const takenLu = phrase.differenceLu + correctionLu - without;
  return takenLu <= 0 ? 1 : Math.min(1, Math.max(0, differenceLu + correctionLu - without) / takenLu);
}

function energiesOf(
  { voice, bed, rest, whole, voiceDb, bedDb }: DuckRequest,
  left: Float64Array,
): DuckEnergies {
  const bedGain = dbToPower(bedDb);
  const voiceGain = dbToPower(voiceDb);
  return {
    voice: voice.energies.map((energy) => energy * voiceGain),
    masking: left.map((share, k) => share * bed.energies[k]! * bedGain),
    rest: left.map((_, k) => (rest?.energies[k] ?? 0) * bedGain),
    cross: left.map((share, k) => {
      if (rest === undefined || whole === undefined) return 0;
      const product = whole.energies[k]! - bed.energies[k]! - rest.energies[k]!;
      return Math.sqrt(share) * product * bedGain;
    }),
  };
}

/** What a rendering reached in a phrase. */
export interface ReachedPhrase {
  /** Voice over bed in the whole phrase, in LU; null where the bed is silent. */
  readonly differenceLu: number | null;
  /** The same over 3 s around every second of it (less at its ends): time and LU. */
  readonly overTime: readonly { readonly atSec: number; readonly differenceLu: number }[];
}

const SHORT_TERM_REACH = 30;

/** Differences in the phrases from the energies of the voice and of the rendered bed. */
export function reachedDifferences(
  voice: ArrayLike<number>,
  bed: ArrayLike<number>,
  phrases: readonly Phrase[],
): ReachedPhrase[] {
  return phrases.map(({ first, end }) => {
    let voiceSum = 0;
    let bedSum = 0;
    for (let k = first; k < end; k++) {
      voiceSum += voice[k]!;
      bedSum += bed[k]!;
    }
    const voiceMeans = meansWithin(voice, SHORT_TERM_REACH, first, end);
    const bedMeans = meansWithin(bed, SHORT_TERM_REACH, first, end);
    const overTime: { atSec: number; differenceLu: number }[] = [];
    for (let k = first; k < end; k++) {
      const isShown = (k - first) % CONTROLS_PER_SEC === 0;
      const [v, b] = [voiceMeans[k - first]!, bedMeans[k - first]!];
      if (isShown && v > 0 && b > 0)
        overTime.push({ atSec: k * CONTROL_SEC, differenceLu: powerToDb(v / b) });
    }
    return {
      differenceLu: voiceSum > 0 && bedSum > 0 ? powerToDb(voiceSum / bedSum) : null,
      overTime,
    };
  });
}
