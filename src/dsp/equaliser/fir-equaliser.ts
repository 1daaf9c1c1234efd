// An equaliser that follows a gain curve by convolution in the frequency domain (overlap-save), two channels in one
// complex transform. Linear phase keeps the wave's shape and rings before it a little; minimum phase does not.
import * as z from 'zod';
import { createBlockDevice } from '../block-device.js';
import { createKernelFft, kernelFftBytes } from '../kernels/fft.js';
import { createKernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';
import { designLinearPhase, designMinimumPhase } from './fir-design.js';

const options = z.strictObject({
  points: z
    .array(
      z.strictObject({
        frequencyHz: z.number().min(1).max(96_000),
        gainDb: z.number().min(-24).max(24),
      }),
    )
    .max(128)
    .default([])
    .refine(
      (points) => points.every((point, i) => i === 0 || point.frequencyHz > points[i - 1]!.frequencyHz),
      {
        message: 'expected points of rising frequency',
      },
    )
    .describe('Gain curve: straight between its points over the logarithm of frequency, level beyond them.'),
  phase: z.enum(['linear', 'minimum']).default('linear').describe('Phase of the filter.'),
});

export type FirEqualiserOptions = z.output<typeof options>;

/** Length of a block in filters: of a transform that is one longer, three quarters are new. */
const BLOCK_FILTERS = 3;
/** Filters are at least this long, for a resolution of a third of an octave down to 40 Hz. */
const FILTER_SEC = 0.085;

export const firEqualiser = defineProcessor<FirEqualiserOptions>({
  id: 'fir-equaliser',
  summary: 'Shapes the spectrum after a curve.',
  source: 'Overlap-save convolution: Oppenheim & Schafer, Discrete-Time Signal Processing, §8.7',
  options,
  create: createFirEqualiser,
});

export function createFirEqualiser(
  settings: FirEqualiserOptions,
  sampleRateHz: number,
  channelCount: number,
): Processor {
  const isLinear = settings.phase === 'linear';
  const tapCount = 2 ** Math.round(Math.log2(FILTER_SEC * sampleRateHz));
  const blockFrames = BLOCK_FILTERS * tapCount;
  const size = blockFrames + tapCount;
  const design = isLinear ? designLinearPhase : designMinimumPhase;
  const taps = design(settings.points, tapCount, sampleRateHz);

  const kernels = createKernels(kernelFftBytes(size) + 2 * (4 * size + 64) + 4096);
  const fft = createKernelFft(kernels, size);
  const filterRe = kernels.f32(size);
  const filterIm = kernels.f32(size);
  // The inverse transform does not divide by its size; the filter does.
  for (let i = 0; i < size; i++) fft.re[i] = (taps[i] ?? 0) / size;
  fft.im.fill(0);
  fft.forward();
  filterRe.set(fft.re);
  filterIm.set(fft.im);

  const channels = Array.from({ length: channelCount }, () => new Float32Array(blockFrames));
  const before = channels.map(() => new Float32Array(tapCount));
  const { multiplyComplex } = kernels.functions;
  return createBlockDevice({
    blockFrames,
    latencyFrames: isLinear ? tapCount / 2 : 0,
    channels,
    processBlock() {
      for (let left = 0; left < channelCount; left += 2) {
        const right = left + 1 < channelCount ? left + 1 : undefined;
        fft.re.set(before[left]!);
        fft.re.set(channels[left]!, tapCount);
        before[left]!.set(channels[left]!.subarray(blockFrames - tapCount));
        if (right === undefined) {
          fft.im.fill(0);
        } else {
          fft.im.set(before[right]!);
          fft.im.set(channels[right]!, tapCount);
          before[right]!.set(channels[right]!.subarray(blockFrames - tapCount));
        }
        fft.forward();
        const { re, im } = fft;
        multiplyComplex(re.byteOffset, im.byteOffset, filterRe.byteOffset, filterIm.byteOffset, size);
        fft.inverse();
        channels[left]!.set(re.subarray(tapCount));
        if (right !== undefined) channels[right]!.set(im.subarray(tapCount));
      }
    },
    stateArrays: before,
  });
}
