// Listens to a voice and a bed side by side: K-weighted energies between the points of the control grid, and levels of
// the speech bands around each. One range at a time; ranges begin on the grid and join end to end.
import { type FrameSource, FrameWindow } from '../kernels/frame-window.js';
import { channelWeights } from '../loudness/channel-weights.js';
import { K_WEIGHTING_SETTLE_SEC } from '../loudness/k-weighting.js';
import { BAND_COUNT, type BandMeter, createBandMeter, storePowers } from './bands.js';
import { controlCount, controlStart } from './control.js';
import { createEnergyMeter, ENERGY_METER_BYTES } from './energies.js';

/** Energies are mean squares, one a control; levels are bytes of bands.ts, BAND_COUNT a control. */
export interface Heard {
  readonly energies: Float32Array;
  /** Of both sides where the signal is a pair: centre and sides of a bed, all channels of a voice as `mid`. */
  readonly mid: Uint8Array;
  readonly side: Uint8Array;
}

export interface ListenOptions {
  readonly sampleRateHz: number;
  readonly startFrame: number;
  readonly endFrame: number;
  /** Leaves the bands out. */
  readonly isEnergyOnly?: boolean;
  /** Tells centre and sides of a pair apart. */
  readonly isMidSide?: boolean;
  readonly onProgress?: (framesDone: number) => void;
  /** Receives every block that is read, in order; energies alone. */
  readonly onBlock?: (startFrame: number, block: readonly Float32Array[]) => void;
}

/** Controls that are read at a time. */
const BLOCK_CONTROLS = 40;

/** Hears frames [startFrame, endFrame) of `source`; `startFrame` must begin a control. */
export function listen(source: FrameSource, options: ListenOptions): Heard {
  const { sampleRateHz, startFrame, endFrame } = options;
  const first = Math.round((startFrame * 20) / sampleRateHz);
  const count = controlCount(endFrame, sampleRateHz) - first;
  const bands = options.isEnergyOnly === true ? undefined : createBandMeter(sampleRateHz);
  const marginFrames = (bands?.windowFrames ?? 0) / 2;
  const settleFrames = startFrame === 0 ? 0 : Math.round(K_WEIGHTING_SETTLE_SEC * sampleRateHz);
  const blockFrames = controlStart(BLOCK_CONTROLS + 1, sampleRateHz) + 2 * marginFrames;
  const window = new FrameWindow(
    source.channelCount,
    Math.max(settleFrames, controlStart(2, sampleRateHz)),
    ENERGY_METER_BYTES,
  );
  const meter = createEnergyMeter(window, sampleRateHz, channelWeights(source.channelCount));
  if (settleFrames > 0) {
    window.load(source, startFrame - settleFrames, settleFrames);
    meter.measure(settleFrames);
  }
  const energies = new Float32Array(count);
  const mid = new Uint8Array(bands === undefined ? 0 : count * BAND_COUNT);
  const side = new Uint8Array(bands === undefined ? 0 : count * BAND_COUNT);
  const powers = [new Float64Array(BAND_COUNT), new Float64Array(BAND_COUNT)] as const;
  const buffers = Array.from({ length: source.channelCount }, () => new Float32Array(blockFrames));
  for (let block = first; block < first + count; block += BLOCK_CONTROLS) {
    const last = Math.min(block + BLOCK_CONTROLS, first + count);
    const from = controlStart(block, sampleRateHz);
    const frames = Math.min(endFrame, controlStart(last, sampleRateHz)) - from;
    const channels = buffers.map((samples) => samples.subarray(0, frames + 2 * marginFrames));
    source.read(from - marginFrames, channels);
    for (let control = block; control < last; control++) {
      const start = controlStart(control, sampleRateHz);
      const end = Math.min(endFrame, controlStart(control + 1, sampleRateHz));
      const offset = start - from + marginFrames;
      window.fill(channels, offset, end - start);
      energies[control - first] = meter.measure(end - start) / (end - start);
      if (bands === undefined) continue;
      const middle = Math.round((start + end) / 2) - from;
      hearBands(bands, channels, middle, options.isMidSide === true, powers);
      storePowers(powers[0], mid, (control - first) * BAND_COUNT);
      storePowers(powers[1], side, (control - first) * BAND_COUNT);
    }
    options.onBlock?.(from, channels);
    options.onProgress?.(from + frames - startFrame);
  }
  return { energies, mid, side };
}

/** Powers around a place: the window begins at `at` in the block. Sides are told apart in stereo alone. */
function hearBands(
  bands: BandMeter,
  channels: readonly Float32Array[],
  at: number,
  isMidSide: boolean,
  [mid, side]: readonly [Float64Array, Float64Array],
): void {
  const hasSides = isMidSide && channels.length === 2;
  mid.fill(0);
  side.fill(0);
  for (let left = 0; left < channels.length; left += 2) {
    bands.measure(channels[left]!, channels[left + 1], at, hasSides, mid, hasSides ? side : mid);
  }
}

/** Ranges that were heard one after the other, as one. */
export function joinHeard(parts: readonly Heard[]): Heard {
  const total = (size: (part: Heard) => number) => parts.reduce((sum, part) => sum + size(part), 0);
  const energies = new Float32Array(total((part) => part.energies.length));
  const mid = new Uint8Array(total((part) => part.mid.length));
  const side = new Uint8Array(total((part) => part.side.length));
  let at = 0;
  let byteAt = 0;
  for (const part of parts) {
    energies.set(part.energies, at);
    mid.set(part.mid, byteAt);
    side.set(part.side, byteAt);
    at += part.energies.length;
    byteAt += part.mid.length;
  }
  return { energies, mid, side };
}
