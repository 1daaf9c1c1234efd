// Tries a network before it is taken in: opens it, and, where forge knows how it is to be run, runs it once on noise.
// Separators are run; of networks of other tasks only the tensors are told.
import { availableParallelism } from 'node:os';
import { ForgeError } from '../errors.js';
import type { ModelCard } from './card.js';
import { createSeparationNetwork } from './separation/separation-network.js';
import { createSession, type ModelSession, type TensorInfo } from './session.js';

/** What a network takes and gives. */
export interface TriedNetwork {
  readonly file: string;
  /** Tensors as name[shape]. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of a separator that was run: length of its segment and whether it takes any; empty otherwise. */
  readonly summary: string;
}

/**
 * Opens the network at `path` and checks it against its card.
 * @throws ForgeError model/incompatible where the runtime cannot load it, its shapes are none that forge knows, it
 *   gives another number of stems than the card lists, or what is no number; model/run-failed
 */
export async function tryNetwork(card: ModelCard, file: string, path: string): Promise<TriedNetwork> {
  const label = `${card.id}/${file}`;
  const session = await createSession(path, {
    label,
    threads: availableParallelism(),
    useMemoryArena: false,
  });
  try {
    const summary = card.task === 'separate' ? await trySeparator(card, session, label) : '';
    return {
      file,
      inputs: session.inputs.map(tensorText),
      outputs: session.outputs.map(tensorText),
      summary,
    };
  } finally {
    await session.release();
  }
}

async function trySeparator(card: ModelCard, session: ModelSession, label: string): Promise<string> {
  const stems = card.stems ?? [];
  const network = createSeparationNetwork(session, stems.length, label, card.separation);
  const frames = network.segmentFrames + 2 * network.contextFrames;
  const [left, right] = [1, 2].map((seed) => noise(frames, seed)) as [Float32Array, Float32Array];
  const given = await network.separate(left, right);
  if (!given.flat().every((samples) => samples.every(Number.isFinite))) {
    throw new ForgeError('model/incompatible', `expected numbers from ${label}, got NaN or infinity`, {
      hint: 'The card may tell a wrong transform or level.',
    });
  }
  const lengthSec = (network.segmentFrames / 44_100).toFixed(2);
  const length = network.isFreeLength ? 'segments of any length' : `segments of ${lengthSec} s`;
  return `; ${stems.join(', ')}; ${length}`;
}

/** Uniform noise in ±0.1. */
function noise(frames: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: frames }, () => {
    state = (state * 48271) % 2147483647;
    return (0.2 * state) / 2147483647 - 0.1;
  });
}

function tensorText({ name, shape }: TensorInfo): string {
  return `${name}[${shape.join(',')}]`;
}
