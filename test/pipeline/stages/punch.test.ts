// The stage punch: more attack and less between the hits, its figures, silence, and ranges that join.
import { describe, expect, it } from 'vitest';
import { bleedGate } from '../../../src/dsp/bands/bleed-gate.js';
import { multiband } from '../../../src/dsp/bands/multiband.js';
import { createChain } from '../../../src/dsp/chain.js';
import { punchStage } from '../../../src/pipeline/stages/punch.js';
import { runDevice } from '../../dsp/devices.js';
import { audioRefOf, readAll, runStage } from '../../helpers/direct-job.js';

const RATE_HZ = 44_100;

/** A decaying click of noise every half second over a faint steady tone, which stands for bleed. */
function drumsWithBleed(durationSec: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: durationSec * RATE_HZ }, (_, i) => {
    state = (state * 48271) % 2147483647;
    const beatSec = (i % (RATE_HZ / 2)) / RATE_HZ;
    const hit = 0.4 * Math.exp(-beatSec * 40) * ((2 * state) / 2147483647 - 1);
    return hit + 0.006 * Math.sin((2 * Math.PI * 600 * i) / RATE_HZ);
  });
}

interface Report {
  crestFactorBeforeDb: number | null;
  crestFactorAfterDb: number | null;
  betweenHitsBeforeDb: number | null;
  betweenHitsAfterDb: number | null;
}

describe('punch', () => {
  it('raises attacks and lowers what is between, and its figures say so', async () => {
    const drums = drumsWithBleed(6);
    const { outputs, outcome } = await runStage(
      punchStage,
      { audio: audioRefOf([drums, drums], RATE_HZ) },
      {},
    );
    const report = punchStage.result.parse(outcome.data) as Report;
    expect(report.crestFactorAfterDb!).toBeGreaterThan(report.crestFactorBeforeDb! + 2);
    expect(report.betweenHitsAfterDb!).toBeLessThan(report.betweenHitsBeforeDb! - 10);
    const [out] = readAll(outputs.audio!);
    const peak = (samples: Float32Array) => samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(peak(out!)).toBeGreaterThan(1.3 * peak(drums));
  });

  it('does nothing but delay-free band splitting at neutral settings: the level stays', async () => {
    const drums = drumsWithBleed(3);
    const { outputs } = await runStage(
      punchStage,
      { audio: audioRefOf([drums], RATE_HZ) },
      { rangeDb: 0, attackDb: 0 },
    );
    const energy = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0);
    const [out] = readAll(outputs.audio!);
    expect(energy(out!) / energy(drums)).toBeCloseTo(1, 1);
    // The first hit is where it was: the chain's delay is taken out.
    const first = (samples: Float32Array) => samples.findIndex((x) => Math.abs(x) > 0.1);
    expect(Math.abs(first(out!) - first(drums))).toBeLessThan(50);
  });

  it('gives over the border of its ranges what the devices give in one go', async () => {
    const drums = drumsWithBleed(32);
    const { outputs } = await runStage(punchStage, { audio: audioRefOf([drums], RATE_HZ) }, {});
    const [out] = readAll(outputs.audio!);
    const cornersHz = [150, 1200, 6000];
    const bands = [5, 5, 5, 3].map((transientDb) => ({ transientDb }));
    const chain = createChain([
      bleedGate.create(bleedGate.options.parse({ cornersHz }), RATE_HZ, 1),
      multiband.create(multiband.options.parse({ cornersHz, bands }), RATE_HZ, 1),
    ]);
    const [whole] = runDevice(chain, [drums]);
    const border = 30 * RATE_HZ;
    expect(out!.subarray(border - 5000, border + 5000)).toEqual(
      whole!.subarray(border - 5000, border + 5000),
    );
  });

  it('gives null for silence', async () => {
    const silence = [new Float32Array(5000)];
    const { outcome } = await runStage(punchStage, { audio: audioRefOf(silence, RATE_HZ) }, {});
    expect(Object.values(outcome.data as object).every((value) => value === null)).toBe(true);
  });
});
