// Running medians against sorting every window.
import { describe, expect, it } from 'vitest';
import { createRunningMedian } from '../../../src/dsp/separation/running-median.js';

function medianBySorting(line: readonly number[], reach: number): number[] {
  return line.map((_, i) => {
    const window = [];
    for (let k = i - reach; k <= i + reach; k++)
      window.push(line[Math.min(line.length - 1, Math.max(0, k))]!);
    return window.sort((a, b) => a - b)[reach]!;
  });
}

describe('createRunningMedian', () => {
  it.each([
    [1, 0],
    [1, 5],
    [2, 3],
    [17, 8],
    [200, 8],
    [200, 32],
  ])('is the median of every window (%i values, reach %i)', (count, reach) => {
    let state = 1;
    const line = Array.from({ length: count }, () => {
      state = (state * 48271) % 2147483647;
      // Few distinct values, so that ties are common.
      return Math.fround(Math.floor((state / 2147483647) * 20) / 7);
    });
    const output = new Float32Array(count);
    createRunningMedian(reach).apply(Float32Array.from(line), output, count);
    expect(Array.from(output)).toEqual(medianBySorting(line, reach));
  });

  it('serves one line after the other', () => {
    const median = createRunningMedian(1);
    const output = new Float32Array(4);
    median.apply(Float32Array.of(9, 9, 9, 9), output, 4);
    median.apply(Float32Array.of(1, 3, 2, 0), output, 4);
    expect(Array.from(output)).toEqual([1, 2, 2, 0]);
    median.apply(new Float32Array(0), output, 0);
  });
});
