// `forge run`: a whole pipeline, from a preset or from an edited plan.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { loadPipeline, type Pipeline, pipelineFromPlan } from '../pipeline/preset.js';
import { PLAN_SCHEMA } from '../report/plan.js';
import { type AudioFlags, addAudioFlags, runAudio, setOverrides } from './audio-command.js';
import { defineCommand } from './command.js';

interface RunFlags extends AudioFlags {
  readonly preset: string;
  readonly plan?: string;
}

export const command = defineCommand({
  configure(run: Command, finish) {
    addAudioFlags(run, { isInputOptional: true });
    run
      .option('--preset <name>', 'pipeline preset, or the path of a YAML file', 'studio')
      .option(
        '--plan <file>',
        'run a plan that --dry-run --json printed (inputs and settings are taken from it)',
      )
      .action(async (inputs: string[], flags: RunFlags) => {
        if (flags.plan === undefined) {
          const pipeline = await loadPipeline(flags.preset, setOverrides(flags));
          finish(await runAudio({ command: 'run', inputs, flags, pipeline }));
          return;
        }
        const plan = readPlan(flags.plan);
        const pipeline = await pipelineFromPlan(plan.pipeline, plan.steps, setOverrides(flags));
        const chosen = inputs.length > 0 ? inputs : plan.results.map(({ input }) => input.path);
        const merged = { ...flags, ...settingsOf(plan, run) };
        finish(
          await runAudio({ command: 'run', inputs: chosen, flags: merged, pipeline, wish: plan.delivery }),
        );
      });
  },
});

/** What of a plan is read again. */
interface Plan {
  readonly pipeline: Pipeline['id'];
  readonly out: string;
  readonly settings: {
    readonly seed: number;
    readonly tolerateDamage: boolean;
    readonly overwrite: boolean;
    readonly commercialOnly: boolean;
  };
  readonly delivery: Parameters<typeof runAudio>[0]['wish'];
  readonly steps: Parameters<typeof pipelineFromPlan>[1];
  readonly results: readonly { readonly input: { readonly path: string } }[];
}

function readPlan(path: string): Plan {
  let plan: { schema?: unknown };
  try {
    plan = JSON.parse(readFileSync(path, 'utf8')) as { schema?: unknown };
  } catch (error) {
    throw new ForgeError('preset/unreadable', `cannot read the plan ${path}: ${(error as Error).message}`);
  }
  if (plan.schema === PLAN_SCHEMA) return plan as unknown as Plan;
  throw new ForgeError(
    'preset/invalid',
    `expected a plan of schema ${PLAN_SCHEMA} in ${path}, got ${JSON.stringify(plan.schema)}`,
  );
}

/** Settings of the plan, except where the command line says otherwise. */
function settingsOf(plan: Plan, run: Command): Partial<AudioFlags> {
  const fromPlan: Record<string, unknown> = { out: plan.out, ...plan.settings };
  const kept = Object.entries(fromPlan).filter(([name]) => run.getOptionValueSource(name) !== 'cli');
  return Object.fromEntries(kept);
}
