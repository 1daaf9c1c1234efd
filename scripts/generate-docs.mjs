// Writes docs/reference/ and the JSON schemas from the built program: commands and errors from `forge help --json`,
// stages and presets from their own declarations. `--check` writes nothing and fails where a file would change.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { PIPELINE_SCHEMA } from '../dist/pipeline/preset.js';
import { listPresets } from '../dist/pipeline/preset-catalogue.js';
import { loadStage, STAGE_IDS } from '../dist/pipeline/registry.js';
import { COMMAND_SCHEMAS } from '../dist/report/schemas.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const isCheck = process.argv.includes('--check');
const generated = new Map();
const note = '<!-- Made by scripts/generate-docs.mjs; change the source, not this page. -->';

const help = JSON.parse(
  execFileSync(process.execPath, [join(root, 'bin/forge.js'), 'help', '--json'], { encoding: 'utf8' }),
);
const stages = await Promise.all(STAGE_IDS.map((id) => loadStage(id)));

generated.set('docs/reference/commands.md', commandsPage(help));
generated.set('docs/reference/errors.md', errorsPage(help));
generated.set(
  'docs/reference/stages.md',
  stages.map(stageText).join('\n').replace(/^/, `${note}\n\n# Stages\n\n`),
);
generated.set('docs/reference/presets.md', presetsPage(await listPresets()));
generated.set('presets/schemas/pipeline.json', schemaText(pipelineSchema(stages)));
for (const stage of stages) {
  generated.set(`docs/reference/schemas/stage-${stage.id}.json`, schemaText(toJson(stage.result)));
}
for (const [name, schema] of Object.entries(COMMAND_SCHEMAS)) {
  generated.set(`docs/reference/schemas/${name}.json`, schemaText(toJson(schema)));
}

const changed = [];
for (const [file, text] of generated) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  changed.push(file);
  if (isCheck) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
const known = new Set(generated.keys());
for (const folder of ['docs/reference', 'docs/reference/schemas', 'presets/schemas']) {
  for (const name of existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []) {
    if (/\.(md|json)$/.test(name) && !known.has(`${folder}/${name}`))
      changed.push(`${folder}/${name} (nothing makes it)`);
  }
}
if (isCheck && changed.length > 0) {
  console.error(`generated files are out of date (npm run docs):\n  ${changed.join('\n  ')}`);
  process.exit(1);
}
console.log(
  isCheck
    ? `${generated.size} generated files are up to date`
    : `${changed.length} of ${generated.size} files written`,
);

function toJson(schema) {
  return z.toJSONSchema(schema, { unrepresentable: 'any', io: 'output' });
}

function schemaText(schema) {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The pipeline file's schema, with the options of every stage. */
function pipelineSchema(all) {
  const schema = z.toJSONSchema(PIPELINE_SCHEMA, { io: 'input' });
  const bodies = Object.fromEntries(
    all.map((stage) => {
      const options = z.toJSONSchema(stage.options, { io: 'input', unrepresentable: 'any' });
      const properties = { on: { type: 'string' }, as: { type: 'string' }, ...options.properties };
      return [
        stage.id,
        { ...options, $schema: undefined, properties, type: ['object', 'null'], description: stage.summary },
      ];
    }),
  );
  schema.properties.stages.items = {
    anyOf: [
      { enum: all.map(({ id }) => id) },
      { type: 'object', properties: bodies, additionalProperties: false, minProperties: 1, maxProperties: 1 },
    ],
  };
  return schema;
}

function commandsPage({ commands }) {
  const parts = [note, '', '# Commands', ''];
  const add = (command, prefix) => {
    const name = `${prefix} ${command.name}`;
    const args = command.arguments.map(({ name: arg, required, variadic }) => {
      const shown = `${arg}${variadic ? '...' : ''}`;
      return required ? `<${shown}>` : `[${shown}]`;
    });
    parts.push(
      `## ${name}`,
      '',
      command.summary,
      '',
      '```text',
      [name, ...args, command.options.length > 0 ? '[options]' : ''].filter(Boolean).join(' '),
      '```',
      '',
    );
    for (const argument of command.arguments) parts.push(`- \`${argument.name}\`: ${argument.description}`);
    if (command.arguments.length > 0) parts.push('');
    if (command.options.length > 0) {
      parts.push('| option | meaning |', '| --- | --- |');
      for (const { flags, description, choices, default: value } of command.options) {
        const extra = [
          choices === undefined ? '' : `one of ${choices.join(', ')}`,
          value === undefined || value.length === 0 ? '' : `default ${value}`,
        ];
        parts.push(
          `| \`${flags.replaceAll('|', '\\|')}\` | ${[description.replaceAll('|', '\\|'), ...extra.filter(Boolean)].join('; ')} |`,
        );
      }
      parts.push('');
    }
    for (const sub of command.commands) add(sub, name);
  };
  for (const command of commands) add(command, 'forge');
  return `${parts.join('\n').trimEnd()}\n`;
}

function errorsPage({ exitCodes, errorCodes }) {
  const parts = [note, '', '# Exit codes and errors', '', '| exit code | family |', '| --- | --- |'];
  for (const [family, code] of Object.entries(exitCodes).sort((a, b) => a[1] - b[1]))
    parts.push(`| ${code} | ${family} |`);
  parts.push('', '| error | exit code | meaning |', '| --- | --- | --- |');
  for (const { code, meaning, exitCode } of errorCodes)
    parts.push(`| \`${code}\` | ${exitCode} | ${meaning} |`);
  return `${parts.join('\n')}\n`;
}

function stageText(stage) {
  const schema = z.toJSONSchema(stage.options, { io: 'input', unrepresentable: 'any' });
  const parts = [`## ${stage.id}`, '', stage.summary, '', `Method: ${stage.source}`, ''];
  const rows = Object.entries(schema.properties ?? {});
  if (rows.length > 0) parts.push('| option | values | default | meaning |', '| --- | --- | --- | --- |');
  for (const [name, property] of rows) {
    const value = property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``;
    parts.push(
      `| \`${name}\` | ${valuesOf(property)} | ${value} | ${(property.description ?? '').replaceAll('|', '\\|')} |`,
    );
  }
  return `${parts.join('\n')}\n`;
}

function valuesOf(property) {
  if (property.enum !== undefined) return property.enum.map((value) => `\`${value}\``).join(', ');
  if (property.anyOf !== undefined) return property.anyOf.map(valuesOf).join(' or ');
  const { type, minimum, maximum } = property;
  if (type === 'array') return `list of ${valuesOf(property.items)}`;
  const low = minimum ?? property.exclusiveMinimum;
  const high = maximum ?? property.exclusiveMaximum;
  const isBounded = (bound) => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  if (isBounded(low) && isBounded(high)) return `${low} to ${high}`;
  if (isBounded(low)) return `from ${low}`;
  return String(type ?? 'any');
}

function presetsPage(presets) {
  const parts = [note, '', '# Presets', ''];
  for (const kind of [...new Set(presets.map((preset) => preset.kind))]) {
    parts.push(`## ${kind}`, '', '| name | what it is |', '| --- | --- |');
    for (const { id, summary } of presets.filter((preset) => preset.kind === kind))
      parts.push(`| \`${id}\` | ${summary} |`);
    parts.push('');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}
