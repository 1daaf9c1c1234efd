import { describe, expect, it } from 'vitest';
import { byteToDb, powersToBytes, powerToByte } from '../../src/dsp/level-byte.js';

describe('powersToBytes', () => {
  it('gives the bytes of the logarithm, from silence to above full scale', () => {
    const powers = Float32Array.from({ length: 40_000 }, (_, k) => 10 ** (-12 + k / 2500));
    const bytes = new Uint8Array(powers.length + 1);
    powersToBytes(powers, powers.length, 1, bytes, 1);
    expect(bytes[0]).toBe(0);
    for (const [k, power] of powers.entries()) {
      const exact = 2 * (10 * Math.log10(power) + 100);
      // Where a level lies between two bytes within single precision, either may come out.
      if (Math.abs((exact % 1) - 0.5) > 1e-4) expect(bytes[k + 1]).toBe(powerToByte(power));
    }
    expect(Math.max(...bytes)).toBe(255);
  });

  it('scales, and reads zero as silence', () => {
    const bytes = new Uint8Array(3);
    powersToBytes(Float32Array.of(0, 4, 1e9), 3, 0.25, bytes, 0);
    expect(Array.from(bytes)).toEqual([0, powerToByte(1), 255]);
    expect(byteToDb(bytes[1]!)).toBe(0);
  });
});
