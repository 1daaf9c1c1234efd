// Mean power spectrum of a range by Welch's method: windows of about a third of a second (analysis-window.ts) on a grid of
// absolute frames, so that ranges add up to the whole. Mid and side of the first two channels are kept apart.
import { createKernelFft, kernelFftBytes } from '../kernels/fft.js';
import { type FrameSource, FrameWindow } from '../kernels/frame-window.js';
import { fillWindow, WINDOW_MEAN_SQUARE, windowHop } from './analysis-window.js';
import { addBandDetail, BandDetail, type BandDetailPart, bandDetailBytes } from './band-detail.js';
import {
  addPicture,
  columnWindowsFor,
  PICTURE_BYTES,
  PictureColumns,
  type PicturePart,
} from './picture-columns.js';

/** Sums over windows, in arbitrary units; bin k stands for k × rate / size. */
interface PowerSums<Powers> {
  readonly size: number;
  readonly windowCount: number;
  /** Power of (left + right)/2 and (left − right)/2; of the one channel and nothing for mono. */
  readonly mid: Powers;
  readonly side: Powers;
  /** Power of all further channels together; empty up to two channels. */
  readonly others: Powers;
  readonly picture: PicturePart;
  readonly detail?: BandDetailPart;
}

/** What one range gives: in single precision, as many of them lie on disk and are read again. */
export type SpectrumPart = PowerSums<Float32Array>;

/** The sum over ranges. */
export type Spectrum = PowerSums<Float64Array>;

/** Length of the transform at a rate: the power of two nearest above 0.3 s. */
export function spectrumSize(sampleRateHz: number): number {
  return 2 ** Math.ceil(Math.log2(0.3 * sampleRateHz));
}

/** Tables and kernel memory for range after range of one rate and channel count. */
export interface SpectrumMeter {
  /** Sums the windows whose centre lies in [startFrame, endFrame). Frames outside of the file count as zeros. */
  measure(source: FrameSource, startFrame: number, endFrame: number): SpectrumPart;
}

/** A meter; with `isDetailed` it follows the bands over time too (band-detail.ts). */
export function createSpectrumMeter(
  sampleRateHz: number,
  channelCount: number,
  isDetailed = false,
): SpectrumMeter {
  const size = spectrumSize(sampleRateHz);
  const hop = windowHop(size);
  const flank = size - hop;
  const bins = size / 2 + 1;
  const detailBytes = isDetailed ? bandDetailBytes(size, sampleRateHz) : 0;
  const extraBytes =
    kernelFftBytes(size) + 4 * size + 3 * (8 * bins + 64) + 1024 + PICTURE_BYTES + detailBytes;
  const window = new FrameWindow(channelCount, size, extraBytes);
  const { kernels, pointers } = window;
  const fft = createKernelFft(kernels, size);
  const shape = kernels.f32(size);
  fillWindow(shape);
  const [mid, side, others] = [kernels.f64(bins), kernels.f64(bins), kernels.f64(bins)];
  const { windowMidSide, multiply, addPowers } = kernels.functions;
  const re = fft.re.byteOffset;
  const im = fft.im.byteOffset;
  const picture = new PictureColumns(kernels, { mid, side }, size, sampleRateHz);
  const detail = isDetailed ? new BandDetail(kernels, size, sampleRateHz) : undefined;

  /** The transform of mid + i·side, or of two further channels. */
  const transform = (channel: number): void => {
    const left = pointers[channel]!;
    const right = pointers[channel + 1];
    if (right === undefined) {
      multiply(left, shape.byteOffset, re, size);
      fft.im.fill(0);
    } else if (channel === 0) {
      windowMidSide(left, right, shape.byteOffset, re, im, size);
    } else {
      multiply(left, shape.byteOffset, re, size);
      multiply(right, shape.byteOffset, im, size);
    }
    fft.forward();
  };
  return {
    measure(source, startFrame, endFrame) {
      for (const powers of [mid, side, others]) powers.fill(0);
      const first = Math.ceil(startFrame / hop);
      picture.begin(first, columnWindowsFor(source.frameCount, hop));
      detail?.begin();
      // Waveforms of bands need one window more, to complete the last.
      const end = first * hop < endFrame && isDetailed ? endFrame + hop : endFrame;
      if (first * hop < endFrame) window.load(source, first * hop - size / 2, flank, hop);
      let windowCount = 0;
      for (let index = first; index * hop < end; index++) {
        const isInside = index * hop < endFrame;
        // The flank that the last window ended with begins this one.
        for (const samples of window.channels) samples.copyWithin(0, hop);
        window.load(source, index * hop - size / 2 + flank, hop, flank);
        for (let channel = 0; channel < channelCount; channel += 2) {
          transform(channel);
          const [a, b] = channel === 0 ? [mid, side] : [others, others];
          if (isInside) addPowers(re, im, size, a.byteOffset, b.byteOffset);
          if (channel === 0) detail?.add(fft.re, fft.im, isInside);
        }
        if (!isInside) continue;
        picture.add();
        windowCount++;
      }
      return {
        size,
        windowCount,
        mid: new Float32Array(mid),
        side: new Float32Array(side),
        others: channelCount > 2 ? new Float32Array(others) : new Float32Array(0),
        picture: picture.end(),
        ...(detail === undefined ? {} : { detail: detail.end() }),
      };
    },
  };
}

/** The whole programme's spectrum out of those of its ranges (at least one), each met once. */
export function joinSpectra(parts: Iterable<SpectrumPart>): Spectrum {
  let sum: Spectrum | undefined;
  for (const part of parts) sum = addSpectrum(sum, part);
  return sum!;
}

/** Adds a range's spectrum to the sum of those before it, in the sum's own arrays. */
export function addSpectrum(sum: Spectrum | undefined, part: SpectrumPart): Spectrum {
  const { size, windowCount, mid, side, others } = part;
  const further = {
    picture: addPicture(sum?.picture, part.picture),
    ...(part.detail === undefined ? {} : { detail: addBandDetail(sum?.detail, part.detail) }),
  };
  if (sum === undefined) {
    const [first, second, third] = [mid, side, others].map((powers) => Float64Array.from(powers));
    return { size, windowCount, mid: first!, side: second!, others: third!, ...further };
  }
  addTo(sum.mid, mid);
  addTo(sum.side, side);
  addTo(sum.others, others);
  return { ...sum, windowCount: sum.windowCount + windowCount, ...further };
}

function addTo(sums: Float64Array, powers: Float32Array): void {
  for (let k = 0; k < powers.length; k++) sums[k]! += powers[k]!;
}

/** Power of side over mid from `lowHz` to `highHz`, as a ratio; null for one channel and where the middle is silent. */
export function sideToMid(
  spectrum: Spectrum,
  sampleRateHz: number,
  lowHz: number,
  highHz: number,
): number | null {
  const binHz = sampleRateHz / spectrum.size;
  let mid = 0;
  let side = 0;
  for (let k = Math.ceil(lowHz / binHz); k * binHz <= highHz && k < spectrum.mid.length; k++) {
    mid += spectrum.mid[k]!;
    side += spectrum.side[k]!;
  }
  return mid > 0 ? side / mid : null;
}

/**
 * Mean square per bin and channel, one-sided: the sum over the bins is the mean square of the signal.
 * `channelCount` is that of the file.
 */
export function meanPowers(spectrum: Spectrum, channelCount: number): Float64Array {
  const { size, windowCount, mid, side, others } = spectrum;
  const scale = 1 / (windowCount * channelCount * size * size * WINDOW_MEAN_SQUARE);
  const isMono = channelCount === 1;
  return mid.map((power, k) => {
    const sum = (isMono ? power : 2 * (power + side[k]!)) + (others[k] ?? 0);
    return sum * scale * (k === 0 || k === size / 2 ? 1 : 2);
  });
}
