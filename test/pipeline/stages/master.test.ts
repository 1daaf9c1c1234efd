import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { masterStage } from '../../../src/pipeline/stages/master.js';
import { masterSchema } from '../../../src/pipeline/stages/master-schema.js';
import { musicLike, noise, sine } from '../../dsp/signals.js';
import { audioRefOf, runStage } from '../../helpers/direct-job.js';

async function master(channels: readonly Float32Array[], options: object, rateHz = 48_000, bits = 24) {
  const { outcome, outputs } = await runStage(masterStage, { mix: audioRefOf(channels, rateHz) }, options, {
    delivery: { sampleFormat: { kind: 'int', bits } },
  });
  const entry: z.output<typeof masterSchema> = masterSchema.parse(outcome.data);
  return { entry, missed: outcome.missed, outputs };
}

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

describe('master', () => {
  it.skipIf(!hasFfmpeg)('holds the ceiling after a lossy codec (needs ffmpeg)', async () => {
    const channels = musicLike(48_000 * 8, 48_000, 4, 1.2);
    const { outcome } = await runStage(
      masterStage,
      { mix: audioRefOf(channels, 48_000) },
      { preset: 'cd', character: 'none' },
      { delivery: { container: 'mp3', bitrateKbps: 128 } },
    );
    const entry: z.output<typeof masterSchema> = masterSchema.parse(outcome.data);
    expect(entry.after.loudness.truePeakDbtp).toBeLessThanOrEqual(-0.3);
    const limiter = entry.chain.find(({ device }) => device === 'limiter')!;
    expect(limiter.settings.ceilingDb).toBeLessThan(-0.31);
  });

  it.each(['spotify', 'apple-music', 'youtube', 'podcast', 'broadcast', 'cd'])(
    'reaches %s',
    async (preset) => {
      const { entry, missed } = await master(musicLike(48_000 * 12, 48_000), { preset });
      expect(missed).toBeUndefined();
      const target = entry.target as { integratedLufs: number; truePeakDbtp: number };
      expect(Math.abs(entry.after.loudness.integratedLufs! - target.integratedLufs)).toBeLessThanOrEqual(0.1);
      expect(entry.after.loudness.truePeakDbtp).toBeLessThanOrEqual(target.truePeakDbtp);
      // At 48 kHz and 24 bits: the form of a CD is another.
      const isForm = ({ rule }: { rule: string }) => rule === 'sampleRateHz' || rule === 'bitDepth';
      for (const check of entry.checks) expect(check.pass).toBe(preset !== 'cd' || !isForm(check));
    },
  );

  it('uses gain alone where that reaches the target', async () => {
    const { entry } = await master(musicLike(48_000 * 6, 48_000, 1, 0.2), { preset: 'broadcast' });
    expect(entry.chain.map(({ device }) => device)).toEqual(['gain']);
  });

  it('holds the ceiling at 16 bits, at 8 and 96 kHz, and in mono', async () => {
    for (const [rateHz, channels] of [
      [8_000, 1],
      [96_000, 2],
    ] as const) {
      const signal = musicLike(rateHz * 5, rateHz, 3, 0.9).slice(0, channels);
      const { entry } = await master(signal, { preset: 'cd' }, rateHz, 16);
      expect(entry.after.loudness.truePeakDbtp).toBeLessThanOrEqual(-0.3);
      expect(Math.abs(entry.after.loudness.integratedLufs! + 10.5)).toBeLessThanOrEqual(0.1);
    }
  });

  it('says what it missed when the target asks for too much', async () => {
    const click = new Float32Array(48_000 * 5);
    click[100_000] = 0.9;
    const { entry, missed } = await master([click], { preset: 'spotify' });
    expect(missed?.code).toBe('target/missed');
    expect(entry.after.loudness.truePeakDbtp).toBeLessThanOrEqual(-1);
    const quiet = sine(48_000 * 5, 1000, 48_000, 1e-3).map((value, i) => (i === 70_000 ? 0.9 : value));
    const second = await master([quiet], { preset: 'spotify' });
    expect(second.missed?.message).toMatch(/spotify: integratedLufs is -\d/);
  });

  it('raises a programme that lies under the gate of loudness', async () => {
    const faint = musicLike(48_000 * 6, 48_000, 1, 0.0008);
    const { entry, missed } = await master(faint, { preset: 'broadcast' });
    expect(entry.before.loudness.integratedLufs).toBeNull();
    expect(missed).toBeUndefined();
    expect(entry.after.loudness.integratedLufs).toBeCloseTo(-23, 1);
    const loud = await master(faint, { preset: 'cd', character: 'none' });
    expect(loud.entry.gainDb).toBeGreaterThan(60);
    expect(loud.entry.after.loudness.integratedLufs).toBeCloseTo(-10.5, 1);
  });

  it('leaves silence silent and reports it as missed', async () => {
    const { entry, missed } = await master([new Float32Array(48_000), new Float32Array(48_000)], {});
    expect(missed?.message).toContain('no sound');
    expect(entry.after.loudness.samplePeakDbfs).toBeNull();
  });

  it('masters noise that is far too loud', async () => {
    const { entry, missed } = await master([noise(48_000 * 4, 1, 1), noise(48_000 * 4, 2, 1)], {});
    expect(missed).toBeUndefined();
    expect(entry.gainDb).toBeLessThan(-5);
  });
});
