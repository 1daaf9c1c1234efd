// Gain and dips of a whole file on their way to the workers: as a file in the run's scratch folder, read once by each
// worker, because a copy for every range would add up over hours.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Dips } from '../../dsp/duck/carve-plan.js';

/** How a bed is played: points of the control grid. */
export interface PlayedPlan {
  readonly gainDb: Float32Array;
  readonly dips: Dips | undefined;
}

/** Where a plan lies; the name follows from its content. */
export interface PlanFile {
  readonly path: string;
  readonly sha256: string;
}

export function writePlan(plan: PlayedPlan, scratchDir: string): PlanFile {
  const bytes = serialize(plan);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = join(scratchDir, `duck-${sha256.slice(0, 16)}.plan`);
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, bytes);
    renameSync(`${path}.new`, path);
  }
  return { path, sha256 };
}

export function readPlan({ path }: PlanFile): PlayedPlan {
  return deserialize(readFileSync(path)) as PlayedPlan;
}
