// Fits the weights of our own speech detector: logistic regression by Newton's method with a small ridge, on scenes of
// the fitting half. `npx tsx training/voice-activity/fit.ts` rewrites src/dsp/voice-activity/speech-weights.ts.
import { writeFileSync } from 'node:fs';
import { makeScenes } from '../../bench/voice-activity/scenes.js';
import { createSpeechMeter } from '../../src/dsp/voice-activity/speech-features.js';
import { describeFrames } from '../../src/dsp/voice-activity/speech-probability.js';

const SCENES = 150;
const RIDGE = 2;
const STEPS = 12;

const shared = process.env.FORGE_SHARED_DIR ?? '../shared';
const meter = createSpeechMeter();
const inputs: Float64Array[] = [];
const truths: number[] = [];
for (const { samples, truth } of makeScenes(shared, 'fit', SCENES)) {
  const read = (start: number, into: Float32Array) => {
    for (let n = 0; n < into.length; n++) into[n] = samples[start + n] ?? 0;
  };
  const rows = describeFrames(meter(read, 0, truth.length));
  for (let t = 0; t < truth.length; t++) {
    inputs.push(Float64Array.from([1, ...rows.map((row) => row[t]!)]));
    truths.push(truth[t]!);
  }
}

const size = inputs[0]!.length;
let weights = new Float64Array(size);
for (let step = 0; step < STEPS; step++) {
  const gradient = weights.map((weight, k) => (k === 0 ? 0 : -RIDGE * weight));
  const hessian = Array.from({ length: size }, (_, k) =>
    Float64Array.from({ length: size }, (_, l) => (k === l ? RIDGE : 0)),
  );
  for (const [i, x] of inputs.entries()) {
    let score = 0;
    for (let k = 0; k < size; k++) score += weights[k]! * x[k]!;
    const p = 1 / (1 + Math.exp(-score));
    for (let k = 0; k < size; k++) {
      gradient[k]! += (truths[i]! - p) * x[k]!;
      const row = hessian[k]!;
      const curvature = p * (1 - p) * x[k]!;
      for (let l = 0; l < size; l++) row[l]! += curvature * x[l]!;
    }
  }
  const delta = solve(hessian, gradient);
  weights = weights.map((weight, k) => weight + delta[k]!);
  console.error(`step ${step}: ${Math.max(...delta.map(Math.abs)).toExponential(2)}`);
}

const listed = [...weights.slice(1)].map((weight) => `  ${weight.toFixed(4)},`).join('\n');
writeFileSync(
  'src/dsp/voice-activity/speech-weights.ts',
  `// Weights of the model in speech-probability.ts, in the order of describeFrames. Written by
// training/voice-activity/fit.ts; the speech is LibriSpeech (CC BY 4.0), whose recordings are not part of forge.

export const SPEECH_BIAS = ${weights[0]!.toFixed(4)};
export const SPEECH_WEIGHTS: readonly number[] = [
${listed}
];
`,
);

/** Solves a symmetric positive system by elimination with pivots on the diagonal. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const rows = matrix.map((row, k) => Float64Array.from([...row, right[k]!]));
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let l = k; l <= n; l++) rows[i]![l]! -= factor * rows[k]![l]!;
    }
  }
  return Float64Array.from(rows, (row, k) => row[n]! / row[k]!);
}
