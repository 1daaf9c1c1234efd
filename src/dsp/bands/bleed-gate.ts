// Takes down what is left between the hits of a drum stem. Four bands that add up flat, each with a gate of its own: it
// opens where the band comes near to the level of its recent hits, so that no threshold has to be set by hand, and looks
// ahead, so that no attack is cut. A closed band is turned down, not off. No telling of drums from other sounds.
import * as z from 'zod';
import { dbToGain, dbToPower } from '../../units.js';
import { createBlockDevice } from '../block-device.js';
import { channelPairsBytes, createChannelPairs } from '../kernels/channel-pairs.js';
import { createKernels } from '../kernels/instance.js';
import { defineProcessor, type Processor } from '../processor.js';
import {
  BAND_COUNT,
  type BandPointers,
  createFourBandSplit,
  createRampGains,
  fourBandSplitBytes,
} from './four-band-split.js';
import { controlHopFrames, cornersOption } from './multiband.js';

const options = z.strictObject({
  cornersHz: cornersOption([150, 1200, 6000]),
  thresholdDb: z
    .number()
    .min(3)
    .max(60)
    .default(18)
    .describe('How far below its recent hits a band may be and still passes.'),
  rangeDb: z.number().min(0).max(80).default(18).describe('By how much a closed band is turned down.'),
  holdMs: z.number().min(0).max(1000).default(60).describe('How long a band stays open after its last hit.'),
  releaseMs: z
    .number()
    .min(5)
    .max(2000)
    .default(90)
    .describe('Time constant with which a band closes, in dB.'),
});

export type BleedGateOptions = z.output<typeof options>;

const HOPS_PER_BLOCK = 32;
const LOOKAHEAD_MS = 4;
/** The level of recent hits falls by this when none follows. */
const FORGET_DB_PER_SEC = 6;
/** A band's level falls by this time constant after a hit. */
const LEVEL_RELEASE_MS = 15;
/** Time constant with which a band opens: within the look-ahead. */
const ATTACK_MS = 1;
/** A band that was never louder than this is closed. */
const FLOOR_POWER = dbToPower(-90);

/** The declaration. */
export const bleedGate = defineProcessor<BleedGateOptions>({
  id: 'bleed-gate',
  summary: 'Takes down what is left between the hits of a drum stem, in four bands.',
  source:
    'Giannoulis, Massberg, Reiss, JAES 60(6), 2012 (gates as dynamics); Linkwitz & Riley, JAES 24(1), 1976',
  options,
  create: createBleedGate,
});

/** Gates all channels alike: the loudest decides. */
export function createBleedGate(
  settings: BleedGateOptions,
  sampleRateHz: number,
  channelCount: number,
): Processor {
  const hopFrames = controlHopFrames(sampleRateHz);
  const blockFrames = HOPS_PER_BLOCK * hopFrames;
  const lookFrames = Math.max(1, Math.round((LOOKAHEAD_MS / 1000) * (sampleRateHz / hopFrames))) * hopFrames;
  const heldFrames = lookFrames + blockFrames;
  const pairCount = Math.ceil(channelCount / 2);
  const kernels = createKernels(
    channelPairsBytes(channelCount, blockFrames) +
      pairCount * (fourBandSplitBytes(blockFrames) + BAND_COUNT * (16 * heldFrames + 80)) +
      BAND_COUNT * (24 * HOPS_PER_BLOCK + 256) +
      8192,
  );
  const { channels, pairs } = createChannelPairs(kernels, channelCount, blockFrames);
  const splits = pairs.map(() => createFourBandSplit(kernels, settings.cornersHz, sampleRateHz, blockFrames));
  /** Of every pair, each band's last frames of look-ahead, then its newest block. */
  const lines = pairs.map(() => Array.from({ length: BAND_COUNT }, () => kernels.f64(2 * heldFrames)));
  const heldPointers = lines.map(
    (held) => held.map(({ byteOffset }) => byteOffset) as unknown as BandPointers,
  );
  const powers = Array.from({ length: BAND_COUNT }, () => kernels.f64(HOPS_PER_BLOCK));
  const gains = createRampGains(kernels, HOPS_PER_BLOCK);
  const gates = powers.map(() => createGate(settings, sampleRateHz / hopFrames));
  const { hopPowers } = kernels.functions;

  return createBlockDevice({
    blockFrames,
    latencyFrames: lookFrames,
    channels,
    processBlock() {
      for (const power of powers) power.fill(0);
      for (const [index, pair] of pairs.entries()) {
        const { split, bands } = splits[index]!;
        pair.join();
        split(pair.frames.byteOffset, blockFrames);
        for (const [band, samples] of bands.entries()) {
          const held = lines[index]![band]!;
          held.copyWithin(0, 2 * blockFrames);
          held.set(samples, 2 * lookFrames);
          hopPowers(samples.byteOffset, HOPS_PER_BLOCK, hopFrames, powers[band]!.byteOffset);
        }
      }
      for (const [band, gate] of gates.entries()) gate.run(powers[band]!, gains.bands[band]!);
      for (const [index, pair] of pairs.entries()) {
        gains.sum(heldPointers[index]!, hopFrames, pair.frames.byteOffset);
        pair.split();
      }
    },
    stateArrays: [
      ...splits.flatMap(({ stateArrays }) => stateArrays),
      ...lines.flat(),
      ...gates.map(({ state }) => state),
    ],
  });
}

/** The gains of one band, hop by hop. */
function createGate({ thresholdDb, rangeDb, holdMs, releaseMs }: BleedGateOptions, hopRateHz: number) {
  const coefficient = (ms: number): number => Math.exp(-1000 / (ms * hopRateHz));
  const levelRelease = coefficient(LEVEL_RELEASE_MS);
  const attack = coefficient(ATTACK_MS);
  const release = coefficient(releaseMs);
  const forget = dbToPower(-FORGET_DB_PER_SEC / hopRateHz);
  const threshold = dbToPower(-thresholdDb);
  const holdHops = Math.round((holdMs / 1000) * hopRateHz);
  // Level, level of recent hits, hops left open, gain in dB, and the gain that the last hop ended with.
  const state = Float64Array.of(0, FLOOR_POWER, 0, -rangeDb, dbToGain(-rangeDb));
  return {
    state,
    run(powers: Float64Array, gains: Float64Array): void {
      let [level, hits, open, gainDb, gain] = state as unknown as [number, number, number, number, number];
      gains[0] = gain;
      gains[1] = gain;
      for (let hop = 0; hop < HOPS_PER_BLOCK; hop++) {
        const power = powers[hop]!;
        level = power + levelRelease * Math.max(0, level - power);
        hits = Math.max(FLOOR_POWER, level, hits * forget);
        if (level > threshold * hits && level > FLOOR_POWER) open = holdHops + 1;
        const goalDb = open > 0 ? 0 : -rangeDb;
        open = Math.max(0, open - 1);
        gainDb = goalDb + (goalDb > gainDb ? attack : release) * (gainDb - goalDb);
        gain = dbToGain(gainDb);
        gains[2 * hop + 2] = gain;
        gains[2 * hop + 3] = gain;
      }
      state.set([level, hits, open, gainDb, gain]);
    },
  };
}
