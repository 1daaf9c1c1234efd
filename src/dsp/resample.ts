// Sample-rate conversion between any two integer rates by a polyphase windowed sinc (Kaiser), in float64.
// Every output frame is computed from its absolute position alone, so any cut into ranges gives the same bytes.
// Linear phase, no delay: output frame n lies at n · from / to input frames. No noise shaping, no clipping.
import { createKernels } from './kernels/instance.js';
import { createFilterBank } from './resample-filter.js';

/** What is converted: the shape and read() of an audio reader. */
export interface FrameSource {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly frameCount: number;
  /** Fills `into` with frames from `startFrame` on; frames outside of the file read as zeros. */
  read(startFrame: number, into: readonly Float32Array[] | readonly Float64Array[]): void;
  close(): void;
}

/** Output frames computed at a time: bounds the memory, and does not change the result. */
const BLOCK_FRAMES = 4096;

/** Frames that `frameCount` frames become: every output instant before the end of the input. */
export function resampledFrameCount(
  frameCount: number,
  fromSampleRateHz: number,
  toSampleRateHz: number,
): number {
  return Math.ceil((frameCount * toSampleRateHz) / fromSampleRateHz);
}

/**
 * A reader of the same audio at another rate; the reader itself where the rate is the same. Closing it closes the
 * source. Stop band 120 dB down from the lower of the two Nyquist frequencies on; pass band flat up to 0.907 of it
 * (20 kHz at 44.1 kHz).
 */
export function createResampledReader<Source extends FrameSource>(
  source: Source,
  toSampleRateHz: number,
): Source | FrameSource {
  if (source.sampleRateHz === toSampleRateHz) return source;
  const { channelCount } = source;
  const bank = createFilterBank(source.sampleRateHz, toSampleRateHz);
  const { coefficients, tapCount, tapsBefore, phaseCount, stepNumerator, stepDenominator } = bank;
  const frameCount = resampledFrameCount(source.frameCount, source.sampleRateHz, toSampleRateHz);
  const inputCapacity = Math.ceil((BLOCK_FRAMES * stepNumerator) / stepDenominator) + tapCount + 2;
  const valueCount = coefficients.length + channelCount * inputCapacity + BLOCK_FRAMES;
  const kernels = createKernels(8 * valueCount + 256 * (channelCount + 2));
  const table = kernels.f64(coefficients.length);
  table.set(coefficients);
  const input = Array.from({ length: channelCount }, () => kernels.f64(inputCapacity));
  const output = kernels.f64(BLOCK_FRAMES);
  /** The last input frame at or before an output frame. */
  const inputFrameOf = (frame: number) => Math.floor((frame * stepNumerator) / stepDenominator);

  return {
    sampleRateHz: toSampleRateHz,
    channelCount,
    frameCount,
    read(startFrame, into) {
      const length = into[0]?.length ?? 0;
      const first = Math.min(Math.max(startFrame, 0), startFrame + length);
      const end = Math.max(first, Math.min(startFrame + length, frameCount));
      for (const samples of into) {
        samples.fill(0, 0, first - startFrame);
        samples.fill(0, end - startFrame);
      }
      for (let frame = first; frame < end; frame += BLOCK_FRAMES) {
        const count = Math.min(BLOCK_FRAMES, end - frame);
        const firstInput = inputFrameOf(frame) - tapsBefore;
        const endInput = inputFrameOf(frame + count - 1) - tapsBefore + tapCount;
        source.read(
          firstInput,
          input.map((samples) => samples.subarray(0, endInput - firstInput)),
        );
        for (let channel = 0; channel < channelCount; channel++) {
          kernels.functions.resampleFrames(
            input[channel]!.byteOffset,
            frame * stepNumerator - inputFrameOf(frame) * stepDenominator,
            stepNumerator,
            stepDenominator,
            table.byteOffset,
            tapCount,
            phaseCount,
            output.byteOffset,
            count,
          );
          into[channel]!.set(output.subarray(0, count), frame - startFrame);
        }
      }
    },
    close() {
      source.close();
    },
  };
}

/**
 * A whole block at another rate, for audio that lies in memory (a network's input).
 * @param block [channels][frames]; taken as silence before and after
 * @returns [channels][ceil(frames · to / from)]
 */
export function resampleBlock(
  block: readonly Float32Array[],
  fromSampleRateHz: number,
  toSampleRateHz: number,
): Float32Array[] {
  const inputFrameCount = block[0]?.length ?? 0;
  const source: FrameSource = {
    sampleRateHz: fromSampleRateHz,
    channelCount: block.length,
    frameCount: inputFrameCount,
    read(startFrame, into) {
      for (let channel = 0; channel < block.length; channel++) {
        const samples = into[channel]!;
        samples.fill(0);
        const from = Math.max(startFrame, 0);
        const to = Math.min(startFrame + samples.length, inputFrameCount);
        if (to > from) samples.set(block[channel]!.subarray(from, to), from - startFrame);
      }
    },
    close() {},
  };
  const resampled = createResampledReader(source, toSampleRateHz);
  const result = block.map(() => new Float32Array(resampled.frameCount));
  resampled.read(0, result);
  return result;
}

/** Reads the mean of a file's channels at another rate: fills `into` from frame `start` of that rate on. */
export function createMonoReader(
  source: FrameSource,
  rateHz: number,
): (start: number, into: Float32Array) => void {
  const reader = createResampledReader(meanOf(source), rateHz);
  return (start, into) => reader.read(start, [into]);
}

/** The mean of a source's channels; the source itself where there is one. */
function meanOf(source: FrameSource): FrameSource {
  const { sampleRateHz, channelCount, frameCount } = source;
  if (channelCount === 1) return source;
  let block: readonly Float64Array[] = [];
  return {
    sampleRateHz,
    channelCount: 1,
    frameCount,
    read(startFrame, [into]) {
      const length = into!.length;
      if ((block[0]?.length ?? 0) < length)
        block = Array.from({ length: channelCount }, () => new Float64Array(length));
      const [sum, ...others] = block.map((samples) => samples.subarray(0, length));
      source.read(startFrame, [sum!, ...others]);
      for (const samples of others) for (let n = 0; n < length; n++) sum![n] = sum![n]! + samples[n]!;
      for (let n = 0; n < length; n++) into![n] = sum![n]! / channelCount;
    },
    close: () => source.close(),
  };
}
