import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { masterStage } from '../../../src/pipeline/stages/master.js';
import { chooseCharacter, pauseShare } from '../../../src/pipeline/stages/master-choice.js';
import { masterSchema } from '../../../src/pipeline/stages/master-schema.js';
import { musicLike, noise } from '../../dsp/signals.js';
import { audioRefOf, runStage } from '../../helpers/direct-job.js';

const RATE_HZ = 44_100;

async function master(channels: readonly Float32Array[], options: object) {
  const { outcome } = await runStage(masterStage, { mix: audioRefOf(channels, RATE_HZ) }, options, {
    delivery: { sampleFormat: { kind: 'int', bits: 24 } },
  });
  const entry: z.output<typeof masterSchema> = masterSchema.parse(outcome.data);
  return { entry, missed: outcome.missed };
}

const devices = (entry: z.output<typeof masterSchema>) => entry.chain.map(({ device }) => device);
const music = musicLike(RATE_HZ * 10, RATE_HZ, 5, 0.5);

describe('character', () => {
  it('differs by what the chain holds, and says why', async () => {
    const valve = (await master(music, { character: 'valve' })).entry;
    const transparent = (await master(music, { character: 'transparent' })).entry;
    expect(devices(valve)).toContain('saturator');
    expect(devices(valve)).toContain('multiband');
    expect(devices(transparent)).not.toContain('multiband');
    for (const { reason } of valve.chain) expect(reason.length).toBeGreaterThan(10);
    expect(valve.choice?.reason).toContain('character valve as asked');
    for (const entry of [valve, transparent]) expect(entry.after.loudness.integratedLufs).toBeCloseTo(-14, 1);
  });

  it('is left out where the target or the user wants none', async () => {
    expect(devices((await master(music, { character: 'none' })).entry)).not.toContain('fir-equaliser');
    expect((await master(music, { preset: 'archive' })).entry.chain).toHaveLength(1);
  });

  it('is chosen by measures unless it is asked for', () => {
    const evidence = {
      loudness: { loudnessRangeLu: 4 } as never,
      dynamics: { crestFactorDb: 12 } as never,
      stereo: { sideToMidDb: -10 } as never,
      spectrum: { bands: { subBass: -2, bass: -5, presence: -15, air: -18 }, tiltDbPerOctave: -4 } as never,
      hopMeans: new Float64Array(100).fill(1),
    };
    const auto = chooseCharacter({ genre: 'auto', character: 'auto', curve: 'auto' }, evidence);
    expect(auto).toMatchObject({ genre: 'edm', character: 'punch', curve: 'edm' });
    const asked = chooseCharacter({ genre: 'jazz', character: 'valve', curve: 'auto' }, evidence);
    expect(asked).toMatchObject({ character: 'valve', curve: 'jazz' });
    expect(pauseShare(Float64Array.from({ length: 10 }, (_, i) => (i < 3 ? 1e-6 : 1)))).toBeCloseTo(0.3, 9);
  });
});

describe('options', () => {
  it('linearOnly refuses anything but gain', async () => {
    const { entry, missed } = await master(music, { preset: 'cd', linearOnly: true });
    expect(devices(entry)).toEqual(['gain']);
    expect(missed?.code).toBe('target/missed');
    expect(entry.after.loudness.truePeakDbtp).toBeLessThanOrEqual(-0.3);
  });

  it('skipWithinLu leaves a mix that is there already', async () => {
    const first = await master(music, { character: 'none' });
    const gain = 10 ** (first.entry.gainDb / 20);
    const near = music.map((samples) => samples.map((x) => x * gain * 0.99));
    const { entry } = await master(near, { skipWithinLu: 0.5, preset: 'archive' });
    expect(entry.gainDb).not.toBe(0);
    const quiet = music.map((samples) =>
      samples.map((x) => x * 10 ** ((-23 - first.entry.before.loudness.integratedLufs!) / 20)),
    );
    const skipped = await master(quiet, { skipWithinLu: 0.2, preset: 'broadcast' });
    expect(skipped.entry.gainDb).toBe(0);
    expect(skipped.entry.chain).toEqual([]);
    expect(skipped.missed).toBeUndefined();
  });

  it('albumGainDb sets the gain', async () => {
    const { entry } = await master(music, { albumGainDb: -3, preset: 'archive' });
    expect(entry.gainDb).toBe(-3);
    expect(entry.after.loudness.integratedLufs! - entry.before.loudness.integratedLufs!).toBeCloseTo(-3, 2);
  });

  it('a mono target makes one channel', async () => {
    const { entry } = await master(music, { preset: 'podcast-mono', character: 'none' });
    expect(entry.after.loudness.truePeaksDbtp).toHaveLength(1);
    expect(devices(entry)[0]).toBe('mono');
    expect(entry.after.loudness.integratedLufs).toBeCloseTo(-19, 1);
  });

  it('a mono bass is mono where the target asks for it', async () => {
    const { entry } = await master(music, { preset: 'club' });
    expect(devices(entry)).toContain('stereo-width');
    expect(entry.after.loudness.samplePeakDbfs).toBeLessThanOrEqual(0);
  });

  it('a target of unweighted level is met', async () => {
    const { entry } = await master(music, { preset: 'acx', character: 'none' });
    const rms = entry.checks.find(({ rule }) => rule === 'rmsDbfs');
    expect(rms).toMatchObject({ pass: true });
  });
});

describe('reference', () => {
  it('brings spectrum and loudness near', async () => {
    const reference = audioRefOf(
      [noise(RATE_HZ * 8, 1, 0.1), noise(RATE_HZ * 8, 2, 0.1)].map((white) => {
        // A one-pole low pass: 6 dB an octave.
        let last = 0;
        return white.map((x) => {
          last += 0.15 * (x - last);
          return last * 3;
        });
      }),
      RATE_HZ,
      'reference',
    );
    const pink = [noise(RATE_HZ * 8, 3, 0.2), noise(RATE_HZ * 8, 4, 0.2)];
    const { entry } = await master(pink, { preset: 'reference', reference: [reference.path] });
    const target = (await master([...pink], { preset: 'reference' })).entry.before;
    const own = (await runStage(masterStage, { mix: reference }, { preset: 'archive' })).outcome.data as {
      before: { loudness: { integratedLufs: number }; spectrum: { thirdOctavesDb: number[] } };
    };
    const distance = (levels: readonly (number | null)[]) => {
      const bands = [...levels.keys()].filter((i) => i >= 4 && i <= 28);
      return (
        bands.reduce((sum, i) => sum + Math.abs(levels[i]! - own.before.spectrum.thirdOctavesDb[i]!), 0) /
        bands.length
      );
    };
    expect(distance(entry.after.spectrum.thirdOctavesDb)).toBeLessThan(
      0.35 * distance(target.spectrum.thirdOctavesDb),
    );
    expect(Math.abs(entry.after.loudness.integratedLufs! - own.before.loudness.integratedLufs)).toBeLessThan(
      0.1,
    );
  });
});
