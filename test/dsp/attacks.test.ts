import { describe, expect, it } from 'vitest';
import { AttackFinder } from '../../src/dsp/attacks.js';

const RATE_HZ = 44_100;

function bass(times: readonly number[], durationSec: number): Float64Array {
  const out = new Float64Array(Math.ceil(durationSec * RATE_HZ));
  times.forEach((time, note) => {
    const start = Math.round(time * RATE_HZ);
    const end = Math.round((times[note + 1] ?? durationSec) * RATE_HZ);
    const hz = 41.2 * 2 ** ((note % 5) / 12);
    for (let i = start; i < end; i++) {
      const t = (i - start) / RATE_HZ;
      const body = Math.exp(-3 * t) * Math.sin(2 * Math.PI * hz * t);
      const pluck = Math.exp(-60 * t) * Math.sin(2 * Math.PI * 1400 * t);
      out[i] = Math.min(1, t / 0.002) * (0.5 * body + 0.15 * pluck);
    }
  });
  return out;
}

describe('attacks', () => {
  it('are found within 10 ms, in blocks of any size, and no others', () => {
    const times = [0.1, 0.6, 0.85, 1.1, 1.6, 2.1, 2.225, 2.6];
    const samples = bass(times, 3);
    for (const size of [1000, 44_100]) {
      const finder = new AttackFinder(RATE_HZ);
      for (let at = 0; at < samples.length; at += size) finder.push(samples.subarray(at, at + size));
      const found = finder.finish();
      expect(found.length).toBe(times.length);
      found.forEach(({ timeSec, strength }, i) => {
        expect(Math.abs(timeSec - times[i]!)).toBeLessThan(0.01);
        expect(strength).toBeGreaterThan(0);
        expect(strength).toBeLessThanOrEqual(1);
      });
    }
  });

  it('are none in silence', () => {
    const finder = new AttackFinder(RATE_HZ);
    finder.push(new Float64Array(RATE_HZ));
    expect(finder.finish()).toEqual([]);
  });
});
