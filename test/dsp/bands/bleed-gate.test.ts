// The gate between the hits of a drum stem: hits pass whole, what lies between goes down by the range, bands are apart.
import { describe, expect, it } from 'vitest';
import { bleedGate, createBleedGate } from '../../../src/dsp/bands/bleed-gate.js';
import { levelDb, runDevice, toneLevelDb } from '../devices.js';
import { noise, sine } from '../signals.js';

const RATE_HZ = 48_000;
const BEAT = RATE_HZ / 2;
const gate = (settings: object = {}, channelCount = 1) =>
  createBleedGate(bleedGate.options.parse(settings), RATE_HZ, channelCount);

/** A burst of noise of 30 ms every half second. */
function hits(frames: number): Float32Array {
  return noise(frames, 3, 0.5).map((sample, i) => sample * Math.exp(-(i % BEAT) / (0.01 * RATE_HZ)));
}

function add(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((sample, i) => sample + b[i]!);
}

describe('bleed-gate', () => {
  it('turns steady bleed between hits down by its range', () => {
    const bleed = sine(4 * RATE_HZ, 700, RATE_HZ, 0.01);
    const [out] = runDevice(gate({ rangeDb: 24 }), [add(hits(4 * RATE_HZ), bleed)]);
    // From 300 to 480 ms after a hit: held, released, and before the look-ahead of the next.
    const between = (samples: Float32Array) => samples.subarray(3 * BEAT + 14_400, 3 * BEAT + 23_000);
    expect(toneLevelDb(between(out!), 700, RATE_HZ)).toBeLessThan(-40 - 20);
    expect(toneLevelDb(between(out!), 700, RATE_HZ)).toBeGreaterThan(-40 - 26);
  });

  it('lets hits pass whole: no attack is cut', () => {
    const [out] = runDevice(gate(), [hits(4 * RATE_HZ)]);
    const [still] = runDevice(gate({ rangeDb: 0 }), [hits(4 * RATE_HZ)]);
    for (let beat = 2; beat < 8; beat++) {
      const hit = (samples: Float32Array) => samples.subarray(beat * BEAT, beat * BEAT + 480);
      expect(Math.abs(levelDb(hit(out!)) - levelDb(hit(still!)))).toBeLessThan(0.1);
    }
  });

  it('leaves a signal alone that never falls', () => {
    const steady = noise(2 * RATE_HZ, 5, 0.3);
    const [out] = runDevice(gate(), [steady]);
    const [still] = runDevice(gate({ rangeDb: 0 }), [steady]);
    expect(levelDb(out!.subarray(RATE_HZ))).toBeCloseTo(levelDb(still!.subarray(RATE_HZ)), 2);
  });

  it('holds bands apart: a cymbal does not open the mid for bleed', () => {
    const cymbal = sine(4 * RATE_HZ, 10_000, RATE_HZ, 0.2);
    const mixed = add(add(hits(4 * RATE_HZ), sine(4 * RATE_HZ, 500, RATE_HZ, 0.01)), cymbal);
    const [out] = runDevice(gate({ rangeDb: 24 }), [mixed]);
    const part = out!.subarray(3 * BEAT + 14_400, 3 * BEAT + 23_000);
    expect(toneLevelDb(part, 10_000, RATE_HZ)).toBeGreaterThan(-15);
    expect(toneLevelDb(part, 500, RATE_HZ)).toBeLessThan(-60);
  });

  it('gates both channels alike', () => {
    const left = hits(2 * RATE_HZ);
    const right = sine(2 * RATE_HZ, 700, RATE_HZ, 0.05);
    const [, out] = runDevice(gate({ holdMs: 0 }, 2), [left, right]);
    const opened = out!.subarray(2 * BEAT + 100, 2 * BEAT + 400);
    const closed = out!.subarray(2 * BEAT + 18_000, 2 * BEAT + 18_300);
    expect(levelDb(opened)).toBeGreaterThan(levelDb(closed) - 1);
  });
});
