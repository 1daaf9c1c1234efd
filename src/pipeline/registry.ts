// All stages by id. Each is loaded when it is first needed: a worker loads only the passes of the stage that it works for.
import { ForgeError } from '../errors.js';
import type { Passes, StageDefinition } from './stage.js';

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

/** Passes that can be loaded without the rest of their stage: the schemas of its options take longer than the passes. */
const PASS_LOADERS: Readonly<Record<string, () => Promise<Passes>>> = {
  denoise: () => import('./stages/denoise-passes.js').then((module) => module.denoisePasses),
  analyze: () => import('./stages/analyze-passes.js').then((module) => module.analyzePasses),
};

/** Ids of all stages, in the order of a full pipeline. */
export const STAGE_IDS: readonly string[] = Object.keys(LOADERS);

/** A stage by its id. @throws ForgeError preset/invalid */
export async function loadStage(id: string): Promise<StageDefinition> {
  const load = LOADERS[id];
  if (load === undefined) {
    const { hintOf } = await import('../complaints.js');
    throw new ForgeError('preset/invalid', `expected the name of a stage, got "${id}"`, {
      hint: hintOf(id, STAGE_IDS),
    });
  }
  // The types of options differ from stage to stage; from here on they are checked by the stage's own schema.
  return (await load()) as StageDefinition;
}

/** The passes of a stage, all that a worker needs of it. @throws ForgeError preset/invalid */
export async function loadPasses(id: string): Promise<Passes> {
  return (await PASS_LOADERS[id]?.()) ?? (await loadStage(id)).passes;
}
