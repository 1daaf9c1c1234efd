// The room around the kit: early reflections and a feedback delay network of four lines. Linear and time-invariant,
// so rooms of single pieces add up to the room of the kit. Mono in, stereo out.
import { decayPerSample } from './noise.js';

const LINE_MS = [29.7, 37.1, 41.9, 47.3];
const EARLY: readonly (readonly [delayMs: number, left: number, right: number])[] = [
  [7.1, 0.5, 0.1],
  [9.7, 0.15, 0.5],
  [14.3, 0.35, 0.3],
  [19.9, 0.2, 0.35],
];

export class Room {
  readonly #lines: Float64Array[];
  readonly #gains: number[];
  readonly #positions = [0, 0, 0, 0];
  readonly #damped = [0, 0, 0, 0];
  readonly #early: Float64Array;
  readonly #taps: readonly (readonly [number, number, number])[];
  readonly #level: number;
  #at = 0;

  constructor(decayMs: number, levelDb: number, sampleRateHz: number) {
    const lengths = LINE_MS.map((ms) => Math.round((ms * sampleRateHz) / 1000));
    this.#lines = lengths.map((length) => new Float64Array(length));
    this.#gains = lengths.map((length) => decayPerSample(decayMs, sampleRateHz) ** length);
    this.#early = new Float64Array(Math.ceil((20 * sampleRateHz) / 1000) + 1);
    this.#taps = EARLY.map(([ms, left, right]) => [Math.round((ms * sampleRateHz) / 1000), left, right]);
    this.#level = 10 ** (levelDb / 20);
  }

  /** Adds the room of `dry` to `left` and `right`. */
  process(dry: Float64Array, left: Float64Array, right: Float64Array): void {
    const lines = this.#lines;
    const out = [0, 0, 0, 0];
    for (let i = 0; i < dry.length; i++) {
      const input = dry[i]!;
      this.#early[this.#at] = input;
      let leftSum = 0;
      let rightSum = 0;
      for (const [delay, leftGain, rightGain] of this.#taps) {
        const reflected = this.#early[(this.#at - delay + this.#early.length) % this.#early.length]!;
        leftSum += leftGain * reflected;
        rightSum += rightGain * reflected;
      }
      this.#at = (this.#at + 1) % this.#early.length;
      let sum = 0;
      for (let line = 0; line < 4; line++) {
        const value = lines[line]![this.#positions[line]!]!;
        this.#damped[line] = this.#damped[line]! + 0.55 * (value - this.#damped[line]!);
        out[line] = this.#damped[line]!;
        sum += out[line]!;
      }
      for (let line = 0; line < 4; line++) {
        // A Householder matrix mixes the lines without changing their energy.
        lines[line]![this.#positions[line]!] = input + this.#gains[line]! * (out[line]! - 0.5 * sum);
        this.#positions[line] = (this.#positions[line]! + 1) % lines[line]!.length;
      }
      left[i] = left[i]! + this.#level * (leftSum + 0.5 * (out[0]! + out[2]!));
      right[i] = right[i]! + this.#level * (rightSum + 0.5 * (out[1]! + out[3]!));
    }
  }
}
