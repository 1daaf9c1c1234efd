import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWav } from '../../src/audio/wav-reader.js';
import { startForge } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/direct-job.js';

function forge(cwd: string, ...args: string[]) {
  return startForge(['drums', ...args], { cwd }).done;
}

describe('forge drums', () => {
  it('writes MIDI, events, audio and stems that add up, and repeats their bytes', async () => {
    const cwd = temporaryFolder();
    const args = ['--persona', 'kyle', '--bars', '4', '--stems', '--rate', '22050', '--json'];
    const first = await forge(cwd, ...args, '--out', 'a');
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    const [result] = JSON.parse(first.stdout).results;
    expect(result.outputs.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(['midi', 'events', 'audio', 'stem']),
    );
    const second = await forge(cwd, ...args, '--out', 'b');
    const hashes = (text: string) =>
      JSON.parse(text).results[0].outputs.map(({ sha256 }: { sha256: string }) => sha256);
    expect(hashes(second.stdout)).toEqual(hashes(first.stdout));
    const read = (path: string) => {
      const reader = openWav(join(cwd, path));
      const block = [new Float64Array(reader.frameCount), new Float64Array(reader.frameCount)];
      reader.read(0, block);
      reader.close();
      return block[0]!;
    };
    const mix = read('a/kyle/drums.wav');
    const stems = result.outputs.filter(({ kind }: { kind: string }) => kind === 'stem');
    const sum = new Float64Array(mix.length);
    for (const { path } of stems) {
      read(path).forEach((sample, i) => {
        sum[i]! += sample;
      });
    }
    // One step of 24 bits for the mix and each stem.
    const worst = mix.reduce((most, sample, i) => Math.max(most, Math.abs(sample - sum[i]!)), 0);
    expect(worst).toBeLessThan((stems.length + 1) / 2 ** 23);
    expect(mix.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeGreaterThan(0.1);
  }, 60_000);

  it('delivers the render in the form that is asked for, under the name that is asked for', async () => {
    const cwd = temporaryFolder();
    const named = await forge(cwd, '--bars', '2', '-o', 'beat.wav', '--depth', '16', '--rate', '44100');
    expect(named.stderr).toBe('');
    expect(named.code).toBe(0);
    const reader = openWav(join(cwd, 'beat.wav'));
    expect(reader.sampleRateHz).toBe(44_100);
    expect(reader.info.encoding).toBe('s16');
    reader.close();
    expect(existsSync(join(cwd, 'forge-out/kyle/drums.wav'))).toBe(false);
    expect(existsSync(join(cwd, 'forge-out/kyle/.scratch'))).toBe(false);
    expect((await forge(cwd, '--bars', '2', '-o', 'beat.mid', '--overwrite')).code).toBe(0);
    expect(readFileSync(join(cwd, 'beat.mid')).subarray(0, 4).toString()).toBe('MThd');
    const idle = await forge(cwd, '--bars', '2', '--depth', '16');
    expect(idle.code).toBe(2);
    expect(idle.stderr).toContain('usage/missing-argument');
  }, 60_000);

  it('writes the file that -o names where there is no folder of results yet', async () => {
    const cwd = temporaryFolder();
    const { code, stderr } = await forge(cwd, '--bars', '2', '-o', 'beat.mid');
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(cwd, 'beat.mid')).subarray(0, 4).toString()).toBe('MThd');
  });

  it('replaces its own files and no others', async () => {
    const cwd = temporaryFolder();
    expect((await forge(cwd, '--bars', '1')).code).toBe(0);
    expect((await forge(cwd, '--bars', '2')).code).toBe(0);
    const midi = join(cwd, 'forge-out/kyle/midi/drums.mid');
    writeFileSync(midi, 'mine');
    const refused = await forge(cwd, '--bars', '1');
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain('output/exists');
    expect(readFileSync(midi, 'utf8')).toBe('mine');
    expect((await forge(cwd, '--bars', '1', '--overwrite')).code).toBe(0);
  }, 60_000);

  it.each([
    [['--persona', 'kyel'], 3, 'preset/not-found'],
    [['--meter', '11/16'], 2, 'usage/bad-option'],
    [['--tempo', '300'], 2, 'usage/bad-option'],
    [['--swing', '101'], 2, 'usage/bad-option'],
    [['--feel', 'sideways'], 2, 'usage/bad-option'],
    [['--bars', '4', '--sections', 'verse:4'], 2, 'usage/conflicting-options'],
    [['--bars', '4', '--bars-from', '5'], 2, 'usage/bad-option'],
    [['--follow', 'nothing.mid'], 4, 'input/not-found'],
    [['--feel', '0.3', '0.5'], 2, 'usage/bad-option'],
    [['--map', 'td12'], 2, 'usage/bad-option'],
    [['--progress', 'loud'], 2, 'usage/bad-option'],
    [['--tempo', '100', '--tempo-from', 'x.mid'], 2, 'usage/conflicting-options'],
    [['--part-seed', '3'], 2, 'usage/missing-argument'],
  ])(
    'refuses %j',
    async (args, code, error) => {
      const result = await forge(temporaryFolder(), ...args);
      expect(result.code).toBe(code);
      expect(result.stderr).toContain(error);
    },
    30_000,
  );

  it('plans and writes nothing', async () => {
    const cwd = temporaryFolder();
    const form = [
      '--meter',
      '7/8',
      '--tempo',
      '1:120 3:126',
      '--sections',
      'intro:2 verse:6',
      '--takes',
      '2',
    ];
    const { code, stdout, stderr } = await forge(cwd, ...form, '--stems', '--dry-run', '--json', '--quiet');
    expect([code, stderr]).toEqual([0, '']);
    const [plan] = JSON.parse(stdout).results;
    expect(plan).toMatchObject({ status: 'planned', meter: '7/8', barCount: 8, tempoBpm: 120 });
    expect(plan.outputs).toContain(join('forge-out', 'kyle', 'midi', 'drums.take2.mid'));
    expect(existsSync(join(cwd, 'forge-out'))).toBe(false);
  }, 30_000);

  it('lists its personas', async () => {
    const { stdout, code } = await forge(temporaryFolder(), '--list', '--json');
    expect(code).toBe(0);
    const { personas } = JSON.parse(stdout);
    expect(personas.length).toBeGreaterThanOrEqual(28);
    for (const persona of personas)
      expect(Object.keys(persona)).toEqual(expect.arrayContaining(['id', 'genre', 'summary']));
  }, 30_000);
});
