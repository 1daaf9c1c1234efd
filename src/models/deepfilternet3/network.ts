// The three graphs of DeepFilterNet3 with their recurrent state carried from call to call.
// The exported graphs keep no state, so they are patched when loaded (onnx-graph.ts): GRU states become inputs and
// outputs, and the zero padding of time convolutions gives way to the frames before. Chunks then equal a whole file.
import { readFileSync } from 'node:fs';
import { exposeRecurrentState } from '../onnx-graph.js';
import { createSession, type ModelSession, requireTensors, type TensorValue } from '../session.js';
import { BAND_COUNT, FILTER_BIN_COUNT, FILTER_TAPS } from './features.js';

const HIDDEN_SIZE = 256;
/** Frames before a chunk that the encoder's and the filter decoder's convolutions look at. */
export const ENCODER_CONTEXT = 2;
const DECODER_CONTEXT = 4;
const CONV_CHANNELS = 64;
const COEFFICIENTS = 2 * FILTER_TAPS;

/** State between two chunks: GRU states and the last frames that the filter decoder read. */
export interface NetworkState {
  readonly hidden: readonly Float32Array[];
  /** Last DECODER_CONTEXT frames of the encoder's c0, [64, 4, 96]. */
  readonly convContext: Float32Array;
}

/** What the network says of `frames` frames. */
export interface NetworkRows {
  /** [frames, 32], 0 … 1. */
  readonly bandGains: Float32Array;
  /** [frames, 96, 10]: real and imaginary part of each tap, oldest first. */
  readonly coefficients: Float32Array;
  readonly state: NetworkState;
}

interface Graph {
  readonly session: ModelSession;
  readonly stateNames: readonly string[];
}

export interface DeepFilterNetwork {
  /**
   * Rows for `frames` frames.
   * @param bands `feat_erb` [frames + 2, 32]; the first two rows are the frames before the chunk
   * @param planes `feat_spec` [2, frames + 2, 96]
   * @throws ForgeError model/run-failed
   */
  run(frames: number, bands: Float32Array, planes: Float32Array, state: NetworkState): Promise<NetworkRows>;
  createState(): NetworkState;
  release(): Promise<void>;
}

/**
 * Loads the network.
 * @param files paths of enc.onnx, erb_dec.onnx and df_dec.onnx by name
 * @throws ForgeError model/incompatible
 */
export async function loadDeepFilterNetwork(
  files: Readonly<Record<string, string>>,
  threads = 1,
): Promise<DeepFilterNetwork> {
  const open = async (
    name: string,
    tensors: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
    longerInputs: readonly string[] = [],
  ): Promise<Graph> => {
    const label = `deepfilternet3/${name}`;
    const { bytes, stateNames } = exposeRecurrentState(readFileSync(files[name]!), HIDDEN_SIZE, longerInputs);
    const session = await createSession(bytes, { label, threads });
    requireTensors(session, label, tensors);
    return { session, stateNames };
  };
  const skips = ['e0', 'e1', 'e2', 'e3'];
  const encoder = await open('enc.onnx', {
    inputs: ['feat_erb', 'feat_spec', 'h0'],
    outputs: [...skips, 'emb', 'c0', 'h0_out'],
  });
  const bandDecoder = await open('erb_dec.onnx', {
    inputs: [...skips, 'emb', 'h0', 'h1'],
    outputs: ['m', 'h0_out', 'h1_out'],
  });
  const filterDecoder = await open(
    'df_dec.onnx',
    { inputs: ['emb', 'c0', 'h0', 'h1'], outputs: ['coefs', 'h0_out', 'h1_out'] },
    ['c0'],
  );
  const graphs = [encoder, bandDecoder, filterDecoder];

  return {
    createState: () => ({
      hidden: graphs.flatMap((graph) => graph.stateNames.map(() => new Float32Array(HIDDEN_SIZE))),
      convContext: new Float32Array(CONV_CHANNELS * DECODER_CONTEXT * FILTER_BIN_COUNT),
    }),
    async run(frames, bands, planes, state) {
      let used = 0;
      const hidden: Float32Array[] = [];
      const runGraph = async (graph: Graph, feeds: Record<string, TensorValue>, fetch: readonly string[]) => {
        const states: Record<string, TensorValue> = {};
        for (const name of graph.stateNames) {
          states[name] = { data: state.hidden[used++]!, shape: [1, 1, HIDDEN_SIZE] };
        }
        const stateOutputs = graph.stateNames.map((name) => `${name}_out`);
        const results = await graph.session.run({ ...feeds, ...states }, [...fetch, ...stateOutputs]);
        for (const name of stateOutputs) hidden.push(results[name]!.data as Float32Array);
        return results;
      };
      const length = frames + ENCODER_CONTEXT;
      const encoded = await runGraph(
        encoder,
        {
          feat_erb: { data: bands, shape: [1, 1, length, BAND_COUNT] },
          feat_spec: { data: planes, shape: [1, 2, length, FILTER_BIN_COUNT] },
        },
        [...skips, 'emb', 'c0'],
      );
      const { e0, e1, e2, e3, emb, c0 } = encoded as Record<
        'e0' | 'e1' | 'e2' | 'e3' | 'emb' | 'c0',
        TensorValue
      >;
      const { m } = await runGraph(bandDecoder, { emb, e3, e2, e1, e0 }, ['m']);
      const conv = withContext(c0.data as Float32Array, frames, state.convContext);
      const shape = [1, CONV_CHANNELS, frames + DECODER_CONTEXT, FILTER_BIN_COUNT];
      const { coefs } = await runGraph(filterDecoder, { emb, c0: { data: conv.data, shape } }, ['coefs']);
      return {
        bandGains: expectLength(m!.data as Float32Array, frames * BAND_COUNT),
        coefficients: expectLength(coefs!.data as Float32Array, frames * FILTER_BIN_COUNT * COEFFICIENTS),
        state: { hidden, convContext: conv.context },
      };
    },
    async release() {
      for (const { session } of graphs) await session.release();
    },
  };
}

/** c0 [64, frames, 96] with the context in front of each channel, and the context of the next chunk. */
function withContext(
  c0: Float32Array,
  frames: number,
  context: Float32Array,
): { readonly data: Float32Array; readonly context: Float32Array } {
  const before = DECODER_CONTEXT * FILTER_BIN_COUNT;
  const own = frames * FILTER_BIN_COUNT;
  const data = new Float32Array(CONV_CHANNELS * (before + own));
  const next = new Float32Array(context.length);
  for (let channel = 0; channel < CONV_CHANNELS; channel++) {
    const at = channel * (before + own);
    data.set(context.subarray(channel * before, (channel + 1) * before), at);
    data.set(c0.subarray(channel * own, (channel + 1) * own), at + before);
    next.set(data.subarray(at + own, at + own + before), channel * before);
  }
  return { data, context: next };
}

function expectLength(data: Float32Array, length: number): Float32Array {
  if (data.length !== length)
    throw new RangeError(`expected ${length} values from the network, got ${data.length}`);
  return data;
}
