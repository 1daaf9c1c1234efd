// The stage punch: more attack and less between the hits, its figures, silence, and ranges that join.
import { describe, expect, it } from 'vitest';
import { punchStage } from '../../../src/pipeline/stages/punch.js';
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

  it('is one signal over the border of its ranges', async () => {
    const drums = drumsWithBleed(40);
    const { outputs } = await runStage(punchStage, { audio: audioRefOf([drums], RATE_HZ) }, {});
    const [out] = readAll(outputs.audio!);
    // The signal repeats by the beat but for its noise; a seam at 30 s would stand out of the tone between hits.
    const slewAt = (at: number) => {
      let most = 0;
      for (let i = at - 200; i < at + 200; i++) most = Math.max(most, Math.abs(out![i]! - out![i - 1]!));
      return most;
    };
    const border = 30 * RATE_HZ;
    const shifted = border - 100;
    expect(slewAt(shifted - 300)).toBeLessThan(3 * slewAt(shifted - 300 - 5 * RATE_HZ));
  });

  it('gives null for silence', async () => {
    const silence = [new Float32Array(5000)];
    const { outcome } = await runStage(punchStage, { audio: audioRefOf(silence, RATE_HZ) }, {});
    expect(Object.values(outcome.data as object).every((value) => value === null)).toBe(true);
  });
});
