import { expect, it } from 'vitest';
import { createInverseMdct } from '../../src/audio/vorbis-mdct.js';
import { noise } from './fixtures.js';

it.each([64, 256, 1024])('the inverse MDCT of %i frames is its defining sum', (size) => {
  const coefficients = noise(size / 2, size);
  const block = new Float64Array(size);
  createInverseMdct(size).run(coefficients, block);
  for (let t = 0; t < size; t++) {
    let sum = 0;
    for (let k = 0; k < size / 2; k++) {
      sum += coefficients[k]! * Math.cos((Math.PI / 2 / size) * (2 * t + 1 + size / 2) * (2 * k + 1));
    }
    if (Math.abs(block[t]! - sum) > 1e-10) expect.fail(`frame ${t}: ${block[t]} is not ${sum}`);
  }
});
