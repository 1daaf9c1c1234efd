// The passes of the stage `denoise`: a scan for steady noise, and the work of a denoiser range by range.
import { createEmbeddedDenoiser } from '../../dsp/denoise/embedded-denoiser.js';
import { addHistograms, type LevelHistogram, measureLevels } from '../../dsp/denoise/noise-evidence.js';
import {
  addResidualFigures,
  createResidualMeter,
  type ResidualFigures,
} from '../../dsp/denoise/residual-meter.js';
import { createResidualRange, type ResidualRangeState } from '../../dsp/denoise/residual-range.js';
import type { ResidualStream } from '../../dsp/denoise/residual-stream.js';
import { createDeepFilterStream } from '../../models/deepfilternet3/denoiser.js';
import { loadDeepFilterNetwork } from '../../models/deepfilternet3/network.js';
import { defineApply, defineScan, type RangeContext } from '../stage.js';
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

/** The residual of a file that was left alone: outputs are made of zeros, so that there is nothing to write. */
export const silenceApply = defineApply<unknown, null, null, null>({
  order: 'parallel',
  rangeSec: 600,
  run: () => ({ part: null }),
  merge: () => null,
});

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
