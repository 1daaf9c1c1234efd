// What a separation network contributes to one range of a song, at the song's own rate and channel count.
// Method: the segments that begin in the range, each weighted by its share, denormalised, resampled and summed. A
// range's result reaches beyond its end; the next range's begins there, and the two are added.
import { createResampledReader, type FrameSource } from '../../dsp/resample.js';
import type { Chunk, ChunkPlan } from './chunks.js';
import type { SeparationNetwork } from './segment-network.js';

/** The rate of the HTDemucs family. */
export const NETWORK_RATE_HZ = 44100;
/** Reach of the resampling filter at both sides, in frames of either rate up to 192 kHz. */
const LEAD_FRAMES = 1024;

/** Mean and deviation of the song's mid signal, by which HTDemucs takes it normalised; 0 and 1 change nothing. */
export interface SongLevel {
  readonly mean: number;
  readonly deviation: number;
}

/** The level of a song from the sum and the sum of squares of its mid signal. */
export function songLevel(sum: number, squares: number, frameCount: number): SongLevel {
  const mean = sum / frameCount;
  const variance = frameCount < 2 ? 0 : Math.max(0, (squares - frameCount * mean * mean) / (frameCount - 1));
  return { mean, deviation: Math.sqrt(variance) + 1e-8 };
}

export interface RangeEstimate {
  readonly startFrame: number;
  /** [stems][channels][frames] from `startFrame` on, up to `tailFrames` beyond the range. */
  readonly stems: readonly (readonly Float32Array[])[];
}

/** Frames of a range, and how far its result reaches beyond it, at the song's rate. */
export function rangeGeometry(
  segmentFrames: number,
  strideFrames: number,
  sampleRateHz: number,
): { readonly rangeFrames: number; readonly tailFrames: number } {
  const scale = sampleRateHz / NETWORK_RATE_HZ;
  const tailFrames = Math.ceil(segmentFrames * scale) + 2 * LEAD_FRAMES;
  return { rangeFrames: Math.max(tailFrames, Math.ceil(2 * strideFrames * scale)), tailFrames };
}

/**
 * Runs the network over the segments that begin in [startFrame, endFrame).
 * @param network gives `stemCount` stems of a stereo segment
 * @param progress told how many of the range's frames are done
 */
export async function estimateRange(
  song: FrameSource,
  plan: ChunkPlan,
  level: SongLevel,
  startFrame: number,
  endFrame: number,
  stemCount: number,
  network: Pick<SeparationNetwork, 'contextFrames' | 'separate'>,
  progress: (framesDone: number) => void,
): Promise<RangeEstimate> {
  const { sampleRateHz, frameCount } = song;
  const scale = sampleRateHz / NETWORK_RATE_HZ;
  const { tailFrames } = rangeGeometry(plan.segmentFrames, plan.strideFrames, sampleRateHz);
  const channelCount = Math.min(2, song.channelCount);
  const frames = Math.min(frameCount, endFrame + tailFrames) - startFrame;
  const stems = Array.from({ length: stemCount }, () =>
    Array.from({ length: channelCount }, () => new Float32Array(frames)),
  );
  const lead = sampleRateHz === NETWORK_RATE_HZ ? 0 : LEAD_FRAMES;
  const firstFrameOf = (chunk: Chunk) => Math.max(0, Math.ceil(chunk.start * scale) - lead);
  const own = plan.chunks.filter(
    (chunk) => firstFrameOf(chunk) >= startFrame && firstFrameOf(chunk) < endFrame,
  );
  const source = createResampledReader(song, NETWORK_RATE_HZ);
  const block = Array.from(
    { length: song.channelCount },
    () => new Float32Array(plan.segmentFrames + 2 * network.contextFrames),
  );
  for (const [done, chunk] of own.entries()) {
    const blockStart = chunk.inputStart - network.contextFrames;
    source.read(blockStart, block);
    const [left, right] = [block[0]!, block[1] ?? block[0]!].map((samples) =>
      normalise(samples, blockStart, source.frameCount, level),
    ) as [Float32Array, Float32Array];
    const segment = await network.separate(left, right);
    const skip = chunk.start - chunk.inputStart;
    const shares = new Float64Array(chunk.end - chunk.start);
    for (let i = 0; i < shares.length; i++) shares[i] = plan.shareOf(chunk, chunk.start + i);
    const first = firstFrameOf(chunk);
    const last = Math.min(startFrame + frames, Math.ceil(chunk.end * scale) + lead);
    for (const [stem, pair] of segment.entries()) {
      const contribution = toChannels(pair, channelCount).map((samples) => {
        const shared = new Float32Array(shares.length);
        for (let i = 0; i < shared.length; i++)
          shared[i] = shares[i]! * (samples[skip + i]! * level.deviation + level.mean);
        return shared;
      });
      const resampled = createResampledReader(
        placeInSong(contribution, chunk.start, source.frameCount),
        sampleRateHz,
      );
      const into = contribution.map(() => new Float32Array(last - first));
      resampled.read(first, into);
      for (const [channel, samples] of into.entries()) {
        const sum = stems[stem]![channel]!;
        for (let i = 0; i < samples.length; i++) sum[first - startFrame + i]! += samples[i]!;
      }
    }
    progress(Math.round(((done + 1) / own.length) * (endFrame - startFrame)));
  }
  return { startFrame, stems };
}

/** (x − mean) / deviation inside of the song, zero outside. */
function normalise(
  samples: Float32Array,
  start: number,
  songFrames: number,
  { mean, deviation }: SongLevel,
): Float32Array {
  return samples.map((sample, i) =>
    start + i >= 0 && start + i < songFrames ? (sample - mean) / deviation : 0,
  );
}

/** A stereo result for a stereo song; its mid for a mono one. */
function toChannels(
  pair: readonly [Float32Array, Float32Array],
  channelCount: number,
): readonly Float32Array[] {
  const [left, right] = pair;
  return channelCount === 2 ? pair : [left.map((sample, i) => 0.5 * (sample + right[i]!))];
}

/** Samples as a song that is silent around them. */
function placeInSong(channels: readonly Float32Array[], start: number, songFrames: number): FrameSource {
  return {
    sampleRateHz: NETWORK_RATE_HZ,
    channelCount: channels.length,
    frameCount: songFrames,
    read(startFrame, into) {
      for (const [channel, samples] of into.entries()) {
        const own = channels[channel]!;
        samples.fill(0);
        const from = Math.max(startFrame, start);
        const to = Math.min(startFrame + samples.length, start + own.length);
        if (to > from) samples.set(own.subarray(from - start, to - start), from - startFrame);
      }
    },
    close() {},
  };
}
