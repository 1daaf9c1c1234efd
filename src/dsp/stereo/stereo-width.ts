// The width of a stereo image by bands: mid and side are split alike into four bands, so that their phases stay
// together, and the side of each band is scaled; 0 makes the lowest band mono. A band that is widened is kept from
// getting wider than what still sums to mono: where its side would exceed its mid, it is not widened there.
import { z } from 'zod';
import { createFourBandSplit, fourBandSplitBytes } from '../bands/four-band-split.js';
import { controlHopFrames } from '../bands/multiband.js';
import { createBlockDevice } from '../block-device.js';
import { createKernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';

const width = z.number().min(0).max(200);

const options = z.strictObject({
  cornersHz: z
    .tuple([z.number(), z.number(), z.number()])
    .default([120, 800, 5000])
    .refine(([low, middle, high]) => 20 <= low && low < middle && middle < high && high <= 20_000, {
      message: 'expected three rising corners from 20 to 20000 Hz',
    })
    .describe('Corners between the bands.'),
  widthsPercent: z
    .tuple([width, width, width, width])
    .default([100, 100, 100, 100])
    .describe('Level of the side per band, from the lowest: 0 is mono, 100 as it is.'),
});

export type StereoWidthOptions = z.output<typeof options>;

const HOPS_PER_BLOCK = 32;
/** Mean of the powers that the guard compares. */
const GUARD_MS = 200;

export const stereoWidth = defineProcessor<StereoWidthOptions>({
  id: 'stereo-width',
  summary: 'Sets the width of a stereo image in four bands, and keeps it fit for mono.',
  source: 'Mid/side: Blumlein, GB 394325 (1931); Linkwitz & Riley, JAES 24(1), 1976',
  options,
  create: createStereoWidth,
});

/** Works on the first two channels; a single channel and all further ones pass, delayed alike. */
export function createStereoWidth(
  settings: StereoWidthOptions,
  sampleRateHz: number,
  channelCount: number,
): Processor {
  const hopFrames = controlHopFrames(sampleRateHz);
  const blockFrames = HOPS_PER_BLOCK * hopFrames;
  const kernels = createKernels(fourBandSplitBytes(blockFrames) + 24 * blockFrames + 8192);
  const left = kernels.f32(blockFrames);
  const right = kernels.f32(blockFrames);
  const frames = kernels.f64(2 * blockFrames);
  const gains = kernels.f64(2 * (HOPS_PER_BLOCK + 1));
  const split = createFourBandSplit(kernels, settings.cornersHz, sampleRateHz, blockFrames);
  const guards = settings.widthsPercent.map((percent) => createGuard(percent / 100, sampleRateHz, hopFrames));
  const { joinPair, splitPair, encodeMidSide, decodeMidSide, addRamped } = kernels.functions;

  return createBlockDevice(
    {
      blockFrames,
      latencyFrames: 0,
      processBlock(channels) {
        if (channelCount < 2) return;
        left.set(channels[0]!);
        right.set(channels[1]!);
        joinPair(left.byteOffset, right.byteOffset, frames.byteOffset, blockFrames);
        encodeMidSide(frames.byteOffset, blockFrames);
        split.split(frames.byteOffset, blockFrames);
        for (const [band, samples] of split.bands.entries()) {
          guards[band]!.run(samples, gains);
          const isFirst = band === 0 ? 1 : 0;
          addRamped(
            samples.byteOffset,
            gains.byteOffset,
            HOPS_PER_BLOCK,
            hopFrames,
            frames.byteOffset,
            isFirst,
          );
        }
        decodeMidSide(frames.byteOffset, blockFrames);
        splitPair(frames.byteOffset, left.byteOffset, right.byteOffset, blockFrames);
        channels[0]!.set(left);
        channels[1]!.set(right);
      },
      stateArrays: [...split.stateArrays, ...guards.map(({ state }) => state)],
    },
    channelCount,
  );
}

/** Gains of mid (1) and side of one band, hop by hop. */
function createGuard(width: number, sampleRateHz: number, hopFrames: number) {
  const follow = 1 - Math.exp((-1000 * hopFrames) / (GUARD_MS * sampleRateHz));
  // Mean power of mid and side, and the side's gain that the last hop ended with.
  const state = Float64Array.of(0, 0, width);
  return {
    state,
    run(samples: Float64Array, gains: Float64Array): void {
      let [mid, side, gain] = state as unknown as [number, number, number];
      gains[0] = 1;
      gains[1] = gain;
      for (let hop = 0; hop < HOPS_PER_BLOCK; hop++) {
        if (width > 1) {
          let midSum = 0;
          let sideSum = 0;
          for (let i = hop * hopFrames * 2; i < (hop + 1) * hopFrames * 2; i += 2) {
            midSum += samples[i]! * samples[i]!;
            sideSum += samples[i + 1]! * samples[i + 1]!;
          }
          mid += follow * (midSum / hopFrames - mid);
          side += follow * (sideSum / hopFrames - side);
          gain = Math.min(width, Math.max(1, Math.sqrt(mid / Math.max(side, 1e-20))));
        }
        gains[2 * hop + 2] = 1;
        gains[2 * hop + 3] = gain;
      }
      state.set([mid, side, gain]);
    },
  };
}
