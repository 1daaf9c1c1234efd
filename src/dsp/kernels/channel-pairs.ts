// The block of a device in kernel memory: its planar channels, and the same two by two as frames of pairs in float64,
// which recursive filters work on. A last channel without a neighbour stands in both lanes.
import type { Kernels } from './instance.js';

/** Two channels as frames of pairs. */
export interface ChannelPair {
  readonly frames: Float64Array;
  /** Fills `frames` from the channels. */
  join(): void;
  /** Fills the channels from `frames`. */
  split(): void;
}

/** Kernel memory that createChannelPairs takes, in bytes. */
export function channelPairsBytes(channelCount: number, blockFrames: number): number {
  return channelCount * (4 * blockFrames + 80) + Math.ceil(channelCount / 2) * (16 * blockFrames + 80);
}

/** Zeroed channels of `blockFrames` (an even number) each, and their pairs. */
export function createChannelPairs(
  kernels: Kernels,
  channelCount: number,
  blockFrames: number,
): { readonly channels: readonly Float32Array[]; readonly pairs: readonly ChannelPair[] } {
  const { joinPair, splitPair } = kernels.functions;
  const channels = Array.from({ length: channelCount }, () => kernels.f32(blockFrames));
  const pairs = Array.from({ length: Math.ceil(channelCount / 2) }, (_, index): ChannelPair => {
    const left = channels[2 * index]!.byteOffset;
    const right = channels[2 * index + 1]?.byteOffset ?? left;
    const frames = kernels.f64(2 * blockFrames);
    return {
      frames,
      join: () => joinPair(left, right, frames.byteOffset, blockFrames),
      split: () => splitPair(frames.byteOffset, left, right, blockFrames),
    };
  });
  return { channels, pairs };
}
