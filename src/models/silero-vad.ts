// Silero VAD: the probability of speech in every 32 ms of mono audio at 16 kHz, or at 8 kHz.
// The network sees a frame with the end of the one before it and hands a recurrent state on; both are explicit here,
// so that ranges of a file give the probabilities of the whole. Segments are made elsewhere.
import { ForgeError } from '../errors.js';
import { createSession, requireTensors } from './session.js';

const LABEL = 'silero-vad/silero_vad.onnx';
const STATE_SHAPE = [2, 1, 128];
const STATE_SIZE = 256;

/** What lies between two frames; survives structuredClone. */
export interface SileroState {
  /** Last samples of the frame before. */
  readonly context: Float32Array;
  readonly recurrent: Float32Array;
}

export interface SileroVad {
  /** 512 at 16 kHz, 256 at 8 kHz. */
  readonly frameSamples: number;
  createState(): SileroState;
  /**
   * Probability of speech in the frame of `frameSamples` samples (the last of a file filled up with zeros), and the
   * state for the next.
   * @throws ForgeError model/run-failed
   */
  detect(
    frame: Float32Array,
    state: SileroState,
  ): Promise<{ readonly probability: number; readonly state: SileroState }>;
  release(): Promise<void>;
}

/** The rate at which the network listens to audio of a rate: telephone speech as it is, all else at 16 kHz. */
export function sileroRateOf(sampleRateHz: number): 8000 | 16000 {
  return sampleRateHz === 8000 ? 8000 : 16000;
}

/**
 * Opens the network for one of its rates; one for each worker, for its life.
 * @throws ForgeError model/incompatible
 * @source Silero VAD v5/v6 (snakers4/silero-vad), MIT
 */
export async function createSileroVad(modelPath: string, sampleRateHz: 8000 | 16000): Promise<SileroVad> {
  const session = await createSession(modelPath, { label: LABEL, useMemoryArena: false });
  requireTensors(session, LABEL, { inputs: ['input', 'state', 'sr'], outputs: ['output', 'stateN'] });
  const frameSamples = sampleRateHz === 16000 ? 512 : 256;
  const contextSamples = frameSamples / 8;
  const rate = { data: new BigInt64Array([BigInt(sampleRateHz)]), shape: [] };
  return {
    frameSamples,
    createState: () => ({
      context: new Float32Array(contextSamples),
      recurrent: new Float32Array(STATE_SIZE),
    }),
    async detect(frame, state) {
      const input = new Float32Array(contextSamples + frameSamples);
      input.set(state.context);
      input.set(frame, contextSamples);
      const { output, stateN } = await session.run({
        input: { data: input, shape: [1, input.length] },
        state: { data: state.recurrent, shape: STATE_SHAPE },
        sr: rate,
      });
      if (!(output?.data instanceof Float32Array) || !(stateN?.data instanceof Float32Array)) {
        throw new ForgeError('model/incompatible', `expected a probability and a state from ${LABEL}`);
      }
      return {
        probability: output.data[0]!,
        state: { context: input.slice(frameSamples), recurrent: stateN.data },
      };
    },
    release: () => session.release(),
  };
}
