// The compact features from which rhythm, tonality, structure and genre are told: band levels at 100 frames a second
// and a log-frequency spectrum at 10, both as bytes of half a decibel (about 7 kB for a second of audio).
// Feature frame t is centred on the sound at t/rate seconds, whatever the range in which it is computed, so that parts
// joined in range order are what the whole file would have given. No decision is made here.
import { concat } from './concat.js';
import { type FrameSource, FrameWindow } from './kernels/frame-window.js';
import {
  BAND_COUNT,
  BAND_FRAMES_PER_SEC,
  bandAnalyserBytes,
  bandMarginFrames,
  createBandAnalyser,
} from './rhythm/band-frames.js';
import {
  createPitchAnalyser,
  PITCH_BIN_COUNT,
  PITCH_FRAMES_PER_SEC,
  pitchAnalyserBytes,
  pitchMarginFrames,
} from './tonal/pitch-frames.js';

/** What is read from: an AudioReader, or anything of its shape. Frames outside of the file read as zeros. */
export type SampledSource = FrameSource & { readonly sampleRateHz: number };

/** Features of a run of frames of a file; levels are bytes, see `levelToByte`. */
export interface MusicFeatures {
  /** Sound that the features cover, in seconds. */
  readonly durationSec: number;
  /** [bandFrames][BAND_COUNT] levels at BAND_FRAMES_PER_SEC. */
  readonly bands: Uint8Array;
  /** [pitchFrames][PITCH_BIN_COUNT] levels at PITCH_FRAMES_PER_SEC. */
  readonly pitches: Uint8Array;
}

const BLOCK_SEC = 5;

/** Buffers and tables for one rate and channel count, to be used for range after range. */
export interface MusicFeatureExtractor {
  /**
   * Features of the feature frames whose centres lie in [startFrame, endFrame) of `source`; channels are averaged.
   * Memory: one block of five seconds, whatever the range. The same bytes for any division into ranges.
   * @throws whatever `source.read` throws
   */
  extract(
    source: FrameSource,
    range: { readonly startFrame: number; readonly endFrame: number },
  ): MusicFeatures;
}

export function createMusicFeatureExtractor(
  sampleRateHz: number,
  channelCount: number,
): MusicFeatureExtractor {
  // A window's partner lies one feature frame away.
  const marginFrames = Math.max(
    bandMarginFrames(sampleRateHz) + Math.ceil(sampleRateHz / BAND_FRAMES_PER_SEC) + 1,
    pitchMarginFrames(sampleRateHz) + Math.ceil(sampleRateHz / PITCH_FRAMES_PER_SEC) + 1,
  );
  const blockFrames = Math.ceil(BLOCK_SEC * sampleRateHz);
  const windowFrames = blockFrames + 2 * marginFrames;
  const window = new FrameWindow(
    channelCount,
    windowFrames,
    bandAnalyserBytes(sampleRateHz) + pitchAnalyserBytes(sampleRateHz) + 4 * windowFrames + 256,
  );
  const { kernels } = window;
  const mono = kernels.f32(windowFrames);
  const kinds = [
    {
      rate: BAND_FRAMES_PER_SEC,
      width: BAND_COUNT,
      halfFrames: bandMarginFrames(sampleRateHz),
      analyser: createBandAnalyser(kernels, sampleRateHz),
    },
    {
      rate: PITCH_FRAMES_PER_SEC,
      width: PITCH_BIN_COUNT,
      halfFrames: pitchMarginFrames(sampleRateHz),
      analyser: createPitchAnalyser(kernels, sampleRateHz),
    },
  ] as const;
  return {
    extract(source, range) {
      const tracks = kinds.map(({ rate, width }) => {
        const first = firstFrameFrom(range.startFrame, sampleRateHz, rate);
        const end = Math.max(first, firstFrameFrom(range.endFrame, sampleRateHz, rate));
        return { first, end, next: first, levels: new Uint8Array((end - first) * width) };
      });
      for (let start = range.startFrame; start < range.endFrame; start += blockFrames) {
        const blockEnd = Math.min(range.endFrame, start + blockFrames);
        const originFrame = start - marginFrames;
        window.load(source, originFrame, windowFrames);
        mixDown(window, mono);
        for (const [index, { rate, width, halfFrames, analyser }] of kinds.entries()) {
          const track = tracks[index]!;
          const blockLimit = Math.min(track.end, firstFrameFrom(blockEnd, sampleRateHz, rate));
          const pointer = (frame: number): number =>
            mono.byteOffset + 4 * (centreOf(frame, sampleRateHz, rate) - halfFrames - originFrame);
          const place = (frame: number): number =>
            frame >= track.next && frame < blockLimit ? (frame - track.first) * width : -1;
          // Frames 2p and 2p+1 are always transformed together, also where only one of them is in the block.
          for (let even = track.next - (track.next % 2); even < blockLimit; even += 2) {
            const odd = even + 1;
            analyser.analysePair(pointer(even), pointer(odd), track.levels, place(even), place(odd));
          }
          track.next = Math.max(track.next, blockLimit);
        }
      }
      const [bands, pitches] = tracks.map(({ levels }) => levels);
      return {
        durationSec: (range.endFrame - range.startFrame) / sampleRateHz,
        bands: bands!,
        pitches: pitches!,
      };
    },
  };
}

/** Features of one range of a file; see MusicFeatureExtractor. */
export function extractMusicFeatures(
  source: SampledSource,
  range: { readonly startFrame: number; readonly endFrame: number },
): MusicFeatures {
  return createMusicFeatureExtractor(source.sampleRateHz, source.channelCount).extract(source, range);
}

/** Parts of consecutive ranges, in range order, as one. */
export function mergeMusicFeatures(parts: readonly MusicFeatures[]): MusicFeatures {
  return {
    durationSec: parts.reduce((sum, part) => sum + part.durationSec, 0),
    bands: concat(
      Uint8Array,
      parts.map((part) => part.bands),
    ),
    pitches: concat(
      Uint8Array,
      parts.map((part) => part.pitches),
    ),
  };
}

/** The features of [fromSec, toSec), which begins on a whole second; no further than they go. */
export function cutMusicFeatures(features: MusicFeatures, fromSec: number, toSec: number): MusicFeatures {
  const cut = (levels: Uint8Array, rate: number, width: number): Uint8Array =>
    levels.slice(fromSec * rate * width, Math.ceil(toSec * rate) * width);
  return {
    durationSec: toSec - fromSec,
    bands: cut(features.bands, BAND_FRAMES_PER_SEC, BAND_COUNT),
    pitches: cut(features.pitches, PITCH_FRAMES_PER_SEC, PITCH_BIN_COUNT),
  };
}

/** Frame at which feature frame `index` is centred. */
function centreOf(index: number, sampleRateHz: number, framesPerSec: number): number {
  return Math.round((index * sampleRateHz) / framesPerSec);
}

/** The first feature frame whose centre is at `frame` or later. */
function firstFrameFrom(frame: number, sampleRateHz: number, framesPerSec: number): number {
  let index = Math.max(0, Math.floor((frame * framesPerSec) / sampleRateHz) - 1);
  while (centreOf(index, sampleRateHz, framesPerSec) < frame) index++;
  return index;
}

/** The mean of a window's channels. */
function mixDown({ channels, pointers, kernels }: FrameWindow, mono: Float32Array): void {
  if (channels.length === 2) {
    kernels.functions.mixPair(pointers[0]!, pointers[1]!, mono.byteOffset, mono.length);
    return;
  }
  mono.set(channels[0]!);
  if (channels.length === 1) return;
  const scale = 1 / channels.length;
  for (const channel of channels.slice(1)) {
    for (let n = 0; n < mono.length; n++) mono[n] = mono[n]! + channel[n]!;
  }
  for (let n = 0; n < mono.length; n++) mono[n] = mono[n]! * scale;
}
