// Runs a residual stream over one range of a file and gives the residual at the file's own rate.
// Where the denoiser works at another rate, the input is converted to it and the residual back; whatever the
// conversions lose is never in the residual, so the rest of the signal passes untouched. Every conversion and chunk is
// placed by absolute frames: ranges of any length give the same values.
import { concat } from '../concat.js';
import { createResampledReader, type FrameSource } from '../resample.js';
import type { ResidualStream } from './residual-stream.js';

/** What the next range needs to go on. */
export interface ResidualRangeState {
  readonly stream: unknown;
  /** Frames of the denoiser's rate that went in. */
  readonly fedFrames: number;
  /** Residual from `keptFrom` on, at the denoiser's rate, per channel. */
  readonly kept: readonly Float64Array[];
  readonly keptFrom: number;
}

export interface ResidualRange {
  /** Fills `into` with the residual from `startFrame` on (file's rate); calls must go forward. */
  read(startFrame: number, into: readonly Float64Array[]): Promise<void>;
  saveState(): ResidualRangeState;
}

/** Half the length of the converters' filters, and some: they reach 85 frames per frame of the lower rate. */
const REACH_FRAMES = 128;

/**
 * @param source the file
 * @param stream a fresh stream of as many channels
 * @param saved the state that the range before gave; undefined at the start of the file
 */
export function createResidualRange(
  source: FrameSource,
  stream: ResidualStream,
  saved: ResidualRangeState | undefined,
): ResidualRange {
  const { chunkFrames, latencyFrames, sampleRateHz } = stream;
  const inner = createResampledReader(source, sampleRateHz);
  const ratio = sampleRateHz / source.sampleRateHz;
  const reach = ratio === 1 ? 0 : Math.ceil(REACH_FRAMES * Math.max(1, ratio));
  const input = Array.from({ length: source.channelCount }, () => new Float64Array(chunkFrames));
  const output = input.map(() => new Float64Array(chunkFrames));

  if (saved !== undefined) stream.loadState(saved.stream);
  let fedFrames = saved?.fedFrames ?? 0;
  let keptFrom = saved?.keptFrom ?? 0;
  let kept: Float64Array[] =
    saved?.kept.map((samples) => samples.slice()) ?? input.map(() => new Float64Array(0));

  /** Feeds chunks until the residual reaches `endFrame`; forgets what lies before `firstFrame`. */
  async function advance(firstFrame: number, endFrame: number): Promise<void> {
    const forget = Math.min(Math.max(0, firstFrame - keptFrom), kept[0]!.length);
    const pieces: Float64Array[][] = [kept.map((samples) => samples.subarray(forget))];
    keptFrom += forget;
    while (fedFrames - latencyFrames < endFrame) {
      inner.read(fedFrames, input);
      await stream.process(input, output);
      // The first latencyFrames that come out lie before the start of the file.
      const skip = Math.max(0, latencyFrames - fedFrames);
      if (skip < chunkFrames) pieces.push(output.map((samples) => samples.slice(skip)));
      fedFrames += chunkFrames;
    }
    kept = kept.map((_, channel) =>
      concat(
        Float64Array,
        pieces.map((piece) => piece[channel]!),
      ),
    );
  }

  const keptSource: FrameSource = {
    sampleRateHz,
    channelCount: source.channelCount,
    frameCount: inner.frameCount,
    read(startFrame, into) {
      for (const [channel, samples] of into.entries()) {
        const first = Math.min(Math.max(0, -startFrame), samples.length);
        const end = Math.max(first, Math.min(inner.frameCount - startFrame, samples.length));
        // What is not kept any more, or not there yet, must not pass for silence.
        samples.fill(0, 0, first).fill(Number.NaN, first, end).fill(0, end);
        const from = Math.max(first, keptFrom - startFrame);
        if (from < end)
          samples.set(
            kept[channel]!.subarray(startFrame + from - keptFrom, startFrame + end - keptFrom),
            from,
          );
      }
    },
    close() {},
  };
  const atFileRate = createResampledReader(keptSource, source.sampleRateHz);

  return {
    async read(startFrame, into) {
      const length = into[0]!.length;
      const firstFrame = Math.floor(startFrame * ratio) - reach;
      const endFrame = Math.ceil((startFrame + length) * ratio) + reach;
      await advance(firstFrame, Math.min(endFrame, inner.frameCount));
      atFileRate.read(startFrame, into);
    },
    saveState: () => ({
      stream: stream.saveState(),
      fedFrames,
      kept: kept.map((samples) => samples.slice()),
      keptFrom,
    }),
  };
}
