// How often each of four bands has which level: histograms of the very levels that the multiband compressor decides by,
// so that thresholds and make-up can be set to the music before it is run.

import { powerToDb } from '../../units.js';
import type { FrameSource } from '../kernels/frame-window.js';
import { FrameWindow } from '../kernels/frame-window.js';
import { BAND_COUNT, createFourBandSplit, fourBandSplitBytes } from './four-band-split.js';
import { type BandOptions, controlHopFrames, kneeReductionDb } from './multiband.js';

/** Bin k holds levels in [k − 120, k − 119) dB; the ends hold all beyond. */
const BIN_COUNT = 133;
const LOWEST_DB = -120;
const HOPS_PER_BLOCK = 256;
/** Hops that are split at once: their bands fit into the fastest cache. */
const HOPS_PER_TILE = 32;
/** Quieter hops are pauses and count for nothing. */
const PAUSE_DB = -70;

/** Number of control hops by level, per band. */
export type BandHistograms = readonly Float64Array[];

/** Frames that a block of histograms is counted in; ranges must begin on a multiple. */
export function bandBlockFrames(sampleRateHz: number): number {
  return HOPS_PER_BLOCK * controlHopFrames(sampleRateHz);
}

/** Histograms of frames [startFrame, endFrame); the block before `startFrame` settles the filters. */
export function measureBandLevels(
  source: FrameSource,
  sampleRateHz: number,
  cornersHz: readonly [number, number, number],
  startFrame: number,
  endFrame: number,
): BandHistograms {
  const hopFrames = controlHopFrames(sampleRateHz);
  const blockFrames = HOPS_PER_BLOCK * hopFrames;
  const tileFrames = HOPS_PER_TILE * hopFrames;
  const pairCount = Math.ceil(source.channelCount / 2);
  const extraBytes =
    pairCount * fourBandSplitBytes(tileFrames) + 16 * tileFrames + 8 * HOPS_PER_BLOCK * BAND_COUNT + 16_384;
  const window = new FrameWindow(source.channelCount, blockFrames, extraBytes);
  const { kernels, pointers } = window;
  const splits = Array.from({ length: pairCount }, () =>
    createFourBandSplit(kernels, cornersHz, sampleRateHz, tileFrames),
  );
  const frames = kernels.f64(2 * tileFrames).byteOffset;
  const powers = Array.from({ length: BAND_COUNT }, () => kernels.f64(HOPS_PER_BLOCK));
  const histograms = powers.map(() => kernels.f64(BIN_COUNT));
  const { joinPair, hopPowers, countLevels } = kernels.functions;
  for (let at = startFrame - blockFrames; at < endFrame; at += blockFrames) {
    window.load(source, at, blockFrames);
    for (const power of powers) power.fill(0);
    for (const [pair, { split, pointers: bands }] of splits.entries()) {
      const left = pointers[2 * pair]!;
      const right = pointers[2 * pair + 1] ?? left;
      for (let hop = 0; hop < HOPS_PER_BLOCK; hop += HOPS_PER_TILE) {
        const offset = 4 * hop * hopFrames;
        joinPair(left + offset, right + offset, frames, tileFrames);
        split(frames, tileFrames);
        for (const [band, power] of powers.entries()) {
          hopPowers(bands[band]!, HOPS_PER_TILE, hopFrames, power.byteOffset + 8 * hop);
        }
      }
    }
    if (at < startFrame) continue;
    for (const [band, power] of powers.entries()) {
      countLevels(power.byteOffset, HOPS_PER_BLOCK, LOWEST_DB, histograms[band]!.byteOffset, BIN_COUNT);
    }
  }
  return histograms.map((bins) => bins.slice());
}

/** Sum of histograms, band by band. */
export function joinBandLevels(parts: readonly BandHistograms[]): BandHistograms {
  return Array.from({ length: BAND_COUNT }, (_, band) => {
    const sum = new Float64Array(BIN_COUNT);
    for (const part of parts) for (let bin = 0; bin < BIN_COUNT; bin++) sum[bin]! += part[band]![bin]!;
    return sum;
  });
}

/** Level in dB that a band exceeds for `share` of the time that it sounds; null where it never does. */
export function levelExceeded(histogram: Float64Array, share: number): number | null {
  const first = PAUSE_DB - LOWEST_DB;
  const total = histogram.subarray(first).reduce((sum, value) => sum + value, 0);
  if (total === 0) return null;
  let above = 0;
  for (let bin = BIN_COUNT - 1; bin >= first; bin--) {
    above += histogram[bin]!;
    if (above >= share * total) return LOWEST_DB + bin + 0.5;
  }
  return null;
}

/** Power in dB that a static curve takes from a band whose levels are shifted by `shiftDb`: what make-up gives back. */
export function expectedReductionDb(
  histogram: Float64Array,
  band: Pick<BandOptions, 'thresholdDbfs' | 'ratio' | 'kneeDb'>,
  shiftDb = 0,
): number {
  let before = 0;
  let after = 0;
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    const levelDb = LOWEST_DB + bin + 0.5 + shiftDb;
    const power = histogram[bin]! * 10 ** (levelDb / 10);
    before += power;
    after += power * 10 ** (-kneeReductionDb(levelDb, band) / 10);
  }
  return before === 0 ? 0 : powerToDb(before / after);
}
