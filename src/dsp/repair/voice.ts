// What the repairs of voices have to know: where someone speaks, how loud the voice is, and how loud the room is in
// between. Levels are counted over frames of 43 ms; histograms of ranges add up.
import type { FrameSource } from '../resample.js';
import { bandPower, fftSizeFor, readSpectra, type SpectraGrid } from './spectral-repair.js';

/** Where someone speaks, in frames of the file: start, end, start, end … */
export type VoiceSpans = Float64Array;

/** A voice for the repairs. */
export interface Voice {
  readonly spans: VoiceSpans;
  /** Mean square of its vowels from 300 Hz to 4 kHz. */
  readonly power: number;
  /** Mean square of the room between phrases; 0 where there are no pauses to see it in. */
  readonly roomPower: number;
}

/** Counts of frames by level (1 dB from −150 dBFS): of the voice's band while it speaks, of everything in between. */
export interface VoiceLevels {
  readonly speaking: Uint32Array;
  readonly between: Uint32Array;
}

const LOWEST_DB = -150;
const STEPS = 160;
const FRAME_SEC = 0.043;
/** Vowels are the loud part of speech: frames within this of its 95th percentile. */
const VOWEL_SPAN_DB = 15;
/** A pause counts from this distance to speech on; at least so many frames of pause tell of the room. */
const PAUSE_SEC = 0.15;
const LEAST_PAUSE_FRAMES = 8;

/** Counts the frames whose middle lies inside of [startFrame, endFrame). */
export function measureVoiceLevels(
  source: FrameSource,
  startFrame: number,
  endFrame: number,
  spans: VoiceSpans,
): VoiceLevels {
  const fftSize = fftSizeFor(FRAME_SEC, source.sampleRateHz);
  const grid: SpectraGrid = { fftSize, hopFrames: fftSize / 2 };
  const speaking = new Uint32Array(STEPS);
  const between = new Uint32Array(STEPS);
  const first = Math.ceil(startFrame / grid.hopFrames);
  const last = Math.ceil(endFrame / grid.hopFrames) - 1;
  const spectra = readSpectra(source, grid, first, last);
  const low = Math.round((300 * fftSize) / source.sampleRateHz);
  const high = Math.min(spectra.binCount, Math.round((4000 * fftSize) / source.sampleRateHz));
  for (let frame = first; frame <= last; frame++) {
    const middle = frame * grid.hopFrames;
    if (middle >= source.frameCount) break;
    const distance = distanceToSpeech(spans, middle);
    if (distance === 0) count(speaking, bandPower(spectra, frame, low, high));
    else if (distance > PAUSE_SEC * source.sampleRateHz)
      count(between, bandPower(spectra, frame, 1, spectra.binCount));
  }
  return { speaking, between };
}

function count(counts: Uint32Array, power: number): void {
  const step = Math.round(10 * Math.log10(power + 1e-15) - LOWEST_DB);
  const at = Math.min(STEPS - 1, Math.max(0, step));
  counts[at] = counts[at]! + 1;
}

/** The counts of several ranges. */
export function addVoiceLevels(parts: readonly VoiceLevels[]): VoiceLevels {
  const sum = (pick: (part: VoiceLevels) => Uint32Array) => {
    const total = new Uint32Array(STEPS);
    for (const part of parts) for (const [n, value] of pick(part).entries()) total[n] = total[n]! + value;
    return total;
  };
  return { speaking: sum((part) => part.speaking), between: sum((part) => part.between) };
}

/** The voice of a file, or undefined where nobody speaks. */
export function judgeVoice(levels: VoiceLevels, spans: VoiceSpans): Voice | undefined {
  const top = percentile(levels.speaking, 0.95);
  if (top === undefined) return undefined;
  let power = 0;
  let frames = 0;
  for (let step = Math.max(0, top - VOWEL_SPAN_DB); step < STEPS; step++) {
    power += levels.speaking[step]! * 10 ** ((LOWEST_DB + step) / 10);
    frames += levels.speaking[step]!;
  }
  const pauses = levels.between.reduce((sum, value) => sum + value, 0);
  const room = pauses >= LEAST_PAUSE_FRAMES ? percentile(levels.between, 0.5) : undefined;
  return {
    spans,
    power: power / frames,
    roomPower: room === undefined || room === 0 ? 0 : 10 ** ((LOWEST_DB + room) / 10),
  };
}

function percentile(counts: Uint32Array, share: number): number | undefined {
  const total = counts.reduce((sum, value) => sum + value, 0);
  if (total === 0) return undefined;
  let left = share * total;
  for (let step = 0; step < counts.length; step++) {
    left -= counts[step]!;
    if (left < 0) return step;
  }
  return counts.length - 1;
}

/** Frames from a place to the nearest speech: 0 inside of it, Infinity where nobody speaks. */
export function distanceToSpeech(spans: VoiceSpans, place: number): number {
  let low = 0;
  let high = spans.length / 2;
  // The last span that begins at or before the place.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[2 * middle]! <= place) low = middle + 1;
    else high = middle;
  }
  const before = low > 0 ? place - spans[2 * low - 1]! : Number.POSITIVE_INFINITY;
  const after = 2 * low < spans.length ? spans[2 * low]! - place : Number.POSITIVE_INFINITY;
  return Math.max(0, Math.min(before, after));
}
