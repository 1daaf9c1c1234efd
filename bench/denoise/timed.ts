// What a whole command costs.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const FORGE = join(import.meta.dirname, '../../bin/forge.js');

export interface Cost {
  readonly elapsedSec: number;
  readonly cpuSec: number;
}

/** Elapsed time and processor time of a command. @throws Error when it fails */
export function timed(path: string, args: readonly string[], env = process.env): Cost {
  const { status, stderr } = spawnSync('bash', ['-c', 'time -p "$0" "$@"', path, ...args], {
    encoding: 'utf8',
    env: { ...env, LC_ALL: 'C' },
  });
  const [, elapsed, user, system] =
    /real ([\d.]+)\s+user ([\d.]+)\s+sys ([\d.]+)\s*$/.exec(stderr ?? '') ?? [];
  if (status !== 0 || elapsed === undefined) throw new Error(`${path} ended with ${status}: ${stderr}`);
  return { elapsedSec: Number(elapsed), cpuSec: Number(user) + Number(system) };
}
