// What the seven bands of a programme do over time: peaks of each band's waveform, products of mid and side. Draws on the
// transforms of spectrum-meter.ts: a band is what is left of a window when all other bins are silenced, put together again
// by overlapped adding, at as low a rate as its highest frequency allows.
import { createKernelFft, type KernelFft, kernelFftBytes } from '../kernels/fft.js';
import type { Kernels } from '../kernels/instance.js';
import { BAND_EDGES_HZ, BAND_NAMES } from './figures.js';

/** Values of a band's waveform per period of its highest frequency, at least. */
const OVERSAMPLING = 3;
/** A band fades in and out over this ratio around its edges, half of it on either side: sharper would ring. */
const EDGE_RATIO = 2 ** (1 / 6);

export interface BandDetailPart {
  /** By band: Σ of the real part of mid × conjugate side over the windows, in the units of the power sums. */
  readonly cross: Float64Array;
  /** By band: largest magnitude of the left or right channel, linear. */
  readonly peaks: Float64Array;
}

/** Kernel memory that a BandDetail takes, in bytes. */
export function bandDetailBytes(size: number, sampleRateHz: number): number {
  const shapes = bandShapes(size, sampleRateHz);
  const transforms = [...new Set(shapes.map(({ points }) => points))].map(kernelFftBytes);
  const states = shapes.map(({ points, weights }) => 4 * (points + 2 * weights.length) + 384);
  return [...transforms, ...states].reduce((sum, bytes) => sum + bytes, 0);
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
  /** The weights from last to first. */
  readonly mirrored: Float32Array;
  /** Last quarter of the window before, waiting for what the next adds to it. */
  readonly mid: Float32Array;
  readonly side: Float32Array;
}

/** Meets the transforms of a range's windows in order, and of one more behind it. */
export class BandDetail {
  readonly #kernels: Kernels;
  readonly #size: number;
  readonly #bands: readonly BandState[];
  #cross = new Float64Array(0);
  #peaks = new Float64Array(0);

  constructor(kernels: Kernels, size: number, sampleRateHz: number) {
    this.#kernels = kernels;
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
      const mirrored = kernels.f32(weights.length);
      mirrored.set(shape.weights.toReversed());
      const [mid, side] = [kernels.f32(shape.points / 4), kernels.f32(shape.points / 4)];
      return { ...shape, weights, mirrored, fft: transformOf(shape.points), mid, side };
    });
  }

  /** Begins a range. */
  begin(): void {
    this.#cross = new Float64Array(BAND_NAMES.length);
    this.#peaks = new Float64Array(BAND_NAMES.length);
    for (const { mid, side } of this.#bands) {
      mid.fill(0);
      side.fill(0);
    }
  }

  /**
   * Takes the transform of mid + i·side of one window. `isInside` is false for the window behind the range.
   */
  add(re: Float32Array, im: Float32Array, isInside: boolean): void {
    const { takeBand, overlapPeak, crossPower } = this.#kernels.functions;
    const [from, imaginary, size] = [re.byteOffset, im.byteOffset, this.#size];
    for (const [index, band] of this.#bands.entries()) {
      const { firstBin, weights, mirrored, points, fft, mid, side, edges } = band;
      const [outRe, outIm] = [fft.re.byteOffset, fft.im.byteOffset];
      takeBand(
        from,
        imaginary,
        size,
        weights.byteOffset,
        mirrored.byteOffset,
        firstBin,
        weights.length,
        outRe,
        outIm,
        points,
      );
      fft.inverse();
      // What fades in at a range's start was whole in the window that the range before met behind its end.
      const peak = overlapPeak(outRe, outIm, mid.byteOffset, side.byteOffset, points);
      this.#peaks[index] = Math.max(this.#peaks[index]!, peak / size);
      if (isInside) this.#cross[index]! += crossPower(from, imaginary, size, edges[0], edges[1]);
    }
  }

  end(): BandDetailPart {
    return { cross: this.#cross, peaks: this.#peaks };
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
  if (sum === undefined) return { cross: part.cross.slice(), peaks: part.peaks.slice() };
  for (let k = 0; k < sum.cross.length; k++) {
    sum.cross[k]! += part.cross[k]!;
    sum.peaks[k] = Math.max(sum.peaks[k]!, part.peaks[k]!);
  }
  return sum;
}
