// The passes of `duck`: both files heard side by side, the bed written and measured, and the mix.
// All run over parallel ranges; every frame follows from its absolute position, except in the limiter, which starts
// cold long enough before a range.
import { createRenderWindow, renderRange } from '../../dsp/chain.js';
import { concat } from '../../dsp/concat.js';
import { type BedTimeline, createBedReader } from '../../dsp/duck/bed-timeline.js';
import { createCarver } from '../../dsp/duck/carve-filter.js';
import { CONTROLS_PER_SEC, controlCount } from '../../dsp/duck/control.js';
import {
  createDelayedReader,
  createDuckedReader,
  createMixReader,
  createSumReader,
} from '../../dsp/duck/ducked-reader.js';
import { createListener, type Listener } from '../../dsp/duck/listen.js';
import type { HeardPair } from '../../dsp/duck/plan-duck.js';
import type { FrameSource } from '../../dsp/kernels/frame-window.js';
import { createRiddenReader } from '../../dsp/leveller/ride-gain.js';
import { createLimiter, LIMITER_SETTLE_SEC, limiter } from '../../dsp/limiter/limiter.js';
import { createResampledReader } from '../../dsp/resample.js';
import { secToFrames } from '../../units.js';
import { defineApply, defineScan, type RangeContext, type RecordedBulk } from '../stage.js';
import { LISTEN_SEC, type PlanPart, type PlanSummary, playedBetween } from './duck-plan.js';

/** Where everything lies on the bed's timeline. */
export interface DuckScene {
  readonly timeline: BedTimeline;
  /** First frame of the voice, at the bed's rate. */
  readonly voiceAtFrame: number;
  /** Roles of the stems that go down less. */
  readonly restRoles: readonly string[];
  readonly hasVocals: boolean;
  /** Gains of the voice by the leveller, from its own start on. */
  readonly voiceRideDb?: Float32Array;
}

/** How the bed is played. */
export interface DuckParams extends DuckScene {
  readonly planned: RecordedBulk<PlanPart>;
  readonly parts: PlanSummary['parts'];
  readonly restShare: number;
  readonly levelDb: number;
}

export interface MixParams extends DuckScene {
  readonly voiceDb: number;
  readonly ceilingDbtp: number;
}

/** Mean squares of every control. With stems, `bed` is what is left of it without drums and bass. */
export interface PairEnergies {
  readonly voice: Float32Array;
  readonly bed: Float32Array;
  readonly rest?: Float32Array;
  readonly whole?: Float32Array;
  readonly vocals?: Float32Array;
}

type Context<Params> = RangeContext<unknown, Params>;

/** Hears voice and bed over the same ranges; planPass reads what is left on disk. */
export const listenPass = defineScan<unknown, DuckScene, PairEnergies, PairEnergies>({
  order: 'parallel',
  rangeSec: LISTEN_SEC,
  memoryMb: 40,
  async run(context) {
    const { range, params } = context;
    const { startFrame, endFrame } = range;
    const steps = 2 + (params.restRoles.length > 0 ? 2 : 0) + (params.hasVocals ? 1 : 0);
    let step = 0;
    const hear = async (source: FrameSource, isWithBands: boolean, isMidSide = false) => {
      const done = (step++ * (endFrame - startFrame)) / steps;
      const listener = await listenerOf(context, source.channelCount, isWithBands);
      return listener.hear(source, {
        startFrame,
        endFrame,
        isMidSide,
        onProgress: (frames) => context.progress(Math.floor(done + frames / steps)),
      });
    };
    const bed = bedOf(context, 'audio');
    const rest = restOf(context);
    const masking = rest === undefined ? bed : createSumReader([bed, rest], [1, -1]);
    const bulk: HeardPair = {
      voice: await hear(voiceOf(context), true),
      bed: await hear(masking, true, true),
      rest: rest === undefined ? undefined : await hear(rest, false),
      whole: rest === undefined ? undefined : await hear(bed, false),
    };
    const vocals = params.hasVocals ? await hear(bedOf(context, 'vocals'), false) : undefined;
    const part = energiesOf((role) => (role === 'vocals' ? vocals : bulk[role])?.energies);
    return { part, bulk };
  },
  merge(parts) {
    const all = [...parts];
    return energiesOf((role) => {
      const found = all.map((part) => part[role]).filter((energies) => energies !== undefined);
      return found.length === 0 ? undefined : concat(Float32Array, found);
    });
  },
});

function energiesOf(find: (role: keyof PairEnergies) => Float32Array | undefined): PairEnergies {
  const [rest, whole, vocals] = [find('rest'), find('whole'), find('vocals')];
  return {
    voice: find('voice') ?? new Float32Array(0),
    bed: find('bed') ?? new Float32Array(0),
    ...(rest === undefined ? {} : { rest }),
    ...(whole === undefined ? {} : { whole }),
    ...(vocals === undefined ? {} : { vocals }),
  };
}

/** Writes the ducked bed, and measures its energies. */
export const bedPass = defineApply<unknown, DuckParams, Float32Array, Float32Array>({
  order: 'parallel',
  rangeSec: LISTEN_SEC,
  memoryMb: 40,
  async run(context) {
    const { channelCount, range } = context;
    const listener = await listenerOf(context, channelCount, false);
    const { energies } = listener.hear(await duckedOf(context), {
      startFrame: range.startFrame,
      endFrame: range.endFrame,
      onBlock: (startFrame, block) => context.write('bed', startFrame, block),
      onProgress: (frames) => context.progress(frames),
    });
    return { part: energies };
  },
  merge: (parts) => concat(Float32Array, [...parts]),
});

/** Writes the mix of the ducked bed (role `audio`) and the voice, limited; gives the largest reduction in dB. */
export const mixPass = defineApply<unknown, MixParams, number, number>({
  order: 'parallel',
  rangeSec: LISTEN_SEC,
  memoryMb: 60,
  run(context) {
    const { sampleRateHz, range, params } = context;
    const { startFrame, endFrame } = range;
    const mix = createMixReader(context.input('audio'), voiceOf(context), params.voiceDb);
    const settings = limiter.options.parse({ ceilingDb: params.ceilingDbtp });
    const device = createLimiter(settings, sampleRateHz, mix.channelCount);
    const window = createRenderWindow(mix.channelCount);
    const settleFrames = secToFrames(LIMITER_SETTLE_SEC, sampleRateHz);
    renderRange(mix, device, { startFrame, endFrame, settleFrames }, window, (at, frames) => {
      context.write(
        'mix',
        at,
        window.channels.map((samples) => samples.subarray(0, frames)),
      );
      context.progress(at + frames - startFrame);
    });
    return { part: device.largestReductionDb };
  },
  merge(parts) {
    let largest = 0;
    for (const part of parts) largest = Math.max(largest, part);
    return largest;
  },
});

function bedOf(context: Context<DuckScene>, role: string): FrameSource {
  return createBedReader(context.input(role), context.params.timeline);
}

function restOf(context: Context<DuckScene>): FrameSource | undefined {
  const { restRoles } = context.params;
  if (restRoles.length === 0) return undefined;
  return createSumReader(
    restRoles.map((role) => bedOf(context, role)),
    restRoles.map(() => 1),
  );
}

function voiceOf(context: Context<DuckScene>): FrameSource {
  const { sampleRateHz, frameCount, params } = context;
  const voice = createResampledReader(context.input('voice'), sampleRateHz);
  const ridden =
    params.voiceRideDb === undefined ? voice : createRiddenReader(voice, params.voiceRideDb, sampleRateHz);
  return createDelayedReader(ridden, params.voiceAtFrame, frameCount);
}

function listenerOf(
  context: Context<DuckScene>,
  channelCount: number,
  isWithBands: boolean,
): Promise<Listener> {
  const { sampleRateHz } = context;
  return context.resource(`listener/${sampleRateHz}/${channelCount}/${isWithBands}`, () =>
    createListener(sampleRateHz, channelCount, { isWithBands }),
  );
}

/** Points of the plan to each side of a range that reading it draws on: filters settle before it, dips look around. */
const PLAN_MARGIN_POINTS = 2 * CONTROLS_PER_SEC;

async function duckedOf(context: Context<DuckParams>): Promise<FrameSource> {
  const { sampleRateHz, channelCount, frameCount, range } = context;
  const carver = await context.resource(`carver/${sampleRateHz}/${channelCount}`, () =>
    createCarver(sampleRateHz, channelCount),
  );
  const { planned, parts, restShare, levelDb } = context.params;
  const first = Math.max(0, controlCount(range.startFrame, sampleRateHz) - PLAN_MARGIN_POINTS);
  const last = Math.min(
    controlCount(frameCount, sampleRateHz),
    controlCount(range.endFrame, sampleRateHz) + PLAN_MARGIN_POINTS,
  );
  return createDuckedReader({
    bed: bedOf(context, 'audio'),
    rest: restOf(context),
    plan: playedBetween(planned, parts, first, last + 1),
    restShare,
    levelDb,
    sampleRateHz,
    carver,
  });
}
