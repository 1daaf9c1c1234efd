import { expect, it } from 'vitest';
import { collectGarbage } from '../../src/pipeline/collect-garbage.js';

it('frees blocks of samples that V8 would keep', () => {
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 20; i++) new Float32Array(1 << 18).fill(1);
  collectGarbage();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 << 20);
});
