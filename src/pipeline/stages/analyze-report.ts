// Measures as the rounded figures of analyze-schema.ts. Rounding is for readers: no decision draws on it.

import { dynamicsFigures, stereoFigures } from '../../dsp/levels/figures.js';
import type { Levels } from '../../dsp/levels/level-meter.js';
import { imageHistory, timelineFigures } from '../../dsp/levels/timeline-figures.js';
import { columnSec, type TimelinePart } from '../../dsp/levels/timeline-meter.js';
import type { Dialogue } from '../../dsp/loudness/dialogue.js';
import { type LoudnessPart, TICKS_PER_SEC } from '../../dsp/loudness/meter.js';
import { loudnessFigures, loudnessHistory, peakDb, shortTermHistory } from '../../dsp/loudness/programme.js';
import { windowHop } from '../../dsp/spectrum/analysis-window.js';
import { bandCrestFactors, bandImages } from '../../dsp/spectrum/band-figures.js';
import { spectrumFigures } from '../../dsp/spectrum/figures.js';
import { PICTURE_ROWS } from '../../dsp/spectrum/picture-columns.js';
import { meanPowers, type Spectrum } from '../../dsp/spectrum/spectrum-meter.js';
import { roundTo } from '../../units.js';
import type { Json } from '../stage.js';
import type { LoudnessReport, Picture, SpectrumReport } from './analyze-schema.js';

const FIGURE_DIGITS = 3;
const HISTORY_DIGITS = 2;
const HISTORY_HOP_SEC = 0.1;

function rounded<Figures extends object>(figures: Figures, digits = FIGURE_DIGITS): Figures {
  const round = (value: unknown): unknown => {
    // Never −0.
    if (typeof value === 'number') return roundTo(value, digits) + 0;
    if (Array.isArray(value)) return value.map(round);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, round(inner)]));
    }
    return value;
  };
  return round(figures) as Figures;
}

/** The `loudness` section. */
export function loudnessReport(
  programme: LoudnessPart,
  sampleRateHz: number,
  options: { readonly offsetLu?: number; readonly isWithHistory?: boolean } = {},
): LoudnessReport {
  const { offsetLu = 0, isWithHistory = false } = options;
  const byChannel = (peaks: Float64Array): (number | null)[] =>
    Array.from(peaks, (peak) => peakDb(Float64Array.of(peak)));
  return {
    ...rounded({
      ...loudnessFigures(programme, sampleRateHz, offsetLu),
      truePeaksDbtp: byChannel(programme.truePeaks),
      samplePeaksDbfs: byChannel(programme.samplePeaks),
    }),
    ...(isWithHistory
      ? {
          history: {
            hopSec: HISTORY_HOP_SEC,
            ...loudnessHistory(programme, sampleRateHz, offsetLu, HISTORY_DIGITS),
          } as LoudnessReport['history'],
        }
      : {}),
  };
}

/** The `dialogue` section; `offsetLu` is added to the loudness. */
export function dialogueReport(dialogue: Dialogue | undefined, offsetLu: number): { [key: string]: Json } {
  if (dialogue === undefined) return { isChecked: false, dialogueLufs: null, dialoguePercent: null };
  const { dialogueLufs, dialoguePercent } = dialogue;
  const figures = {
    dialogueLufs: dialogueLufs === null ? null : dialogueLufs + offsetLu,
    dialoguePercent,
  };
  return { isChecked: true, ...rounded(figures, HISTORY_DIGITS) };
}

/** The `dynamics` section. */
export function dynamicsReport(
  levels: Levels,
  timeline: TimelinePart,
  sampleRateHz: number,
): { [key: string]: Json } {
  const { dcOffset, ...figures } = dynamicsFigures(levels);
  return {
    ...rounded({ ...figures, ...timelineFigures(levels, timeline, sampleRateHz) }),
    dcOffset: dcOffset === null ? null : roundTo(dcOffset, 7),
  } as unknown as { [key: string]: Json };
}

/** The `stereo` section. */
export function stereoReport(
  levels: Levels,
  spectrum: Spectrum,
  shape: { readonly channelCount: number; readonly sampleRateHz: number },
  isWithHistory: boolean,
): { [key: string]: Json } {
  return {
    ...rounded({
      ...stereoFigures(levels),
      bands: bandImages(spectrum, shape.channelCount, shape.sampleRateHz),
    }),
    ...(isWithHistory && shape.channelCount > 1
      ? { history: rounded(imageHistory(levels), HISTORY_DIGITS) }
      : {}),
  } as unknown as { [key: string]: Json };
}

/** The `spectrum` section. */
export function spectrumReport(
  spectrum: Spectrum,
  channelCount: number,
  sampleRateHz: number,
): SpectrumReport {
  const { flatness, thirdOctavesDb, ...figures } = spectrumFigures(
    meanPowers(spectrum, channelCount),
    sampleRateHz,
  );
  return {
    ...rounded(figures),
    flatness: flatness === null ? null : roundTo(flatness, 6),
    thirdOctavesDb: rounded([...thirdOctavesDb]),
    ...(spectrum.detail === undefined
      ? {}
      : { crestFactorsDb: rounded(bandCrestFactors(spectrum, channelCount, sampleRateHz)) }),
  };
}

/** What report.html draws of a programme. */
export function pictureOf(
  timeline: TimelinePart,
  spectrum: Spectrum | undefined,
  sampleRateHz: number,
): Picture {
  const { columnHops, lows, highs, levels } = timeline;
  return {
    columnSec: columnSec(columnHops),
    lows: base64(lows),
    highs: base64(highs),
    levels: base64(levels),
    ...spectrogramOf(spectrum, sampleRateHz),
  };
}

/** The spectrum over time, where it was measured. */
function spectrogramOf(spectrum: Spectrum | undefined, sampleRateHz: number): Pick<Picture, 'spectrogram'> {
  if (spectrum === undefined) return {};
  const { picture, size } = spectrum;
  return {
    spectrogram: {
      columnSec: (picture.columnWindows * windowHop(size)) / sampleRateHz,
      rowCount: PICTURE_ROWS,
      bytes: base64(picture.columns.subarray(0, picture.columnCount * PICTURE_ROWS)),
    },
  };
}

/** Columns of a picture that is drawn from ticks, at most. */
const MOST_COLUMNS = 2000;

/** A picture out of the levels of ticks. */
export function pictureOfTicks(
  programme: LoudnessPart,
  spectrum: Spectrum | undefined,
  sampleRateHz: number,
): Picture {
  const { peaks, meanSquares, ticksPerLevel } = programme.ticks!;
  const levelsPerColumn = Math.max(1, Math.ceil(peaks.length / MOST_COLUMNS));
  const columnCount = Math.ceil(peaks.length / levelsPerColumn);
  const highs = new Int8Array(columnCount);
  const levels = new Uint8Array(columnCount);
  for (let column = 0; column < columnCount; column++) {
    let peak = 0;
    let energy = 0;
    const from = column * levelsPerColumn;
    const end = Math.min(peaks.length, from + levelsPerColumn);
    for (let i = from; i < end; i++) {
      peak = Math.max(peak, peaks[i]!);
      energy += meanSquares[i]!;
    }
    highs[column] = Math.min(127, Math.ceil(127 * peak));
    levels[column] = Math.min(255, Math.round(255 * Math.sqrt(energy / (end - from))));
  }
  return {
    columnSec: roundTo((levelsPerColumn * ticksPerLevel) / TICKS_PER_SEC, 3),
    lows: base64(highs.map((high) => -high)),
    highs: base64(highs),
    levels: base64(levels),
    shortTermLufs: {
      hopSec: 10 * HISTORY_HOP_SEC,
      values: shortTermHistory(programme, sampleRateHz, 10, 1),
    },
    ...spectrogramOf(spectrum, sampleRateHz),
  };
}

function base64(bytes: Uint8Array | Int8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
