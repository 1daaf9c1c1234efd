// How a wrong name or value is told: what was expected, what came, and what was probably meant.
// A leaf; it knows schemas, and no files.
import { closest } from 'fastest-levenshtein';
import * as z from 'zod';

/** "expected X for NAME, got VALUE" out of an issue of zod. */
export function describeIssue(issue: z.core.$ZodIssue, name: string, value: unknown): string {
  const got = value === undefined ? 'nothing' : JSON.stringify(value);
  const expected = issue.message.replace(/^Invalid (input|option): expected /, '');
  if (expected !== issue.message)
    return `expected ${expected.replace(/, received .*$/, '')} for ${name}, got ${got}`;
  if (issue.code === 'too_small') return `expected at least ${String(issue.minimum)} for ${name}, got ${got}`;
  if (issue.code === 'too_big') return `expected at most ${String(issue.maximum)} for ${name}, got ${got}`;
  return `expected a valid value for ${name}, got ${got}: ${issue.message}`;
}

/** "Did you mean …" for the nearest of `known`, or the list of them. */
export function hintOf(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(name, [...known]);
  const isNear = nearest.length > 0 && sharesLetters(name, nearest);
  return isNear ? `Did you mean "${nearest}"?` : `Known here: ${known.join(', ')}.`;
}

function sharesLetters(a: string, b: string): boolean {
  const letters = new Set(a.toLowerCase());
  const shared = [...b.toLowerCase()].filter((letter) => letters.has(letter)).length;
  return shared >= Math.max(a.length, b.length) / 2;
}

/** The keys that an object schema knows at `path`; empty where the schema has no object there. */
export function knownKeysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const step of path) current = childOf(unwrap(current), step);
  const inner = unwrap(current);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let current = schema;
  while (
    current instanceof z.ZodOptional ||
    current instanceof z.ZodDefault ||
    current instanceof z.ZodNullable ||
    current instanceof z.ZodPrefault ||
    current instanceof z.ZodReadonly
  ) {
    current = current.unwrap();
  }
  return current;
}

function childOf(schema: unknown, step: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[String(step)];
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return undefined;
}
