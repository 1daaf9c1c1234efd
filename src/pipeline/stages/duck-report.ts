// The report of `duck` from its plan and from what was measured; numbers are rounded here, and only here.
import { BAND_HZ } from '../../dsp/duck/bands.js';
import type { BedTimeline } from '../../dsp/duck/bed-timeline.js';
import type { CarvedBands } from '../../dsp/duck/carved-bands.js';
import { CONTROL_SEC } from '../../dsp/duck/control.js';
import { keyframesOf, steepestStepDb } from '../../dsp/duck/keyframes.js';
import type { DuckWish, ReachedPhrase } from '../../dsp/duck/plan-duck.js';
import { roundTo } from '../../units.js';
import type { DuckOptions } from './duck-options.js';
import type { PlanSummary } from './duck-plan.js';
import type { HeardVoice } from './duck-voice.js';

const KEYFRAME_TOLERANCE_DB = 0.1;

export interface DuckFacts {
  readonly options: DuckOptions;
  readonly voice: HeardVoice;
  readonly wish: DuckWish;
  readonly plan: PlanSummary;
  readonly reached: readonly ReachedPhrase[];
  readonly timeline: BedTimeline;
  readonly sampleRateHz: number;
  readonly tempoBpm: number | null;
  readonly isOnBars: boolean;
  readonly limiterReductionDb: number | null;
}

/** The stage's data, as duck-schema.ts describes it. */
export function describeDuck(facts: DuckFacts) {
  const { options, voice, wish, plan, reached, timeline, sampleRateHz } = facts;
  const { found, ref } = voice;
  const span = ({ startFrame, endFrame }: { startFrame: number; endFrame: number }) => ({
    startSec: roundTo(startFrame / sampleRateHz, 3),
    endSec: roundTo(endFrame / sampleRateHz, 3),
  });
  return {
    voice: {
      name: ref.name,
      sha256: options.voiceSha256,
      durationSec: roundTo(ref.frameCount / ref.sampleRateHz, 3),
      sampleRateHz: ref.sampleRateHz,
      channelCount: ref.channelCount,
      atSec: options.voiceAtSec,
      integratedLufs: rounded(voice.integratedLufs),
      clippedSampleCount: voice.clippedSampleCount,
      detector: found.detector,
      modelSha256: found.modelSha256,
      speechSec: roundTo(
        found.segments.reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0),
        2,
      ),
      segments: found.segments.map(({ startSec, endSec }) => ({
        startSec: roundTo(startSec + options.voiceAtSec, 3),
        endSec: roundTo(endSec + options.voiceAtSec, 3),
      })),
    },
    wantedLu: wish.settings.differenceLu,
    voiceRide: describeRide(voice.rideDb),
    voiceGainDb: roundTo(wish.voiceDb, 2),
    bedGainDb: roundTo(wish.bedDb, 2),
    releaseMs: Math.round(1000 * wish.settings.releaseSec),
    tempoBpm: facts.tempoBpm,
    phrases: plan.phrases.map(({ first, end, limitedBy }, p) => ({
      startSec: roundTo(first * CONTROL_SEC, 2),
      endSec: roundTo(end * CONTROL_SEC, 2),
      differenceLu: rounded(reached[p]!.differenceLu),
      gainDb: roundTo(meanOf(plan.gainDb, first, end), 2),
      limitedBy,
    })),
    difference: reached.flatMap(({ overTime }) =>
      overTime.map(({ atSec, differenceLu }) => ({
        atSec: roundTo(atSec, 2),
        differenceLu: roundTo(differenceLu, 2),
      })),
    ),
    worstErrorLu: worstError(facts),
    steepestDbPer10Ms: roundTo(steepestStepDb(plan.gainDb), 3),
    deepestDb: roundTo(
      plan.gainDb.reduce((lowest, db) => Math.min(lowest, db), 0),
      2,
    ),
    gain: keyframesOf(plan.gainDb, KEYFRAME_TOLERANCE_DB).map(({ atSec, gainDb }) => ({
      atSec: roundTo(atSec, 2),
      gainDb: roundTo(gainDb, 2),
    })),
    carve: { strength: options.carve, bands: describeBands(plan.carved) },
    bed: {
      durationSec: roundTo(timeline.frameCount / sampleRateHz, 3),
      loop: timeline.loop === null ? null : { ...span(timeline.loop), isOnBars: facts.isOnBars },
      fade: timeline.fade === null ? null : span(timeline.fade),
    },
    limiterReductionDb: rounded(facts.limiterReductionDb),
  };
}

function describeRide(rideDb: Float32Array | undefined) {
  if (rideDb === undefined) return null;
  const extreme = (pick: (a: number, b: number) => number) =>
    rideDb.length === 0
      ? 0
      : roundTo(
          rideDb.reduce((best, db) => pick(best, db)),
          2,
        );
  return { minGainDb: extreme(Math.min), maxGainDb: extreme(Math.max) };
}

function worstError({ plan, reached, wish }: DuckFacts): number | null {
  let worst: number | null = null;
  for (const [p, { first, end, limitedBy }] of plan.phrases.entries()) {
    const { differenceLu } = reached[p]!;
    if (limitedBy !== null || differenceLu === null || (end - first) * CONTROL_SEC <= 1) continue;
    worst = Math.max(worst ?? 0, Math.abs(differenceLu - wish.settings.differenceLu));
  }
  return rounded(worst);
}

function describeBands({ controls, deepest, sums, sidesDeepest }: CarvedBands) {
  return BAND_HZ.map((hz, band) => ({
    centreHz: Math.round(hz),
    deepestDb: deepest[band]! / 10,
    meanDb: roundTo(sums[band]! / 10 / Math.max(1, controls), 2),
    sidesDeepestDb: sidesDeepest[band]! / 10,
  })).filter(({ deepestDb, sidesDeepestDb }) => deepestDb > 0 || sidesDeepestDb > 0);
}

function meanOf(values: Float32Array, first: number, end: number): number {
  let sum = 0;
  for (let k = first; k < end; k++) sum += values[k]!;
  return sum / (end - first);
}

function rounded(value: number | null): number | null {
  return value === null ? null : roundTo(value, 2);
}
