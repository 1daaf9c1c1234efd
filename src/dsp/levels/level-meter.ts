// Levels of a range that no filter touches: sums of squares and products, direct current, powers of 100 ms (of the first
// two channels apart, with their product), powers and peaks of 3 s, clipped runs and where they are. Ranges are joined by joinLevels; figures.ts turns the whole into decibels.
import { concat } from '../concat.js';
import type { FrameWindow } from '../kernels/frame-window.js';
import type { WindowMeter } from '../loudness/measure-range.js';

/** A sample of at least this magnitude stands at full scale: 32767/32768 and more. */
export const FULL_SCALE = 32767 / 32768;
/** So many neighbours at full scale make a clipped run. */
const CLIPPED_RUN = 3;
/** Hops of 100 ms in a block of the dynamic-range figure. */
const HOPS_PER_BLOCK = 30;

/** What one range gives; all arrays by channel unless said. */
export interface LevelPart {
  readonly frameCount: number;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
  /** Σ left × right of the first two channels. */
  readonly product: number;
  readonly peaks: Float64Array;
  /** Mean square over all channels of every hop of 100 ms; the last may be short. */
  readonly hopMeans: Float64Array;
  /**
   * Σ left², Σ right² and Σ left × right of the first two channels in every hop: [hop × 3]; left alone for mono; empty where
   * they are not asked for.
   */
  readonly hopPairs: Float32Array;
  /** Mean square and peak of every whole block of 3 s, [block × channels + channel]. */
  readonly blockMeans: Float64Array;
  readonly blockPeaks: Float64Array;
  /** Samples in clipped runs that touch neither end of the range. */
  readonly clippedInside: Float64Array;
  readonly clippedRuns: Float64Array;
  /** Where those runs end: hop of the range and samples, [2 × hops that have some]. */
  readonly clippedHops: Uint32Array;
  /** Samples at full scale at the start and at the end of the range; both are frameCount when all are. */
  readonly clippedHead: Float64Array;
  readonly clippedTail: Float64Array;
}

/** Kernel memory that the meter takes, in bytes. */
export const LEVEL_METER_BYTES = 4096;

/** Meets every frame of a range once, hop by hop of 100 ms. */
export class LevelMeter implements WindowMeter {
  readonly #window: FrameWindow;
  readonly #isWithPairs: boolean;
  readonly #pairSums: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  readonly #peaks: Float64Array;
  readonly #blockSquares: Float64Array;
  readonly #blockPeak: Float64Array;
  readonly #inside: Float64Array;
  readonly #runs: Float64Array;
  readonly #clippedHops: number[] = [];
  readonly #hopPairs: number[] = [];
  readonly #head: Float64Array;
  readonly #run: Float64Array;
  readonly #hopMeans: number[] = [];
  readonly #blockMeans: number[] = [];
  readonly #blockPeaks: number[] = [];
  #product = 0;
  #frameCount = 0;
  #blockFrames = 0;

  constructor(window: FrameWindow, isWithPairs: boolean) {
    const { channelCount } = window;
    const zeros = (): Float64Array => new Float64Array(channelCount);
    this.#window = window;
    this.#isWithPairs = isWithPairs;
    this.#pairSums = window.kernels.f64(5);
    this.#sums = zeros();
    this.#squares = zeros();
    this.#peaks = zeros();
    this.#blockSquares = zeros();
    this.#blockPeak = zeros();
    this.#inside = zeros();
    this.#runs = zeros();
    this.#head = zeros().fill(-1);
    this.#run = zeros();
  }

  measure(frames: number): void {
    const { channelCount, pointers, kernels } = this.#window;
    let hopSquares = 0;
    for (let left = 0; left < channelCount; left += 2) {
      const right = Math.min(left + 1, channelCount - 1);
      this.#pairSums.fill(0);
      kernels.functions.sumPair(pointers[left]!, pointers[right]!, frames, this.#pairSums.byteOffset);
      const [sumLeft, sumRight, squaresLeft, squaresRight, product] = this.#pairSums;
      hopSquares += this.#add(left, sumLeft!, squaresLeft!, frames);
      if (right !== left) hopSquares += this.#add(right, sumRight!, squaresRight!, frames);
      if (left > 0) continue;
      this.#product += product!;
      if (!this.#isWithPairs) continue;
      if (right !== left) this.#hopPairs.push(squaresLeft!, squaresRight!, product!);
      else this.#hopPairs.push(squaresLeft!, 0, 0);
    }
    this.#hopMeans.push(hopSquares / (frames * channelCount));
    this.#frameCount += frames;
    this.#blockFrames += frames;
    if (this.#hopMeans.length % HOPS_PER_BLOCK === 0) this.#endBlock();
  }

  end(): LevelPart {
    const { channelCount } = this.#window;
    const head = this.#head.map((run) => (run < 0 ? this.#frameCount : run));
    return {
      frameCount: this.#frameCount,
      sums: this.#sums,
      squares: this.#squares,
      product: channelCount > 1 ? this.#product : this.#squares[0]!,
      peaks: this.#peaks,
      hopMeans: Float64Array.from(this.#hopMeans),
      blockMeans: Float64Array.from(this.#blockMeans),
      blockPeaks: Float64Array.from(this.#blockPeaks),
      hopPairs: Float32Array.from(this.#hopPairs),
      clippedInside: this.#inside,
      clippedRuns: this.#runs,
      clippedHops: Uint32Array.from(this.#clippedHops),
      clippedHead: head,
      clippedTail: this.#run,
    };
  }

  #add(channel: number, sum: number, squares: number, frames: number): number {
    const samples = this.#window.channels[channel]!;
    samples.fill(0, frames, Math.ceil(frames / 4) * 4);
    const peak = this.#window.kernels.functions.samplePeak(samples.byteOffset, frames);
    this.#sums[channel]! += sum;
    this.#squares[channel]! += squares;
    this.#blockSquares[channel]! += squares;
    this.#peaks[channel] = Math.max(this.#peaks[channel]!, peak);
    this.#blockPeak[channel] = Math.max(this.#blockPeak[channel]!, peak);
    if (peak >= FULL_SCALE) this.#countClipped(channel, samples, frames);
    else this.#endRun(channel);
    return squares;
  }

  #countClipped(channel: number, samples: Float32Array, frames: number): void {
    for (let i = 0; i < frames; i++) {
      if (Math.abs(samples[i]!) >= FULL_SCALE) this.#run[channel]!++;
      else this.#endRun(channel);
    }
  }

  #endRun(channel: number): void {
    const run = this.#run[channel]!;
    if (this.#head[channel]! < 0) this.#head[channel] = run;
    else if (run >= CLIPPED_RUN) {
      this.#inside[channel]! += run;
      this.#runs[channel]!++;
      // The hop at work is not among #hopMeans yet.
      const hop = this.#hopMeans.length;
      if (this.#clippedHops.at(-2) === hop) this.#clippedHops[this.#clippedHops.length - 1]! += run;
      else this.#clippedHops.push(hop, run);
    }
    this.#run[channel] = 0;
  }

  #endBlock(): void {
    for (let channel = 0; channel < this.#window.channelCount; channel++) {
      this.#blockMeans.push(this.#blockSquares[channel]! / this.#blockFrames);
      this.#blockPeaks.push(this.#blockPeak[channel]!);
    }
    this.#blockSquares.fill(0);
    this.#blockPeak.fill(0);
    this.#blockFrames = 0;
  }
}

/** The whole programme's levels. */
export interface Levels
  extends Omit<LevelPart, 'clippedInside' | 'clippedRuns' | 'clippedHead' | 'clippedTail'> {
  readonly clippedSampleCount: number;
  readonly clippedRunCount: number;
}

/** The whole programme's levels out of those of its ranges, in order (at least one). */
export function joinLevels(parts: readonly LevelPart[]): Levels {
  const channelCount = parts[0]!.sums.length;
  const total = (pick: (part: LevelPart) => Float64Array): Float64Array => {
    const sum = new Float64Array(channelCount);
    for (const part of parts) for (let c = 0; c < channelCount; c++) sum[c]! += pick(part)[c]!;
    return sum;
  };
  const peaks = new Float64Array(channelCount);
  for (const part of parts) {
    for (let c = 0; c < channelCount; c++) peaks[c] = Math.max(peaks[c]!, part.peaks[c]!);
  }
  return {
    frameCount: parts.reduce((sum, part) => sum + part.frameCount, 0),
    sums: total((part) => part.sums),
    squares: total((part) => part.squares),
    product: parts.reduce((sum, part) => sum + part.product, 0),
    peaks,
    hopMeans: concat(
      Float64Array,
      parts.map((part) => part.hopMeans),
    ),
    hopPairs: concat(
      Float32Array,
      parts.map((part) => part.hopPairs),
    ),
    blockMeans: concat(
      Float64Array,
      parts.map((part) => part.blockMeans),
    ),
    blockPeaks: concat(
      Float64Array,
      parts.map((part) => part.blockPeaks),
    ),
    ...joinClipped(parts, channelCount),
  };
}

/** Clipped runs, those across borders included; these count in the hop in which they end. */
function joinClipped(
  parts: readonly LevelPart[],
  channelCount: number,
): Pick<Levels, 'clippedSampleCount' | 'clippedRunCount' | 'clippedHops'> {
  const byHop = new Map<number, number>();
  const add = (hop: number, samples: number): void => void byHop.set(hop, (byHop.get(hop) ?? 0) + samples);
  let clippedSampleCount = 0;
  let clippedRunCount = 0;
  let firstHop = 0;
  const open = new Float64Array(channelCount);
  const close = (channel: number): void => {
    const run = open[channel]!;
    open[channel] = 0;
    if (run < CLIPPED_RUN) return;
    clippedSampleCount += run;
    clippedRunCount++;
    add(firstHop, run);
  };
  for (const part of parts) {
    for (let channel = 0; channel < channelCount; channel++) {
      open[channel]! += part.clippedHead[channel]!;
      if (part.clippedHead[channel] === part.frameCount) continue;
      close(channel);
      clippedSampleCount += part.clippedInside[channel]!;
      clippedRunCount += part.clippedRuns[channel]!;
      open[channel] = part.clippedTail[channel]!;
    }
    for (let i = 0; i < part.clippedHops.length; i += 2) {
      add(firstHop + part.clippedHops[i]!, part.clippedHops[i + 1]!);
    }
    firstHop += part.hopMeans.length;
  }
  firstHop = Math.max(0, firstHop - 1);
  for (let channel = 0; channel < channelCount; channel++) close(channel);
  const clippedHops = Uint32Array.from([...byHop].sort((a, b) => a[0] - b[0]).flat());
  return { clippedSampleCount, clippedRunCount, clippedHops };
}
