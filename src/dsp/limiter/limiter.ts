// A look-ahead true-peak limiter that does not overshoot. Peaks are found at eightfold rate by the interpolator that
// forge's meter reads with; the gain that every peak needs is held over the look-ahead, let go slowly, and smoothed by
// three moving means whose span is the look-ahead, so that it is down when the peak comes. All channels share one gain.
// Loops run in WebAssembly (kernels/assembly/limiter.ts). It has no knee and no colour of its own.
import { z } from 'zod';
import { dbToGain, gainToDb, msToFrames } from '../../units.js';
import { createKernels, type Kernels } from '../kernels/instance.js';
import { designTruePeak, interpolationPhases } from '../loudness/true-peak.js';
import { defineProcessor, type Processor, type ProcessorBlock } from '../processor.js';

const options = z.strictObject({
  inputGainDb: z.number().min(-60).max(60).default(0).describe('Gain before the limiter, in dB.'),
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

const CHUNK_FRAMES = 1024;
/** Frames by which detection lags, so that the interpolator sees what follows. */
const DETECTION_LAG_FRAMES = 16;
/** Phases of the eightfold interpolation: pairs 1/7, 2/6, 3/5 and the middle. */
const OVERSAMPLING = 8;

/** After so long the state of the slowest release has faded to 2e-9: a range may start cold so much before it. */
export const LIMITER_SETTLE_SEC = 5;

export function createLimiter(
  limiterOptions: LimiterOptions,
  sampleRateHz: number,
  channelCount: number,
): Limiter {
  return new KernelLimiter(limiterOptions, sampleRateHz, channelCount);
}

export const limiter = defineProcessor<LimiterOptions>({
  id: 'limiter',
  summary: 'Holds peaks, also those between samples, under a ceiling.',
  source: 'ITU-R BS.1770-5, Annex 2 (peaks); look-ahead gain by moving extremum and moving mean',
  options,
  create: createLimiter,
});

class KernelLimiter implements Limiter {
  readonly latencyFrames: number;
  readonly #channelCount: number;
  readonly #kernels: Kernels;
  /** By channel: latencyFrames of the past, then the chunk. */
  readonly #lines: readonly Float32Array[];
  readonly #peaks: Float32Array;
  readonly #gains: Float32Array;
  readonly #unity: Float32Array;
  readonly #taps: Float32Array;
  readonly #config: Float64Array;
  readonly #memory: { state: Float64Array; queue: Float64Array; rings: Float64Array };
  readonly #reach: Float64Array;
  readonly #halfFrames: number;
  readonly #largestGain: number;
  readonly #threshold: number;
  readonly #inputGain: number;
  readonly #isTruePeak: boolean;
  #isIdle = true;
  #frameCount = 0;

  constructor(settings: LimiterOptions, sampleRateHz: number, channelCount: number) {
    const { halfFrames } = designTruePeak(sampleRateHz);
    const spanFrames = Math.max(3, msToFrames(settings.lookaheadMs, sampleRateHz));
    const lengths = [0, 1, 2].map((i) => Math.floor((spanFrames + 2 + i) / 3));
    const smoothingFrames = spanFrames - 1;
    const holdFrames = spanFrames + 2 * halfFrames + 1;
    const queueLength = 2 ** Math.ceil(Math.log2(holdFrames + 2));
    this.latencyFrames = smoothingFrames + halfFrames + DETECTION_LAG_FRAMES;
    this.#channelCount = channelCount;
    this.#halfFrames = halfFrames;
    this.#isTruePeak = settings.detection === 'true-peak';
    this.#inputGain = dbToGain(settings.inputGainDb);

    const lineFrames = this.latencyFrames + CHUNK_FRAMES;
    const floats = channelCount * (lineFrames + 32) + 3 * CHUNK_FRAMES + 7 * halfFrames;
    const doubles = 2 * queueLength + spanFrames + 64;
    this.#kernels = createKernels(4 * floats + 8 * doubles + 4096);
    const { f32, f64 } = this.#kernels;
    this.#lines = Array.from({ length: channelCount }, () => f32(lineFrames));
    this.#peaks = f32(CHUNK_FRAMES);
    this.#gains = f32(CHUNK_FRAMES);
    this.#unity = f32(CHUNK_FRAMES).fill(1);
    const phases = interpolationPhases(OVERSAMPLING, halfFrames);
    this.#largestGain =
      1.0001 * Math.max(...phases.map((taps) => taps.reduce((sum, tap) => sum + Math.abs(tap), 0)));
    this.#taps = f32(7 * halfFrames);
    this.#taps.set(foldPhases(phases, halfFrames));
    this.#config = f64(6);
    this.#memory = { state: f64(9), queue: f64(2 * queueLength), rings: f64(spanFrames + 4) };
    this.#reach = f64(2);

    this.#threshold = dbToGain(settings.ceilingDb) / this.#inputGain;
    const decay = (ms: number): number => Math.exp(-1000 / (ms * sampleRateHz));
    this.#config.set([this.#threshold, decay(settings.releaseMs), 1 - decay(settings.sustainedReleaseMs)]);
    const integers = new Int32Array(this.#config.buffer, this.#config.byteOffset + 24, 5);
    integers.set([holdFrames, ...lengths, queueLength - 1]);
  }

  get largestReductionDb(): number {
    return -gainToDb(1 - this.#reach[0]!);
  }

  get meanDepth(): number {
    return this.#frameCount === 0 ? 0 : this.#reach[1]! / this.#frameCount;
  }

  process(block: ProcessorBlock): void {
    const frames = block[0]?.length ?? 0;
    for (let from = 0; from < frames; from += CHUNK_FRAMES) {
      this.#processChunk(block, from, Math.min(CHUNK_FRAMES, frames - from));
    }
  }

  flush(into: ProcessorBlock): void {
    for (const samples of into) samples.fill(0);
    this.process(into);
  }

  saveState(): unknown {
    const { state, queue, rings } = this.#memory;
    return {
      lines: this.#lines.map((line) => line.slice(0, this.latencyFrames)),
      state: state.slice(),
      queue: queue.slice(),
      rings: rings.slice(),
      isIdle: this.#isIdle,
    };
  }

  loadState(saved: unknown): void {
    const { lines, state, queue, rings, isIdle } = saved as SavedState;
    for (const [channel, line] of lines.entries()) this.#lines[channel]!.set(line);
    this.#memory.state.set(state);
    this.#memory.queue.set(queue);
    this.#memory.rings.set(rings);
    this.#isIdle = isIdle;
  }

  #processChunk(block: ProcessorBlock, from: number, frames: number): void {
    const { applyGains } = this.#kernels.functions;
    const latency = this.latencyFrames;
    const rounded = Math.ceil(frames / 4) * 4;
    for (let channel = 0; channel < this.#channelCount; channel++) {
      const line = this.#lines[channel]!;
      line.set(block[channel]!.subarray(from, from + frames), latency);
      line.fill(0, latency + frames, latency + rounded);
    }
    const gains = this.#findGains(frames, rounded);
    this.#frameCount += frames;
    for (let channel = 0; channel < this.#channelCount; channel++) {
      const line = this.#lines[channel]!;
      // The peaks are done with: their array takes what comes out.
      const out = this.#peaks;
      applyGains(line.byteOffset, gains.byteOffset, this.#inputGain, out.byteOffset, rounded);
      block[channel]!.set(out.subarray(0, frames), from);
      line.copyWithin(0, frames, latency + frames);
    }
  }

  #findGains(frames: number, rounded: number): Float32Array {
    const { peakEnvelope, sampleEnvelope, limiterGains } = this.#kernels.functions;
    const peaks = this.#peaks;
    peaks.fill(0, 0, rounded);
    let largest = 0;
    for (const line of this.#lines) {
      const at = line.byteOffset + 4 * (this.latencyFrames - DETECTION_LAG_FRAMES);
      const found = this.#isTruePeak
        ? peakEnvelope(
            at,
            rounded,
            this.#taps.byteOffset,
            this.#halfFrames,
            this.#largestGain,
            this.#threshold,
            peaks.byteOffset,
          )
        : sampleEnvelope(at, rounded, peaks.byteOffset);
      largest = Math.max(largest, found);
    }
    if (this.#isIdle && largest <= this.#threshold) return this.#unity;
    const { state, queue, rings } = this.#memory;
    this.#isIdle =
      limiterGains(
        peaks.byteOffset,
        this.#gains.byteOffset,
        frames,
        this.#config.byteOffset,
        state.byteOffset,
        queue.byteOffset,
        rings.byteOffset,
        this.#reach.byteOffset,
      ) === 1;
    return this.#gains;
  }
}

interface SavedState {
  readonly lines: readonly Float32Array[];
  readonly state: Float64Array;
  readonly queue: Float64Array;
  readonly rings: Float64Array;
  readonly isIdle: boolean;
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
