// The width of a stereo image by bands: mid and side are split alike into four bands, so that their phases stay
// together, and the side of each band is scaled; 0 makes the lowest band mono. A band that is widened is kept from
// getting wider than what still sums to mono: where its side would exceed its mid, it is not widened there.
import * as z from 'zod';
import { createFourBandSplit, createRampGains, fourBandSplitBytes } from '../bands/four-band-split.js';
import { controlHopFrames } from '../bands/multiband.js';
import { createBlockDevice } from '../block-device.js';
import { channelPairsBytes, createChannelPairs } from '../kernels/channel-pairs.js';
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
  const kernels = createKernels(
    channelPairsBytes(channelCount, blockFrames) + fourBandSplitBytes(blockFrames) + 8192,
  );
  const { channels, pairs } = createChannelPairs(kernels, channelCount, blockFrames);
  const stereo = pairs[0]!;
  const frames = stereo.frames.byteOffset;
  const gains = createRampGains(kernels, HOPS_PER_BLOCK);
  const powers = kernels.f64(2 * HOPS_PER_BLOCK);
  const { split, pointers, stateArrays } = createFourBandSplit(
    kernels,
    settings.cornersHz,
    sampleRateHz,
    blockFrames,
  );
  const guards = settings.widthsPercent.map((percent) => createGuard(percent / 100, sampleRateHz, hopFrames));
  const { encodeMidSide, decodeMidSide, hopPairPowers } = kernels.functions;

  return createBlockDevice({
    blockFrames,
    latencyFrames: 0,
    channels,
    processBlock() {
      if (channelCount < 2) return;
      stereo.join();
      encodeMidSide(frames, blockFrames);
      split(frames, blockFrames);
      for (const [band, guard] of guards.entries()) {
        if (guard.isWidening) hopPairPowers(pointers[band]!, HOPS_PER_BLOCK, hopFrames, powers.byteOffset);
        guard.run(powers, gains.bands[band]!);
      }
      gains.sum(pointers, hopFrames, frames);
      decodeMidSide(frames, blockFrames);
      stereo.split();
    },
    stateArrays: [...stateArrays, ...guards.map(({ state }) => state)],
  });
}

/** Gains of mid (1) and side of one band, hop by hop. */
function createGuard(width: number, sampleRateHz: number, hopFrames: number) {
  const follow = 1 - Math.exp((-1000 * hopFrames) / (GUARD_MS * sampleRateHz));
  // Mean power of mid and side, and the side's gain that the last hop ended with.
  const state = Float64Array.of(0, 0, width);
  return {
    state,
    isWidening: width > 1,
    /** `powers` holds mean squares of mid and side, hop by hop; they count where the band is widened. */
    run(powers: Float64Array, gains: Float64Array): void {
      let [mid, side, gain] = state as unknown as [number, number, number];
      gains[0] = 1;
      gains[1] = gain;
      for (let hop = 0; hop < HOPS_PER_BLOCK; hop++) {
        if (width > 1) {
          mid += follow * (powers[2 * hop]! - mid);
          side += follow * (powers[2 * hop + 1]! - side);
          gain = Math.min(width, Math.max(1, Math.sqrt(mid / Math.max(side, 1e-20))));
        }
        gains[2 * hop + 2] = 1;
        gains[2 * hop + 3] = gain;
      }
      state.set([mid, side, gain]);
    },
  };
}
