// A de-esser for whole mixes: where the top is louder than a threshold it is turned down by a soft knee, to a limit. Top
// and rest are split by a Linkwitz-Riley crossover that sums flat. It does not tell a voice from a cymbal.
import * as z from 'zod';
import { dbToGain, gainToDb } from '../../units.js';
import { createBlockDevice } from '../block-device.js';
import { channelPairsBytes, createChannelPairs } from '../kernels/channel-pairs.js';
import { createKernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';
import { crossoverCoefficients } from './four-band-split.js';
import { controlHopFrames, createBandControl } from './multiband.js';

const options = z.strictObject({
  cornerHz: z.number().min(2000).max(12_000).default(5000).describe('Corner above which the top begins.'),
  thresholdDbfs: z
    .number()
    .min(-100)
    .max(0)
    .default(-24)
    .describe('Level of the top at which reduction begins, in dBFS.'),
  ratio: z.number().min(1).max(20).default(4).describe('Input over output change above the threshold.'),
  maxReductionDb: z.number().min(0).max(24).default(8).describe('Deepest reduction of the top, in dB.'),
  attackMs: z.number().min(0.5).max(50).default(1).describe('Time constant with which reduction grows.'),
  releaseMs: z.number().min(5).max(250).default(60).describe('Time constant with which reduction ends.'),
});

export type DeEsserOptions = z.output<typeof options>;

/** What a de-esser did since its figures were last restarted. */
export interface DeEsserFigures {
  /** ≥ 0. */
  readonly largestReductionDb: number;
  /** Time with at least 1 dB of reduction. */
  readonly tamedSec: number;
}

export interface DeEsser extends Processor {
  readonly figures: DeEsserFigures;
  restartFigures(): void;
}

const HOPS_PER_BLOCK = 32;
const KNEE_DB = 6;
const TAMED_GAIN = dbToGain(-1);

export const deEsser = defineProcessor<DeEsserOptions>({
  id: 'de-esser',
  summary: 'Turns the top down where it is too loud, and leaves the rest as it is.',
  source:
    'Giannoulis, Massberg, Reiss, JAES 60(6), 2012 (gain computer); Linkwitz & Riley, JAES 24(1), 1976 (crossover)',
  options,
  create: createDeEsser,
});

export function createDeEsser(settings: DeEsserOptions, sampleRateHz: number, channelCount: number): DeEsser {
  const hopFrames = controlHopFrames(sampleRateHz);
  const blockFrames = HOPS_PER_BLOCK * hopFrames;
  const pairCount = Math.ceil(channelCount / 2);
  const kernels = createKernels(
    channelPairsBytes(channelCount, blockFrames) + pairCount * (32 * blockFrames + 512) + 8192,
  );
  const { channels, pairs } = createChannelPairs(kernels, channelCount, blockFrames);
  const corner = kernels.f64(3);
  corner.set(crossoverCoefficients(settings.cornerHz, sampleRateHz));
  const splits = pairs.map(() => ({ top: kernels.f64(2 * blockFrames), state: kernels.f64(8) }));
  const powers = kernels.f64(HOPS_PER_BLOCK);
  const gains = kernels.f64(2 * (HOPS_PER_BLOCK + 1));
  const { thresholdDbfs, ratio, attackMs, releaseMs } = settings;
  const band = { thresholdDbfs, ratio, kneeDb: KNEE_DB, attackMs, releaseMs, makeupDb: 0, transientDb: 0 };
  const control = createBandControl(kernels, band, sampleRateHz / hopFrames);
  const leastGain = dbToGain(-settings.maxReductionDb);
  const { splitTwo, hopPowers, addRamped } = kernels.functions;
  let smallestGain = 1;
  let tamedHops = 0;

  const device = createBlockDevice({
    blockFrames,
    latencyFrames: 0,
    channels,
    processBlock() {
      powers.fill(0);
      for (const [index, pair] of pairs.entries()) {
        const { top, state } = splits[index]!;
        const rest = pair.frames.byteOffset;
        pair.join();
        splitTwo(rest, rest, top.byteOffset, blockFrames, corner.byteOffset, state.byteOffset);
        hopPowers(top.byteOffset, HOPS_PER_BLOCK, hopFrames, powers.byteOffset);
      }
      control.run(powers, gains);
      for (let k = 0; k < gains.length; k++) {
        const gain = Math.max(leastGain, gains[k]!);
        gains[k] = gain;
        // Both lanes have the same gain; the first pair is where the last block ended.
        if (k < 2 || k % 2 === 1) continue;
        if (gain < smallestGain) smallestGain = gain;
        if (gain <= TAMED_GAIN) tamedHops++;
      }
      for (const [index, pair] of pairs.entries()) {
        const { byteOffset } = splits[index]!.top;
        addRamped(byteOffset, gains.byteOffset, HOPS_PER_BLOCK, hopFrames, pair.frames.byteOffset);
        pair.split();
      }
    },
    stateArrays: [...splits.map(({ state }) => state), control.state],
  });
  return {
    ...device,
    get figures() {
      const largestReductionDb = smallestGain === 1 ? 0 : -gainToDb(smallestGain);
      return { largestReductionDb, tamedSec: (tamedHops * hopFrames) / sampleRateHz };
    },
    restartFigures() {
      smallestGain = 1;
      tamedHops = 0;
    },
  };
}
