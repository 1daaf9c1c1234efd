import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { forge, jsonOf, testSong, writeWav } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/direct-job.js';

const PROGRAM = resolve(import.meta.dirname, '../../dist/bundle/forge.cjs');

describe('forge', () => {
  const cwd = temporaryFolder();

  it('prints its version alone', async () => {
    const result = await forge(['--version'], { cwd });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('starts from the code that the build compiled, and without it where V8 refuses it', async () => {
    const isCompiled = async (...flags: string[]) => {
      const script = `process.stdout.write(String(require(${JSON.stringify(PROGRAM)}).isCompiled))`;
      return (await promisify(execFile)(process.execPath, [...flags, '-e', script])).stdout;
    };
    expect(await isCompiled()).toBe('true');
    expect(await isCompiled('--max-lazy')).toBe('false');
  });

  it('shows help on stdout, for itself and for every command', async () => {
    const all = await forge(['--help'], { cwd });
    expect(all.code).toBe(0);
    for (const name of [
      'run',
      'split',
      'denoise',
      'analyze',
      'master',
      'compare',
      'replay',
      'presets',
      'models',
      'doctor',
    ]) {
      expect(all.stdout).toContain(`  ${name}`);
    }
    const master = await forge(['master', '--help'], { cwd });
    expect(master.stdout).toContain('--preset');
    expect(master.stdout).toContain('--dry-run');
  });

  it('without a command shows help and counts it as a usage error', async () => {
    const result = await forge([], { cwd });
    expect(result.code).toBe(2);
  });

  it.each([
    [['spilt', 'song.wav'], 'usage/unknown-command'],
    [['analyze', '--loudest', 'song.wav'], 'usage/unknown-option'],
    [['analyze'], 'usage/missing-argument'],
    [['analyze', 'song.wav', '--jobs', 'many'], 'usage/bad-option'],
    [['analyze', 'song.wav', '--progress', 'dots'], 'usage/bad-option'],
    [['analyze', 'song.wav', '--set', 'loudness'], 'usage/bad-option'],
    [['analyze', 'song.wav', '--set', 'master.preset=cd'], 'usage/bad-option'],
    [['analyze', 'song.wav', '--only', 'loudnes'], 'usage/bad-option'],
    [['help', 'spilt'], 'usage/unknown-command'],
  ])('%j ends with 2 and %s', async (args, code) => {
    writeWav(join(cwd, 'song.wav'), testSong(0.5), 44_100);
    const result = await forge(args, { cwd });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(`[${code}]`);
  });

  it('gives the error as JSON too', async () => {
    const result = await forge(['analyze', '--nonsense', '--json'], { cwd });
    expect(result.code).toBe(2);
    expect(jsonOf(result)).toMatchObject({
      schema: 'forge.analyze/1',
      results: [],
      error: { code: 'usage/unknown-option' },
    });
  });

  it('describes every command, option and error code for scripts', async () => {
    const help = jsonOf<{
      commands: { name: string; options: { flags: string }[] }[];
      errorCodes: { code: string; exitCode: number }[];
    }>(await forge(['help', '--json'], { cwd }));
    const run = help.commands.find(({ name }) => name === 'run')!;
    expect(run.options.map(({ flags }) => flags)).toEqual(
      expect.arrayContaining(['--preset <name>', '--json', '--dry-run']),
    );
    expect(help.errorCodes).toContainEqual(expect.objectContaining({ code: 'input/truncated', exitCode: 4 }));
  });

  it.each(['bash', 'zsh', 'fish'])('prints a completion script for %s', async (shell) => {
    const result = await forge(['completion', shell], { cwd });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('analyze');
    expect(result.stdout).toContain(shell === 'fish' ? 'tolerate-damage' : '--tolerate-damage');
  });

  it('keeps data on stdout and everything else on stderr', async () => {
    const folder = join(cwd, 'pipes');
    mkdirSync(folder);
    writeWav(join(folder, 'song.wav'), testSong(1), 44_100);
    const result = await forge(['analyze', 'song.wav', '--json'], { cwd: folder });
    expect(jsonOf(result).results).toHaveLength(1);
    expect(result.stderr).toContain('song: ');
    const quiet = await forge(['analyze', 'song.wav', '--json', '--quiet'], { cwd: folder });
    expect(quiet.stderr).toBe('');
    const lines = await forge(['analyze', 'song.wav', '--progress', 'json'], { cwd: folder });
    const events = lines.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.at(-1)).toMatchObject({ event: 'done', status: 'ok' });
    expect(events.some(({ event }) => event === 'progress')).toBe(true);
  });

  it('reads standard input by -', async () => {
    const folder = join(cwd, 'stdin');
    mkdirSync(folder);
    const { readFileSync } = await import('node:fs');
    const path = writeWav(join(folder, 'x.wav'), testSong(1), 44_100);
    const result = await forge(['analyze', '-', '--json'], { cwd: folder, stdin: readFileSync(path) });
    expect(result.code).toBe(0);
    expect(jsonOf(result).results[0]).toMatchObject({ status: 'ok', folder: join('forge-out', 'stdin') });
  });
});
