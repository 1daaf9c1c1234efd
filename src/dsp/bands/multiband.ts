// Dynamics in four bands: downward compression with a soft knee, and transient shaping, per band. Bands are split by
// Linkwitz-Riley crossovers that sum flat; the level of a band is its mean square over a third of a millisecond, the
// larger channel counting for all. Gains run straight from one such hop to the next.
import * as z from 'zod';
import { dbToGain, dbToPower } from '../../units.js';
import { createBlockDevice } from '../block-device.js';
import { channelPairsBytes, createChannelPairs } from '../kernels/channel-pairs.js';
import { createKernels, type Kernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';
import { BAND_COUNT, createFourBandSplit, createRampGains, fourBandSplitBytes } from './four-band-split.js';

const bandOptions = z.strictObject({
  thresholdDbfs: z
    .number()
    .min(-100)
    .max(0)
    .default(-20)
    .describe('Level at which compression begins, in dBFS.'),
  ratio: z
    .number()
    .min(1)
    .max(20)
    .default(1)
    .describe('Input over output change above the threshold; 1 does nothing.'),
  kneeDb: z.number().min(0).max(30).default(8).describe('Width of the bend around the threshold.'),
  attackMs: z.number().min(0.5).max(200).default(15).describe('Time constant with which reduction grows.'),
  releaseMs: z.number().min(5).max(250).default(120).describe('Time constant with which reduction ends.'),
  makeupDb: z.number().min(-24).max(24).default(0).describe('Gain of the band.'),
  transientDb: z
    .number()
    .min(-12)
    .max(12)
    .default(0)
    .describe('Gain of a full attack (12 dB above the level before it): above 0 sharpens, below 0 softens.'),
});

export type BandOptions = z.output<typeof bandOptions>;

/** The option of a device in four bands: where they meet. */
export function cornersOption(defaultHz: [number, number, number]) {
  return z
    .tuple([z.number(), z.number(), z.number()])
    .default(defaultHz)
    .refine(([low, middle, high]) => 20 <= low && low < middle && middle < high && high <= 20_000, {
      message: 'expected three rising corners from 20 to 20000 Hz',
    })
    .describe('Corners between the bands.');
}

const options = z.strictObject({
  cornersHz: cornersOption([120, 800, 5000]),
  bands: z
    .tuple([bandOptions, bandOptions, bandOptions, bandOptions])
    .default(() => {
      const band = bandOptions.parse({});
      return [band, band, band, band] as [BandOptions, BandOptions, BandOptions, BandOptions];
    })
    .describe('Settings from the lowest to the highest band.'),
});

export type MultibandOptions = z.output<typeof options>;

const HOPS_PER_BLOCK = 32;
/** Levels below this count as this. */
const FLOOR_DB = -120;
/** An attack of so many dB gets the whole of transientDb. */
const FULL_ATTACK_DB = 12;
const FAST_ATTACK_MS = 1;
const FAST_RELEASE_MS = 30;
const SLOW_ATTACK_MS = 25;
const SLOW_RELEASE_MS = 120;

/** Frames over which a band's level is taken: about a third of a millisecond. */
export function controlHopFrames(sampleRateHz: number): number {
  return 4 * Math.max(1, Math.round(sampleRateHz / 12_000));
}

/** Gain reduction in dB (≥ 0) of a level by a soft knee. @source Giannoulis, Massberg, Reiss, JAES 60(6), 2012, eq. (4) */
export function kneeReductionDb(
  levelDb: number,
  band: Pick<BandOptions, 'thresholdDbfs' | 'ratio' | 'kneeDb'>,
): number {
  const over = levelDb - band.thresholdDbfs;
  const slope = 1 - 1 / band.ratio;
  if (2 * over <= -band.kneeDb) return 0;
  if (2 * over >= band.kneeDb) return slope * over;
  return (slope * (over + band.kneeDb / 2) ** 2) / (2 * band.kneeDb);
}

export const multiband = defineProcessor<MultibandOptions>({
  id: 'multiband',
  summary: 'Compresses and shapes attacks in four bands that add up flat.',
  source: 'Linkwitz & Riley, JAES 24(1), 1976; Giannoulis, Massberg, Reiss, JAES 60(6), 2012',
  options,
  create: createMultiband,
});

export function createMultiband(
  settings: MultibandOptions,
  sampleRateHz: number,
  channelCount: number,
): Processor {
  const hopFrames = controlHopFrames(sampleRateHz);
  const blockFrames = HOPS_PER_BLOCK * hopFrames;
  const pairCount = Math.ceil(channelCount / 2);
  const kernels = createKernels(
    channelPairsBytes(channelCount, blockFrames) +
      pairCount * fourBandSplitBytes(blockFrames) +
      BAND_COUNT * 64 * HOPS_PER_BLOCK +
      8192,
  );
  const { channels, pairs } = createChannelPairs(kernels, channelCount, blockFrames);
  const splits = pairs.map(() => createFourBandSplit(kernels, settings.cornersHz, sampleRateHz, blockFrames));
  const powers = Array.from({ length: BAND_COUNT }, () => kernels.f64(HOPS_PER_BLOCK));
  const gains = createRampGains(kernels, HOPS_PER_BLOCK);
  const controls = settings.bands.map((band) => createBandControl(kernels, band, sampleRateHz / hopFrames));
  const { hopPowers } = kernels.functions;

  return createBlockDevice({
    blockFrames,
    latencyFrames: 0,
    channels,
    processBlock() {
      for (const power of powers) power.fill(0);
      for (const [index, pair] of pairs.entries()) {
        const { split, pointers } = splits[index]!;
        pair.join();
        split(pair.frames.byteOffset, blockFrames);
        for (const [band, power] of powers.entries()) {
          hopPowers(pointers[band]!, HOPS_PER_BLOCK, hopFrames, power.byteOffset);
        }
      }
      for (const [band, control] of controls.entries()) control.run(powers[band]!, gains.bands[band]!);
      for (const [index, pair] of pairs.entries()) {
        gains.sum(splits[index]!.pointers, hopFrames, pair.frames.byteOffset);
        pair.split();
      }
    },
    stateArrays: [...splits.flatMap(({ stateArrays }) => stateArrays), ...controls.map(({ state }) => state)],
  });
}

/** The side of a band that decides: its reduction and its attacks, hop by hop. */
export function createBandControl(kernels: Kernels, band: BandOptions, hopRateHz: number) {
  const follow = (ms: number): number => 1 - Math.exp(-1000 / (ms * hopRateHz));
  const config = kernels.f64(14);
  config.set([
    ...[follow(band.attackMs), follow(band.releaseMs)],
    ...[follow(FAST_ATTACK_MS), follow(FAST_RELEASE_MS), follow(SLOW_ATTACK_MS), follow(SLOW_RELEASE_MS)],
    ...[band.makeupDb, band.transientDb, band.thresholdDbfs, 1 - 1 / band.ratio, band.kneeDb],
    ...[dbToPower(FLOOR_DB), FLOOR_DB, FULL_ATTACK_DB],
  ]);
  // Reduction, fast and slow level in dB, and the gain that the last hop ended with.
  const state = kernels.f64(4);
  state.set([0, FLOOR_DB, FLOOR_DB, dbToGain(band.makeupDb)]);
  return {
    state,
    /** Gains of both lanes at the start of the first hop and at the end of every hop. */
    run(powers: Float64Array, gains: Float64Array): void {
      kernels.functions.bandGains(
        powers.byteOffset,
        powers.length,
        config.byteOffset,
        state.byteOffset,
        gains.byteOffset,
      );
    },
  };
}
