// A piece cut at its beats, and the pitch classes that sound in each segment: what chords, keys and sections are read
// from. Frames near a segment's ends count less, since their windows reach into the neighbours.
import { createSalienceAnalyser } from './note-salience.js';
import { LOWEST_NOTE, NOTE_COUNT, PITCH_BIN_COUNT, PITCH_FRAMES_PER_SEC } from './pitch-frames.js';
import { estimateTuning } from './tuning.js';

/** Length of a segment where there are no beats. */
const SEGMENT_SEC = 0.5;
/** Beats longer than this are cut in two. */
const LONGEST_SEGMENT_SEC = 1.2;
/** Segments that are this much quieter than the piece's loudest hold no chord. */
const QUIET_SALIENCE = 0.02;

/** A stretch of a piece and its pitch classes, C first: of the middle range and of the bass. */
export interface Segment {
  readonly startSec: number;
  readonly endSec: number;
  readonly chroma: Float64Array;
  readonly bass: Float64Array;
}

export interface TonalSegments {
  /** Deviation from 440 Hz in semitones, and the agreement of the partials on it (0 … 1, 0 for silence). */
  readonly tuning: { readonly semitones: number; readonly agreement: number };
  readonly segments: readonly Segment[];
}

/**
 * The segments of a piece between its beats, from 0 to its end, from [frames][PITCH_BIN_COUNT] pitch levels.
 * Without beats the piece is cut into half seconds; silence has chroma of zeros.
 */
export function hearSegments(
  pitches: Uint8Array,
  durationSec: number,
  beatsSec: readonly number[],
): TonalSegments {
  return createSegmentHearer(pitches, durationSec)(beatsSec);
}

/** The same for several readings of one piece's beats. */
export function createSegmentHearer(
  pitches: Uint8Array,
  durationSec: number,
): (beatsSec: readonly number[]) => TonalSegments {
  const tuning = estimateTuning(pitches);
  const analyser = createSalienceAnalyser();
  const frames = pitches.length / PITCH_BIN_COUNT;
  const salience = new Float64Array(NOTE_COUNT);
  const hear = (startSec: number, endSec: number): Segment => {
    const from = Math.max(0, Math.ceil(startSec * PITCH_FRAMES_PER_SEC));
    const to = Math.max(from + 1, Math.min(frames, Math.floor(endSec * PITCH_FRAMES_PER_SEC) + 1));
    const middle = 0.5 * (startSec + endSec);
    const half = 0.5 * (endSec - startSec) + 0.05;
    // Windows at the ends reach into the neighbours: they count less.
    const weights = Float64Array.from({ length: to - from }, (_, i) => {
      const distance = Math.abs((from + i) / PITCH_FRAMES_PER_SEC - middle) / half;
      return distance >= 1 ? 1e-3 : 0.2 + 0.8 * Math.cos((Math.PI / 2) * distance);
    });
    analyser.analyse(pitches, from, weights, tuning.semitones, salience);
    return { startSec, endSec, ...fold(salience) };
  };
  return (beatsSec) => {
    const cuts = cutTimes(durationSec, beatsSec);
    const segments = cuts.slice(1).map((endSec, k) => hear(cuts[k]!, endSec));
    return { tuning, segments: silenceQuiet(segments) };
  };
}

/** 0, the beats, the end; long gaps are divided. */
function cutTimes(durationSec: number, beatsSec: readonly number[]): number[] {
  const marks = [0, ...beatsSec.filter((sec) => sec > 0.1 && sec < durationSec - 0.1), durationSec];
  const longest = beatsSec.length === 0 ? SEGMENT_SEC : LONGEST_SEGMENT_SEC;
  const cuts = [0];
  for (let k = 1; k < marks.length; k++) {
    const parts = Math.max(1, Math.ceil((marks[k]! - marks[k - 1]!) / longest));
    for (let part = 1; part <= parts; part++) {
      cuts.push(marks[k - 1]! + ((marks[k]! - marks[k - 1]!) * part) / parts);
    }
  }
  return cuts;
}

/** Chroma of the middle range and of the bass. */
function fold(salience: Float64Array): { chroma: Float64Array; bass: Float64Array } {
  const chroma = new Float64Array(12);
  const bass = new Float64Array(12);
  for (let note = 0; note < NOTE_COUNT; note++) {
    const pitch = LOWEST_NOTE + note;
    const pc = pitch % 12;
    chroma[pc] = chroma[pc]! + salience[note]! * rangeWeight(pitch, 40, 52, 80, 96);
    bass[pc] = bass[pc]! + salience[note]! * rangeWeight(pitch, 24, 28, 46, 56);
  }
  return { chroma, bass };
}

/** 1 from b to c, falling to 0 at a and d. */
function rangeWeight(pitch: number, a: number, b: number, c: number, d: number): number {
  return Math.max(0, Math.min(1, (pitch - a) / (b - a), (d - pitch) / (d - c)));
}

function silenceQuiet(segments: readonly Segment[]): Segment[] {
  const loudness = segments.map((segment) => segment.chroma.reduce((sum, value) => sum + value, 0));
  const threshold = QUIET_SALIENCE * Math.max(0, ...loudness);
  return segments.map((segment, k) =>
    loudness[k]! > threshold
      ? segment
      : { ...segment, chroma: new Float64Array(12), bass: new Float64Array(12) },
  );
}
