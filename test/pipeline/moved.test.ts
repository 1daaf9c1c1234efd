import { transferableSymbol, valueSymbol } from 'piscina';
import { describe, expect, it } from 'vitest';
import { moved } from '../../src/pipeline/moved.js';

function transferredBy(value: unknown): unknown[] {
  return (moved(value) as Record<symbol, unknown[]>)[transferableSymbol]!;
}

describe('a summary that is handed over without a copy', () => {
  const large = new Float64Array(20_000);

  it('moves large arrays wherever they stand, each once', () => {
    const levels = new Float32Array(30_000);
    const value = { value: { hops: large, parts: [{ levels }, large] } };
    const made = moved(value) as Record<symbol, unknown>;
    expect(made[transferableSymbol]).toEqual([large.buffer, levels.buffer]);
    expect(made[valueSymbol]).toBe(value);
  });

  it('leaves behind what other arrays or threads hold as well', () => {
    const shared = new Float64Array(new SharedArrayBuffer(160_000));
    const part = new Float32Array(100_000).subarray(1);
    expect(transferredBy([large, shared, part, new Uint8Array(100)])).toEqual([large.buffer]);
  });

  it('passes on what has no large array as it is', () => {
    const value = { value: { gate: -70, name: 'song', peaks: new Float64Array(2), none: null } };
    expect(moved(value)).toBe(value);
  });
});
