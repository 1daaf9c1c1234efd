// Flags of a stage's options, made from its schema: `strengthPercent` is --strength-percent. What the user gave
// becomes overrides, checked like everything else by the stage's own schema.
import { type Command, Option } from 'commander';
import * as z from 'zod';
import type { Override } from '../pipeline/preset.js';
import type { StageDefinition } from '../pipeline/stage.js';
import { yaml } from '../yaml-file.js';

/** Adds a flag for every option of the stage, except those in `skip` and those that the plan fills. */
export function addStageFlags(command: Command, stage: StageDefinition, skip: readonly string[] = []): void {
  for (const [key, schema] of Object.entries(shapeOf(stage))) {
    if (skip.includes(key) || schema.meta()?.isFilledByPlan === true) continue;
    const { inner, defaultValue } = unwrap(schema);
    const description = describe(schema, defaultValue);
    const flag = flagOf(key);
    if (inner instanceof z.ZodBoolean) {
      command.addOption(new Option(defaultValue === true ? `--no-${flag}` : `--${flag}`, description));
      continue;
    }
    const option = new Option(`--${flag} <${valueName(key, inner)}>`, description);
    // A flag that is given again adds to the list.
    if (inner instanceof z.ZodArray) {
      option.argParser((given, before: unknown) =>
        typeof before === 'string' ? `${before},${given}` : given,
      );
    }
    command.addOption(option);
  }
}

/** A second name of a stage's flag. */
export function addAlias(command: Command, alias: string, flag: string, value: string): void {
  const option = new Option(`--${alias} <${value}>`, `The same as --${flag}.`);
  command.addOption(
    option.argParser((given) => {
      command.setOptionValueWithSource(camelOf(flag), given, 'cli');
      return given;
    }),
  );
}

/** The overrides for the step `stepId` that the user's flags mean. */
export function stageOverrides(
  command: Command,
  stage: StageDefinition,
  stepId: string,
  skip: readonly string[] = [],
): Override[] {
  const overrides: Override[] = [];
  for (const [key, schema] of Object.entries(shapeOf(stage))) {
    if (skip.includes(key) || schema.meta()?.isFilledByPlan === true) continue;
    const name = camelOf(flagOf(key));
    if (command.getOptionValueSource(name) !== 'cli') continue;
    overrides.push({
      target: stepId,
      key,
      value: givenValue(command.getOptionValue(name), schema),
      origin: 'flag',
    });
  }
  return overrides;
}

/** A value as typed on the command line: YAML's scalars and lists, so `0.5`, `true`, `a,b` and `[a, b]` mean what they look like. */
export function parseValue(text: string): unknown {
  try {
    return yaml().parse(text);
  } catch {
    return text;
  }
}

function givenValue(given: unknown, schema: z.ZodType): unknown {
  if (typeof given !== 'string') return given;
  const { inner } = unwrap(schema);
  if (inner instanceof z.ZodArray) {
    return given.split(',').map((part) => parseScalar(part.trim(), unwrap(inner.element as z.ZodType).inner));
  }
  return parseScalar(given, inner);
}

function parseScalar(text: string, schema: z.ZodType): unknown {
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum ? text : parseValue(text);
}

function shapeOf(stage: StageDefinition): Readonly<Record<string, z.ZodType>> {
  return stage.options instanceof z.ZodObject ? (stage.options.shape as Record<string, z.ZodType>) : {};
}

function unwrap(schema: z.ZodType): { inner: z.ZodType; defaultValue: unknown } {
  let inner: unknown = schema;
  let defaultValue: unknown;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) {
    if (inner instanceof z.ZodDefault) defaultValue = inner.def.defaultValue;
    inner = inner.unwrap();
  }
  return { inner: inner as z.ZodType, defaultValue };
}

function describe(schema: z.ZodType, defaultValue: unknown): string {
  const text = schema.description ?? unwrap(schema).inner.description ?? '';
  if (defaultValue === undefined || typeof defaultValue === 'boolean') return text;
  const shown = Array.isArray(defaultValue) ? defaultValue.join(',') : String(defaultValue);
  return shown === '' ? text : `${text} (default: ${shown})`;
}

function valueName(key: string, schema: z.ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.map(String).join('|');
  if (schema instanceof z.ZodArray) return 'list';
  const unit = /(Db|Dbfs|Dbtp|Lufs|Lu|Ms|Sec|Hz|Percent|Bpm|Kbps)$/.exec(key)?.[1];
  return unit === undefined ? (schema instanceof z.ZodNumber ? 'number' : 'value') : unit.toLowerCase();
}

function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function camelOf(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
