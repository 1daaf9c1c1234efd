// Sample-rate conversion between any two integer rates by a polyphase windowed sinc (Kaiser), in float64.
// Every output frame is computed from its absolute position alone, so any cut into ranges gives the same bytes.
// Linear phase, no delay: output frame n lies at n · from / to input frames. No noise shaping, no clipping.
import { createFilterBank, type FilterBank } from './resample-filter.js';

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
  const frameCount = resampledFrameCount(source.frameCount, source.sampleRateHz, toSampleRateHz);
  const inputCapacity =
    Math.ceil((BLOCK_FRAMES * bank.stepNumerator) / bank.stepDenominator) + bank.tapCount + 2;
  const input = Array.from({ length: channelCount }, () => new Float64Array(inputCapacity));

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
        const firstInput = inputFrameOf(bank, frame) - bank.tapsBefore;
        const lastInput = inputFrameOf(bank, frame + count - 1) - bank.tapsBefore + bank.tapCount;
        const views = input.map((samples) => samples.subarray(0, lastInput - firstInput));
        source.read(firstInput, views);
        for (let channel = 0; channel < channelCount; channel++) {
          convolve(bank, views[channel]!, firstInput, frame, count, into[channel]!, frame - startFrame);
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

/** The last input frame at or before an output frame. */
function inputFrameOf(bank: FilterBank, outputFrame: number): number {
  return Math.floor((outputFrame * bank.stepNumerator) / bank.stepDenominator);
}

/** Output frames [firstOutput, firstOutput + count) of one channel; `input` begins at input frame `firstInput`. */
function convolve(
  bank: FilterBank,
  input: Float64Array,
  firstInput: number,
  firstOutput: number,
  count: number,
  output: Float32Array | Float64Array,
  outputAt: number,
): void {
  const { coefficients, tapCount, tapsBefore, phaseCount, stepNumerator, stepDenominator } = bank;
  const isExact = phaseCount === stepDenominator;
  for (let i = 0; i < count; i++) {
    const position = (firstOutput + i) * stepNumerator;
    const base = Math.floor(position / stepDenominator);
    const remainder = position - base * stepDenominator;
    const start = base - tapsBefore - firstInput;
    if (isExact) {
      output[outputAt + i] = dot(coefficients, remainder * tapCount, input, start, tapCount);
    } else {
      // Between two stored phases: linear interpolation of the two results.
      const exactPhase = (remainder * phaseCount) / stepDenominator;
      const phase = Math.floor(exactPhase);
      const low = dot(coefficients, phase * tapCount, input, start, tapCount);
      const high = dot(coefficients, (phase + 1) * tapCount, input, start, tapCount);
      output[outputAt + i] = low + (exactPhase - phase) * (high - low);
    }
  }
}

/** Sum of products over `length` (a multiple of 4) taps, in an order that never changes. */
function dot(a: Float64Array, atA: number, b: Float64Array, atB: number, length: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let i = 0; i < length; i += 4) {
    sum0 += a[atA + i]! * b[atB + i]!;
    sum1 += a[atA + i + 1]! * b[atB + i + 1]!;
    sum2 += a[atA + i + 2]! * b[atB + i + 2]!;
    sum3 += a[atA + i + 3]! * b[atB + i + 3]!;
  }
  return sum0 + sum1 + (sum2 + sum3);
}
