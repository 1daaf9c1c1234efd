// Takes the planned dips out of a bed: what is to be subtracted, by a short-time Fourier transform on a fixed grid.
// Gains are smooth over frequency and time, the phase is linear and there is no delay. Where no dip is, nothing is
// transformed, so the bed keeps its very samples. Two channels share one complex transform, as centre and sides.
import { createKernelFft, kernelFftBytes } from '../kernels/fft.js';
import { createKernels } from '../kernels/instance.js';
import { createWindow } from '../stft.js';
import { BAND_COUNT, BAND_HZ } from './bands.js';
import type { Dips } from './carve-plan.js';
import { CONTROLS_PER_SEC } from './control.js';

const WINDOW_SEC = 0.04;
/** Frames that a carver works on at a time. */
export const CARVE_BLOCK_FRAMES = 16384;

/** Tables and buffers of a carver; it carries nothing from one call to the next. */
export interface Carver {
  /** Frames before and after a block that it looks at. */
  readonly marginFrames: number;
  /** By channel: the margin, up to CARVE_BLOCK_FRAMES frames, the margin. The caller fills it. */
  readonly input: readonly Float32Array[];
  /** By channel: what the dips take out of the block. */
  readonly taken: readonly Float32Array[];
  /** Linear gains of the block's frames. The caller fills it. */
  readonly gains: Float64Array;
  /**
   * Fills `taken` for a block of `frames` frames from `startFrame` of the timeline on; zeros where no dip is. `dips`
   * begin with point `firstPoint` of the control grid.
   */
  take(dips: Dips, firstPoint: number, startFrame: number, frames: number): void;
  /** Replaces the first `frames` frames of `taken` by what is left of the block, times `gains`. */
  lower(frames: number): void;
}

export function createCarver(sampleRateHz: number, channelCount: number): Carver {
  const size = 2 ** Math.ceil(Math.log2(WINDOW_SEC * sampleRateHz));
  const hop = size / 2;
  const lineFrames = CARVE_BLOCK_FRAMES + 2 * size;
  const valueCount = channelCount * (lineFrames + CARVE_BLOCK_FRAMES) + 2 * size + 2 * CARVE_BLOCK_FRAMES;
  const kernels = createKernels(kernelFftBytes(size) + 4 * valueCount + 65_536);
  const fft = createKernelFft(kernels, size);
  const window = kernels.f32(size);
  window.set(createWindow('sqrt-hann', size));
  const input = Array.from({ length: channelCount }, () => kernels.f32(lineFrames));
  const taken = input.map(() => kernels.f32(CARVE_BLOCK_FRAMES));
  const gains = kernels.f64(CARVE_BLOCK_FRAMES);
  const synthesis = kernels.f32(size);
  synthesis.set(window.map((weight) => weight / size));
  const bins = interpolateBands(size, sampleRateHz);
  const midTake = new Float64Array(size / 2 + 1);
  const sideTake = new Float64Array(size / 2 + 1);
  const bandTake = new Float64Array(BAND_COUNT + 1);
  const { windowMidSide, addMidSide, addWeighted, lowerBy } = kernels.functions;

  /** Fills `take` with what is taken of every bin at a place of the grid; false where that is nothing. */
  function lookUp(bytes: Uint8Array, position: number, take: Float64Array): boolean {
    const points = bytes.length / BAND_COUNT;
    const point = Math.min(Math.max(Math.floor(position), 0), points - 1);
    const next = Math.min(point + 1, points - 1);
    const part = position - Math.floor(position);
    let hasDip = false;
    for (let band = 0; band < BAND_COUNT; band++) {
      const tenths = bytes[point * BAND_COUNT + band]! * (1 - part) + bytes[next * BAND_COUNT + band]! * part;
      bandTake[band] = tenths > 0 ? 1 - 10 ** (-tenths / 200) : 0;
      if (tenths > 0) hasDip = true;
    }
    if (!hasDip) return false;
    for (let bin = bins.first; bin < bins.end; bin++) {
      const low = bins.band[bin]!;
      const share = bins.share[bin]!;
      const below = low < 0 ? 0 : bandTake[low]!;
      take[bin] = below + share * (bandTake[low + 1]! - below);
    }
    return true;
  }

  /** Multiplies both signals of the transform by what is taken of their bins; all others become 0. */
  function takeBins(side: Float64Array): void {
    const { re, im } = fft;
    for (let bin = bins.first; bin < bins.end; bin++) {
      const mirror = size - bin;
      const a = midTake[bin]! / 2;
      const b = side[bin]! / 2;
      // The centre is the conjugate-symmetric half of the spectrum, the sides the other one.
      const aRe = a * (re[bin]! + re[mirror]!);
      const aIm = a * (im[bin]! - im[mirror]!);
      const bRe = b * (re[bin]! - re[mirror]!);
      const bIm = b * (im[bin]! + im[mirror]!);
      re[bin] = aRe + bRe;
      im[bin] = aIm + bIm;
      re[mirror] = aRe - bRe;
      im[mirror] = bIm - aIm;
    }
    for (const values of [re, im]) {
      values.fill(0, 0, bins.first);
      values.fill(0, bins.end, size - bins.end + 1);
      values.fill(0, size - bins.first + 1);
    }
  }

  function overlapAdd(
    left: Float32Array,
    right: Float32Array | undefined,
    offset: number,
    frames: number,
  ): void {
    const from = Math.max(0, -offset);
    const count = Math.min(size, frames - offset) - from;
    const [re, im, weights] = [fft.re, fft.im, synthesis].map(({ byteOffset }) => byteOffset + 4 * from) as [
      number,
      number,
      number,
    ];
    const target = left.byteOffset + 4 * (offset + from);
    if (right === undefined) addWeighted(re, weights, target, count);
    else addMidSide(re, im, weights, target, right.byteOffset + 4 * (offset + from), count);
  }

  return {
    marginFrames: size,
    input,
    taken,
    gains,
    lower(frames) {
      for (const [channel, { byteOffset }] of taken.entries()) {
        const source = input[channel]!.byteOffset + 4 * size;
        lowerBy(source, byteOffset, gains.byteOffset, byteOffset, frames);
      }
    },
    take(dips, firstPoint, startFrame, frames) {
      for (const samples of taken) samples.fill(0, 0, frames);
      const firstFrame = Math.floor(startFrame / hop) - 1;
      const lastFrame = Math.floor((startFrame + frames - 1) / hop);
      for (let frame = firstFrame; frame <= lastFrame; frame++) {
        const position = ((frame + 1) * hop * CONTROLS_PER_SEC) / sampleRateHz - firstPoint;
        const hasMid = lookUp(dips.mid, position, midTake);
        const hasSide = channelCount === 2 && lookUp(dips.side, position, sideTake);
        if (!hasMid && !hasSide) continue;
        if (!hasMid) midTake.fill(0);
        if (!hasSide) sideTake.fill(0);
        const offset = frame * hop - startFrame;
        for (let left = 0; left < channelCount; left += 2) {
          const at = 4 * (offset + size);
          windowMidSide(
            input[left]!.byteOffset + at,
            input[Math.min(left + 1, channelCount - 1)]!.byteOffset + at,
            window.byteOffset,
            fft.re.byteOffset,
            fft.im.byteOffset,
            size,
          );
          fft.forward();
          takeBins(channelCount === 2 ? sideTake : midTake);
          fft.inverse();
          overlapAdd(taken[left]!, taken[left + 1], offset, frames);
        }
      }
    },
  };
}

/** Bins that dips reach; for each the band below it (−1: none) and how far it lies towards the next, on a logarithmic axis. */
function interpolateBands(
  size: number,
  sampleRateHz: number,
): {
  readonly first: number;
  readonly end: number;
  readonly band: Int32Array;
  readonly share: Float64Array;
} {
  const band = new Int32Array(size / 2 + 1);
  const share = new Float64Array(size / 2 + 1);
  let first = size / 2;
  let end = size / 2;
  for (let bin = 1; bin < size / 2; bin++) {
    const at = 10 * Math.log10((bin * sampleRateHz) / size / BAND_HZ[0]!);
    band[bin] = Math.floor(at);
    share[bin] = at - Math.floor(at);
    if (at > -1 && at < BAND_COUNT) {
      first = Math.min(first, bin);
      end = bin + 1;
    }
  }
  return { first, end, band, share };
}
