// Measures one range of a signal for loudness and peaks: K-weighted energies in ticks of 10 ms and hops of 100 ms, the
// loudest windows, true and sample peaks. Ranges may begin anywhere on a hop, in any order, in any thread: what they
// give is put together by programme.ts. Loops run in WebAssembly (kernels/assembly/meter.ts).
import type { FrameWindow } from '../kernels/frame-window.js';
import { designKWeighting } from './k-weighting.js';
import { designTruePeak } from './true-peak.js';

/** Ticks of 10 ms: the resolution at which the loudest windows are sought. */
export const TICKS_PER_SEC = 100;
export const TICKS_PER_HOP = 10;
export const MOMENTARY_TICKS = 40;
export const SHORT_TERM_TICKS = 300;

/** Frames that a meter wants to see behind the end of a range, for the peaks at its end. */
export const PEAK_MARGIN_FRAMES = 16;

/** What one range gives. Energies are weighted sums of squares; divided by frames they are mean squares. */
export interface LoudnessPart {
  /** Energy of every whole hop of 100 ms that begins in the range. */
  readonly hops: Float64Array;
  /** The first and last ticks of the range, at most a short-term window of each, for windows across borders. */
  readonly headTicks: Float64Array;
  readonly tailTicks: Float64Array;
  /** Largest energy of a 400 ms and of a 3 s window that lies in the range; 0 where none does. */
  readonly momentaryMax: number;
  readonly shortTermMax: number;
  /** Linear, by channel. */
  readonly truePeaks: Float64Array;
  readonly samplePeaks: Float64Array;
  /** Where asked for: the levels of every tick of 10 ms, or of several ticks. */
  readonly ticks?: TickLevels;
}

/** What every so many ticks hold; what a limiter will do to the loudness is foretold from it. */
export interface TickLevels {
  /** Ticks of 10 ms that a level stands for. */
  readonly ticksPerLevel: number;
  /** Weighted mean squares. */
  readonly meanSquares: Float32Array;
  /** Largest true peak of all channels, linear. */
  readonly peaks: Float32Array;
}

/** First frame of a tick. Windows of 400 ms then hold the same number of frames at every usual rate. */
export function tickStart(tick: number, sampleRateHz: number): number {
  return Math.round((tick * sampleRateHz) / TICKS_PER_SEC);
}

/** Kernel memory that a meter takes from a window, in bytes. */
export const METER_BYTES = 12_288;

export interface MeterOptions {
  readonly sampleRateHz: number;
  /** By channel; see channel-weights.ts. */
  readonly weights: Float64Array;
  /** False leaves out true and sample peaks. */
  readonly isPeakMeter?: boolean;
  /** Keeps the levels of every so many ticks, a divisor of TICKS_PER_HOP; none where it is not given. */
  readonly ticksPerLevel?: number;
}

/** The channels of one K-weighting cascade; a lone channel stands in both lanes. */
interface Pair {
  readonly left: number;
  readonly right: number;
  readonly leftWeight: number;
  /** 0 where the right lane holds the left channel again. */
  readonly rightWeight: number;
  /** Of the filters, and two values of room. */
  readonly state: Float64Array;
}

/** A meter on the frames of a window. The window's owner loads, calls, and shifts. */
export class LoudnessMeter {
  readonly #window: FrameWindow;
  readonly #options: MeterOptions;
  readonly #coefficients: Float64Array;
  readonly #pairs: readonly Pair[];
  readonly #taps: Float32Array;
  /** Energies of the ticks that the newest frames lie in. */
  readonly #energies: Float64Array;
  readonly #isFourfold: boolean;
  readonly #largestGain: number;
  #position = 0;
  #tick = 0;
  #ticks: Float64Array = new Float64Array(0);
  #tickCount = 0;
  #truePeaks: Float64Array;
  #samplePeaks: Float64Array;
  #tickPeaks: Float32Array = new Float32Array(0);
  #tickPeakCount = 0;

  constructor(window: FrameWindow, options: MeterOptions) {
    const { kernels, channelCount } = window;
    this.#window = window;
    this.#options = options;
    const { shelf, highPass } = designKWeighting(options.sampleRateHz);
    this.#coefficients = kernels.f64(7);
    this.#coefficients.set([...shelf.b, ...shelf.a, ...highPass.a]);
    const weighted = [...options.weights.keys()].filter((channel) => options.weights[channel]! > 0);
    this.#pairs = Array.from({ length: Math.ceil(weighted.length / 2) }, (_, i) => {
      const left = weighted[2 * i]!;
      const right = weighted[2 * i + 1] ?? left;
      const rightWeight = right === left ? 0 : options.weights[right]!;
      return { left, right, leftWeight: options.weights[left]!, rightWeight, state: kernels.f64(14) };
    });
    const ticksAtOnce = Math.ceil((window.capacityFrames * TICKS_PER_SEC) / options.sampleRateHz) + 2;
    this.#energies = kernels.f64(ticksAtOnce);
    const interpolator = designTruePeak(options.sampleRateHz);
    this.#isFourfold = interpolator.factor === 4;
    // Rounded up, so that float32 arithmetic can't exceed it.
    this.#largestGain = interpolator.largestGain * 1.0001;
    this.#taps = kernels.f32(24);
    this.#taps.set(foldTaps(interpolator.taps));
    this.#truePeaks = new Float64Array(channelCount);
    this.#samplePeaks = new Float64Array(channelCount);
  }

  /** Starts on a range [startFrame, endFrame); `startFrame` must be the start of a tick that begins a hop. */
  begin(startFrame: number, endFrame: number): void {
    const { sampleRateHz } = this.#options;
    this.#position = startFrame;
    this.#tick = Math.round((startFrame * TICKS_PER_SEC) / sampleRateHz);
    this.#ticks = new Float64Array(Math.ceil(((endFrame - startFrame) * TICKS_PER_SEC) / sampleRateHz) + 1);
    this.#tickCount = 0;
    this.#tickPeaks = new Float32Array(this.#options.ticksPerLevel !== undefined ? this.#ticks.length : 0);
    this.#tickPeakCount = 0;
    this.#truePeaks = new Float64Array(this.#window.channelCount);
    this.#samplePeaks = new Float64Array(this.#window.channelCount);
    this.#energies.fill(0);
  }

  /** Lets the filters settle on the newest `frames` frames, which lie before the range. */
  settle(frames: number): void {
    this.#weigh(frames, 0, 0);
    this.#energies.fill(0);
  }

  /** Measures the newest `frames` frames. */
  measure(frames: number): void {
    this.#measureEnergy(frames);
    if (this.#options.isPeakMeter === false) return;
    this.#window.silence(frames);
    this.#measurePeaks(frames);
    if (this.#options.ticksPerLevel !== undefined) this.#measureTickPeaks(frames);
  }

  /** Ends the range: the newest PEAK_MARGIN_FRAMES frames, which lie behind it, complete the peaks at its end. */
  end(): LoudnessPart {
    if (this.#options.isPeakMeter !== false) {
      this.#window.silence(PEAK_MARGIN_FRAMES);
      this.#measurePeaks(PEAK_MARGIN_FRAMES);
    }
    const ticks = this.#ticks.subarray(0, this.#tickCount);
    const { sampleRateHz, ticksPerLevel } = this.#options;
    return {
      hops: sumGroups(ticks, TICKS_PER_HOP),
      headTicks: ticks.slice(0, SHORT_TERM_TICKS),
      tailTicks: ticks.slice(-SHORT_TERM_TICKS),
      momentaryMax: largestWindow(ticks, MOMENTARY_TICKS),
      shortTermMax: largestWindow(ticks, SHORT_TERM_TICKS),
      truePeaks: this.#truePeaks,
      samplePeaks: this.#samplePeaks,
      ...(ticksPerLevel === undefined
        ? {}
        : {
            ticks: {
              ticksPerLevel,
              meanSquares: meansOf(ticks, ticksPerLevel, TICKS_PER_SEC / sampleRateHz),
              peaks: largestOf(this.#tickPeaks.subarray(0, ticks.length), ticksPerLevel),
            },
          }),
    };
  }

  #measureEnergy(frames: number): void {
    const { sampleRateHz } = this.#options;
    const energies = this.#energies;
    this.#weigh(frames, this.#position, this.#tick);
    this.#position += frames;
    let count = 0;
    for (; this.#position >= tickStart(this.#tick + 1, sampleRateHz); this.#tick++) {
      this.#ticks[this.#tickCount++] = energies[count++]!;
    }
    // The tick at work goes on with what it has.
    energies[0] = energies[count]!;
    energies.fill(0, 1);
  }

  #weigh(frames: number, position: number, tick: number): void {
    const { pointers, kernels } = this.#window;
    for (const { left, right, leftWeight, rightWeight, state } of this.#pairs) {
      kernels.functions.kWeightTicks(
        pointers[left]!,
        pointers[right]!,
        frames,
        position,
        tick,
        this.#options.sampleRateHz,
        this.#coefficients.byteOffset,
        state.byteOffset,
        leftWeight,
        rightWeight,
        this.#energies.byteOffset,
      );
    }
  }

  /** Peaks lag by the margin, so that the frames behind every position are there. */
  #measurePeaks(frames: number): void {
    const { pointers, kernels, channelCount } = this.#window;
    const { functions } = kernels;
    const count = Math.ceil(frames / 4) * 4;
    for (let channel = 0; channel < channelCount; channel++) {
      const samples = this.#peakPointer(pointers[channel]!, 0);
      const samplePeak = Math.max(this.#samplePeaks[channel]!, functions.samplePeak(samples, count));
      const known = Math.max(this.#truePeaks[channel]!, samplePeak);
      const seek = this.#isFourfold ? functions.truePeak4 : functions.truePeak2;
      this.#samplePeaks[channel] = samplePeak;
      this.#truePeaks[channel] = seek(samples, count, this.#taps.byteOffset, this.#largestGain, known);
    }
  }

  /** The highest peak of every tick. That ticks are seen the margin late matters to no forecast. */
  #measureTickPeaks(frames: number): void {
    const { pointers, kernels } = this.#window;
    const count = Math.max(1, Math.round((frames * TICKS_PER_SEC) / this.#options.sampleRateHz));
    for (let tick = 0; tick < count; tick++) {
      const from = Math.round((tick * frames) / count);
      const length = Math.round(((tick + 1) * frames) / count) - from;
      let largest = 0;
      for (const pointer of pointers) {
        const samples = this.#peakPointer(pointer, from);
        const isFourfold = this.#isFourfold ? 1 : 0;
        const peak = kernels.functions.peakNearTop(samples, length, this.#taps.byteOffset, isFourfold);
        largest = Math.max(largest, peak);
      }
      this.#tickPeaks[this.#tickPeakCount++] = largest;
    }
  }

  #peakPointer(channelPointer: number, from: number): number {
    return channelPointer + 4 * (from - PEAK_MARGIN_FRAMES);
  }
}

/** Taps in the order that the kernels truePeak4 and truePeak2 read. */
export function foldTaps(taps: readonly Float64Array[]): number[] {
  const half = taps.length === 3 ? taps[1]! : taps[0]!;
  const size = half.length / 2;
  const near = (phase: Float64Array, k: number): number => phase[size - 1 - k]!;
  const far = (phase: Float64Array, k: number): number => phase[size + k]!;
  const steps = Array.from({ length: size }, (_, k) => k);
  if (taps.length === 1) return steps.map((k) => near(half, k));
  const first = taps[0]!;
  return [
    ...steps.map((k) => (near(first, k) + far(first, k)) / 2),
    ...steps.map((k) => (near(first, k) - far(first, k)) / 2),
    ...steps.map((k) => near(half, k)),
  ];
}

/** Sums of whole groups of `length` neighbours. */
function sumGroups(values: Float64Array, length: number): Float64Array {
  const sums = new Float64Array(Math.floor(values.length / length));
  for (let i = 0; i < sums.length * length; i++) sums[Math.floor(i / length)]! += values[i]!;
  return sums;
}

/** Means of groups of `length` values (the last may hold fewer) times `factor`. */
function meansOf(values: Float64Array, length: number, factor: number): Float32Array {
  const means = new Float32Array(Math.ceil(values.length / length));
  for (let group = 0, at = 0; group < means.length; group++) {
    const end = Math.min(values.length, at + length);
    const share = factor / (end - at);
    let sum = 0;
    for (; at < end; at++) sum += values[at]!;
    means[group] = sum * share;
  }
  return means;
}

/** The largest of each group of `length` values. */
function largestOf(values: Float32Array, length: number): Float32Array {
  const largest = new Float32Array(Math.ceil(values.length / length));
  for (const [i, value] of values.entries()) {
    const group = Math.floor(i / length);
    largest[group] = Math.max(largest[group]!, value);
  }
  return largest;
}

/** Largest sum of `length` neighbours; 0 where there are fewer. */
export function largestWindow(ticks: Float64Array, length: number): number {
  if (ticks.length < length) return 0;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += ticks[i]!;
  let largest = sum;
  for (let i = length; i < ticks.length; i++) {
    sum += ticks[i]! - ticks[i - length]!;
    if (sum > largest) largest = sum;
  }
  return largest;
}
