// A trained opinion on which beats begin bars, from their cues (bar-cues.ts): residual convolutions over beats that see
// 31 beats to each side. Trained by training/beats/bars.py; bar-tracker.ts makes bars of it.
import { createKernels, type Kernels } from '../kernels/instance.js';
import { BAR_CUE_COUNT } from './bar-cues.js';
import { BLOCKS, type ConvolutionLayer, FRONT, HEAD } from './bar-weights.js';

const CHANNELS = FRONT.biases.length;
/** Beats that a layer looks to each side at most: so many zeros lie before and behind a piece. */
const MARGIN = Math.max(...BLOCKS.map(({ spread: { taps, dilation } }) => (dilation * (taps - 1)) / 2));
/** The kernel's layers work on so many beats at once. */
const BEATS_AT_ONCE = 16;
const LARGEST_LAYER = Math.max(
  ...[FRONT, HEAD, ...BLOCKS.flatMap(({ spread, mix }) => [spread, mix])].map(
    ({ weights }) => weights.length,
  ),
);

/**
 * Probability that a bar begins, for each of `count` beats, from their cues [BAR_CUE_COUNT][count].
 * @source Bai, Kolter & Koltun 2018 (An empirical evaluation of generic convolutional and recurrent networks)
 */
export function judgeDownbeats(cues: Float32Array, count: number): Float32Array {
  const net = new Layers(count);
  const input = net.rows(BAR_CUE_COUNT);
  const [x, inner, added] = [net.rows(CHANNELS), net.rows(CHANNELS), net.rows(CHANNELS)];
  for (let row = 0; row < BAR_CUE_COUNT; row++)
    input[row]!.set(cues.subarray(row * count, (row + 1) * count));
  net.convolve(FRONT, input, x);
  x.forEach(rectify);
  for (const { spread, mix } of BLOCKS) {
    net.convolve(spread, x, inner);
    inner.forEach(rectify);
    net.convolve(mix, inner, added);
    for (const [row, values] of x.entries()) {
      const more = added[row]!;
      for (let k = 0; k < values.length; k++) values[k] = values[k]! + more[k]!;
    }
  }
  x.forEach(rectify);
  net.convolve(HEAD, x, added);
  return added[0]!.slice(0, count).map((logit) => 1 / (1 + Math.exp(-logit)));
}

/** Convolutions over rows of values, a value a beat, in kernel memory. */
class Layers {
  readonly #kernels: Kernels;
  readonly #weights: Float32Array;
  readonly #biases: Float32Array;
  /** Length of a row: `count` and zeros up to a whole number of steps. */
  readonly #length: number;

  constructor(readonly count: number) {
    this.#length = Math.ceil(count / BEATS_AT_ONCE) * BEATS_AT_ONCE;
    const values = (BAR_CUE_COUNT + 3 * CHANNELS) * (this.#length + 2 * MARGIN) + LARGEST_LAYER + CHANNELS;
    this.#kernels = createKernels(4 * values + 1024);
    this.#weights = this.#kernels.f32(LARGEST_LAYER);
    this.#biases = this.#kernels.f32(CHANNELS);
  }

  /** Rows of zeros, with zeros before and behind. */
  rows(rowCount: number): Float32Array[] {
    const stride = this.#length + 2 * MARGIN;
    const all = this.#kernels.f32(rowCount * stride);
    return Array.from({ length: rowCount }, (_, row) =>
      all.subarray(row * stride + MARGIN, row * stride + MARGIN + this.#length),
    );
  }

  /** What a layer makes of `inputs`; what lies outside of the piece counts as zeros. */
  convolve(
    { weights, biases, taps, dilation }: ConvolutionLayer,
    inputs: readonly Float32Array[],
    outputs: readonly Float32Array[],
  ): void {
    const [from, to] = [inputs[0]!.byteOffset, outputs[0]!.byteOffset];
    this.#biases.set(biases);
    // A tap after the other: each adds to what those before it gave.
    for (let tap = 0; tap < taps; tap++) {
      for (let k = 0; k * taps < weights.length; k++) this.#weights[k] = weights[k * taps + tap]!;
      this.#kernels.functions.denseLayer(
        from + 4 * (tap - (taps - 1) / 2) * dilation,
        inputs.length,
        tap === 0 ? this.#biases.byteOffset : to,
        tap === 0 ? 0 : 4,
        this.#weights.byteOffset,
        to,
        biases.length,
        this.#length,
        4 * (this.#length + 2 * MARGIN),
        0,
      );
    }
    for (const values of outputs) values.fill(0, this.count);
  }
}

/** Exponential linear units. */
function rectify(values: Float32Array): void {
  for (let k = 0; k < values.length; k++) if (values[k]! < 0) values[k] = Math.expm1(values[k]!);
}
