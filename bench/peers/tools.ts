// What the loudness and mastering benchmarks share: running programs under GNU time, the judge, and inputs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createWavWriter } from '../../dist/audio/wav-writer.js';

export const FORGE = join(import.meta.dirname, '../../bin/forge.js');
const PEERS = join(import.meta.dirname, '../.peers');
export const JUDGE = join(PEERS, 'r128');
export const PYTHON = join(PEERS, 'venv/bin/python');
export const SHARED_DIR = resolve(process.env.FORGE_SHARED_DIR ?? '../shared');

/** Cost of one program: wall clock, CPU time of all its threads, and peak memory. */
export interface Cost {
  readonly wallSec: number;
  readonly cpuSec: number;
  readonly memoryMb: number;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program `repeats` times and gives the cheapest run. On a busy machine CPU time is what can be compared. */
export function timed(program: string, args: readonly string[], repeats = 1): Cost {
  let best: Cost | undefined;
  for (let i = 0; i < repeats; i++) {
    const { stdout, stderr, status } = spawnSync(
      '/usr/bin/time',
      ['-q', '-f', 'COST %e %U %S %M', program, ...args],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    const match = /COST ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(stderr);
    if (match === null) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    const [wallSec, userSec, systemSec, kilobytes] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
    ];
    const cost = {
      wallSec,
      cpuSec: userSec + systemSec,
      memoryMb: kilobytes / 1024,
      status: status ?? -1,
      stdout,
      stderr,
    };
    if (best === undefined || cost.cpuSec < best.cpuSec) best = cost;
  }
  return best!;
}

/** What libebur128 reads from a file. */
export interface Judged {
  readonly integratedLufs: number;
  readonly truePeakDbtp: number;
}

export function judge(path: string): Judged {
  const { stdout } = spawnSync(JUDGE, [path], { encoding: 'utf8' });
  const match = /I (\S+) LRA (\S+) TP (\S+)/.exec(stdout);
  if (match === null) throw new Error(`the judge read nothing from ${path}: ${stdout}`);
  return { integratedLufs: Number(match[1]), truePeakDbtp: Number(match[3]) };
}

/** Why a benchmark can't run; undefined where it can. */
export function missingPeers(): string | undefined {
  if (!existsSync('/usr/bin/time')) return 'there is no /usr/bin/time';
  if (!existsSync(JUDGE)) return 'there is no judge: run bench/peers/install.sh';
  return undefined;
}

export function hasPython(): boolean {
  return existsSync(PYTHON);
}

/** Writes [channels][frames] as 16-bit WAV. */
export function writeWav(
  path: string,
  channels: readonly Float32Array[],
  sampleRateHz: number,
  bits = 16,
): void {
  const writer = createWavWriter(path, {
    sampleRateHz,
    channelCount: channels.length,
    frameCount: channels[0]!.length,
    sampleFormat: { kind: 'int', bits },
  });
  writer.write(0, channels);
  writer.commit();
}

/** A WAV of `durationSec` out of a file that ffmpeg reads, repeated as often as needed. */
export function loopTo(path: string, source: string, durationSec: number, form: readonly string[]): void {
  const args = [
    '-v',
    'error',
    '-y',
    '-stream_loop',
    '-1',
    '-i',
    source,
    '-t',
    String(durationSec),
    ...form,
    path,
  ];
  const { status, stderr } = spawnSync('ffmpeg', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ffmpeg: ${stderr}`);
}

/** Music for timing: the song of ../shared, else the demo song of the repository. */
export function musicFile(): string {
  const song = join(SHARED_DIR, 'audio/music/demucs_test.mp3');
  return existsSync(song) ? song : join(import.meta.dirname, '../../fixtures/demo/demo.mp3');
}
