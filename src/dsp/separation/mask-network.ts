// A trained opinion on the four stems' shares of a cell, from its cues: three dense layers, 800 weights.
// Trained by training/separator (sources and figures: docs/separation.md); features.py there computes the same inputs.
// Trained on rendered and remixed songs; a cell is judged alone, what its surroundings say lies in the cues.
import { createKernels } from '../kernels/instance.js';
import type { Cues } from './cues.js';
import type { FrameGrid } from './frame-grid.js';
import { type DenseLayer, LAYERS } from './mask-weights.js';

/** The stems in the order of the network's outputs. */
export const VOTE_STEMS = ['drums', 'bass', 'other', 'vocals'] as const;

/** Judges frame after frame. */
export interface MaskNetwork {
  /**
   * Logarithms of the stems' shares of every bin of a frame, up to a term common to all four: one row [bin] for each of
   * VOTE_STEMS, which hold until the next call. `centreShare` is the song's, from 0 (all at the sides) to 1.
   */
  judge(cues: Cues, frameIndex: number, centreShare: number): readonly Float32Array[];
}

/** Centres of the bands by which a cell's frequency is told, as corners of triangles over the octaves. */
const BAND_HZ = [40, 90, 180, 400, 1200, 4000, 12000];
const LOWEST_HZ = 10;
/** Inputs that depend on the cell and its frame; those of its frequency follow. */
const CUE_COUNT = 9;
/** Cells that the kernel takes at once. */
const TILE = 16;

/** The network for a grid; it serves one thread. */
export function createMaskNetwork(grid: FrameGrid): MaskNetwork {
  const { binCount, hzPerBin } = grid;
  const inputCount = CUE_COUNT + BAND_HZ.length;
  const cellCount = Math.ceil(binCount / TILE) * TILE;
  const [first, ...later] = LAYERS as readonly [DenseLayer, ...DenseLayer[]];
  const widths = [CUE_COUNT, ...LAYERS.map(({ biases }) => biases.length)];
  const weightCount = LAYERS.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0);
  const rowCount = widths.reduce((sum, width) => sum + width, 0) + first.biases.length;
  const kernels = createKernels(4 * cellCount * rowCount + 4 * weightCount + 4096);
  const rows = widths.map((width) => kernels.f32(width * cellCount));
  const rowOf = (layer: number, index: number) =>
    rows[layer]!.subarray(index * cellCount, index * cellCount + binCount);
  // What the first layer makes of a bin's frequency never changes, so it is a table beside the cues' own weights.
  const cueWeights = kernels.f32(first.biases.length * CUE_COUNT);
  const frequencyTerms = kernels.f32(first.biases.length * cellCount);
  const bands = new Float64Array(BAND_HZ.length);
  for (let j = 0; j < first.biases.length; j++)
    for (let k = 0; k < CUE_COUNT; k++) cueWeights[j * CUE_COUNT + k] = first.weights[j * inputCount + k]!;
  for (let bin = 0; bin < binCount; bin++) {
    bandShares(bin * hzPerBin, bands);
    for (let j = 0; j < first.biases.length; j++) {
      let sum = first.biases[j]!;
      for (let k = 0; k < bands.length; k++)
        sum += first.weights[j * inputCount + CUE_COUNT + k]! * bands[k]!;
      frequencyTerms[j * cellCount + bin] = sum;
    }
  }
  const tables = [
    { weights: cueWeights, bases: frequencyTerms, baseStep: 4 },
    ...later.map(({ weights, biases }) => {
      const held = { weights: kernels.f32(weights.length), bases: kernels.f32(biases.length), baseStep: 0 };
      held.weights.set(weights);
      held.bases.set(biases);
      return held;
    }),
  ];
  const inputs = Array.from({ length: CUE_COUNT }, (_, k) => rowOf(0, k));
  const outputs = VOTE_STEMS.map((_, k) => rowOf(LAYERS.length, k));
  const { denseLayer } = kernels.functions;

  return {
    judge(cues, frameIndex, centreShare) {
      fillInputs(inputs, cues, frameIndex * binCount, binCount, centreShare);
      for (const [layer, { weights, bases, baseStep }] of tables.entries()) {
        denseLayer(
          rows[layer]!.byteOffset,
          widths[layer]!,
          bases.byteOffset,
          baseStep,
          weights.byteOffset,
          rows[layer + 1]!.byteOffset,
          widths[layer + 1]!,
          cellCount,
          4 * cellCount,
          layer < tables.length - 1 ? 1 : 0,
        );
      }
      return outputs;
    },
  };
}

/** The cues of the cells `row` … `row` + `binCount` as the network takes them, one row each. */
function fillInputs(
  inputs: readonly Float32Array[],
  cues: Cues,
  row: number,
  binCount: number,
  centreShare: number,
): void {
  const { magnitude, steady, sustained, struck, centre } = cues;
  const [struckShare, steadyShare, sustainedShare, struckLevel] = inputs as unknown as Float32Array[];
  const [inCentre, farInCentre, level] = inputs.slice(4) as unknown as Float32Array[];
  let power = 1e-18;
  let struckPower = 0;
  for (let bin = 0, at = row; bin < binCount; bin++, at++) {
    const share = struckShareOf(cues, at);
    const own = square(magnitude[at]!);
    struckShare![bin] = share;
    power += own;
    struckPower += own * share;
  }
  const meanLevel = Math.sqrt(power / binCount);
  for (let bin = 0, at = row; bin < binCount; bin++, at++) {
    const own = magnitude[at]! + 1e-9;
    steadyShare![bin] = Math.min(1, steady[at]! / own);
    sustainedShare![bin] = Math.min(1, sustained[at]! / own);
    struckLevel![bin] = Math.min(1, struck[at]! / own);
    inCentre![bin] = centre[at]!;
    farInCentre![bin] = square(square(centre[at]!));
    level![bin] = Math.min(2, Math.max(-2, Math.log(own / meanLevel) / 4));
  }
  inputs[7]!.fill(struckPower / power);
  inputs[8]!.fill(centreShare);
}

function struckShareOf(cues: Cues, at: number): number {
  const struck = square(cues.struck[at]!);
  return struck / (struck + square(cues.steady[at]!) + 1e-18);
}

/** x², by a product: the operator ** is a call. */
function square(x: number): number {
  return x * x;
}

/** Height of each triangle at a frequency; the outer ones stay at 1 beyond their corners. */
function bandShares(hz: number, into: Float64Array): void {
  const octave = Math.log2(Math.max(LOWEST_HZ, hz));
  const corners = BAND_HZ.map(Math.log2);
  for (let k = 0; k < corners.length; k++) {
    const own = corners[k]!;
    const below = k === 0 ? 1 : (octave - corners[k - 1]!) / (own - corners[k - 1]!);
    const above = k === corners.length - 1 ? 1 : (corners[k + 1]! - octave) / (corners[k + 1]! - own);
    into[k] = Math.min(1, Math.max(0, Math.min(below, above)));
  }
}
