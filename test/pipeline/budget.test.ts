import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/pipeline/budget.js';

/** Runs claims and gives the largest sum of cores and memory that was under way at once. */
async function peakOf(budget: Budget, claims: readonly { cores: number; memoryMb: number }[]) {
  const now = { cores: 0, memoryMb: 0 };
  const peak = { cores: 0, memoryMb: 0 };
  await Promise.all(
    claims.map((claim) =>
      budget.with(claim, async () => {
        now.cores += claim.cores;
        now.memoryMb += claim.memoryMb;
        peak.cores = Math.max(peak.cores, now.cores);
        peak.memoryMb = Math.max(peak.memoryMb, now.memoryMb);
        await new Promise((resolve) => setTimeout(resolve, 1));
        now.cores -= claim.cores;
        now.memoryMb -= claim.memoryMb;
      }),
    ),
  );
  return peak;
}

describe('Budget', () => {
  it('never grants more cores or memory than there are', async () => {
    const claims = Array.from({ length: 40 }, (_, i) => ({
      cores: 1 + (i % 3),
      memoryMb: 100 * (1 + (i % 4)),
    }));
    const peak = await peakOf(new Budget(4, 700), claims);
    expect(peak.cores).toBeLessThanOrEqual(4);
    expect(peak.memoryMb).toBeLessThanOrEqual(700);
    expect(peak.cores).toBeGreaterThan(1);
  });

  it('runs a claim larger than the whole alone', async () => {
    const order: string[] = [];
    const budget = new Budget(2, 100);
    await Promise.all([
      budget.with({ cores: 1, memoryMb: 10 }, async () => void order.push('small')),
      budget.with({ cores: 8, memoryMb: 900 }, async () => void order.push('large')),
      budget.with({ cores: 1, memoryMb: 10 }, async () => void order.push('later')),
    ]);
    expect(order).toEqual(['small', 'large', 'later']);
  });

  it('gives back what a failed task held', async () => {
    const budget = new Budget(1, 10);
    await expect(
      budget.with({ cores: 1, memoryMb: 10 }, async () => {
        throw new Error('boom');
      }),
    ).rejects.toThrow('boom');
    await expect(budget.with({ cores: 1, memoryMb: 10 }, async () => 'free')).resolves.toBe('free');
  });

  it('lets a chain go from step to step, whoever waits', async () => {
    const budget = new Budget(1, 100);
    const order: string[] = [];
    const others = async () => {
      for (const name of ['a', 'b', 'c'])
        void budget.with({ cores: 1, memoryMb: 10 }, async () => void order.push(name));
    };
    const chain = async () => {
      for (let step = 1; step <= 3; step++) {
        await budget.with({ cores: 1, memoryMb: 10, isChained: true }, async () => {
          if (step === 1) await others();
          order.push(`step ${step}`);
        });
      }
    };
    await chain();
    await budget.with({ cores: 1, memoryMb: 10 }, async () => void order.push('last'));
    expect(order).toEqual(['step 1', 'step 2', 'step 3', 'a', 'b', 'c', 'last']);
  });
});
