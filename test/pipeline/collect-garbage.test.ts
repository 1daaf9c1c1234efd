import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { collectGarbage } from '../../src/pipeline/collect-garbage.js';

it('frees blocks of samples that V8 would keep', async () => {
  collectGarbage();
  for (let i = 0; i < 20; i++) new Float32Array(1 << 18).fill(1);
  const before = process.memoryUsage().arrayBuffers;
  collectGarbage();
  // Blocks are swept beside this thread.
  await setTimeout(200);
  collectGarbage();
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(10 << 20);
});
