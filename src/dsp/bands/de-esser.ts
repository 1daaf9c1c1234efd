// A de-esser for whole mixes: where the top is louder than a threshold it is turned down by a soft knee, to a limit. Top
// and rest are split by a Linkwitz-Riley crossover that sums flat. It does not tell a voice from a cymbal.
import { z } from 'zod';
import { dbToGain, gainToDb } from '../../units.js';
import { BUTTERWORTH_Q, highPass, lowPass } from '../biquad.js';
import { createBlockDevice } from '../block-device.js';
import { createKernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';
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
  const kernels = createKernels(pairCount * (48 * blockFrames + 512) + 8 * blockFrames + 8192);
  const left = kernels.f32(blockFrames);
  const right = kernels.f32(blockFrames);
  const { cornerHz } = settings;
  const coefficients = kernels.f64(10);
  coefficients.set(
    [lowPass, highPass].flatMap((design) => [...design(cornerHz, BUTTERWORTH_Q, sampleRateHz)]),
  );
  const pairs = Array.from({ length: pairCount }, () => ({
    frames: kernels.f64(2 * blockFrames),
    top: kernels.f64(2 * blockFrames),
    rest: kernels.f64(2 * blockFrames),
    states: [kernels.f64(16), kernels.f64(16)],
  }));
  const powers = kernels.f64(HOPS_PER_BLOCK);
  const gains = kernels.f64(2 * (HOPS_PER_BLOCK + 1));
  const { thresholdDbfs, ratio, attackMs, releaseMs } = settings;
  const band = { thresholdDbfs, ratio, kneeDb: KNEE_DB, attackMs, releaseMs, makeupDb: 0, transientDb: 0 };
  const control = createBandControl(kernels, band, sampleRateHz / hopFrames);
  const leastGain = dbToGain(-settings.maxReductionDb);
  const { joinPair, splitPair, filterTwo, hopPowers, addRamped } = kernels.functions;
  let smallestGain = 1;
  let tamedHops = 0;

  const device = createBlockDevice(
    {
      blockFrames,
      latencyFrames: 0,
      processBlock(channels) {
        powers.fill(0);
        for (const [index, { frames, top, rest, states }] of pairs.entries()) {
          left.set(channels[2 * index]!);
          right.set(channels[2 * index + 1] ?? channels[2 * index]!);
          const [from, low, high] = [frames.byteOffset, rest.byteOffset, top.byteOffset];
          joinPair(left.byteOffset, right.byteOffset, from, blockFrames);
          const design = coefficients.byteOffset;
          filterTwo(from, from, low, high, blockFrames, design, states[0]!.byteOffset);
          filterTwo(low, high, low, high, blockFrames, design, states[1]!.byteOffset);
          hopPowers(high, HOPS_PER_BLOCK, hopFrames, powers.byteOffset);
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
        for (const [index, { top, rest }] of pairs.entries()) {
          addRamped(top.byteOffset, gains.byteOffset, HOPS_PER_BLOCK, hopFrames, rest.byteOffset, 0);
          splitPair(rest.byteOffset, left.byteOffset, right.byteOffset, blockFrames);
          channels[2 * index]!.set(left);
          channels[2 * index + 1]?.set(right);
        }
      },
      stateArrays: [...pairs.flatMap(({ states }) => states), control.state],
    },
    channelCount,
  );
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
