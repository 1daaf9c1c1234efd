// What the tracks of an album share: one gain that brings the whole to the target, so that the quiet one stays the quiet
// one, and one character and curve. Its figures are those of all tracks played as one programme.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamicsFigures, stereoFigures } from '../dsp/levels/figures.js';
import { integratedLoudness, loudnessRange } from '../dsp/loudness/gating.js';
import { hopMeansOf, loudnessFigures } from '../dsp/loudness/programme.js';
import { spectrumFigures } from '../dsp/spectrum/figures.js';
import { meanPowers } from '../dsp/spectrum/spectrum-meter.js';
import { roundTo } from '../units.js';
import type { MasterTarget } from './master-target.js';
import { type MeasuredFile, measureFile } from './measure-file.js';
import { type Choice, type ChoiceWish, chooseCharacter } from './stages/master-choice.js';

/** Figures of a programme of several files; null where there is no sound. */
export interface AlbumFigures {
  readonly integratedLufs: number | null;
  readonly loudnessRangeLu: number | null;
  readonly momentaryMaxLufs: number | null;
  readonly shortTermMaxLufs: number | null;
  readonly truePeakDbtp: number | null;
  readonly samplePeakDbfs: number | null;
}

/** What an album says of one of its tracks, for one master: in the track's report. */
export interface TrackAlbum {
  readonly preset: string;
  /** Counted from 1. */
  readonly trackNumber: number;
  readonly trackCount: number;
  /** The one gain of all tracks, before the limiter. */
  readonly gainDb: number;
  /** Of the whole album; the offset is the track's integrated loudness less the album's, null for silence. */
  readonly before: AlbumFigures & { readonly trackOffsetLu: number | null };
  readonly after: AlbumFigures & { readonly trackOffsetLu: number | null };
}

/** Measures every file, one after the other. @throws ForgeError input/* */
export async function measureAlbum(paths: readonly string[]): Promise<MeasuredFile[]> {
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-album-'));
  const tracks: MeasuredFile[] = [];
  try {
    for (const path of paths) tracks.push(await measureFile(path, scratchDir));
    return tracks;
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}

/** Figures of the tracks as one programme. Windows across the borders of tracks count for the range alone. */
export function albumFigures(tracks: readonly MeasuredFile[]): AlbumFigures {
  const figures = tracks.map(trackFigures);
  const largest = (key: keyof AlbumFigures): number | null =>
    figures.reduce<number | null>((most, one) => {
      const value = one[key];
      return value === null || (most !== null && most > value) ? most : value;
    }, null);
  const hopMeans = joined(
    tracks.map(({ measures, sampleRateHz }) => hopMeansOf(measures.loudness, sampleRateHz)),
  );
  const rounded = (value: number | null): number | null => (value === null ? null : roundTo(value, 3));
  return {
    integratedLufs: rounded(integratedLoudness(hopMeans)),
    loudnessRangeLu: rounded(loudnessRange(hopMeans)),
    momentaryMaxLufs: largest('momentaryMaxLufs'),
    shortTermMaxLufs: largest('shortTermMaxLufs'),
    truePeakDbtp: largest('truePeakDbtp'),
    samplePeakDbfs: largest('samplePeakDbfs'),
  };
}

/** The same figures of one track. */
export function trackFigures({ measures, sampleRateHz }: MeasuredFile): AlbumFigures {
  const { plrLu: _, ...figures } = loudnessFigures(measures.loudness, sampleRateHz);
  const entries = Object.entries(figures).map(([key, value]) => [
    key,
    value === null ? null : roundTo(value, 3),
  ]);
  return Object.fromEntries(entries) as AlbumFigures;
}

/** Gain in dB that brings an album of `albumLufs` to a target; 0 where the target asks for no loudness, or there is no sound. */
export function albumGainDb(albumLufs: number | null, target: MasterTarget): number {
  if (albumLufs === null || target.integratedLufs === null) return 0;
  return roundTo(target.integratedLufs - albumLufs, 2);
}

/** Character and curve that most of the album's time asks for; undefined for silence. */
export function chooseForAlbum(wish: ChoiceWish, tracks: readonly MeasuredFile[]): Choice | undefined {
  const votes = new Map<string, { readonly choice: Choice; sec: number }>();
  let totalSec = 0;
  for (const track of tracks) {
    const { measures, sampleRateHz, channelCount, frameCount } = track;
    const loudness = loudnessFigures(measures.loudness, sampleRateHz);
    if (loudness.integratedLufs === null) continue;
    const choice = chooseCharacter(wish, {
      loudness,
      dynamics: dynamicsFigures(measures.levels!),
      stereo: stereoFigures(measures.levels!),
      spectrum: spectrumFigures(meanPowers(measures.spectrum!, channelCount), sampleRateHz),
      hopMeans: measures.levels!.hopMeans,
    });
    const key = `${choice.character} ${choice.curve}`;
    const sec = frameCount / sampleRateHz;
    totalSec += sec;
    const vote = votes.get(key);
    if (vote === undefined) votes.set(key, { choice, sec });
    else vote.sec += sec;
  }
  const [most] = [...votes.values()].sort((a, b) => b.sec - a.sec);
  if (most === undefined) return undefined;
  const share = Math.round((100 * most.sec) / totalSec);
  return { ...most.choice, reason: `for ${share} % of the album's time: ${most.choice.reason}` };
}

function joined(arrays: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}
