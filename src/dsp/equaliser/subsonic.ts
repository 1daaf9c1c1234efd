// A subsonic filter: a Butterworth high pass of fourth order that takes away what no speaker plays and limiters would
// waste gain on. Minimum phase.
import * as z from 'zod';
import { highPass } from '../biquad.js';
import { createBlockDevice } from '../block-device.js';
import { channelPairsBytes, createChannelPairs } from '../kernels/channel-pairs.js';
import { createKernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';

const options = z.strictObject({
  cutoffHz: z.number().min(5).max(120).default(22).describe('Where the level is 3 dB down.'),
});

export type SubsonicOptions = z.output<typeof options>;

const BLOCK_FRAMES = 512;
/** Qs of the two sections of a Butterworth filter of fourth order. */
const SECTION_QS = [0.5411961001461969, 1.3065629648763764] as const;

export const subsonic = defineProcessor<SubsonicOptions>({
  id: 'subsonic',
  summary: 'Takes away what lies below hearing.',
  source: 'Butterworth 1930; bilinear transform',
  options,
  create: createSubsonic,
});

export function createSubsonic(
  settings: SubsonicOptions,
  sampleRateHz: number,
  channelCount: number,
): Processor {
  const kernels = createKernels(channelPairsBytes(channelCount, BLOCK_FRAMES) + channelCount * 192 + 4096);
  const { channels, pairs } = createChannelPairs(kernels, channelCount, BLOCK_FRAMES);
  const coefficients = kernels.f64(10);
  coefficients.set(SECTION_QS.flatMap((q) => [...highPass(settings.cutoffHz, q, sampleRateHz)]));
  const states = pairs.map(() => kernels.f64(12));
  const { filterSeries } = kernels.functions;

  return createBlockDevice({
    blockFrames: BLOCK_FRAMES,
    latencyFrames: 0,
    channels,
    processBlock() {
      for (const [index, pair] of pairs.entries()) {
        pair.join();
        filterSeries(
          pair.frames.byteOffset,
          BLOCK_FRAMES,
          coefficients.byteOffset,
          states[index]!.byteOffset,
        );
        pair.split();
      }
    },
    stateArrays: states,
  });
}
