// What the seven bands of a programme do over time: peaks of each band's waveform, products of mid and side, and a picture
// of the spectrum in columns. Draws on the transforms of spectrum-meter.ts: a band is what is left of a window when all
// other bins are silenced, put together again by overlapped adding, at as low a rate as its highest frequency allows.
import { concat } from '../concat.js';
import { createKernelFft, type KernelFft, kernelFftBytes } from '../kernels/fft.js';
import type { Kernels } from '../kernels/instance.js';
import { powersToBytes } from '../level-byte.js';
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
  const shapes = bandShapes(size, sampleRateHz);
  const transforms = [...new Set(shapes.map(({ points }) => points))].map(kernelFftBytes);
  const states = shapes.map(({ points, weights }) => 4 * (points + weights.length) + 256);
  return [...transforms, ...states].reduce((sum, bytes) => sum + bytes, 16 * PICTURE_ROWS + 256);
}

/** Row edges of the picture in Hz. */
export function pictureEdgeHz(row: number): number {
  return LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (row / PICTURE_ROWS);
}

interface BandShape {
  /** First bin with any share in the band. */
  readonly firstBin: number;
  /** Weight of that bin and those above it. */
  readonly weights: Float32Array;
  /** Length of the band's inverse transform. */
  readonly points: number;
  /** Bins within the sharp edges, the last excluded. */
  readonly edges: readonly [number, number];
}

interface BandState extends BandShape {
  readonly fft: KernelFft;
  /** Second half of the window before, waiting for its other half. */
  readonly mid: Float32Array;
  readonly side: Float32Array;
}

/** Power sums of a spectrum meter, growing window by window. */
interface RunningPowers {
  readonly mid: Float64Array;
  readonly side: Float64Array;
}

/** Meets the transforms of a range's windows in order, and of one more behind it. */
export class BandDetail {
  readonly #kernels: Kernels;
  readonly #size: number;
  readonly #powers: RunningPowers;
  readonly #bands: readonly BandState[];
  /** First bin of each row and the one behind its last. */
  readonly #rows: Int32Array;
  readonly #sums: Float64Array;
  /** Sums of the rows over all columns that have ended. */
  readonly #sumsBefore = new Float64Array(PICTURE_ROWS);
  readonly #gains = new Float32Array(PICTURE_ROWS);
  #cross = new Float64Array(0);
  #peaks = new Float64Array(0);
  #columns: Uint8Array[] = [];
  #columnWindows = 1;
  #firstColumn = 0;
  #windowsInColumn = 0;
  #next = 0;
  #isPrimed = false;

  /** `powers` are the meter's own sums, in kernel memory: a column is what they have gained. */
  constructor(kernels: Kernels, powers: RunningPowers, size: number, sampleRateHz: number) {
    const binHz = sampleRateHz / size;
    this.#kernels = kernels;
    this.#powers = powers;
    this.#size = size;
    const transforms = new Map<number, KernelFft>();
    const transformOf = (points: number): KernelFft => {
      const known = transforms.get(points) ?? createKernelFft(kernels, points);
      transforms.set(points, known);
      return known;
    };
    this.#bands = bandShapes(size, sampleRateHz).map((shape) => {
      const weights = kernels.f32(shape.weights.length);
      weights.set(shape.weights);
      const [mid, side] = [kernels.f32(shape.points / 2), kernels.f32(shape.points / 2)];
      return { ...shape, weights, fft: transformOf(shape.points), mid, side };
    });
    this.#rows = kernels.i32(2 * PICTURE_ROWS);
    this.#sums = kernels.f64(PICTURE_ROWS);
    for (let row = 0; row < PICTURE_ROWS; row++) {
      const first = Math.max(1, Math.round(pictureEdgeHz(row) / binHz));
      const end = Math.max(first + 1, Math.round(pictureEdgeHz(row + 1) / binHz));
      this.#rows.set([Math.min(first, powers.mid.length), Math.min(end, powers.mid.length)], 2 * row);
    }
  }

  /** Begins a range with its first window; the powers are zeros. */
  begin(firstWindow: number, columnWindows: number): void {
    this.#cross = new Float64Array(BAND_NAMES.length);
    this.#peaks = new Float64Array(BAND_NAMES.length);
    this.#columns = [];
    this.#columnWindows = columnWindows;
    this.#firstColumn = Math.floor(firstWindow / columnWindows);
    this.#next = firstWindow;
    this.#windowsInColumn = 0;
    this.#sumsBefore.fill(0);
    this.#isPrimed = false;
  }

  /**
   * Takes the transform of mid + i·side of one window, whose powers are among the sums already. `isInside` is false for
   * the window behind the range.
   */
  add(re: Float32Array, im: Float32Array, isInside: boolean): void {
    const { takeBand, overlapPeak, crossPower } = this.#kernels.functions;
    const [from, imaginary, size] = [re.byteOffset, im.byteOffset, this.#size];
    for (const [index, band] of this.#bands.entries()) {
      const { firstBin, weights, points, fft, mid, side, edges } = band;
      const [outRe, outIm] = [fft.re.byteOffset, fft.im.byteOffset];
      takeBand(from, imaginary, size, weights.byteOffset, firstBin, weights.length, outRe, outIm, points);
      fft.inverse();
      const peak = overlapPeak(outRe, outIm, mid.byteOffset, side.byteOffset, points / 2);
      // The first half of a range's first window was completed by the range before.
      if (this.#isPrimed) this.#peaks[index] = Math.max(this.#peaks[index]!, peak / size);
      if (isInside) this.#cross[index]! += crossPower(from, imaginary, size, edges[0], edges[1]);
    }
    this.#isPrimed = true;
    if (!isInside) return;
    const column = Math.floor(this.#next / this.#columnWindows);
    this.#windowsInColumn++;
    this.#next++;
    if (Math.floor(this.#next / this.#columnWindows) !== column) this.#endColumn();
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

  #endColumn(): void {
    const { mid, side } = this.#powers;
    // A Hann window's mean square is 3/8; one-sided, so that a sine of amplitude 1 in both channels has −3 dB.
    const scale = 2 / (this.#windowsInColumn * this.#size * this.#size * 0.375);
    const levels = new Uint8Array(PICTURE_ROWS);
    const sums = this.#sums;
    this.#kernels.functions.sumRanges(
      mid.byteOffset,
      side.byteOffset,
      this.#rows.byteOffset,
      PICTURE_ROWS,
      sums.byteOffset,
    );
    for (let row = 0; row < PICTURE_ROWS; row++)
      this.#gains[row] = Math.max(0, sums[row]! - this.#sumsBefore[row]!);
    powersToBytes(this.#gains, PICTURE_ROWS, scale, levels, 0);
    this.#sumsBefore.set(sums);
    this.#columns.push(levels);
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
    const edges = [Math.round(lowHz / binHz), Math.min(size / 2, Math.round(highHz / binHz))] as const;
    return { firstBin: first, weights, points, edges };
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
