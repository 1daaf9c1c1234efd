import { describe, expect, it } from 'vitest';
import { extractMusicFeatures } from '../../../src/dsp/music-features.js';
import { analyzeTonal } from '../../../src/dsp/tonal/analyze-tonal.js';
import { tonalSchema } from '../../../src/dsp/tonal/schema.js';
import { hearSegments } from '../../../src/dsp/tonal/segments.js';
import { playNotes, sourceOf } from './tones.js';

const CHORDS: Record<string, number[]> = {
  'C:maj': [36, 60, 64, 67],
  'C:maj/3': [40, 60, 64, 67],
  'A:min': [33, 57, 60, 64],
  'F:maj': [41, 57, 60, 65],
  'G:maj': [43, 59, 62, 67],
  'G:7': [43, 59, 62, 65, 67],
  'D:min7': [38, 57, 60, 62, 65],
  'E:min': [40, 59, 64, 67],
  'B:dim': [35, 59, 62, 65],
  'C:maj7': [36, 60, 64, 67, 71],
};

/** Two seconds of each chord, four beats each, analysed with the beats known. */
function analyzeChords(names: readonly string[], concertPitchHz = 440, transpose = 0) {
  const groups = names.flatMap((name) =>
    Array.from({ length: 4 }, () => ({ notes: CHORDS[name]!.map((note) => note + transpose), sec: 0.5 })),
  );
  const signal = playNotes(groups, concertPitchHz);
  const features = extractMusicFeatures(sourceOf(signal), { startFrame: 0, endFrame: signal.length });
  const beats = groups.map((_, k) => k * 0.5);
  const downbeats = beats.filter((_, k) => k % 4 === 0);
  return analyzeTonal(hearSegments(features.pitches, features.durationSec, beats), downbeats);
}

describe('analyzeTonal', () => {
  it('names triads, sevenths and an inversion, with changes on the beats', () => {
    const names = [
      'C:maj',
      'A:min',
      'F:maj',
      'G:7',
      'C:maj/3',
      'D:min7',
      'G:maj',
      'C:maj7',
      'E:min',
      'C:maj',
    ];
    const result = analyzeChords(names);
    expect(() => tonalSchema.parse(result)).not.toThrow();
    expect(result.chords.map((chord) => chord.label)).toEqual(names);
    expect(result.chords.map((chord) => chord.startSec)).toEqual(names.map((_, k) => 2 * k));
    expect(result.bassNotes.map((note) => note.label)).toEqual([
      'C',
      'A',
      'F',
      'G',
      'E',
      'D',
      'G',
      'C',
      'E',
      'C',
    ]);
  });

  it.each([
    [0, 'C major'],
    [3, 'Eb major'],
    [-4, 'Ab major'],
    [6, 'F# major'],
  ])('finds the key of a cadence moved by %i semitones: %s', (transpose, key) => {
    const result = analyzeChords(
      ['C:maj', 'A:min', 'F:maj', 'G:7', 'C:maj', 'F:maj', 'G:maj', 'C:maj'],
      440,
      transpose,
    );
    expect(result.key).toBe(key);
    expect(result.keyConfidence!).toBeGreaterThan(0.4);
  });

  it('tells a minor key from its relative major', () => {
    const result = analyzeChords(['A:min', 'D:min7', 'E:min', 'A:min', 'F:maj', 'E:min', 'A:min', 'A:min']);
    expect(result.key).toBe('A minor');
  });

  it('follows a modulation', () => {
    const home = [
      'C:maj',
      'F:maj',
      'G:7',
      'C:maj',
      'A:min',
      'F:maj',
      'G:7',
      'C:maj',
      'C:maj',
      'F:maj',
      'G:7',
      'C:maj',
    ];
    const groups = [0, 4].flatMap((transpose) =>
      home.flatMap((name) =>
        Array.from({ length: 4 }, () => ({ notes: CHORDS[name]!.map((note) => note + transpose), sec: 0.5 })),
      ),
    );
    const signal = playNotes(groups);
    const features = extractMusicFeatures(sourceOf(signal), { startFrame: 0, endFrame: signal.length });
    const beats = groups.map((_, k) => k * 0.5);
    const { keys } = analyzeTonal(
      hearSegments(features.pitches, features.durationSec, beats),
      beats.filter((_, k) => k % 4 === 0),
    );
    expect(keys.map((span) => span.label)).toEqual(['C major', 'E major']);
    expect(Math.abs(keys[1]!.startSec - 24)).toBeLessThanOrEqual(8);
  });

  it.each([432, 437, 440, 443, 446])('measures a concert pitch of %i Hz and still names the chords', (hz) => {
    const result = analyzeChords(['C:maj', 'A:min', 'F:maj', 'G:maj'], hz);
    expect(Math.abs(result.tuningHz! - hz)).toBeLessThan(1.5);
    expect(result.chords.map((chord) => chord.label)).toEqual(['C:maj', 'A:min', 'F:maj', 'G:maj']);
  });

  it('gives nulls for silence', () => {
    const result = analyzeTonal(hearSegments(new Uint8Array(252 * 30), 3, []), []);
    expect(() => tonalSchema.parse(result)).not.toThrow();
    expect(result.key).toBeNull();
    expect(result.tuningHz).toBeNull();
    expect(result.chroma).toBeNull();
    expect(result.chords).toEqual([]);
  });

  it('gives empty lists for nothing', () => {
    const result = analyzeTonal(hearSegments(new Uint8Array(0), 0, []), []);
    expect(result.key).toBeNull();
  });
});
