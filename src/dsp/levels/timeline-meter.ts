// What a picture of a programme over time needs: lowest and highest sample and level of equal columns, the places where
// the waveform between the samples passes full scale, and where sound begins and ends. Meets a range hop by hop of
// 100 ms; columns are a whole part or a whole number of hops, so that ranges join without a seam.
import { roundTo } from '../../units.js';
import { concat } from '../concat.js';
import type { FrameWindow } from '../kernels/frame-window.js';
import type { WindowMeter } from '../loudness/measure-range.js';
import { foldTaps, PEAK_MARGIN_FRAMES } from '../loudness/meter.js';
import { designTruePeak } from '../loudness/true-peak.js';

/** Quieter than this is silence at the head and the tail: −60 dBFS. */
export const SILENCE_LINEAR = 0.001;
/** More columns than a screen has pixels are of no use. */
const MOST_COLUMNS = 4000;
/** Columns in a hop, and hops in a column, that divide a range of 300 hops. */
const COLUMNS_PER_HOP = [10, 5, 2, 1] as const;
const HOPS_PER_COLUMN = [2, 3, 5, 6, 10, 15, 20, 30, 50, 60, 100, 150, 300] as const;
const HOP_SEC = 0.1;
/** Kernel memory that the meter takes, in bytes. */
export const TIMELINE_METER_BYTES = 1024;

/** Shares of a hop that a column takes: below 1, or a whole number. */
export type ColumnHops = number;

export interface TimelinePart {
  readonly columnHops: ColumnHops;
  /** Lowest and highest sample of all channels in every column, in 127ths of full scale. */
  readonly lows: Int8Array;
  readonly highs: Int8Array;
  /** Root mean square of every column, in 255ths of full scale. */
  readonly levels: Uint8Array;
  readonly hopCount: number;
  readonly frameCount: number;
  /** Hops whose true peak passes full scale, and that peak (linear): [2 × such hops]. */
  readonly overs: Float32Array;
  /** First and last frame that is no silence; −1 where all is. */
  readonly firstSound: number;
  readonly lastSound: number;
}

/** The finest columns of which a programme has at most MOST_COLUMNS. */
export function columnHopsFor(durationSec: number): ColumnHops {
  const hops = durationSec / HOP_SEC;
  const split = COLUMNS_PER_HOP.find((columns) => hops * columns <= MOST_COLUMNS);
  if (split !== undefined) return 1 / split;
  return HOPS_PER_COLUMN.find((count) => hops / count <= MOST_COLUMNS) ?? HOPS_PER_COLUMN.at(-1)!;
}

/** Seconds of a column. */
export function columnSec(columnHops: ColumnHops): number {
  return roundTo(columnHops * HOP_SEC, 3);
}

/** Meets every frame of a range once, hop by hop of 100 ms. */
export class TimelineMeter implements WindowMeter {
  readonly #window: FrameWindow;
  readonly #columnHops: ColumnHops;
  readonly #taps: Float32Array;
  readonly #isFourfold: boolean;
  readonly #largestGain: number;
  readonly #lows: number[] = [];
  readonly #highs: number[] = [];
  readonly #levels: number[] = [];
  readonly #overs: number[] = [];
  /** Lowest and highest sample and Σ squares of the column at work. */
  readonly #column: Float32Array;
  #samples = 0;
  #hopCount = 0;
  #frameCount = 0;
  #firstSound = -1;
  #lastSound = -1;

  constructor(window: FrameWindow, sampleRateHz: number, columnHops: ColumnHops) {
    const interpolator = designTruePeak(sampleRateHz);
    this.#window = window;
    this.#columnHops = columnHops;
    this.#isFourfold = interpolator.factor === 4;
    this.#largestGain = interpolator.largestGain * 1.0001;
    this.#column = window.kernels.f32(4);
    this.#taps = window.kernels.f32(24);
    this.#taps.set(foldTaps(interpolator.taps));
  }

  measure(frames: number): void {
    const pieces = Math.max(1, Math.round(1 / this.#columnHops));
    for (let piece = 0; piece < pieces; piece++) {
      this.#scan(Math.floor((piece * frames) / pieces), Math.floor(((piece + 1) * frames) / pieces));
      if (pieces > 1) this.#endColumn();
    }
    this.#hopCount++;
    if (pieces === 1 && this.#hopCount % this.#columnHops === 0) this.#endColumn();
    this.#findOver(frames);
    this.#findSound(frames);
    this.#frameCount += frames;
  }

  end(): TimelinePart {
    if (this.#samples > 0) this.#endColumn();
    return {
      columnHops: this.#columnHops,
      lows: Int8Array.from(this.#lows),
      highs: Int8Array.from(this.#highs),
      levels: Uint8Array.from(this.#levels),
      hopCount: this.#hopCount,
      frameCount: this.#frameCount,
      overs: Float32Array.from(this.#overs),
      firstSound: this.#firstSound,
      lastSound: this.#lastSound,
    };
  }

  #scan(from: number, to: number): void {
    const { pointers, kernels, channelCount } = this.#window;
    for (const pointer of pointers) {
      kernels.functions.extendColumn(pointer + 4 * from, to - from, this.#column.byteOffset);
    }
    this.#samples += (to - from) * channelCount;
  }

  #endColumn(): void {
    const [low, high, squares] = this.#column;
    this.#lows.push(Math.max(-127, Math.floor(127 * low!)));
    this.#highs.push(Math.min(127, Math.ceil(127 * high!)));
    const level = this.#samples > 0 ? Math.sqrt(squares! / this.#samples) : 0;
    this.#levels.push(Math.min(255, Math.round(255 * level)));
    this.#column.fill(0);
    this.#samples = 0;
  }

  /** Positions lag by the margin, so that the frames behind each are there. */
  #findOver(frames: number): void {
    const { pointers, kernels } = this.#window;
    const { truePeak4, truePeak2 } = kernels.functions;
    const seek = this.#isFourfold ? truePeak4 : truePeak2;
    const count = Math.ceil(frames / 4) * 4;
    let peak = 1;
    for (const pointer of pointers) {
      const from = pointer - 4 * PEAK_MARGIN_FRAMES;
      peak = seek(from, count, this.#taps.byteOffset, this.#largestGain, peak);
    }
    if (peak > 1) this.#overs.push(this.#hopCount - 1, peak);
  }

  #findSound(frames: number): void {
    const { channels } = this.#window;
    const isSound = (i: number): boolean =>
      channels.some((samples) => Math.abs(samples[i]!) > SILENCE_LINEAR);
    if (this.#firstSound < 0) {
      for (let i = 0; i < frames && this.#firstSound < 0; i++) {
        if (isSound(i)) this.#firstSound = this.#frameCount + i;
      }
    }
    for (let i = frames - 1; i >= 0; i--) {
      if (!isSound(i)) continue;
      this.#lastSound = this.#frameCount + i;
      return;
    }
  }
}

/** The whole programme's part out of those of its ranges, in order (at least one). */
export function joinTimelines(parts: readonly TimelinePart[]): TimelinePart {
  const overs: number[] = [];
  let hopCount = 0;
  let frameCount = 0;
  let firstSound = -1;
  let lastSound = -1;
  for (const part of parts) {
    for (let i = 0; i < part.overs.length; i += 2) overs.push(hopCount + part.overs[i]!, part.overs[i + 1]!);
    if (firstSound < 0 && part.firstSound >= 0) firstSound = frameCount + part.firstSound;
    if (part.lastSound >= 0) lastSound = frameCount + part.lastSound;
    hopCount += part.hopCount;
    frameCount += part.frameCount;
  }
  return {
    columnHops: parts[0]!.columnHops,
    lows: concat(
      Int8Array,
      parts.map(({ lows }) => lows),
    ),
    highs: concat(
      Int8Array,
      parts.map(({ highs }) => highs),
    ),
    levels: concat(
      Uint8Array,
      parts.map(({ levels }) => levels),
    ),
    hopCount,
    frameCount,
    overs: Float32Array.from(overs),
    firstSound,
    lastSound,
  };
}
