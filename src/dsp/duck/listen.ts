// Listens to a voice and a bed side by side: K-weighted energies between the points of the control grid, and levels of
// the speech bands around each. One range at a time; ranges begin on the grid and join end to end.
import { concat } from '../concat.js';
import { type FrameSource, FrameWindow } from '../kernels/frame-window.js';
import { channelWeights } from '../loudness/channel-weights.js';
import { K_WEIGHTING_SETTLE_SEC } from '../loudness/k-weighting.js';
import {
  BAND_COUNT,
  type BandMeter,
  bandMeterBytes,
  bandWindowFrames,
  createBandMeter,
  storePowers,
} from './bands.js';
import { CONTROLS_PER_SEC, controlCount, controlStart } from './control.js';
import { createEnergyMeter, ENERGY_METER_BYTES } from './energies.js';

/** Energies are mean squares, one a control; levels are bytes of bands.ts, BAND_COUNT a control. */
export interface Heard {
  readonly energies: Float32Array;
  /** All channels, or the centre of a pair; empty where energies alone were heard. */
  readonly mid: Uint8Array;
  /** The sides of a pair; empty where they were not told apart. */
  readonly side: Uint8Array;
}

export interface ListenOptions {
  readonly startFrame: number;
  readonly endFrame: number;
  /** Tells centre and sides of a pair apart. */
  readonly isMidSide?: boolean;
  readonly onProgress?: (framesDone: number) => void;
  /** Receives every block that is read, in order; energies alone. */
  readonly onBlock?: (startFrame: number, block: readonly Float32Array[]) => void;
}

/** Controls that are read at a time. */
const BLOCK_CONTROLS = 40;

/** Meters and buffers for signals of a rate and a number of channels; it carries nothing from one call to the next. */
export interface Listener {
  /** Hears frames [startFrame, endFrame) of `source`; `startFrame` must begin a control. */
  hear(source: FrameSource, options: ListenOptions): Heard;
}

/** Energies alone where `isWithBands` is not asked for. */
export function createListener(
  sampleRateHz: number,
  channelCount: number,
  { isWithBands }: { readonly isWithBands: boolean },
): Listener {
  const marginFrames = isWithBands ? bandWindowFrames(sampleRateHz) / 2 : 0;
  const settleFrames = Math.round(K_WEIGHTING_SETTLE_SEC * sampleRateHz);
  const blockFrames = controlStart(BLOCK_CONTROLS + 1, sampleRateHz) + 2 * marginFrames;
  const bufferBytes = channelCount * (4 * blockFrames + 64);
  const bandBytes = isWithBands ? bandMeterBytes(sampleRateHz) : 0;
  const window = new FrameWindow(channelCount, settleFrames, ENERGY_METER_BYTES + bufferBytes + bandBytes);
  const meter = createEnergyMeter(window, sampleRateHz, channelWeights(channelCount));
  const bands = isWithBands ? createBandMeter(window.kernels, sampleRateHz) : undefined;
  const powers = [new Float64Array(BAND_COUNT), new Float64Array(BAND_COUNT)] as const;
  const buffers = Array.from({ length: channelCount }, () => window.kernels.f32(blockFrames));

  return {
    hear(source, { startFrame, endFrame, isMidSide = false, onBlock, onProgress }) {
      const first = Math.round((startFrame * CONTROLS_PER_SEC) / sampleRateHz);
      const count = controlCount(endFrame, sampleRateHz) - first;
      const energies = new Float32Array(count);
      const mid = new Uint8Array(bands === undefined ? 0 : count * BAND_COUNT);
      const side = new Uint8Array(isMidSide ? mid.length : 0);
      meter.reset();
      if (startFrame > 0) {
        window.load(source, startFrame - settleFrames, settleFrames);
        meter.measure(settleFrames);
      }
      for (let block = first; block < first + count; block += BLOCK_CONTROLS) {
        const last = Math.min(block + BLOCK_CONTROLS, first + count);
        const from = controlStart(block, sampleRateHz);
        const frames = Math.min(endFrame, controlStart(last, sampleRateHz)) - from;
        const channels = buffers.map((samples) => samples.subarray(0, frames + 2 * marginFrames));
        source.read(from - marginFrames, channels);
        for (let control = block; control < last; control++) {
          const start = controlStart(control, sampleRateHz);
          const end = Math.min(endFrame, controlStart(control + 1, sampleRateHz));
          window.fill(channels, start - from + marginFrames, end - start);
          energies[control - first] = meter.measure(end - start) / (end - start);
          if (bands === undefined) continue;
          const middle = Math.round((start + end) / 2) - from;
          hearBands(bands, channels, middle, isMidSide, powers);
          storePowers(powers[0], mid, (control - first) * BAND_COUNT);
          if (isMidSide) storePowers(powers[1], side, (control - first) * BAND_COUNT);
        }
        onBlock?.(from, channels);
        onProgress?.(from + frames - startFrame);
      }
      return { energies, mid, side };
    },
  };
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
    const pointerOf = (samples: Float32Array) => samples.byteOffset + 4 * at;
    const right = channels[left + 1];
    const rightPointer = right === undefined ? undefined : pointerOf(right);
    bands.measure(pointerOf(channels[left]!), rightPointer, hasSides, mid, hasSides ? side : mid);
  }
}

/** Controls [first, end) of what was heard: views. */
export function cutHeard({ energies, mid, side }: Heard, first: number, end: number): Heard {
  const cut = (bytes: Uint8Array) => bytes.subarray(first * BAND_COUNT, end * BAND_COUNT);
  return { energies: energies.subarray(first, end), mid: cut(mid), side: cut(side) };
}

/** Ranges that were heard one after the other, as one. */
export function joinHeard(parts: readonly Heard[]): Heard {
  return {
    energies: concat(
      Float32Array,
      parts.map(({ energies }) => energies),
    ),
    mid: concat(
      Uint8Array,
      parts.map(({ mid }) => mid),
    ),
    side: concat(
      Uint8Array,
      parts.map(({ side }) => side),
    ),
  };
}
