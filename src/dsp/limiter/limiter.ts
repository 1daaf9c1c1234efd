// A look-ahead true-peak limiter that does not overshoot. Peaks are found at eightfold rate by the interpolator that
// forge's meter reads with; in steps of eight frames, the reduction that the highest peak needs is held over the
// look-ahead, let go slowly, and smoothed by three moving means whose span is the look-ahead, so that the gain, which
// goes in straight lines from step to step, is down when the peak comes. All channels share one gain. Loops run in
// WebAssembly (kernels/assembly/limiter.ts). It has no knee and no colour of its own.
import * as z from 'zod';
import { dbToGain, gainToDb, msToFrames } from '../../units.js';
import { createBlockDevice } from '../block-device.js';
import { createKernels } from '../kernels/instance.js';
import { designTruePeak, interpolationPhases } from '../loudness/true-peak.js';
import { defineProcessor, type Processor } from '../processor.js';

const options = z.strictObject({
  inputGainDb: z.number().min(-60).max(90).default(0).describe('Gain before the limiter, in dB.'),
  ceilingDb: z
    .number()
    .min(-40)
    .max(0)
    .default(-1)
    .describe('Level that no peak exceeds, in dB above full scale.'),
  detection: z
    .enum(['true-peak', 'sample-peak'])
    .default('true-peak')
    .describe('Whether peaks between samples count.'),
  lookaheadMs: z
    .number()
    .min(0.5)
    .max(20)
    .default(5)
    .describe('Time over which the gain goes down before a peak.'),
  releaseMs: z
    .number()
    .min(5)
    .max(250)
    .default(60)
    .describe('Time constant of the recovery after single peaks.'),
  sustainedReleaseMs: z
    .number()
    .min(50)
    .max(250)
    .default(250)
    .describe(
      'Time constant of the mean reduction, below which recovery does not fall: long limiting recovers slowly.',
    ),
});

export type LimiterOptions = z.output<typeof options>;

/** How much a limiter has done since it was made, apart from its state. */
export interface Limiter extends Processor {
  /** Largest gain reduction so far, in dB ≥ 0. */
  readonly largestReductionDb: number;
  /** Mean of the depth (1 − gain) so far. */
  readonly meanDepth: number;
}

/** Frames of a block, and of a step of the gain. */
const BLOCK_FRAMES = 1024;
const STEP_FRAMES = 8;
const BLOCK_STEPS = BLOCK_FRAMES / STEP_FRAMES;
/** Steps by which detection lags, so that the interpolator sees what follows. */
const DETECTION_LAG_STEPS = 2;
/** Phases of the eightfold interpolation: pairs 1/7, 2/6, 3/5 and the middle. */
const OVERSAMPLING = 8;

/** After so long the state of the slowest release has faded to 2e-9: a range may start cold so much before it. */
export const LIMITER_SETTLE_SEC = 5;

export const limiter = defineProcessor<LimiterOptions>({
  id: 'limiter',
  summary: 'Holds peaks, also those between samples, under a ceiling.',
  source: 'ITU-R BS.1770-5, Annex 2 (peaks); look-ahead gain by moving extremum and moving mean',
  options,
  create: createLimiter,
});

export function createLimiter(settings: LimiterOptions, sampleRateHz: number, channelCount: number): Limiter {
  const { halfFrames } = designTruePeak(sampleRateHz);
  const isTruePeak = settings.detection === 'true-peak';
  const inputGain = dbToGain(settings.inputGainDb);
  const threshold = dbToGain(settings.ceilingDb) / inputGain;

  const spanSteps = Math.max(3, Math.round(msToFrames(settings.lookaheadMs, sampleRateHz) / STEP_FRAMES));
  const lengths = [0, 1, 2].map((i) => Math.floor((spanSteps + 2 + i) / 3));
  // A peak between samples is made of halfFrames frames at either side: the gain is down over all of them.
  const sideSteps = Math.ceil(halfFrames / STEP_FRAMES);
  const holdSteps = spanSteps + 2 * sideSteps + 1;
  const queueLength = 2 ** Math.ceil(Math.log2(holdSteps + 2));
  const latencyFrames = STEP_FRAMES * (spanSteps + sideSteps + DETECTION_LAG_STEPS);

  const floats = channelCount * (latencyFrames + BLOCK_FRAMES + 32) + 2 * BLOCK_FRAMES + 7 * halfFrames;
  const kernels = createKernels(4 * floats + 8 * (2 * queueLength + spanSteps + 64) + 4096);
  const { peakEnvelope, sampleEnvelope, limiterNodes, applyNodes } = kernels.functions;
  /** By channel: latencyFrames of the past, then the block. */
  const lines = Array.from({ length: channelCount }, () => kernels.f32(latencyFrames + BLOCK_FRAMES));
  const peaks = kernels.f32(BLOCK_FRAMES);
  /** The last depth of the block before, then those of the block. */
  const nodes = kernels.f32(BLOCK_STEPS + 4);
  const lastNode = nodes.subarray(0, 1);
  const phases = interpolationPhases(OVERSAMPLING, halfFrames);
  const largestGain =
    1.0001 * Math.max(...phases.map((taps) => taps.reduce((sum, tap) => sum + Math.abs(tap), 0)));
  const taps = kernels.f32(7 * halfFrames);
  taps.set(foldPhases(phases, halfFrames));
  const state = kernels.f64(9);
  const queue = kernels.f64(2 * queueLength);
  const rings = kernels.f64(spanSteps + 4);
  const reach = kernels.f64(2);
  const isIdle = Float64Array.of(1);
  let stepCount = 0;

  const config = kernels.f64(6);
  const decay = (ms: number): number => Math.exp((-1000 * STEP_FRAMES) / (ms * sampleRateHz));
  config.set([threshold, decay(settings.releaseMs), 1 - decay(settings.sustainedReleaseMs)]);
  const integers = new Int32Array(config.buffer, config.byteOffset + 24, 5);
  integers.set([holdSteps, ...lengths, queueLength - 1]);

  function findPeaks(): number {
    peaks.fill(0);
    let largest = 0;
    for (const line of lines) {
      const at = line.byteOffset + 4 * (latencyFrames - DETECTION_LAG_STEPS * STEP_FRAMES);
      const found = isTruePeak
        ? peakEnvelope(
            at,
            BLOCK_FRAMES,
            taps.byteOffset,
            halfFrames,
            largestGain,
            threshold,
            peaks.byteOffset,
          )
        : sampleEnvelope(at, BLOCK_FRAMES, peaks.byteOffset);
      largest = Math.max(largest, found);
    }
    return largest;
  }

  function findNodes(): void {
    lastNode[0] = nodes[BLOCK_STEPS]!;
    stepCount += BLOCK_STEPS;
    const largest = findPeaks();
    if (isIdle[0] === 1 && largest <= threshold) {
      nodes.fill(0);
      return;
    }
    isIdle[0] = limiterNodes(
      peaks.byteOffset,
      nodes.byteOffset + 4,
      BLOCK_STEPS,
      config.byteOffset,
      state.byteOffset,
      queue.byteOffset,
      rings.byteOffset,
      reach.byteOffset,
    );
  }

  const device = createBlockDevice({
    blockFrames: BLOCK_FRAMES,
    latencyFrames,
    // What comes in completes the lines.
    channels: lines.map((line) => line.subarray(latencyFrames)),
    processBlock() {
      findNodes();
      for (const line of lines) {
        // The peaks are done with: their array takes what comes out.
        applyNodes(line.byteOffset, nodes.byteOffset, inputGain, peaks.byteOffset, BLOCK_STEPS);
        line.copyWithin(0, BLOCK_FRAMES);
        line.set(peaks, latencyFrames);
      }
    },
    stateArrays: [
      ...lines.map((line) => line.subarray(0, latencyFrames)),
      nodes,
      state,
      queue,
      rings,
      isIdle,
    ],
  });
  return {
    ...device,
    get largestReductionDb() {
      return -gainToDb(1 - reach[0]!);
    },
    get meanDepth() {
      return stepCount === 0 ? 0 : reach[1]! / stepCount;
    },
  };
}

/** Taps in the order that peakEnvelope reads: by distance, sums and differences of phase pairs, then the middle. */
function foldPhases(phases: readonly Float64Array[], halfFrames: number): number[] {
  const taps: number[] = [];
  for (let k = 0; k < halfFrames; k++) {
    for (let phase = 1; phase <= 3; phase++) {
      const near = phases[phase - 1]![halfFrames - 1 - k]!;
      const far = phases[phase - 1]![halfFrames + k]!;
      taps.push((near + far) / 2, (near - far) / 2);
    }
    taps.push(phases[3]![halfFrames - 1 - k]!);
  }
  return taps;
}
