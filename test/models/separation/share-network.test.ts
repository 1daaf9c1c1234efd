// The packaged separating network against PyTorch's recorded answer, and what must hold of any answer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShareNetwork } from '../../../src/dsp/separation/network-range.js';
import { PACKAGE_WEIGHTS_DIR } from '../../../src/models/card.js';
import { createShareNetwork } from '../../../src/models/separation/share-network.js';

const FRAMES = 2;
/** Every so many bins are recorded (training/forge-lite/export.py). */
const RECORDED_STEP = 40;

let network: ShareNetwork;
beforeAll(async () => {
  network = await createShareNetwork(join(PACKAGE_WEIGHTS_DIR, 'forge-lite', 'forge-lite.onnx'));
});

/** As made_powers() of training/forge-lite/export.py. */
function madePowers(): Float32Array {
  const size = 3 * (FRAMES + 2 * network.marginFrames) * network.binCount;
  return Float32Array.from(
    { length: size },
    (_, i) => (Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1) ** 4 * 100,
  );
}

describe('forge-lite', () => {
  it('gives the shares that PyTorch gives', async () => {
    const path = join(import.meta.dirname, '../../../fixtures/forge-lite/shares.json');
    const recorded = JSON.parse(readFileSync(path, 'utf8')) as { shares: number[] };
    const shares = await network.judge(madePowers(), FRAMES);
    const heard = shares.filter((_, i) => (i % network.binCount) % RECORDED_STEP === 0);
    expect(heard.length).toBe(recorded.shares.length);
    // Weights of 16 bits against those of 32.
    for (const [i, share] of heard.entries())
      expect(Math.abs(share - recorded.shares[i]!)).toBeLessThan(2e-3);
  });

  it.each(['noise', 'silence'])('gives shares that sum to one, of %s', async (kind) => {
    const powers = kind === 'noise' ? madePowers() : madePowers().fill(0);
    const shares = await network.judge(powers, FRAMES);
    const stemSize = FRAMES * network.binCount;
    for (let channel = 0; channel < 2; channel++)
      for (let i = 0; i < stemSize; i++) {
        let sum = 0;
        for (let stem = 0; stem < 4; stem++) sum += shares[(4 * channel + stem) * stemSize + i]!;
        expect(Math.abs(sum - 1)).toBeLessThan(1e-4);
      }
  });
});
