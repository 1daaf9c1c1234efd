// All stages by id. Each is loaded when it is first needed: a worker loads only the stage that it works for.

import { hintOf } from '../complaints.js';
import { ForgeError } from '../errors.js';
import type { StageDefinition } from './stage.js';

type Loader = () => Promise<unknown>;

const LOADERS: Readonly<Record<string, Loader>> = {
  separate: () => import('./stages/separate.js').then((module) => module.separateStage),
  restore: () => import('./stages/restore.js').then((module) => module.restoreStage),
  denoise: () => import('./stages/denoise.js').then((module) => module.denoiseStage),
  level: () => import('./stages/level.js').then((module) => module.levelStage),
  punch: () => import('./stages/punch.js').then((module) => module.punchStage),
  remix: () => import('./stages/remix.js').then((module) => module.remixStage),
  duck: () => import('./stages/duck.js').then((module) => module.duckStage),
  drums: () => import('./stages/drums.js').then((module) => module.drumsStage),
  analyze: () => import('./stages/analyze.js').then((module) => module.analyzeStage),
  master: () => import('./stages/master.js').then((module) => module.masterStage),
};

/** Ids of all stages, in the order of a full pipeline. */
export const STAGE_IDS: readonly string[] = Object.keys(LOADERS);

/** A stage by its id. @throws ForgeError preset/invalid */
export async function loadStage(id: string): Promise<StageDefinition> {
  const load = LOADERS[id];
  if (load === undefined) {
    throw new ForgeError('preset/invalid', `expected the name of a stage, got "${id}"`, {
      hint: hintOf(id, STAGE_IDS),
    });
  }
  // The types of options differ from stage to stage; from here on they are checked by the stage's own schema.
  return (await load()) as StageDefinition;
}
