import { describe, expect, it } from 'vitest';
import { kneeReductionDb } from '../../../src/dsp/bands/multiband.js';
import { createKernels } from '../../../src/dsp/kernels/instance.js';
import { noise } from '../signals.js';

const FLOOR_DB = -120;
const FULL_ATTACK_DB = 12;

/** The kernel's work once more, by the functions of the language. */
function plainGains(powers: Float64Array, config: readonly number[]): number[] {
  const [attack, release, fastAttack, fastRelease, slowAttack, slowRelease] = config as number[];
  const [makeup, transient, thresholdDbfs, slope, kneeDb] = config.slice(6) as number[];
  const band = { thresholdDbfs: thresholdDbfs!, ratio: 1 / (1 - slope!), kneeDb: kneeDb! };
  let [reduction, fast, slow] = [0, FLOOR_DB, FLOOR_DB];
  return Array.from(powers, (power) => {
    const level = power <= 1e-12 ? FLOOR_DB : 10 * Math.log10(power);
    const wanted = kneeReductionDb(level, band);
    reduction += (wanted > reduction ? attack! : release!) * (wanted - reduction);
    fast += (level > fast ? fastAttack! : fastRelease!) * (level - fast);
    slow += (level > slow ? slowAttack! : slowRelease!) * (level - slow);
    const share = Math.min(1, Math.max(0, (fast - slow) / FULL_ATTACK_DB));
    return 10 ** ((makeup! - reduction + transient! * share) / 20);
  });
}

describe('gains of a band', () => {
  it.each([0, 8])('are those of the plain form, with a knee of %i dB', (kneeDb) => {
    const hops = 5000;
    const levels = noise(hops, 7).map((value, i) => (i % 900 < 20 ? -400 : 70 * value - 60));
    const kernels = createKernels(8 * 4 * hops + 4096);
    const powers = kernels.f64(hops);
    for (let i = 0; i < hops; i++) powers[i] = 10 ** (levels[i]! / 10);
    powers[17] = 0;
    const values = [0.02, 0.003, 0.3, 0.02, 0.01, 0.002, 2.5, 4, -30, 0.6, kneeDb, 1e-12, FLOOR_DB];
    const config = kernels.f64(14);
    config.set([...values, FULL_ATTACK_DB]);
    const state = kernels.f64(4);
    state.set([0, FLOOR_DB, FLOOR_DB, 1]);
    const gains = kernels.f64(2 * hops + 2);
    // In two parts, as blocks are.
    const { bandGains } = kernels.functions;
    bandGains(powers.byteOffset, 1234, config.byteOffset, state.byteOffset, gains.byteOffset);
    const [rest, at] = [hops - 1234, 8 * 1234];
    bandGains(powers.byteOffset + at, rest, config.byteOffset, state.byteOffset, gains.byteOffset + 2 * at);
    const expected = plainGains(powers, values);
    expect([gains[0], gains[1]]).toEqual([1, 1]);
    for (let i = 0; i < hops; i++) {
      expect(Math.abs(gains[2 * i + 2]! / expected[i]! - 1)).toBeLessThan(1e-9);
      expect(gains[2 * i + 3]).toBe(gains[2 * i + 2]);
    }
  });
});

describe('counts of levels', () => {
  it('are those of the logarithm, with the ends for all beyond', () => {
    const kernels = createKernels(8 * 4096);
    const powers = kernels.f64(2000);
    const bins = kernels.f64(50);
    for (const [i, value] of noise(2000, 3).entries()) powers[i] = 10 ** (6 * value - 3);
    powers[0] = 0;
    const expected = new Float64Array(50);
    for (const power of powers)
      expected[Math.min(49, Math.max(0, Math.floor(10 * Math.log10(power + 1e-30)) + 60))]!++;
    kernels.functions.countLevels(powers.byteOffset, 2000, -60, bins.byteOffset, 50);
    expect(bins).toEqual(expected);
  });
});
