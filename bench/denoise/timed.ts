// What a whole command costs, or an Error where it fails.
import { type Cost, FORGE, timed as timedAlways } from '../peers/tools.js';

export type { Cost };

/** @throws Error when the program fails */
export function timed(program: string, args: readonly string[]): Cost {
  const cost = timedAlways(program, args);
  if (cost.status !== 0) throw new Error(`${program} ended with ${cost.status}: ${cost.stderr}`);
  return cost;
}

/** Of forge, with variables of its own in the environment. @throws Error when it fails */
export function timedForge(args: readonly string[], env: Readonly<Record<string, string>>): Cost {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return timed('env', [...settings, process.execPath, FORGE, ...args]);
}
