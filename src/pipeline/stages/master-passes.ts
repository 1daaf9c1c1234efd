// The passes of `master` beside the measures: how loud its bands are, the chain before the limiter, what a limiter setting
// would give (for the search), and the master itself. All run over parallel ranges. A range starts cold 5 s before its
// first frame, by when the state of every device has faded to 2e-9 of what it would be: the seams lie at −170 dB, and the
// cut into ranges follows from the length alone, so the bytes do not depend on the number of workers.
import type { AudioShape } from '../../audio/audio-file.js';
import {
  type BandHistograms,
  bandBlockFrames,
  joinBandLevels,
  measureBandLevels,
} from '../../dsp/bands/band-levels.js';
import { createDeEsser, type DeEsserFigures, deEsser } from '../../dsp/bands/de-esser.js';
import { createChain, createRenderWindow, renderRange } from '../../dsp/chain.js';
import type { FrameSource } from '../../dsp/kernels/frame-window.js';
import { createLimiter, LIMITER_SETTLE_SEC, type LimiterOptions } from '../../dsp/limiter/limiter.js';
import { channelWeights } from '../../dsp/loudness/channel-weights.js';
import { K_WEIGHTING_SETTLE_SEC } from '../../dsp/loudness/k-weighting.js';
import { LoudnessMeter, type LoudnessPart, METER_BYTES } from '../../dsp/loudness/meter.js';
import { joinParts, loudnessFigures } from '../../dsp/loudness/programme.js';
import { createProcessor } from '../../dsp/registry.js';
import { secToFrames } from '../../units.js';
import { defineApply, defineScan, type RangeContext } from '../stage.js';
import { type ChainLink, CORNERS_HZ } from './master-chain.js';

const RANGE_SEC = 30;
/** What is rendered goes in ranges of up to this, so that starting cold costs little. */
const RENDER_RANGE_SEC = 75;
/** Shorter programmes are one range. */
const SINGLE_RANGE_SEC = 20;

export interface LimitParams {
  readonly limiter: LimiterOptions;
  /** False where nobody asks how loud it is. */
  readonly isMeasured: boolean;
}

/** Loudness of a limited programme (null where it was not measured, and of silence), and what the limiter did. */
export interface Limited {
  readonly integratedLufs: number | null;
  readonly largestReductionDb: number;
}

interface LimitedPart {
  readonly loudness: LoudnessPart | null;
  readonly largestReductionDb: number;
}

export const bandsPass = defineScan<unknown, null, BandHistograms, BandHistograms>({
  order: 'parallel',
  rangeSec: RANGE_SEC,
  rangeFrames: ({ sampleRateHz }) => {
    const blockFrames = bandBlockFrames(sampleRateHz);
    return blockFrames * Math.round((RANGE_SEC * sampleRateHz) / blockFrames);
  },
  memoryMb: 20,
  run(context) {
    const { sampleRateHz, range } = context;
    const source: FrameSource = context.input('mix');
    const part = measureBandLevels(source, sampleRateHz, CORNERS_HZ, range.startFrame, range.endFrame);
    return { part };
  },
  merge: (parts) => joinBandLevels([...parts]),
});

/** Ranges of whole seconds and even in number, which keep two workers busy to the end. */
function renderRangeSec({ sampleRateHz, frameCount }: AudioShape): number {
  const durationSec = frameCount / sampleRateHz;
  if (durationSec <= SINGLE_RANGE_SEC) return SINGLE_RANGE_SEC;
  return Math.ceil(durationSec / (2 * Math.ceil(durationSec / (2 * RENDER_RANGE_SEC))));
}

export interface ShapeParams {
  readonly links: readonly Pick<ChainLink, 'device' | 'settings'>[];
  /** Adds up the channels to one. */
  readonly isMono: boolean;
}

/** Runs the chain and writes `shaped`; tells what its de-esser did, null where there is none. */
export const shapePass = defineApply<unknown, ShapeParams, DeEsserFigures | null, DeEsserFigures | null>({
  order: 'parallel',
  rangeSec: (_params, shape) => renderRangeSec(shape),
  memoryMb: 60,
  run(context) {
    const { sampleRateHz, channelCount, range, params } = context;
    const { startFrame, endFrame } = range;
    const source: FrameSource = context.input('mix');
    const window = createRenderWindow(channelCount);
    const tamerLink = params.links.find(({ device }) => device === deEsser.id);
    const tamer =
      tamerLink && createDeEsser(deEsser.options.parse(tamerLink.settings), sampleRateHz, channelCount);
    const devices = params.links.map(({ device, settings }) =>
      device === deEsser.id ? tamer! : createProcessor(device, settings, sampleRateHz, channelCount),
    );
    const settleFrames = secToFrames(LIMITER_SETTLE_SEC, sampleRateHz);
    renderRange(
      source,
      createChain(devices),
      { startFrame, endFrame, settleFrames, leadFrames: tamer === undefined ? 0 : 1 },
      window,
      (at, frames) => {
        if (at < startFrame) {
          tamer!.restartFigures();
          return;
        }
        const block = window.channels.map((samples) => samples.subarray(0, frames));
        context.write('shaped', at, params.isMono ? [meanOfChannels(block)] : block);
        context.progress(at + frames - startFrame);
      },
    );
    return { part: tamer?.figures ?? null };
  },
  merge: (parts) => joinDeEsserFigures([...parts]),
});

function joinDeEsserFigures(parts: readonly (DeEsserFigures | null)[]): DeEsserFigures | null {
  const told = parts.filter((part) => part !== null);
  if (told.length === 0) return null;
  return {
    largestReductionDb: Math.max(...told.map(({ largestReductionDb }) => largestReductionDb)),
    tamedSec: told.reduce((sum, { tamedSec }) => sum + tamedSec, 0),
  };
}

function meanOfChannels(block: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(block[0]!.length);
  for (const samples of block) for (let i = 0; i < mean.length; i++) mean[i]! += samples[i]! / block.length;
  return mean;
}

/** Writes `master`, and measures its loudness on the way where that is asked for. */
export const renderPass = defineApply<unknown, LimitParams, LimitedPart, Limited>({
  order: 'parallel',
  rangeSec: (_params, shape) => renderRangeSec(shape),
  memoryMb: 40,
  run: (context) => ({ part: limitRange(context) }),
  merge: (parts, _params, shape) => joinLimited([...parts], shape),
});

function joinLimited(parts: readonly LimitedPart[], { sampleRateHz }: AudioShape): Limited {
  const measured = parts.map(({ loudness }) => loudness).filter((loudness) => loudness !== null);
  return {
    integratedLufs:
      measured.length === 0 ? null : loudnessFigures(joinParts(measured), sampleRateHz).integratedLufs,
    largestReductionDb: parts.reduce((largest, part) => Math.max(largest, part.largestReductionDb), 0),
  };
}

function limitRange(context: RangeContext<unknown, LimitParams>): LimitedPart {
  const { sampleRateHz, channelCount, range, params } = context;
  const { startFrame, endFrame } = range;
  const source: FrameSource & { readonly info?: { readonly channelMask?: number } } = context.input('mix');
  const window = createRenderWindow(channelCount, METER_BYTES);
  const weights = channelWeights(channelCount, source.info?.channelMask);
  const meter = params.isMeasured
    ? new LoudnessMeter(window, { sampleRateHz, weights, isPeakMeter: false })
    : undefined;
  const limiter = createLimiter(params.limiter, sampleRateHz, channelCount);
  meter?.begin(startFrame, endFrame);
  renderRange(
    source,
    limiter,
    {
      startFrame,
      endFrame,
      settleFrames: secToFrames(LIMITER_SETTLE_SEC, sampleRateHz),
      leadFrames: meter === undefined ? 0 : secToFrames(K_WEIGHTING_SETTLE_SEC, sampleRateHz),
    },
    window,
    (at, frames) => {
      if (at < startFrame) {
        meter?.settle(frames);
        return;
      }
      meter?.measure(frames);
      context.write(
        'master',
        at,
        window.channels.map((samples) => samples.subarray(0, frames)),
      );
      context.progress(at + frames - startFrame);
    },
  );
  return { loudness: meter?.end() ?? null, largestReductionDb: limiter.largestReductionDb };
}
