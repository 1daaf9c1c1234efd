// The passes of `duck`: both files heard side by side, the bed written and measured, and the mix.
// All run over parallel ranges; every frame follows from its absolute position, except in the limiter, which starts
// cold long enough before a range.
import { createRenderWindow, renderRange } from '../../dsp/chain.js';
import { type BedTimeline, createBedReader } from '../../dsp/duck/bed-timeline.js';
import { createCarver } from '../../dsp/duck/carve-filter.js';
import {
  createDelayedReader,
  createDuckedReader,
  createMixReader,
  createSumReader,
} from '../../dsp/duck/ducked-reader.js';
import { type Heard, joinHeard, listen } from '../../dsp/duck/listen.js';
import type { FrameSource } from '../../dsp/kernels/frame-window.js';
import { createLimiter, LIMITER_SETTLE_SEC, limiter } from '../../dsp/limiter/limiter.js';
import { createResampledReader } from '../../dsp/resample.js';
import { secToFrames } from '../../units.js';
import { defineApply, defineScan, type RangeContext } from '../stage.js';
import { type PlanFile, readPlan } from './duck-plan-file.js';

const RANGE_SEC = 60;

/** Where everything lies on the bed's timeline. */
export interface DuckScene {
  readonly timeline: BedTimeline;
  /** First frame of the voice, at the bed's rate. */
  readonly voiceAtFrame: number;
  /** Roles of the stems that go down less. */
  readonly restRoles: readonly string[];
  readonly hasVocals: boolean;
}

/** How the bed is played. */
export interface DuckParams extends DuckScene {
  readonly plan: PlanFile;
  readonly restShare: number;
  readonly levelDb: number;
}

export interface MixParams extends DuckScene {
  readonly voiceDb: number;
  readonly ceilingDbtp: number;
}

/** Both files as they were heard. With stems, `bed` is what is left of it without drums and bass; energies alone of the others. */
export interface HeardPair {
  readonly voice: Heard;
  readonly bed: Heard;
  readonly rest?: Heard;
  readonly whole?: Heard;
  readonly vocals?: Heard;
}

type Context<Params> = RangeContext<unknown, Params>;

/** Hears voice and bed over the same ranges. */
export const listenPass = defineScan<unknown, DuckScene, HeardPair, HeardPair>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 40,
  run(context) {
    const { sampleRateHz, range, params } = context;
    const { startFrame, endFrame } = range;
    const steps = 2 + (params.restRoles.length > 0 ? 2 : 0) + (params.hasVocals ? 1 : 0);
    let step = 0;
    const hear = (source: FrameSource, extra: { isMidSide?: boolean; isEnergyOnly?: boolean }) => {
      const done = (step++ * (endFrame - startFrame)) / steps;
      return listen(source, {
        sampleRateHz,
        startFrame,
        endFrame,
        ...extra,
        onProgress: (frames) => context.progress(Math.floor(done + frames / steps)),
      });
    };
    const bed = bedOf(context, 'audio');
    const rest = restOf(context);
    const masking = rest === undefined ? bed : createSumReader([bed, rest], [1, -1]);
    const part = {
      voice: hear(voiceOf(context), {}),
      bed: hear(masking, { isMidSide: true }),
      ...(rest === undefined ? {} : { rest: hear(rest, { isEnergyOnly: true }) }),
      ...(rest === undefined ? {} : { whole: hear(bed, { isEnergyOnly: true }) }),
      ...(params.hasVocals ? { vocals: hear(bedOf(context, 'vocals'), { isEnergyOnly: true }) } : {}),
    };
    return { part };
  },
  merge(parts) {
    const all = [...parts];
    const join = (pick: (pair: HeardPair) => Heard | undefined) => {
      const heard = all.map(pick).filter((part) => part !== undefined);
      return heard.length === 0 ? undefined : joinHeard(heard);
    };
    const [rest, whole, vocals] = [join((p) => p.rest), join((p) => p.whole), join((p) => p.vocals)];
    return {
      voice: joinHeard(all.map((pair) => pair.voice)),
      bed: joinHeard(all.map((pair) => pair.bed)),
      ...(rest === undefined ? {} : { rest }),
      ...(whole === undefined ? {} : { whole }),
      ...(vocals === undefined ? {} : { vocals }),
    };
  },
});

/** Writes the ducked bed, and measures its energies. */
export const bedPass = defineApply<unknown, DuckParams, Heard, Heard>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  memoryMb: 40,
  async run(context) {
    const { sampleRateHz, range } = context;
    const part = listen(await duckedOf(context), {
      sampleRateHz,
      startFrame: range.startFrame,
      endFrame: range.endFrame,
      isEnergyOnly: true,
      onBlock: (startFrame, block) => context.write('bed', startFrame, block),
      onProgress: (frames) => context.progress(frames),
    });
    return { part };
  },
  merge: (parts) => joinHeard([...parts]),
});

/** Writes the mix of the ducked bed (role `audio`) and the voice, limited; gives the largest reduction in dB. */
export const mixPass = defineApply<unknown, MixParams, number, number>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
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
  const voice = createResampledReader(context.input('voice'), context.sampleRateHz);
  return createDelayedReader(voice, context.params.voiceAtFrame, context.frameCount);
}

async function duckedOf(context: Context<DuckParams>): Promise<FrameSource> {
  const { sampleRateHz, channelCount } = context;
  const carver = await context.resource(`carver/${sampleRateHz}/${channelCount}`, () =>
    createCarver(sampleRateHz, channelCount),
  );
  const { plan, restShare, levelDb } = context.params;
  const { gainDb, dips } = await context.resource(`plan/${plan.sha256}`, () => readPlan(plan));
  return createDuckedReader({
    bed: bedOf(context, 'audio'),
    rest: restOf(context),
    gainDb,
    restShare,
    dips,
    levelDb,
    sampleRateHz,
    carver,
  });
}
