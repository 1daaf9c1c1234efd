// The dense layer of the kernels against its plain form, with one base for each output and with one for each cell.
import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { noise } from '../signals.js';

const CELLS = 48;

describe('denseLayer', () => {
  it.each([
    ['one base, rectified', 0, 1],
    ['a base for each cell, as it is', 4, 0],
  ])('gives what the plain form gives: %s', (_, baseStep, isRectified) => {
    const [inputCount, outputCount] = [9, 5];
    const kernels = createKernels(4 * CELLS * (inputCount + 2 * outputCount) + 4096);
    const inputs = kernels.f32(inputCount * CELLS);
    const weights = kernels.f32(outputCount * inputCount);
    const bases = kernels.f32(baseStep === 0 ? outputCount : outputCount * CELLS);
    const outputs = kernels.f32(outputCount * CELLS);
    inputs.set(noise(inputs.length, 1));
    weights.set(noise(weights.length, 2));
    bases.set(noise(bases.length, 3));
    kernels.functions.denseLayer(
      inputs.byteOffset,
      inputCount,
      bases.byteOffset,
      baseStep,
      weights.byteOffset,
      outputs.byteOffset,
      outputCount,
      CELLS,
      4 * CELLS,
      isRectified,
    );
    for (let j = 0; j < outputCount; j++) {
      for (let cell = 0; cell < CELLS; cell++) {
        let sum = baseStep === 0 ? bases[j]! : bases[j * CELLS + cell]!;
        for (let k = 0; k < inputCount; k++) sum += weights[j * inputCount + k]! * inputs[k * CELLS + cell]!;
        const wanted = isRectified === 1 ? Math.max(0, sum) : sum;
        expect(outputs[j * CELLS + cell]!).toBeCloseTo(wanted, 5);
      }
    }
  });
});
