// A subsonic filter: a Butterworth high pass of fourth order that takes away what no speaker plays and limiters would
// waste gain on. Minimum phase.
import { z } from 'zod';
import { highPass } from '../biquad.js';
import { createBlockDevice } from '../block-device.js';
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
  const pairCount = Math.ceil(channelCount / 2);
  const kernels = createKernels(40 * BLOCK_FRAMES + pairCount * 1024 + 4096);
  const left = kernels.f32(BLOCK_FRAMES);
  const right = kernels.f32(BLOCK_FRAMES);
  const frames = kernels.f64(2 * BLOCK_FRAMES);
  const { joinPair, splitPair, filterTwo } = kernels.functions;
  const unity = [1, 0, 0, 0, 0];
  const coefficients = SECTION_QS.map((q) => {
    const array = kernels.f64(10);
    array.set([...highPass(settings.cutoffHz, q, sampleRateHz), ...unity]);
    return array;
  });
  const idle = kernels.f64(2 * BLOCK_FRAMES);
  const states = Array.from({ length: pairCount }, () => SECTION_QS.map(() => kernels.f64(16)));

  return createBlockDevice(
    {
      blockFrames: BLOCK_FRAMES,
      latencyFrames: 0,
      processBlock(channels) {
        for (const [pair, sections] of states.entries()) {
          left.set(channels[2 * pair]!);
          right.set(channels[2 * pair + 1] ?? channels[2 * pair]!);
          joinPair(left.byteOffset, right.byteOffset, frames.byteOffset, BLOCK_FRAMES);
          const at = frames.byteOffset;
          for (const [section, state] of sections.entries()) {
            const filter = coefficients[section]!.byteOffset;
            filterTwo(at, idle.byteOffset, at, idle.byteOffset, BLOCK_FRAMES, filter, state.byteOffset);
          }
          splitPair(frames.byteOffset, left.byteOffset, right.byteOffset, BLOCK_FRAMES);
          channels[2 * pair]!.set(left);
          channels[2 * pair + 1]?.set(right);
        }
      },
      stateArrays: states.flat(),
    },
    channelCount,
  );
}
