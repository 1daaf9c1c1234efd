// Measures as the rounded figures of analyze-schema.ts. Rounding is for readers: no decision draws on it.

import { dynamicsFigures, stereoFigures } from '../../dsp/levels/figures.js';
import type { joinLevels } from '../../dsp/levels/level-meter.js';
import type { Dialogue } from '../../dsp/loudness/dialogue.js';
import type { LoudnessPart } from '../../dsp/loudness/meter.js';
import { loudnessFigures, loudnessHistory, peakDb } from '../../dsp/loudness/programme.js';
import { spectrumFigures } from '../../dsp/spectrum/figures.js';
import { meanPowers, type Spectrum } from '../../dsp/spectrum/spectrum-meter.js';
import { roundTo } from '../../units.js';
import type { Json } from '../stage.js';
import type { LoudnessReport, SpectrumReport } from './analyze-schema.js';

const FIGURE_DIGITS = 3;
const HISTORY_DIGITS = 2;
const HISTORY_HOP_SEC = 0.1;

function rounded<Figures extends object>(figures: Figures, digits = FIGURE_DIGITS): Figures {
  const round = (value: unknown): unknown => {
    if (typeof value === 'number') return roundTo(value, digits);
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
export function dynamicsReport(levels: ReturnType<typeof joinLevels>): { [key: string]: Json } {
  const { dcOffset, ...figures } = dynamicsFigures(levels);
  return { ...rounded(figures), dcOffset: dcOffset === null ? null : roundTo(dcOffset, 7) };
}

/** The `stereo` section. */
export function stereoReport(levels: ReturnType<typeof joinLevels>): { [key: string]: Json } {
  return { ...rounded(stereoFigures(levels)) };
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
  };
}
