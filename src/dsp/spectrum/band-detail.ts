// What the seven bands of a programme do over time: peaks of each band's waveform, products of mid and side, and a picture
// of the spectrum in columns. Draws on the transforms of spectrum-meter.ts: a band is what is left of a window when all
// other bins are silenced, put together again by overlapped adding, at as low a rate as its highest frequency allows.
import { concat } from '../concat.js';
import { createKernelFft, type KernelFft, kernelFftBytes } from '../kernels/fft.js';
import type { Kernels } from '../kernels/instance.js';
import { powerToByte } from '../level-byte.js';
import { BAND_EDGES_HZ, BAND_NAMES } from './figures.js';

/** Rows of the picture, from 20 Hz to 20 kHz by equal ratios. */
export const PICTURE_ROWS = 96;
const LOWEST_HZ = 20;
const HIGHEST_HZ = 20_000;
const MOST_COLUMNS = 1000;
/** Values of a band's waveform per period of its highest frequency, at least. */
const OVERSAMPLING = 3;
/** A band fades in and out over this ratio around its edges, half of it on either side: sharper would ring. */
const EDGE_RATIO = 2 ** (1 / 6);

export interface BandDetailPart {
  /** By band: Σ of the real part of mid × conjugate side over the windows, in the units of the power sums. */
  readonly cross: Float64Array;
  /** By band: largest magnitude of the left or right channel, linear. */
  readonly peaks: Float64Array;
  /** Windows in a column, and the first column that the range has a share in. */
  readonly columnWindows: number;
  readonly firstColumn: number;
  readonly columnCount: number;
  /** Levels of the columns as bytes (level-byte.ts), [column × PICTURE_ROWS], lowest row first; of a sum, room behind. */
  readonly columns: Uint8Array;
}

/** Windows in a column of the picture. */
export function columnWindowsFor(frameCount: number, hopFrames: number): number {
  return Math.max(1, Math.ceil(frameCount / hopFrames / MOST_COLUMNS));
}

/** Kernel memory that a BandDetail takes, in bytes. */
export function bandDetailBytes(size: number, sampleRateHz: number): number {
  const lengths = new Set(bandShapes(size, sampleRateHz).map(({ points }) => points));
  return [...lengths].reduce((sum, points) => sum + kernelFftBytes(points) + 256, 0);
}

/** Row edges of the picture in Hz. */
export function pictureEdgeHz(row: number): number {
  return LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (row / PICTURE_ROWS);
}

interface BandShape {
  /** Bins with any share in the band. */
  readonly firstBin: number;
  readonly lastBin: number;
  /** Weight of each of them. */
  readonly weights: Float32Array;
  /** Length of the band's inverse transform. */
  readonly points: number;
}

interface BandState extends BandShape {
  readonly fft: KernelFft;
  /** Second half of the window before, waiting for its other half. */
  readonly mid: Float32Array;
  readonly side: Float32Array;
}

/** Meets the transforms of a range's windows in order, and of one more behind it. */
export class BandDetail {
  readonly #size: number;
  readonly #columnWindows: number;
  readonly #bands: readonly BandState[];
  readonly #rows: readonly (readonly [number, number])[];
  /** Bins of each band, sharp. */
  readonly #edges: readonly (readonly [number, number])[];
  readonly #cross = new Float64Array(BAND_NAMES.length);
  readonly #peaks = new Float64Array(BAND_NAMES.length);
  readonly #powers: Float64Array;
  readonly #columns: Uint8Array[] = [];
  readonly #firstColumn: number;
  #column = new Float64Array(PICTURE_ROWS);
  #windowsInColumn = 0;
  #next: number;
  #isPrimed = false;

  constructor(
    kernels: Kernels,
    size: number,
    sampleRateHz: number,
    firstWindow: number,
    columnWindows: number,
  ) {
    const binHz = sampleRateHz / size;
    this.#size = size;
    this.#columnWindows = columnWindows;
    this.#firstColumn = Math.floor(firstWindow / columnWindows);
    this.#next = firstWindow;
    this.#powers = new Float64Array(size / 2);
    const transforms = new Map<number, KernelFft>();
    const transformOf = (points: number): KernelFft => {
      const known = transforms.get(points) ?? createKernelFft(kernels, points);
      transforms.set(points, known);
      return known;
    };
    this.#bands = bandShapes(size, sampleRateHz).map((shape) => ({
      ...shape,
      fft: transformOf(shape.points),
      mid: new Float32Array(shape.points / 2),
      side: new Float32Array(shape.points / 2),
    }));
    this.#edges = BAND_NAMES.map((name) => {
      const [lowHz, highHz] = BAND_EDGES_HZ[name];
      return [Math.round(lowHz / binHz), Math.min(size / 2, Math.round(highHz / binHz))] as const;
    });
    this.#rows = Array.from({ length: PICTURE_ROWS }, (_, row) => {
      const first = Math.max(1, Math.round(pictureEdgeHz(row) / binHz));
      return [first, Math.max(first + 1, Math.round(pictureEdgeHz(row + 1) / binHz))] as const;
    });
  }

  /** Takes the transform of mid + i·side of one window. `isInside` is false for the window behind the range. */
  add(re: Float32Array, im: Float32Array, isInside: boolean): void {
    for (const [index, band] of this.#bands.entries()) {
      this.#peaks[index] = Math.max(this.#peaks[index]!, this.#bandPeak(re, im, band));
    }
    this.#isPrimed = true;
    if (isInside) this.#addPowers(re, im);
  }

  end(): BandDetailPart {
    if (this.#windowsInColumn > 0) this.#endColumn();
    return {
      cross: this.#cross,
      peaks: this.#peaks,
      columnWindows: this.#columnWindows,
      firstColumn: this.#firstColumn,
      columnCount: this.#columns.length,
      columns: concat(Uint8Array, this.#columns),
    };
  }

  /** Peak of the half window that is complete now. */
  #bandPeak(
    re: Float32Array,
    im: Float32Array,
    { firstBin, lastBin, weights, points, fft, mid, side }: BandState,
  ): number {
    fft.re.fill(0);
    fft.im.fill(0);
    for (let bin = firstBin; bin <= lastBin; bin++) {
      const weight = weights[bin - firstBin]!;
      const mirror = this.#size - bin;
      fft.re[bin] = weight * re[bin]!;
      fft.im[bin] = weight * im[bin]!;
      fft.re[points - bin] = weight * re[mirror]!;
      fft.im[points - bin] = weight * im[mirror]!;
    }
    fft.inverse();
    const half = points / 2;
    let peak = 0;
    for (let i = 0; i < half; i++) {
      // The larger of |mid + side| and |mid − side|.
      const value = Math.abs(mid[i]! + fft.re[i]!) + Math.abs(side[i]! + fft.im[i]!);
      if (value > peak) peak = value;
    }
    mid.set(fft.re.subarray(half));
    side.set(fft.im.subarray(half));
    return this.#isPrimed ? peak / this.#size : 0;
  }

  #addPowers(re: Float32Array, im: Float32Array): void {
    const powers = this.#powers;
    const { length } = powers;
    for (let k = 1; k < length; k++) {
      const a = re[k]!;
      const b = im[k]!;
      const c = re[this.#size - k]!;
      const d = im[this.#size - k]!;
      powers[k] = 0.5 * (a * a + b * b + c * c + d * d);
    }
    for (const [index, [from, to]] of this.#edges.entries()) {
      let sum = 0;
      for (let k = from; k < to; k++) {
        // The real part of mid × conjugate side, out of the transform of both.
        sum += re[k]! * im[this.#size - k]! + im[k]! * re[this.#size - k]!;
      }
      this.#cross[index]! += sum / 2;
    }
    const column = Math.floor(this.#next / this.#columnWindows);
    for (const [row, [from, to]] of this.#rows.entries()) {
      let sum = 0;
      for (let k = from; k < to && k < length; k++) sum += powers[k]!;
      this.#column[row]! += sum;
    }
    this.#windowsInColumn++;
    this.#next++;
    if (Math.floor(this.#next / this.#columnWindows) !== column) this.#endColumn();
  }

  #endColumn(): void {
    // A Hann window's mean square is 3/8; one-sided, so that a sine of amplitude 1 in both channels has −3 dB.
    const scale = 2 / (this.#windowsInColumn * this.#size * this.#size * 0.375);
    this.#columns.push(Uint8Array.from(this.#column, (power) => powerToByte(scale * power)));
    this.#column = new Float64Array(PICTURE_ROWS);
    this.#windowsInColumn = 0;
  }
}

function bandShapes(size: number, sampleRateHz: number): BandShape[] {
  const binHz = sampleRateHz / size;
  const half = Math.sqrt(EDGE_RATIO);
  return BAND_NAMES.map((name) => {
    const [lowHz, highHz] = BAND_EDGES_HZ[name];
    const last = Math.min(size / 2 - 1, Math.floor((highHz * half) / binHz));
    const first = Math.min(last, Math.max(1, Math.ceil(lowHz / half / binHz)));
    const weights = Float32Array.from({ length: last - first + 1 }, (_, i) => {
      const hz = (first + i) * binHz;
      return fade(hz, lowHz) * (highHz >= sampleRateHz / 2 ? 1 : 1 - fade(hz, highHz));
    });
    const points = Math.min(size, 2 ** Math.ceil(Math.log2(Math.max(16, OVERSAMPLING * last))));
    return { firstBin: first, lastBin: last, weights, points };
  });
}

/** 0 below an edge, 1 above it, a raised cosine on a logarithmic axis between. */
function fade(hz: number, edgeHz: number): number {
  const at = Math.log(hz / edgeHz) / Math.log(EDGE_RATIO) + 0.5;
  return at <= 0 ? 0 : at >= 1 ? 1 : 0.5 - 0.5 * Math.cos(Math.PI * at);
}

/** Adds a range's detail to that of those before it, in the sum's own arrays. */
export function addBandDetail(sum: BandDetailPart | undefined, part: BandDetailPart): BandDetailPart {
  if (sum === undefined) {
    const columns = new Uint8Array((MOST_COLUMNS + 1) * PICTURE_ROWS);
    columns.set(part.columns);
    return { ...part, cross: part.cross.slice(), peaks: part.peaks.slice(), columns };
  }
  for (let k = 0; k < sum.cross.length; k++) {
    sum.cross[k]! += part.cross[k]!;
    sum.peaks[k] = Math.max(sum.peaks[k]!, part.peaks[k]!);
  }
  // A column on the border has windows of both ranges: the louder of the two is shown.
  const from = (part.firstColumn - sum.firstColumn) * PICTURE_ROWS;
  const shared = (sum.columnCount - (part.firstColumn - sum.firstColumn)) * PICTURE_ROWS;
  for (let k = 0; k < part.columnCount * PICTURE_ROWS; k++) {
    sum.columns[from + k] =
      k < shared ? Math.max(sum.columns[from + k]!, part.columns[k]!) : part.columns[k]!;
  }
  const columnCount = part.firstColumn - sum.firstColumn + part.columnCount;
  return { ...sum, columnCount: Math.max(sum.columnCount, columnCount) };
}
