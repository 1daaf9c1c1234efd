// All repairs under one call: what is to be mended with which settings, over any range of a file.
// The settings come from measures of the whole file (restore-passes.ts); a repair itself sees a range and its margins.
import type { FrameSource } from '../resample.js';
import { type BandwidthOptions, extendBandwidth } from './bandwidth.js';
import { createBreathRule } from './breaths.js';
import { repairClicks } from './clicks.js';
import { type ClipCeilings, repairClipping } from './clipping.js';
import { removeHum } from './hum.js';
import type { Hum } from './hum-track.js';
import { createPlosiveRule } from './plosives.js';
import type { DamagedRegion } from './repair-range.js';
import { removeRumble } from './rumble.js';
import { createShimmerRule } from './shimmer.js';
import { createSibilanceRule } from './sibilance.js';
import { repairSpectrally } from './spectral-repair.js';
import { createStillLineRule, type StillLine } from './still-lines.js';
import type { Voice } from './voice.js';

/** A repair with its settings. */
export type RepairSetting =
  | { readonly repair: 'clipping'; readonly ceilings: readonly ClipCeilings[] }
  | { readonly repair: 'clicks'; readonly thresholdDb: number }
  | { readonly repair: 'dc'; readonly offsets: readonly number[] }
  | { readonly repair: 'rumble' }
  | { readonly repair: 'hum'; readonly hum: Hum }
  | {
      readonly repair: 'plosives' | 'sibilance';
      readonly voice: Voice;
      readonly thresholdDb: number;
      readonly maxReductionDb: number;
    }
  | { readonly repair: 'breaths'; readonly voice: Voice; readonly reductionDb: number }
  | { readonly repair: 'stillLines'; readonly lines: readonly StillLine[]; readonly maxReductionDb: number }
  | { readonly repair: 'shimmer'; readonly maxReductionDb: number }
  | ({ readonly repair: 'bandwidth' } & BandwidthOptions);

/** Repairs that say where the damage is; the others concern the whole file. */
export type LocalRepair = 'clipping' | 'clicks' | 'plosives' | 'breaths' | 'sibilance' | 'shimmer';

/**
 * Finds damage in [startFrame, endFrame), and fills `output` with the mended range where it is given. What is not
 * damaged is copied bit for bit. The result does not depend on how a file is cut into ranges, except that regions which
 * cross a cut come in two parts that touch (`joinTouching`). Repairs of the whole file give no regions.
 */
export function runRepair(
  setting: RepairSetting,
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  output?: readonly Float64Array[],
): DamagedRegion[] {
  const { sampleRateHz } = source;
  const spectrally = (rule: Parameters<typeof repairSpectrally>[3]) =>
    repairSpectrally(source, startFrame, endFrame, rule, output);
  switch (setting.repair) {
    case 'clipping':
      return repairClipping(source, startFrame, endFrame, setting.ceilings, output);
    case 'clicks':
      return repairClicks(source, startFrame, endFrame, setting, output);
    case 'plosives':
      return spectrally(createPlosiveRule({ ...setting, sampleRateHz }));
    case 'breaths':
      return spectrally(createBreathRule({ ...setting, sampleRateHz }));
    case 'sibilance':
      return spectrally(createSibilanceRule({ ...setting, sampleRateHz }));
    case 'stillLines':
      return spectrally(createStillLineRule({ ...setting, sampleRateHz }));
    case 'shimmer':
      return spectrally(createShimmerRule({ ...setting, sampleRateHz }));
    case 'dc':
      if (output !== undefined) removeOffsets(source, startFrame, setting.offsets, output);
      return [];
    case 'rumble':
      if (output !== undefined) removeRumble(source, startFrame, endFrame, output);
      return [];
    case 'hum':
      if (output !== undefined) removeHum(source, startFrame, endFrame, setting.hum, output);
      return [];
    case 'bandwidth':
      if (output !== undefined) extendBandwidth(source, startFrame, endFrame, setting, output);
      return [];
  }
}

function removeOffsets(
  source: FrameSource,
  startFrame: number,
  offsets: readonly number[],
  output: readonly Float64Array[],
): void {
  source.read(startFrame, output);
  for (const [channel, samples] of output.entries()) {
    const offset = offsets[channel]!;
    if (offset !== 0) for (let n = 0; n < samples.length; n++) samples[n] = samples[n]! - offset;
  }
}
