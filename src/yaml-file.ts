// Reads a YAML file against a zod schema; every complaint names file, line and column, and the nearest known key.
// A leaf like errors.ts. It knows nothing of what the file means.
// The build keeps the values of the package's own files beside its bundle, by the hash of their text
// (scripts/yaml-values.mjs): where a text is one of them, the parser isn't even loaded unless a place is asked for.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import * as z from 'zod';
import { describeIssue, hintOf, knownKeysAt } from './complaints.js';
import { ForgeError } from './errors.js';

// A run checks a schema once or twice: compiling it would cost more than it saves.
z.config({ jitless: true });

let library: typeof Yaml | undefined;

/** The parser, loaded when the first text is parsed: its seventy files cost a tenth of a short run. */
export function yaml(): typeof Yaml {
  library ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return library;
}

let keptValues: Readonly<Record<string, string>> | undefined;

/** The value of a text as JSON, where the build kept it. */
function keptValueOf(text: string): string | undefined {
  keptValues ??= readKeptValues();
  return keptValues[createHash('sha256').update(text).digest('hex')];
}

function readKeptValues(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(new URL('./yaml-values.json', import.meta.url), 'utf8'));
  } catch {
    return {};
  }
}

/** A place in a source file, counted from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A YAML file that can tell where each of its values stands. */
export class YamlSource {
  readonly #keptValue: string | undefined;
  #parsed: ParsedText | undefined;

  /** @throws ForgeError preset/syntax */
  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    this.#keptValue = keptValueOf(text);
    if (this.#keptValue === undefined) this.#parsed = parse(file, text);
  }

  /** The plain value; aliases are resolved (at most 100, so that a crafted file cannot blow up). */
  value(): unknown {
    if (this.#keptValue !== undefined) return JSON.parse(this.#keptValue);
    return this.#document.toJS({ maxAliasCount: 100 });
  }

  /** Where the value at `path` stands; the place of the nearest parent that exists otherwise. */
  positionOf(path: readonly PropertyKey[]): SourcePosition {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? this.#document.contents : this.#document.getIn(path.slice(0, length), true);
      const offset = (node as { range?: [number, number, number] } | null | undefined)?.range?.[0];
      if (offset !== undefined) return this.#at(offset);
    }
    return { file: this.file, line: 1, column: 1 };
  }

  /** Where the key `key` of the map at `path` stands. */
  positionOfKey(path: readonly PropertyKey[], key: string): SourcePosition {
    const map = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    if (yaml().isMap(map)) {
      for (const pair of (map as Yaml.YAMLMap).items) {
        const node = pair.key as { value?: unknown; range?: [number, number, number] };
        if (String(node.value) === key && node.range) return this.#at(node.range[0]);
      }
    }
    return this.positionOf(path);
  }

  /** The value checked against `schema`, with defaults filled in. @throws ForgeError preset/invalid */
  check<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    const result = schema.safeParse(this.value());
    if (result.success) return result.data;
    throw this.errorOf(result.error, schema);
  }

  /** The first complaint of zod as an error with its place. `basePath` is where the checked value stands in the file. */
  errorOf(error: z.ZodError, schema: z.ZodType, basePath: readonly PropertyKey[] = []): ForgeError {
    const issue = error.issues[0]!;
    const path = [...basePath, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const key = issue.keys[0]!;
      const known = knownKeysAt(schema, issue.path);
      return new ForgeError(
        'preset/invalid',
        `${show(this.positionOfKey(path, key))}: unknown key "${key}"`,
        {
          hint: hintOf(key, known),
        },
      );
    }
    const where = path.map(String).join('.') || 'the file';
    const value = this.#document.getIn(path);
    return new ForgeError(
      'preset/invalid',
      `${show(this.positionOf(path))}: ${describeIssue(issue, where, value)}`,
    );
  }

  get #text(): ParsedText {
    this.#parsed ??= parse(this.file, this.text);
    return this.#parsed;
  }

  get #document(): Yaml.Document.Parsed {
    return this.#text.document;
  }

  #at(offset: number): SourcePosition {
    const { line, col } = this.#text.lines.linePos(offset);
    return { file: this.file, line, column: col };
  }
}

interface ParsedText {
  readonly document: Yaml.Document.Parsed;
  readonly lines: Yaml.LineCounter;
}

/** @throws ForgeError preset/syntax */
function parse(file: string, text: string): ParsedText {
  const { LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new ForgeError('preset/syntax', `${file}:${line}:${col}: ${error.message}`, {
      hint: 'The file must be well-formed YAML.',
    });
  }
  return { document, lines };
}

/** `file:line:column`. */
export function show(position: SourcePosition): string {
  return `${position.file}:${position.line}:${position.column}`;
}

/** Reads and parses a YAML file. @throws ForgeError preset/unreadable, preset/syntax */
export function readYaml(path: string): YamlSource {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ForgeError('preset/unreadable', `cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return new YamlSource(path, text);
}
