// The scan that analyze and master share: loudness, levels and spectrum of a role's audio in one pass over parallel
// ranges. It gives sums and energies, not figures, so that decisions and reports draw on the same numbers.

import type { AudioShape } from '../../audio/audio-file.js';
import type { FrameSource } from '../../dsp/kernels/frame-window.js';
import {
  joinLevels,
  LEVEL_METER_BYTES,
  LevelMeter,
  type LevelPart,
  type Levels,
} from '../../dsp/levels/level-meter.js';
import {
  columnHopsFor,
  joinTimelines,
  TIMELINE_METER_BYTES,
  TimelineMeter,
  type TimelinePart,
} from '../../dsp/levels/timeline-meter.js';
import { channelWeights } from '../../dsp/loudness/channel-weights.js';
import { measureRange } from '../../dsp/loudness/measure-range.js';
import { type LoudnessPart, TICKS_PER_HOP } from '../../dsp/loudness/meter.js';
import { joinParts } from '../../dsp/loudness/programme.js';
import {
  addSpectrum,
  createSpectrumMeter,
  type Spectrum,
  type SpectrumPart,
} from '../../dsp/spectrum/spectrum-meter.js';
import { isLong, LONGEST_PIECE_SEC } from '../long-recording.js';
import { defineScan } from '../stage.js';

/** What is measured, and of which role. Loudness is always there: its loop reads the file. */
export interface MeasureParams {
  readonly role: string;
  readonly isWithLevels: boolean;
  readonly isWithSpectrum: boolean;
  /** Adds to the levels what they do over time, and to the spectrum what its bands do. */
  readonly isWithTimeline?: boolean;
  /** Keeps the levels of every 10 ms; of a long recording every 20 or 50 ms for forecasts of limiting, 100 ms for pictures. */
  readonly ticksFor?: 'forecast' | 'picture';
}

/** What is measured beside loudness; what is left out is not. */
export type MeasureWish = Partial<Pick<MeasureParams, 'isWithLevels' | 'isWithSpectrum' | 'ticksFor'>>;

/** What decisions on a mix draw on. */
export const MIX_MEASURES: MeasureWish = { isWithLevels: true, isWithSpectrum: true, ticksFor: 'forecast' };
/** What the sheet of a master draws on. */
export const MASTER_MEASURES: MeasureWish = { ...MIX_MEASURES, ticksFor: 'picture' };

/** A range's measures, and those of the whole. */
export interface Measures {
  readonly loudness: LoudnessPart;
  readonly levels?: LevelPart;
  readonly timeline?: TimelinePart;
  readonly spectrum?: SpectrumPart;
}

export interface ProgrammeMeasures {
  readonly loudness: LoudnessPart;
  readonly levels?: Levels;
  readonly timeline?: TimelinePart;
  readonly spectrum?: Spectrum;
}

const BLOCK_SEC = 3;
const SHORTEST_RANGE_SEC = 30;
const LONGEST_RANGE_SEC = 300;
/** Ranges of a long recording, so that what they leave to be joined does not grow with it (up to three hours). */
const RANGES_OF_LONG = LONGEST_PIECE_SEC / SHORTEST_RANGE_SEC;

/** Length of a range for a recording: a multiple of the 3 s blocks and 100 ms hops that the meters count in. */
export function measureRangeSec({ frameCount, sampleRateHz }: AudioShape): number {
  const blocks = Math.ceil(frameCount / sampleRateHz / RANGES_OF_LONG / BLOCK_SEC);
  return Math.min(LONGEST_RANGE_SEC, Math.max(SHORTEST_RANGE_SEC, blocks * BLOCK_SEC));
}

/** From this length on forecasts make do with levels of 50 ms, so that three hours leave about as many as one. */
const COARSE_FORECAST_SEC = 4800;

function ticksPerLevel(use: 'forecast' | 'picture', shape: AudioShape): number {
  if (!isLong(shape)) return 1;
  if (use === 'picture') return TICKS_PER_HOP;
  return shape.frameCount / shape.sampleRateHz > COARSE_FORECAST_SEC ? 5 : 2;
}

export const measurePass = defineScan<unknown, MeasureParams, Measures, ProgrammeMeasures>({
  order: 'parallel',
  rangeSec: (_params, shape) => measureRangeSec(shape),
  memoryMb: 40,
  async run(context) {
    const { sampleRateHz, channelCount, params } = context;
    const { startFrame, endFrame } = context.range;
    const source: FrameSource & { readonly sampleRateHz: number } & {
      readonly info?: { readonly channelMask?: number };
    } = context.input(params.role);
    const isWithTimeline = params.isWithTimeline === true;
    let levelMeter: LevelMeter | undefined;
    let timelineMeter: TimelineMeter | undefined;
    const loudness = measureRange(source, {
      sampleRateHz,
      weights: channelWeights(channelCount, source.info?.channelMask),
      startFrame,
      endFrame,
      ...(params.ticksFor === undefined ? {} : { ticksPerLevel: ticksPerLevel(params.ticksFor, context) }),
      othersBytes: LEVEL_METER_BYTES + TIMELINE_METER_BYTES,
      others: (window) => {
        if (!params.isWithLevels) return [];
        levelMeter = new LevelMeter(window, isWithTimeline);
        if (!isWithTimeline) return [levelMeter];
        const durationSec = context.frameCount / sampleRateHz;
        timelineMeter = new TimelineMeter(window, sampleRateHz, columnHopsFor(durationSec));
        return [levelMeter, timelineMeter];
      },
      onProgress: (framesDone) => context.progress(params.isWithSpectrum ? framesDone / 2 : framesDone),
    });
    const spectrumMeter = params.isWithSpectrum
      ? await context.resource(`spectrum ${sampleRateHz} ${channelCount} ${isWithTimeline}`, () =>
          createSpectrumMeter(sampleRateHz, channelCount, isWithTimeline),
        )
      : undefined;
    const part = {
      loudness,
      ...(levelMeter === undefined ? {} : { levels: levelMeter.end() }),
      ...(timelineMeter === undefined ? {} : { timeline: timelineMeter.end() }),
      ...(spectrumMeter === undefined
        ? {}
        : { spectrum: spectrumMeter.measure(source, startFrame, endFrame) }),
    };
    return { part };
  },
  merge(parts) {
    const loudness: LoudnessPart[] = [];
    const levels: LevelPart[] = [];
    const timelines: TimelinePart[] = [];
    let spectrum: Spectrum | undefined;
    for (const part of parts) {
      loudness.push(part.loudness);
      if (part.levels !== undefined) levels.push(part.levels);
      if (part.timeline !== undefined) timelines.push(part.timeline);
      if (part.spectrum !== undefined) spectrum = addSpectrum(spectrum, part.spectrum);
    }
    return {
      loudness: joinParts(loudness),
      ...(levels.length === 0 ? {} : { levels: joinLevels(levels) }),
      ...(timelines.length === 0 ? {} : { timeline: joinTimelines(timelines) }),
      ...(spectrum === undefined ? {} : { spectrum }),
    };
  },
});
