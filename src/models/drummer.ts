// The drummer's network (training/drummer): one step of a performance at a time, for several candidates at once.
// The layout of its tensors is the contract with training/drummer/layout.py. It decides nothing: probabilities,
// velocities and offsets go out, and src/players makes music of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hintOf } from '../complaints.js';
import { ForgeError } from '../errors.js';
import { PACKAGE_WEIGHTS_DIR } from './card.js';
import { createSession, requireTensors } from './session.js';

/** Sizes of one candidate's row in each tensor. */
export const INPUT_SIZE = 64;
export const HEARD_SIZE = 67;
export const STATE_SIZE = 160;
export const HITS_SIZE = 27;
export const SPREAD_SIZE = 108;
export const STYLE_SIZE = 6;

/** Bars back that the memory part of `heard` looks. */
export const MEMORY_BARS = [1, 2, 4, 8] as const;

/** Places in `input`. */
export const INPUT = {
  position: 0,
  barInPhrase: 16,
  chordType: 24,
  triplet: 33,
  chordRoot: 34,
  fill: 46,
  complexity: 47,
  dynamics: 48,
  swing: 49,
  humanize: 50,
  pieceComplexity: 51,
  tempo: 57,
  style: 58,
} as const;

export interface DrummerStep {
  /** Per piece the probability of a hit, its expected velocity (0–1) and offset in steps; [batch][27]. */
  readonly hits: Float32Array;
  /**
   * Two normal distributions per piece for velocity, then for offset: probabilities, means, deviations;
   * [batch][2 kinds][9][3][2].
   */
  readonly spread: Float32Array;
  /** Goes into the next step; [batch][160]. */
  readonly nextState: Float32Array;
}

export interface DrummerModel {
  /** Names of the styles that it learned, as in the data set: `rock`, `latin/brazilian-bossa`. */
  readonly styles: readonly string[];
  /**
   * The mean embedding of weighted styles.
   * @throws ForgeError preset/invalid where a style is not known
   */
  styleVector(mix: Readonly<Record<string, number>>): Float32Array;
  /** One step of `batch` candidates; the arrays are row-major with the sizes above. */
  step(batch: number, input: Float32Array, heard: Float32Array, state: Float32Array): Promise<DrummerStep>;
  release(): Promise<void>;
}

/** Value of the tempo's place in `input`, from quarter notes a minute. */
export function tempoInput(quartersPerMinute: number): number {
  return (quartersPerMinute - 120) / 100;
}

/** Opens the network that comes with the package, or one in `folder`. @throws ForgeError model/incompatible */
export async function loadDrummer(folder = join(PACKAGE_WEIGHTS_DIR, 'drummer')): Promise<DrummerModel> {
  const label = 'drummer/drummer.onnx';
  const session = await createSession(join(folder, 'drummer.onnx'), { label });
  requireTensors(session, label, {
    inputs: ['input', 'heard', 'state'],
    outputs: ['hits', 'spread', 'nextState'],
  });
  const table = JSON.parse(readFileSync(join(folder, 'styles.json'), 'utf8')) as Record<string, number[]>;
  const styles = Object.keys(table);
  return {
    styles,
    styleVector(mix) {
      const vector = new Float32Array(STYLE_SIZE);
      let total = 0;
      for (const [style, weight] of Object.entries(mix)) {
        const embedding = table[style];
        if (embedding === undefined) {
          throw new ForgeError(
            'preset/invalid',
            `expected a style that the drummer learned, got "${style}"`,
            {
              hint: hintOf(style, styles),
            },
          );
        }
        for (let i = 0; i < STYLE_SIZE; i++) vector[i] = vector[i]! + weight * embedding[i]!;
        total += weight;
      }
      return vector.map((value) => value / (total || 1));
    },
    async step(batch, input, heard, state) {
      const { hits, spread, nextState } = await session.run({
        input: { data: input, shape: [batch, INPUT_SIZE] },
        heard: { data: heard, shape: [batch, HEARD_SIZE] },
        state: { data: state, shape: [batch, STATE_SIZE] },
      });
      return {
        hits: hits!.data as Float32Array,
        spread: spread!.data as Float32Array,
        nextState: nextState!.data as Float32Array,
      };
    },
    release: () => session.release(),
  };
}
