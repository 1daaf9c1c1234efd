// Attacks of single notes in a recording of one instrument, such as a bass: where the level of the whole signal, or
// of what lies above 500 Hz (the pluck), rises. Finer in time than a network's frames (2 ms). Not for full mixes.
import { gainToDb } from '../units.js';

/** The beginning of a note. */
export interface Attack {
  readonly timeSec: number;
  /** Level of the note against the loudest, 0 to 1 over 40 dB. */
  readonly strength: number;
}

const HOP_SEC = 0.002;
/** The rise is measured against the loudest of the hops from this many to that many before. */
const BEFORE_FIRST = 4;
const BEFORE_LAST = 14;
const RISE_DB = 5;
const SHORTEST_GAP_SEC = 0.07;
const RANGE_DB = 40;
const SPLIT_HZ = 500;

/** Finds attacks in mono audio that is pushed block by block. */
export class AttackFinder {
  readonly #hopFrames: number;
  readonly #pole: number;
  readonly #levelDb: number[] = [];
  readonly #pluckDb: number[] = [];
  #low = 0;
  #sum = 0;
  #pluckSum = 0;
  #count = 0;

  constructor(readonly sampleRateHz: number) {
    this.#hopFrames = Math.max(1, Math.round(HOP_SEC * sampleRateHz));
    this.#pole = Math.exp((-2 * Math.PI * SPLIT_HZ) / sampleRateHz);
  }

  push(samples: Float64Array): void {
    for (const sample of samples) {
      this.#low = sample + this.#pole * (this.#low - sample);
      const high = sample - this.#low;
      this.#sum += sample * sample;
      this.#pluckSum += high * high;
      if (++this.#count < this.#hopFrames) continue;
      this.#levelDb.push(gainToDb(Math.sqrt(this.#sum / this.#count) + 1e-7));
      this.#pluckDb.push(gainToDb(Math.sqrt(this.#pluckSum / this.#count) + 1e-7));
      this.#sum = 0;
      this.#pluckSum = 0;
      this.#count = 0;
    }
  }

  /** All attacks in order of time; none in silence. */
  finish(): Attack[] {
    const top = this.#levelDb.reduce((most, level) => Math.max(most, level), -140);
    if (top < -90) return [];
    const rise = this.#levelDb.map((_, hop) =>
      Math.max(riseAt(this.#levelDb, hop, top), riseAt(this.#pluckDb, hop, top)),
    );
    const gap = Math.round(SHORTEST_GAP_SEC / HOP_SEC);
    const attacks: Attack[] = [];
    for (let hop = 0; hop < rise.length; hop++) {
      if (rise[hop]! < RISE_DB) continue;
      const until = Math.min(rise.length, hop + gap);
      let loudest = -140;
      for (let i = hop; i < until; i++) loudest = Math.max(loudest, this.#levelDb[i]!);
      const strength = Math.min(1, Math.max(0.05, 1 + (loudest - top) / RANGE_DB));
      attacks.push({ timeSec: (hop * this.#hopFrames) / this.sampleRateHz, strength });
      hop = until;
    }
    return attacks;
  }
}

/** Rise in dB over the loudest of the hops just before; 0 where the level is too low to be a note. */
function riseAt(levelDb: readonly number[], hop: number, topDb: number): number {
  const level = levelDb[hop]!;
  if (level < topDb - RANGE_DB) return 0;
  let before = topDb - RANGE_DB - RISE_DB;
  for (let i = Math.max(0, hop - BEFORE_LAST); i <= hop - BEFORE_FIRST; i++)
    before = Math.max(before, levelDb[i]!);
  return level - before;
}
