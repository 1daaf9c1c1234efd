// Fits the model of our own speech detector: one hidden layer, cross-entropy, Adam over seeded batches, on scenes of the
// fitting half. `npx tsx training/voice-activity/fit.ts` rewrites src/dsp/voice-activity/speech-weights.ts.
import { writeFileSync } from 'node:fs';
import { makeScenes, seeded } from '../../bench/voice-activity/scenes.js';
import { createSpeechMeter } from '../../src/dsp/voice-activity/speech-features.js';
import { describeFrames, loudLevelDb } from '../../src/dsp/voice-activity/speech-probability.js';

const SCENES = 400;
const HIDDEN = 16;
const EPOCHS = 30;
const BATCH = 64;
const RATE = 2e-3;
const DECAY = 1e-4;

const random = seeded(5);
const inputs: Float64Array[] = [];
const truths: number[] = [];
const meter = createSpeechMeter();
for (const { samples, truth } of makeScenes(process.env.FORGE_SHARED_DIR ?? '../shared', 'fit', SCENES)) {
  const read = (start: number, into: Float32Array) => {
    for (let n = 0; n < into.length; n++) into[n] = samples[start + n] ?? 0;
  };
  const features = meter(read, 0, truth.length);
  const rows = describeFrames(features, loudLevelDb(features));
  for (let t = 0; t < truth.length; t++) {
    inputs.push(Float64Array.from([1, ...rows.map((row) => row[t]!)]));
    truths.push(truth[t]!);
  }
}
console.error(`${inputs.length} frames of ${inputs[0]!.length - 1} inputs`);

const width = inputs[0]!.length;
const hiddenSize = HIDDEN * width;
/** Hidden weights row by row, output weights, output bias. */
const weights = Float64Array.from({ length: hiddenSize + HIDDEN + 1 }, () => 0.5 * (random() - 0.5));
const first = new Float64Array(weights.length);
const second = new Float64Array(weights.length);
const gradient = new Float64Array(weights.length);
const units = new Float64Array(HIDDEN);
let step = 0;
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  let loss = 0;
  const batches = Math.floor(inputs.length / BATCH);
  const rate = RATE * 0.5 * (1 + Math.cos((Math.PI * epoch) / EPOCHS));
  for (let batch = 0; batch < batches; batch++) {
    gradient.fill(0);
    for (let i = 0; i < BATCH; i++) loss += addGradient(Math.floor(random() * inputs.length));
    step++;
    for (let k = 0; k < weights.length; k++) {
      const slope = gradient[k]! / BATCH;
      first[k] = 0.9 * first[k]! + 0.1 * slope;
      second[k] = 0.999 * second[k]! + 0.001 * slope * slope;
      const move = first[k]! / (1 - 0.9 ** step) / (Math.sqrt(second[k]! / (1 - 0.999 ** step)) + 1e-8);
      weights[k]! -= rate * (move + DECAY * weights[k]!);
    }
  }
  console.error(`epoch ${epoch}: ${(loss / (batches * BATCH)).toFixed(4)}`);
}
writeWeights();

/** Adds the slope of one frame's cross-entropy, and gives that. */
function addGradient(index: number): number {
  const x = inputs[index]!;
  let score = weights[weights.length - 1]!;
  for (let unit = 0; unit < HIDDEN; unit++) {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += weights[unit * width + k]! * x[k]!;
    units[unit] = Math.tanh(sum);
    score += weights[hiddenSize + unit]! * units[unit]!;
  }
  const p = 1 / (1 + Math.exp(-score));
  const truth = truths[index]!;
  const error = p - truth;
  gradient[weights.length - 1]! += error;
  for (let unit = 0; unit < HIDDEN; unit++) {
    gradient[hiddenSize + unit]! += error * units[unit]!;
    const back = error * weights[hiddenSize + unit]! * (1 - units[unit]! ** 2);
    for (let k = 0; k < width; k++) gradient[unit * width + k]! += back * x[k]!;
  }
  return -Math.log(Math.max(1e-12, truth === 1 ? p : 1 - p));
}

function writeWeights(): void {
  const line = (values: Float64Array) => [...values].map((value) => Number(value.toFixed(4))).join(', ');
  const rows = Array.from(
    { length: HIDDEN },
    (_, unit) => `  [${line(weights.subarray(unit * width, (unit + 1) * width))}],`,
  );
  writeFileSync(
    'src/dsp/voice-activity/speech-weights.ts',
    `// Weights of the model in speech-probability.ts: rows of bias and inputs in the order of describeFrames. Written by
// training/voice-activity/fit.ts; it learned from LibriSpeech (CC BY 4.0) and from free noises and loops, none of
// which is part of forge.
// biome-ignore-all format: one row a unit

export const HIDDEN_WEIGHTS: readonly (readonly number[])[] = [
${rows.join('\n')}
];
export const OUTPUT_WEIGHTS: readonly number[] = [${line(weights.subarray(hiddenSize, hiddenSize + HIDDEN))}];
export const OUTPUT_BIAS = ${Number(weights[weights.length - 1]!.toFixed(4))};
`,
  );
}
