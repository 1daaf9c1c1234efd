// Where beats lie in time: a list of tempo changes at quarter-note positions, and its two-way conversion.
// Between changes the tempo is constant. Nothing here knows bars.
import { ForgeError } from '../errors.js';
import { MAX_TEMPO_BPM, MIN_TEMPO_BPM } from './player-limits.js';

/** A tempo from a position on, counted in quarter notes. */
export interface TempoChange {
  readonly atQuarter: number;
  readonly quartersPerMinute: number;
}

export class TempoMap {
  readonly changes: readonly TempoChange[];
  readonly #startsSec: readonly number[];

  /** `changes` in order, the first at 0; `offsetSec` is the time of position 0. */
  constructor(
    changes: readonly TempoChange[],
    readonly offsetSec = 0,
  ) {
    const merged = changes.filter(
      (change, index) => index === 0 || change.quartersPerMinute !== changes[index - 1]!.quartersPerMinute,
    );
    const starts = [offsetSec];
    for (let i = 1; i < merged.length; i++) {
      const before = merged[i - 1]!;
      const length = merged[i]!.atQuarter - before.atQuarter;
      starts.push(starts[i - 1]! + (length * 60) / before.quartersPerMinute);
    }
    this.changes = merged;
    this.#startsSec = starts;
  }

  /** Seconds of a position in quarter notes; positions before 0 go on at the first tempo. */
  toSec(quarter: number): number {
    const index = lastIndex(this.changes.length, (i) => this.changes[i]!.atQuarter <= quarter);
    const { atQuarter, quartersPerMinute } = this.changes[index]!;
    return this.#startsSec[index]! + ((quarter - atQuarter) * 60) / quartersPerMinute;
  }

  /** Position in quarter notes of a time in seconds. */
  toQuarter(sec: number): number {
    const index = lastIndex(this.changes.length, (i) => this.#startsSec[i]! <= sec);
    const { atQuarter, quartersPerMinute } = this.changes[index]!;
    return atQuarter + ((sec - this.#startsSec[index]!) * quartersPerMinute) / 60;
  }

  /** Tempo in quarter notes a minute at a position. */
  tempoAt(quarter: number): number {
    const index = lastIndex(this.changes.length, (i) => this.changes[i]!.atQuarter <= quarter);
    return this.changes[index]!.quartersPerMinute;
  }
}

function lastIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * `120`, or changes at bars counted from 1, as `1:120 17:126`. The tempo counts beats of `beatQuarters`.
 * @throws ForgeError usage/bad-option
 */
export function parseTempoMap(text: string, barQuarters: number, beatQuarters: number): TempoMap {
  const parts = text.trim().split(/[\s,]+/);
  const changes = parts.map((part, index): TempoChange => {
    const match = /^(?:(\d+):)?(\d+(?:\.\d+)?)$/.exec(part);
    const tempoBpm = match === null ? Number.NaN : Number(match[2]);
    const bar = match?.[1] === undefined ? 1 : Number(match[1]);
    const isInOrder = index === 0 ? bar === 1 : match?.[1] !== undefined;
    if (!(tempoBpm >= MIN_TEMPO_BPM && tempoBpm <= MAX_TEMPO_BPM) || !isInOrder || bar < 1) {
      throw new ForgeError(
        'usage/bad-option',
        `expected ${MIN_TEMPO_BPM} to ${MAX_TEMPO_BPM} bpm, or BAR:BPM from bar 1 on, for the tempo, got "${text}"`,
        { hint: 'For example 120, or "1:120 17:126".' },
      );
    }
    return { atQuarter: (bar - 1) * barQuarters, quartersPerMinute: tempoBpm * beatQuarters };
  });
  for (let i = 1; i < changes.length; i++) {
    if (changes[i]!.atQuarter > changes[i - 1]!.atQuarter) continue;
    throw new ForgeError('usage/bad-option', `expected rising bar numbers for the tempo, got "${text}"`);
  }
  return new TempoMap(changes);
}

/**
 * A map through beats that were found in a recording: beat i lies at `beatsSec[i]`.
 * `firstBeat` is the beat that becomes position 0. @throws ForgeError usage/bad-option on fewer than two beats
 */
export function tempoMapOfBeats(
  beatsSec: readonly number[],
  firstBeat: number,
  beatQuarters: number,
): TempoMap {
  const changes: TempoChange[] = [];
  for (let beat = firstBeat; beat + 1 < beatsSec.length; beat++) {
    const lengthSec = beatsSec[beat + 1]! - beatsSec[beat]!;
    if (!(lengthSec > 0)) continue;
    changes.push({
      atQuarter: (beat - firstBeat) * beatQuarters,
      quartersPerMinute: (60 * beatQuarters) / lengthSec,
    });
  }
  if (changes.length === 0) {
    throw new ForgeError(
      'usage/bad-option',
      `expected at least two beats for the tempo, got ${beatsSec.length}`,
    );
  }
  return new TempoMap(changes, beatsSec[firstBeat]!);
}
