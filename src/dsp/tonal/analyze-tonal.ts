// Tonality of a piece from what its segments sound like: tuning, chroma, chords, bass and keys.
import { roundTo } from '../../units.js';
import { chordName, PITCH_NAMES } from './chord-names.js';
import { type ChordState, decodeChords } from './chords.js';
import { findKey, findKeySpans, type KeySegment, keyName } from './key.js';
import type { TonalAnalysis } from './schema.js';
import type { Segment, TonalSegments } from './segments.js';

/** Segments in which a key is told, before their neighbours are added: about four bars. */
const KEY_BLOCK_SEGMENTS = 16;
/**
 * The `tonal` part of an analysis (see schema.ts for the fields) of a piece's segments at their tuning;
 * changes of chords lie between segments.
 */
export function analyzeTonal(
  { tuning, segments }: TonalSegments,
  downbeatsSec: readonly number[],
): TonalAnalysis {
  const states = decodeChords(segments, downbeatsSec);
  const keySegments: KeySegment[] = segments.map((segment, k) => ({
    chroma: segment.chroma,
    root: states[k]!.root,
    isMinor: states[k]!.kind?.intervals.includes(3) ?? false,
    durationSec: segment.endSec - segment.startSec,
  }));
  const key = findKey(keySegments);
  const keys = findKeySpans(keySegments, KEY_BLOCK_SEGMENTS);
  const chroma = meanChroma(segments);
  const bassNotes = segments.map((segment) => bassName(segment.bass));
  return {
    key: key === null ? null : keyName(key.key),
    keyConfidence: key === null ? null : roundTo(key.confidence, 3),
    keys: keys.map(({ firstSegment, endSegment, key: spanKey }) => ({
      startSec: roundTo(segments[firstSegment]!.startSec, 3),
      endSec: roundTo(segments[endSegment - 1]!.endSec, 3),
      label: keyName(spanKey),
    })),
    tuningHz: tuning.agreement === 0 ? null : roundTo(440 * 2 ** (tuning.semitones / 12), 2),
    chords: chroma === null ? [] : joinEqual(segments, chordLabels(segments, states)),
    bassNotes: chroma === null ? [] : joinEqual(segments, bassNotes),
    chroma: chroma === null ? null : chroma.map((share) => roundTo(share, 4)),
  };
}

/** Names of the chords; the bass of a run of equal chords is the pitch class that its bass holds longest. */
function chordLabels(segments: readonly Segment[], states: readonly ChordState[]): string[] {
  const labels: string[] = [];
  for (let first = 0; first < states.length; ) {
    const { root, kind } = states[first]!;
    let end = first;
    const bass = new Float64Array(12);
    while (end < states.length && states[end]!.root === root && states[end]!.kind === kind) {
      const segment = segments[end++]!;
      for (let pc = 0; pc < 12; pc++) bass[pc] = bass[pc]! + segment.bass[pc]!;
    }
    const label = chordName(
      root,
      kind,
      root === null || kind === null ? null : slashBass(bass, root, kind.intervals),
    );
    for (; first < end; first++) labels.push(label);
  }
  return labels;
}

/** The bass of a chord where it is clearly another note of it than the root, else null. */
function slashBass(bass: Float64Array, root: number, intervals: readonly number[]): number | null {
  const strongest = bass.indexOf(Math.max(...bass));
  const isInChord = intervals.includes((strongest - root + 12) % 12);
  return isInChord && bass[strongest]! > 1.5 * bass[root]! ? strongest : null;
}

function bassName(bass: Float64Array): string {
  const peak = Math.max(...bass);
  return peak === 0 ? 'N' : PITCH_NAMES[bass.indexOf(peak)]!;
}

/** Runs of equal labels as intervals. */
function joinEqual(
  segments: readonly Segment[],
  labels: readonly string[],
): { startSec: number; endSec: number; label: string }[] {
  const out: { startSec: number; endSec: number; label: string }[] = [];
  segments.forEach((segment, k) => {
    const last = out.at(-1);
    const endSec = roundTo(segment.endSec, 3);
    if (last !== undefined && last.label === labels[k]) last.endSec = endSec;
    else out.push({ startSec: roundTo(segment.startSec, 3), endSec, label: labels[k]! });
  });
  return out;
}

function meanChroma(segments: readonly Segment[]): number[] | null {
  const sum = new Array<number>(12).fill(0);
  for (const { chroma, startSec, endSec } of segments) {
    for (let pc = 0; pc < 12; pc++) sum[pc] = sum[pc]! + chroma[pc]! * (endSec - startSec);
  }
  const total = sum.reduce((a, b) => a + b, 0);
  return total === 0 ? null : sum.map((value) => value / total);
}
