// The passes of the stage `denoise`: a scan for steady noise, and the work of a denoiser range by range.
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

/** Seconds of a block inside of a range. */
const BLOCK_SEC = 2;
/** Frames of 32 ms that the guard looks at in one go. */
const GUARD_STEP_FRAMES = 64;

export const levelScan = defineScan<unknown, null, LevelHistogram, LevelHistogram>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 20,
  run(context) {
    const { startFrame, endFrame } = context.range;
    const part = measureLevels(context.input('audio'), startFrame, endFrame, (done) =>
      context.progress(done),
    );
    return { part };
  },
  merge: addHistograms,
});

export const denoiseApply = defineApply<unknown, DenoiseParams, ResidualFigures, ResidualFigures>({
  order: 'sequential',
  rangeSec: 120,
  memoryMb: 200,
  async run(context) {
    const { params, range, sampleRateHz, channelCount } = context;
    const audio = context.input('audio');
    const stream = await createStream(context);
    const residuals = createResidualRange(audio, stream, context.state as ResidualRangeState | undefined);
    const meter = createResidualMeter(sampleRateHz);
    const blockFrames = BLOCK_SEC * sampleRateHz;
    for (let start = range.startFrame; start < range.endFrame; start += blockFrames) {
      const frames = Math.min(blockFrames, range.endFrame - start);
      const makeBlock = () => Array.from({ length: channelCount }, () => new Float64Array(frames));
      const input = makeBlock();
      const residual = makeBlock();
      audio.read(start, input);
      await residuals.read(start, residual);
      meter.add(input, residual);
      const output = residual.map((samples, channel) => {
        const before = input[channel]!;
        return samples.map((value, n) =>
          params.givesResidual ? params.residualGain * value : before[n]! - params.residualGain * value,
        );
      });
      context.write('audio', start, output);
      context.progress(start + frames - range.startFrame);
    }
    return { part: meter.figures(), state: residuals.saveState() };
  },
  merge: (parts) => addResidualFigures([...parts]),
});

/** Signs that the voice was altered, 32 ms each; `made` is what the denoiser gave. */
export const guardScan = defineScan<unknown, { readonly isResidual: boolean }, Uint8Array, Uint8Array>({
  order: 'parallel',
  rangeSec: 60,
  memoryMb: 40,
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
  guard: guardScan,
  silence: silenceApply,
};

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
