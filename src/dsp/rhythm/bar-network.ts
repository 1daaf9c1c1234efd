// A trained opinion on which beats begin bars, from their cues (bar-cues.ts): residual convolutions over beats that see
// 31 beats to each side. Trained by training/beats/bars.py; bar-tracker.ts makes bars of it.
import { BAR_CUE_COUNT } from './bar-cues.js';
import { BLOCKS, type ConvolutionLayer, FRONT, HEAD } from './bar-weights.js';

/**
 * Probability that a bar begins, for each of `count` beats, from their cues [BAR_CUE_COUNT][count].
 * @source Bai, Kolter & Koltun 2018 (An empirical evaluation of generic convolutional and recurrent networks)
 */
export function judgeDownbeats(cues: Float32Array, count: number): Float32Array {
  const x = convolve(FRONT, cues, BAR_CUE_COUNT, count);
  rectify(x);
  for (const { spread, mix } of BLOCKS) {
    const inner = convolve(spread, x, FRONT.biases.length, count);
    rectify(inner);
    const added = convolve(mix, inner, FRONT.biases.length, count);
    for (let k = 0; k < x.length; k++) x[k] = x[k]! + added[k]!;
  }
  rectify(x);
  return convolve(HEAD, x, FRONT.biases.length, count).map((logit) => 1 / (1 + Math.exp(-logit)));
}

/** [outputs][count] of [inputs][count]; what lies outside of the piece counts as zeros. */
function convolve(
  { weights, biases, taps, dilation }: ConvolutionLayer,
  values: Float32Array,
  inputCount: number,
  count: number,
): Float32Array {
  const out = new Float32Array(biases.length * count);
  for (let output = 0; output < biases.length; output++) {
    const sums = out.subarray(output * count, (output + 1) * count).fill(biases[output]!);
    for (let input = 0; input < inputCount; input++) {
      const row = input * count;
      for (let tap = 0; tap < taps; tap++) {
        const weight = weights[(output * inputCount + input) * taps + tap]!;
        const shift = (tap - (taps - 1) / 2) * dilation;
        const end = Math.min(count, count - shift);
        for (let k = Math.max(0, -shift); k < end; k++)
          sums[k] = sums[k]! + weight * values[row + k + shift]!;
      }
    }
  }
  return out;
}

/** Exponential linear units. */
function rectify(values: Float32Array): void {
  for (let k = 0; k < values.length; k++) if (values[k]! < 0) values[k] = Math.expm1(values[k]!);
}
