// The pass that plans gain and dips, from what the listening pass left on disk, and how the pass that writes the bed
// reads its part of the plan. Every range plans the stretches (stretches.ts) that begin in it, so that neither what was
// heard nor the plan is ever in memory as a whole.
import { BAND_COUNT } from '../../dsp/duck/bands.js';
import { type CarvedBands, carvedBands, joinCarved } from '../../dsp/duck/carved-bands.js';
import { CONTROLS_PER_SEC, controlCount } from '../../dsp/duck/control.js';
import type { PlayedPlan } from '../../dsp/duck/ducked-reader.js';
import type { PlannedPhrase } from '../../dsp/duck/gain-curve.js';
import { cutHeard, type Heard, joinHeard } from '../../dsp/duck/listen.js';
import { type DuckPlan, type DuckWish, type HeardPair, planDuck } from '../../dsp/duck/plan-duck.js';
import { type Stretch, stretchesOf } from '../../dsp/duck/stretches.js';
import { bulkOf } from '../range-records.js';
import { defineScan, type FrameRange, type RecordedBulk } from '../stage.js';

/** Ranges of the listening pass, and controls of one. */
export const LISTEN_SEC = 60;
const LISTEN_CONTROLS = LISTEN_SEC * CONTROLS_PER_SEC;
const PLAN_SEC = 300;

export interface PlanParams {
  readonly heard: RecordedBulk<HeardPair>;
  readonly wish: DuckWish;
  /** By phrase, as planGain takes them. */
  readonly correctionsLu: readonly number[];
}

/** Points [first, first + gainDb.length) of the control grid. */
export interface PlannedGain {
  readonly first: number;
  readonly gainDb: Float32Array;
}

/** What lies outside of all parts is at 0 dB. */
export interface PlanPart extends PlannedGain {
  readonly dips: DuckPlan['dips'];
}

/** The plan of a whole file, but for the dips. */
export interface PlanSummary {
  readonly gainDb: Float32Array;
  readonly phrases: readonly PlannedPhrase[];
  readonly carved: CarvedBands;
  /** By range of the pass: the points that its part covers. */
  readonly parts: readonly { readonly first: number; readonly end: number }[];
}

interface RangePlan extends PlannedGain {
  readonly phrases: readonly PlannedPhrase[];
  readonly carved: CarvedBands;
}

export const planPass = defineScan<unknown, PlanParams, RangePlan, PlanSummary>({
  order: 'parallel',
  rangeSec: PLAN_SEC,
  memoryMb: 40,
  run(context) {
    const { range, sampleRateHz, params, frameCount } = context;
    const { wish, correctionsLu } = params;
    const stretches = stretchesFrom(range, wish, controlCount(frameCount, sampleRateHz), sampleRateHz);
    const first = stretches[0]?.first ?? 0;
    const points = stretches.length === 0 ? 0 : stretches.at(-1)!.end - first + 1;
    const gainDb = new Float32Array(points);
    const dips = { mid: new Uint8Array(points * BAND_COUNT), side: new Uint8Array(points * BAND_COUNT) };
    const phrases: PlannedPhrase[] = [];
    const carved: CarvedBands[] = [];
    for (const [k, stretch] of stretches.entries()) {
      context.progress(Math.floor(((range.endFrame - range.startFrame) * k) / stretches.length));
      const own = wish.phrases.slice(stretch.firstPhrase, stretch.endPhrase);
      const plan = planDuck(
        {
          ...wish,
          ...heardBetween(params.heard, stretch.first, stretch.end),
          phrases: own.map((phrase) => ({
            first: phrase.first - stretch.first,
            end: phrase.end - stretch.first,
          })),
        },
        correctionsLu.slice(stretch.firstPhrase, stretch.endPhrase),
      );
      const at = stretch.first - first;
      gainDb.set(plan.gainDb, at);
      dips.mid.set(plan.dips.mid, at * BAND_COUNT);
      dips.side.set(plan.dips.side, at * BAND_COUNT);
      carved.push(carvedBands(plan.dips, plan.phrases));
      for (const [p, phrase] of plan.phrases.entries()) phrases.push({ ...phrase, ...own[p]! });
    }
    return {
      part: { first, gainDb, phrases, carved: joinCarved(carved) },
      bulk: { first, gainDb, dips } satisfies PlanPart,
    };
  },
  merge(parts, _params, { frameCount, sampleRateHz }) {
    const gainDb = new Float32Array(controlCount(frameCount, sampleRateHz) + 1);
    const phrases: PlannedPhrase[] = [];
    const carved: CarvedBands[] = [];
    const covered: { first: number; end: number }[] = [];
    for (const part of parts) {
      gainDb.set(part.gainDb, part.first);
      phrases.push(...part.phrases);
      carved.push(part.carved);
      covered.push({ first: part.first, end: part.first + part.gainDb.length });
    }
    return { gainDb, phrases, carved: joinCarved(carved), parts: covered };
  },
});

/** The stretches that begin in a range. */
function stretchesFrom(
  { startFrame, endFrame }: FrameRange,
  { phrases, settings }: DuckWish,
  controls: number,
  sampleRateHz: number,
): Stretch[] {
  const firstControl = controlCount(startFrame, sampleRateHz);
  const endControl = controlCount(endFrame, sampleRateHz);
  return stretchesOf(phrases, settings, controls).filter(
    ({ first }) => first >= firstControl && first < endControl,
  );
}

/** What was heard in controls [first, end). */
function heardBetween(heard: RecordedBulk<HeardPair>, first: number, end: number): HeardPair {
  const parts: HeardPair[] = [];
  for (let range = Math.floor(first / LISTEN_CONTROLS); range * LISTEN_CONTROLS < end; range++) {
    const start = range * LISTEN_CONTROLS;
    const cut = (part: Heard) => cutHeard(part, Math.max(0, first - start), end - start);
    const { voice, bed, rest, whole } = bulkOf(heard, range);
    parts.push({
      voice: cut(voice),
      bed: cut(bed),
      rest: rest === undefined ? undefined : cut(rest),
      whole: whole === undefined ? undefined : cut(whole),
    });
  }
  const joined = (pick: (pair: HeardPair) => Heard | undefined) => {
    const found = parts.map(pick).filter((part) => part !== undefined);
    return found.length === 0 ? undefined : joinHeard(found);
  };
  return {
    voice: joined(({ voice }) => voice)!,
    bed: joined(({ bed }) => bed)!,
    rest: joined(({ rest }) => rest),
    whole: joined(({ whole }) => whole),
  };
}

/** Points [first, end) of a plan. */
export function playedBetween(
  planned: RecordedBulk<PlanPart>,
  parts: PlanSummary['parts'],
  first: number,
  end: number,
): PlayedPlan {
  const gainDb = new Float32Array(end - first);
  const dips = {
    mid: new Uint8Array(gainDb.length * BAND_COUNT),
    side: new Uint8Array(gainDb.length * BAND_COUNT),
  };
  for (const [range, covered] of parts.entries()) {
    const from = Math.max(first, covered.first);
    const to = Math.min(end, covered.end);
    if (from >= to) continue;
    const part = bulkOf(planned, range);
    const cut = (bytes: Uint8Array) =>
      bytes.subarray((from - part.first) * BAND_COUNT, (to - part.first) * BAND_COUNT);
    gainDb.set(part.gainDb.subarray(from - part.first, to - part.first), from - first);
    dips.mid.set(cut(part.dips.mid), (from - first) * BAND_COUNT);
    dips.side.set(cut(part.dips.side), (from - first) * BAND_COUNT);
  }
  const hasDips = [dips.mid, dips.side].some((bytes) => bytes.some((dip) => dip > 0));
  return { firstPoint: first, gainDb, dips: hasDips ? dips : undefined };
}
