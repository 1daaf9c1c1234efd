// The passes of the stage `denoise`: a scan for steady noise, the work of a denoiser range by range, and looks at what it made
// that follow it. A denoiser hands its state from range to range, in one thread; whatever can be done beside it is a scan.
import { concat } from '../../dsp/concat.js';
import { createSignMeter, type SampleSource } from '../../dsp/denoise/content-guard.js';
import { createEmbeddedDenoiser } from '../../dsp/denoise/embedded-denoiser.js';
import { addHistograms, type LevelHistogram, measureLevels } from '../../dsp/denoise/noise-evidence.js';
import {
  addResidualFigures,
  createResidualMeter,
  type ResidualFigures,
} from '../../dsp/denoise/residual-meter.js';
import { createResidualRange, type ResidualRangeState } from '../../dsp/denoise/residual-range.js';
import type { ResidualStream } from '../../dsp/denoise/residual-stream.js';
import { createMonoReader } from '../../dsp/resample.js';
import { SPEECH_HOP, SPEECH_RATE_HZ } from '../../dsp/voice-activity/speech-features.js';
import { createDeepFilterStream } from '../../models/deepfilternet3/denoiser.js';
import { loadDeepFilterNetwork } from '../../models/deepfilternet3/network.js';
import { defineApply, defineScan, type Passes, type RangeContext } from '../stage.js';
import type { Denoiser } from './denoise-decision.js';

/** What run(job) settles for the apply pass. */
export interface DenoiseParams {
  readonly denoiser: Denoiser;
  /** Factor of the residual that is subtracted, 0 … 1. */
  readonly residualGain: number;
  readonly maxReductionDb: number;
  readonly isLinked: boolean;
  readonly hasPostFilter: boolean;
  readonly givesResidual: boolean;
  /** Noise per bin for the embedded denoiser. */
  readonly noisePower: Float64Array;
}

/** Where the residual is found. */
export interface ResidualParams extends Pick<DenoiseParams, 'residualGain' | 'givesResidual'> {}

/** Seconds of a block inside of a range. */
const BLOCK_SEC = 2;
/** More than a level, a frame of the guard, or a converter's filter reaches beyond the end of a range. */
const REACH_SEC = 1;
/** Frames of 32 ms that the guard looks at in one go. */
const GUARD_STEP_FRAMES = 64;

export const levelScan = defineScan<unknown, null, LevelHistogram, LevelHistogram>({
  order: 'parallel',
  rangeSec: 30,
  memoryMb: 20,
  reachSec: REACH_SEC,
  runsNetworks: false,
  run(context) {
    const { startFrame, endFrame } = context.range;
    const part = measureLevels(context.input('audio'), startFrame, endFrame, (done) =>
      context.progress(done),
    );
    return { part };
  },
  merge: addHistograms,
});

export const denoiseApply = defineApply<unknown, DenoiseParams, null, null>({
  order: 'sequential',
  rangeSec: 30,
  memoryMb: 200,
  async run(context) {
    const { params, range } = context;
    const audio = context.input('audio');
    const stream = await createStream(context);
    const residuals = createResidualRange(audio, stream, context.state as ResidualRangeState | undefined);
    for (const { start, end, input, residual } of blocksOf(context)) {
      await residuals.read(start, residual);
      if (params.givesResidual) scaleBlock(residual, params.residualGain);
      else {
        audio.read(start, input);
        subtractScaled(input, params.residualGain, residual);
      }
      context.write('audio', start, residual);
      context.progress(end - range.startFrame);
    }
    return { part: null, state: residuals.saveState() };
  },
  merge: () => null,
});

/** What a denoiser took away, against the input; `made` is what it gave. */
export const residualScan = defineScan<unknown, ResidualParams, ResidualFigures, ResidualFigures>({
  order: 'parallel',
  rangeSec: 30,
  memoryMb: 20,
  reachSec: 0,
  runsNetworks: false,
  run(context) {
    const { params, range, sampleRateHz } = context;
    const meter = createResidualMeter(sampleRateHz);
    for (const { start, end, input, residual } of blocksOf(context)) {
      context.input('audio').read(start, input);
      context.input('made').read(start, residual);
      if (!params.givesResidual) subtractScaled(input, 1, residual);
      scaleBlock(residual, 1 / params.residualGain);
      meter.add(input, residual);
      context.progress(end - range.startFrame);
    }
    return { part: meter.figures() };
  },
  merge: (parts) => addResidualFigures([...parts]),
});

/** Signs that the voice was altered, 32 ms each; `made` is what the denoiser gave. */
export const guardScan = defineScan<unknown, { readonly isResidual: boolean }, Uint8Array, Uint8Array>({
  order: 'parallel',
  rangeSec: 30,
  memoryMb: 40,
  reachSec: REACH_SEC,
  runsNetworks: false,
  async run(context) {
    const { range, frameCount, sampleRateHz, params } = context;
    const meter = await context.resource('signs of an altered voice', createSignMeter);
    const input = createMonoReader(context.input('audio'), SPEECH_RATE_HZ);
    const made = createMonoReader(context.input('made'), SPEECH_RATE_HZ);
    const output: SampleSource = (start, into) => {
      made(start, into);
      if (!params.isResidual) return;
      const residual = into.slice();
      input(start, into);
      for (let n = 0; n < into.length; n++) into[n] = into[n]! - residual[n]!;
    };
    const frameAt = (position: number) => Math.ceil((position * SPEECH_RATE_HZ) / sampleRateHz / SPEECH_HOP);
    const first = frameAt(range.startFrame);
    const end = range.endFrame === frameCount ? frameAt(frameCount) : frameAt(range.endFrame);
    const parts: Uint8Array[] = [];
    for (let frame = first; frame < end; frame += GUARD_STEP_FRAMES) {
      parts.push(meter(input, output, frame, Math.min(end, frame + GUARD_STEP_FRAMES)));
      const done = ((frame - first) * SPEECH_HOP * sampleRateHz) / SPEECH_RATE_HZ;
      context.progress(Math.min(range.endFrame - range.startFrame, Math.round(done)));
    }
    return { part: concat(Uint8Array, parts) };
  },
  merge: (parts) => concat(Uint8Array, [...parts]),
});

/** The residual of a file that was left alone: outputs are made of zeros, so that there is nothing to write. */
export const silenceApply = defineApply<unknown, null, null, null>({
  order: 'parallel',
  rangeSec: 600,
  run: () => ({ part: null }),
  merge: () => null,
});

/** All of them, for the stage and for workers that load nothing else of it. */
export const denoisePasses: Passes = {
  levels: levelScan,
  denoise: denoiseApply,
  residual: residualScan,
  guard: guardScan,
  silence: silenceApply,
};

/** The blocks of a range, with room for two, of every channel, that the next block takes again. */
function* blocksOf({ range, sampleRateHz, channelCount }: RangeContext<unknown, unknown>) {
  const blockFrames = BLOCK_SEC * sampleRateHz;
  const makeRoom = () => Array.from({ length: channelCount }, () => new Float64Array(blockFrames));
  const [inputRoom, residualRoom] = [makeRoom(), makeRoom()];
  for (let start = range.startFrame; start < range.endFrame; start += blockFrames) {
    const end = Math.min(start + blockFrames, range.endFrame);
    const cut = (room: readonly Float64Array[]) => room.map((samples) => samples.subarray(0, end - start));
    yield { start, end, input: cut(inputRoom), residual: cut(residualRoom) };
  }
}

function scaleBlock(block: readonly Float64Array[], gain: number): void {
  for (const samples of block) for (let n = 0; n < samples.length; n++) samples[n] = gain * samples[n]!;
}

/** Puts input − gain · block into the block. */
function subtractScaled(input: readonly Float64Array[], gain: number, block: readonly Float64Array[]): void {
  for (const [channel, samples] of block.entries()) subtractFrom(input[channel]!, gain, samples);
}

function subtractFrom(before: Float64Array, gain: number, samples: Float64Array): void {
  for (let n = 0; n < samples.length; n++) samples[n] = before[n]! - gain * samples[n]!;
}

async function createStream(context: RangeContext<unknown, DenoiseParams>): Promise<ResidualStream> {
  const { params, sampleRateHz, channelCount } = context;
  const { isLinked, hasPostFilter, maxReductionDb, noisePower } = params;
  if (params.denoiser === 'embedded') {
    return createEmbeddedDenoiser({ sampleRateHz, channelCount, isLinked, maxReductionDb, noisePower });
  }
  const { files } = context.models.deepfilternet3!;
  const network = await context.resource('deepfilternet3', () => loadDeepFilterNetwork(files));
  return createDeepFilterStream(network, { channelCount, isLinked, hasPostFilter });
}
