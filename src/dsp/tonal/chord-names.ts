// The chords that can be told, as pitch classes over a root, and their names in the syntax of Harte et al. 2005.

export const PITCH_NAMES = ['C', 'C#', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B'] as const;

/** A kind of chord: its name, its pitch classes above the root, and how common it is (a prior probability). */
export interface ChordKind {
  readonly name: string;
  readonly intervals: readonly number[];
  readonly prior: number;
}

export const CHORD_KINDS: readonly ChordKind[] = [
  { name: 'maj', intervals: [0, 4, 7], prior: 0.38 },
  { name: 'min', intervals: [0, 3, 7], prior: 0.25 },
  { name: '7', intervals: [0, 4, 7, 10], prior: 0.12 },
  { name: 'maj7', intervals: [0, 4, 7, 11], prior: 0.08 },
  { name: 'min7', intervals: [0, 3, 7, 10], prior: 0.11 },
  { name: 'sus4', intervals: [0, 5, 7], prior: 0.02 },
  { name: 'sus2', intervals: [0, 2, 7], prior: 0.015 },
  { name: 'dim', intervals: [0, 3, 6], prior: 0.015 },
  { name: 'aug', intervals: [0, 4, 8], prior: 0.01 },
];

/** Degrees as Harte's syntax writes them after a slash, by semitones above the root. */
const DEGREES = ['1', 'b2', '2', 'b3', '3', '4', 'b5', '5', 'b6', '6', 'b7', '7'] as const;

/** Name such as `G:min7`, `C:maj/3` with a bass other than the root, or `N` for no chord. */
export function chordName(root: number | null, kind: ChordKind | null, bass: number | null): string {
  if (root === null || kind === null) return 'N';
  const name = `${PITCH_NAMES[root]}:${kind.name}`;
  if (bass === null || bass === root) return name;
  return `${name}/${DEGREES[(bass - root + 12) % 12]}`;
}
