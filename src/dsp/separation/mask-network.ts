// A trained opinion on the four stems' shares of a cell, from its cues: three dense layers, 800 weights.
// Trained by training/separator (sources and figures: docs/separation.md); features.py there computes the same inputs.
// Trained on rendered and remixed songs; a cell is judged alone, what its surroundings say lies in the cues.
import type { Cues } from './cues.js';
import type { FrameGrid } from './frame-grid.js';
import { LAYERS } from './mask-weights.js';

/** Square roots of the stems' shares of one cell, up to a factor common to all; the largest is 1. */
export interface CellVotes {
  drums: number;
  bass: number;
  other: number;
  vocals: number;
}

/** Judges cell after cell; first startFrame, then judge for bins of that frame, after which `votes` holds. */
export interface MaskNetwork {
  readonly votes: Readonly<CellVotes>;
  /** `centreShare` is the song's, from 0 (all at the sides) to 1 (all in the centre). */
  startFrame(cues: Cues, frameIndex: number, centreShare: number): void;
  judge(bin: number): void;
}

/** Centres of the bands by which a cell's frequency is told, as corners of triangles over the octaves. */
const BAND_HZ = [40, 90, 180, 400, 1200, 4000, 12000];
const LOWEST_HZ = 10;
/** Inputs that depend on the cell and its frame; those of its frequency follow. */
const CUE_COUNT = 9;
/** Order of the network's outputs. */
const DRUMS = 0;
const BASS = 1;
const OTHER = 2;
const VOCALS = 3;

/** The network for a grid; it serves one thread. */
export function createMaskNetwork(grid: FrameGrid): MaskNetwork {
  const { binCount, hzPerBin } = grid;
  const layers = LAYERS.map(({ weights, biases }) => ({
    weights: Float64Array.from(weights),
    biases: Float64Array.from(biases),
    outputs: new Float64Array(biases.length),
  }));
  const [first, ...later] = layers as [(typeof layers)[number], ...typeof layers];
  const inputCount = CUE_COUNT + BAND_HZ.length;
  const firstSize = first.biases.length;
  // What the first layer makes of a bin's frequency never changes, so it is a table beside the cues' own weights.
  const cueWeights = new Float64Array(firstSize * CUE_COUNT);
  const frequencyTerms = new Float64Array(binCount * firstSize);
  const bands = new Float64Array(BAND_HZ.length);
  for (let j = 0; j < firstSize; j++)
    for (let k = 0; k < CUE_COUNT; k++) cueWeights[j * CUE_COUNT + k] = first.weights[j * inputCount + k]!;
  for (let bin = 0; bin < binCount; bin++) {
    bandShares(bin * hzPerBin, bands);
    for (let j = 0; j < firstSize; j++) {
      let sum = first.biases[j]!;
      for (let k = 0; k < bands.length; k++)
        sum += first.weights[j * inputCount + CUE_COUNT + k]! * bands[k]!;
      frequencyTerms[bin * firstSize + j] = sum;
    }
  }
  const inputs = new Float64Array(CUE_COUNT);

  const votes: CellVotes = { drums: 0, bass: 0, other: 0, vocals: 0 };
  let cues: Cues | undefined;
  let row = 0;
  let meanLevel = 0;

  return {
    votes,
    startFrame(ofSong, frameIndex, centreShare) {
      cues = ofSong;
      row = frameIndex * binCount;
      let power = 1e-18;
      let struckPower = 0;
      for (let at = row; at < row + binCount; at++) {
        const own = square(cues.magnitude[at]!);
        power += own;
        struckPower += own * struckShareOf(cues, at);
      }
      meanLevel = Math.sqrt(power / binCount);
      inputs[7] = struckPower / power;
      inputs[8] = centreShare;
    },
    judge(bin) {
      const at = row + bin;
      const { magnitude, steady, sustained, struck, centre } = cues!;
      const level = magnitude[at]! + 1e-9;
      inputs[0] = struckShareOf(cues!, at);
      inputs[1] = Math.min(1, steady[at]! / level);
      inputs[2] = Math.min(1, sustained[at]! / level);
      inputs[3] = Math.min(1, struck[at]! / level);
      inputs[4] = centre[at]!;
      inputs[5] = square(square(centre[at]!));
      inputs[6] = Math.min(2, Math.max(-2, Math.log(level / meanLevel) / 4));
      for (let j = 0; j < firstSize; j++) {
        let sum = frequencyTerms[bin * firstSize + j]!;
        for (let k = 0; k < CUE_COUNT; k++) sum += cueWeights[j * CUE_COUNT + k]! * inputs[k]!;
        first.outputs[j] = Math.max(0, sum);
      }
      let values = first.outputs;
      for (let depth = 0; depth < later.length; depth++) {
        const { weights, biases, outputs } = later[depth]!;
        applyDense(weights, biases, values, outputs, depth < later.length - 1);
        values = outputs;
      }
      // Differences to the largest, so that no confident answer overflows.
      const largest = Math.max(values[DRUMS]!, values[BASS]!, values[OTHER]!, values[VOCALS]!);
      votes.drums = Math.exp(0.5 * (values[DRUMS]! - largest));
      votes.bass = Math.exp(0.5 * (values[BASS]! - largest));
      votes.other = Math.exp(0.5 * (values[OTHER]! - largest));
      votes.vocals = Math.exp(0.5 * (values[VOCALS]! - largest));
    },
  };
}

function struckShareOf(cues: Cues, at: number): number {
  const struck = square(cues.struck[at]!);
  return struck / (struck + square(cues.steady[at]!) + 1e-18);
}

/** x², by a product: the operator ** is a call. */
function square(x: number): number {
  return x * x;
}

function applyDense(
  weights: Float64Array,
  biases: Float64Array,
  inputs: Float64Array,
  outputs: Float64Array,
  isRectified: boolean,
): void {
  for (let j = 0, at = 0; j < outputs.length; j++) {
    let sum = biases[j]!;
    for (let k = 0; k < inputs.length; k++, at++) sum += weights[at]! * inputs[k]!;
    outputs[j] = isRectified ? Math.max(0, sum) : sum;
  }
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
