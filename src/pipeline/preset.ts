// Pipelines as YAML: strict, with file:line:column for every complaint, and `extends`.
//
//   summary: …
//   extends: studio              # its stages are taken over
//   stages:                      # or its own list
//     - separate
//     - denoise: { on: vocals, strengthPercent: 60 }
//     - master: { preset: podcast, as: podcast }
//   set: { denoise.strengthPercent: 40 }
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { describeIssue, hintOf, knownKeysAt } from '../complaints.js';
import { ForgeError } from '../errors.js';
import { readYaml, type SourcePosition, show, type YamlSource } from '../yaml-file.js';
import { loadStage } from './registry.js';
import type { StageDefinition } from './stage.js';

/** Where an option's value came from. */
export type OptionOrigin = 'default' | 'preset' | 'set' | 'flag';

/** One stage of a pipeline with its checked options. */
export interface PipelineStep {
  /** Unique in the pipeline: `as`, else the stage's id. */
  readonly id: string;
  readonly stage: StageDefinition;
  /** Name of the audio that the stage works on. */
  readonly on: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, OptionOrigin>>;
}

export interface Pipeline {
  readonly id: string;
  readonly summary: string;
  readonly source: string;
  readonly steps: readonly PipelineStep[];
}

/** Where something stands in a preset: looked up only for a complaint, because that parses the file. */
type Place = () => SourcePosition;

/** A step as written, before its options are checked. */
export interface StepDraft {
  readonly stageId: string;
  readonly id: string;
  readonly on: string | undefined;
  readonly values: ReadonlyMap<string, DraftValue>;
  readonly position: Place | undefined;
}

interface DraftValue {
  readonly value: unknown;
  readonly origin: OptionOrigin;
  readonly position: Place | undefined;
}

/** An override such as `denoise.strengthPercent=40`. */
export interface Override {
  readonly target: string;
  readonly key: string;
  readonly value: unknown;
  readonly origin: OptionOrigin;
  readonly position?: Place;
}

const stepBody = z.record(z.string(), z.unknown()).nullable();
const pipelineSchema = z.strictObject({
  summary: z.string().min(1).describe('One line that says what the pipeline makes.'),
  extends: z.string().optional().describe('Another pipeline whose stages are taken over.'),
  stages: z
    .array(z.union([z.string(), z.record(z.string(), stepBody)]))
    .min(1)
    .optional()
    .describe(
      'The stages in order; each a name, or a name with options, `on` (the audio it works on) and `as` (its id).',
    ),
  set: z.record(z.string(), z.unknown()).optional().describe('Options to change, as STAGE.OPTION: value.'),
});

/** The schema of a pipeline file, for the published JSON schema. */
export const PIPELINE_SCHEMA = pipelineSchema;

/** The folder of the presets that come with forge. */
export function presetsFolder(): string {
  return fileURLToPath(new URL('../../presets/', import.meta.url));
}

/** Ids of the pipelines that come with forge. */
export function listPipelineIds(): string[] {
  return readdirSync(join(presetsFolder(), 'pipelines'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/** A preset's file: a path as it is, or the name of one that comes with forge. @throws ForgeError preset/not-found */
export function findPresetFile(nameOrPath: string, folder: string): string {
  const isPath = /[\\/]/.test(nameOrPath) || /\.ya?ml$/i.test(nameOrPath);
  const path = isPath ? nameOrPath : join(presetsFolder(), folder, `${nameOrPath}.yaml`);
  if (existsSync(path)) return path;
  const known = readdirSync(join(presetsFolder(), folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'));
  throw new ForgeError('preset/not-found', `no preset is named "${nameOrPath}"`, {
    hint: hintOf(nameOrPath, known),
  });
}

/** Reads a pipeline, applies overrides in order, checks all options. @throws ForgeError preset/* */
export async function loadPipeline(
  nameOrPath: string,
  overrides: readonly Override[] = [],
): Promise<Pipeline> {
  const path = findPresetFile(nameOrPath, 'pipelines');
  const draft = readDraft(path, []);
  const steps = await finishSteps(draft.steps, overrides);
  return { id: basename(path, extname(path)), summary: draft.summary, source: path, steps };
}

/** A pipeline of one stage or a few, for the commands that are one stage. */
export async function pipelineOf(
  id: string,
  stages: readonly { readonly stageId: string; readonly id?: string; readonly on?: string }[],
  overrides: readonly Override[],
): Promise<Pipeline> {
  const drafts = stages.map(({ stageId, id: stepId, on }) => ({
    stageId,
    id: stepId ?? stageId,
    on,
    values: new Map<string, DraftValue>(),
    position: undefined,
  }));
  return { id, summary: id, source: 'command', steps: await finishSteps(drafts, overrides) };
}

/** The pipeline of an edited plan. @throws ForgeError preset/invalid */
export async function pipelineFromPlan(
  id: string,
  planned: readonly {
    readonly id: string;
    readonly stage: string;
    readonly on: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[],
  overrides: readonly Override[],
): Promise<Pipeline> {
  const drafts = planned.map((step): StepDraft => {
    const values = Object.entries(step.options).map(
      ([key, value]) => [key, { value, origin: 'preset', position: undefined }] as const,
    );
    return { stageId: step.stage, id: step.id, on: step.on, values: new Map(values), position: undefined };
  });
  return { id, summary: id, source: 'plan', steps: await finishSteps(drafts, overrides) };
}

/** `stage.option=value` as an override; the value is read as YAML, so numbers and lists work. @throws ForgeError usage/bad-option */
export function parseSet(text: string, parseValue: (text: string) => unknown): Override {
  const match = /^([^.=\s]+)\.([^=\s]+)=(.*)$/s.exec(text);
  if (match === null) {
    throw new ForgeError('usage/bad-option', `expected STAGE.OPTION=VALUE for --set, got "${text}"`);
  }
  return { target: match[1]!, key: match[2]!, value: parseValue(match[3]!), origin: 'set' };
}

function readDraft(path: string, seen: readonly string[]): { summary: string; steps: StepDraft[] } {
  if (seen.includes(path)) {
    throw new ForgeError(
      'preset/cycle',
      `${path} extends itself by way of ${seen.slice(1).join(', ') || 'nothing else'}`,
    );
  }
  const source = readYaml(path);
  const file = source.check(pipelineSchema);
  if (file.extends === undefined && file.stages === undefined) {
    throw new ForgeError(
      'preset/invalid',
      `${show(source.positionOf([]))}: expected stages or extends, got neither`,
    );
  }
  const own = file.stages?.map((entry, index) => readStep(source, entry, index));
  const steps = own ?? readDraft(baseOf(path, file.extends!), [...seen, path]).steps;
  const overrides = Object.entries(file.set ?? {}).map(([name, value]): Override => {
    const position = () => source.positionOfKey(['set'], name);
    const dot = name.indexOf('.');
    if (dot < 1) {
      throw new ForgeError(
        'preset/invalid',
        `${placed(position)}expected STAGE.OPTION in set, got "${name}"`,
      );
    }
    return { target: name.slice(0, dot), key: name.slice(dot + 1), value, origin: 'preset', position };
  });
  return { summary: file.summary, steps: applyOverrides(steps, overrides) };
}

/** The file that `path` extends: a path is meant from its own folder. */
function baseOf(path: string, base: string): string {
  const isPath = /[\\/]/.test(base) || /\.ya?ml$/i.test(base);
  return findPresetFile(isPath ? resolve(dirname(path), base) : base, 'pipelines');
}

function readStep(
  source: YamlSource,
  entry: string | Record<string, Record<string, unknown> | null>,
  index: number,
): StepDraft {
  const position = () => source.positionOf(['stages', index]);
  if (typeof entry === 'string') {
    return { stageId: entry, id: entry, on: undefined, values: new Map(), position };
  }
  const names = Object.keys(entry);
  const stageId = names[0];
  if (stageId === undefined || names.length > 1) {
    throw new ForgeError(
      'preset/invalid',
      `${placed(position)}expected one stage per list entry, got ${names.length}`,
    );
  }
  const body = entry[stageId] ?? {};
  const path = ['stages', index, stageId];
  const values = new Map<string, DraftValue>();
  for (const [key, value] of Object.entries(body)) {
    if (key === 'on' || key === 'as') continue;
    values.set(key, { value, origin: 'preset', position: () => source.positionOfKey(path, key) });
  }
  const text = (key: 'on' | 'as'): string | undefined => {
    const value = body[key];
    if (value === undefined || (typeof value === 'string' && /^[a-z][a-z0-9-]*$/.test(value)))
      return value as string;
    const where = show(source.positionOfKey(path, key));
    throw new ForgeError(
      'preset/invalid',
      `${where}: expected a name for ${key}, got ${JSON.stringify(value)}`,
    );
  };
  return { stageId, id: text('as') ?? stageId, on: text('on'), values, position };
}

function applyOverrides(steps: readonly StepDraft[], overrides: readonly Override[]): StepDraft[] {
  let result = [...steps];
  for (const { target, key, value, origin, position } of overrides) {
    const isTarget = (step: StepDraft) => step.id === target;
    if (!result.some(isTarget)) {
      const known = result.map((step) => step.id);
      const code = origin === 'preset' ? 'preset/invalid' : 'usage/bad-option';
      throw new ForgeError(code, `${placed(position)}expected a stage of the pipeline, got "${target}"`, {
        hint: hintOf(target, known),
      });
    }
    result = result.map((step) =>
      isTarget(step) ? { ...step, values: new Map(step.values).set(key, { value, origin, position }) } : step,
    );
  }
  return result;
}

async function finishSteps(
  drafts: readonly StepDraft[],
  overrides: readonly Override[],
): Promise<PipelineStep[]> {
  const steps = await Promise.all(applyOverrides(drafts, overrides).map(finishStep));
  const ids = steps.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new ForgeError(
      'preset/invalid',
      `expected different ids for the stages of a pipeline, got "${twice}" twice`,
      {
        hint: 'Give one of them another id by as: NAME.',
      },
    );
  }
  return steps;
}

async function finishStep(draft: StepDraft): Promise<PipelineStep> {
  const stage = await loadStageAt(draft);
  const values = Object.fromEntries([...draft.values].map(([key, { value }]) => [key, value]));
  const result = stage.options.safeParse(values);
  if (!result.success) throw optionError(draft, stage, result.error, values);
  const options = result.data as Record<string, unknown>;
  const origins = Object.keys(options).map(
    (key) => [key, draft.values.get(key)?.origin ?? 'default'] as const,
  );
  return { id: draft.id, stage, on: draft.on ?? 'mix', options, origins: Object.fromEntries(origins) };
}

async function loadStageAt(draft: StepDraft): Promise<StageDefinition> {
  try {
    return await loadStage(draft.stageId);
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    throw new ForgeError(error.code, `${placed(draft.position)}${error.message}`, { hint: error.hint });
  }
}

function optionError(
  draft: StepDraft,
  stage: StageDefinition,
  error: z.ZodError,
  values: Readonly<Record<string, unknown>>,
): ForgeError {
  const issue = error.issues[0]!;
  const isUnknown = issue.code === 'unrecognized_keys';
  const key = isUnknown ? issue.keys[0]! : String(issue.path[0] ?? '');
  const { origin, position } = draft.values.get(key) ?? { origin: 'preset', position: draft.position };
  const where = placed(position);
  const code = origin === 'preset' || origin === 'default' ? 'preset/invalid' : 'usage/bad-option';
  if (isUnknown && issue.path.length === 0) {
    return new ForgeError(code, `${where}unknown option "${key}" of stage ${draft.id}`, {
      hint: hintOf(key, knownKeysAt(stage.options, [])),
    });
  }
  return new ForgeError(code, `${where}${describeIssue(issue, `${draft.id}.${key}`, values[key])}`);
}

/** How a complaint begins that has a place. */
function placed(place: Place | undefined): string {
  return place === undefined ? '' : `${show(place())}: `;
}
