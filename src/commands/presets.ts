// `forge presets list | show | check`.
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { checkPresetFile, listPresets, type PresetKind, presetFileOf } from '../pipeline/preset-catalogue.js';
import { forgeVersion } from '../pipeline/versions.js';
import { defineCommand, printJson, printLine } from './command.js';

export const command = defineCommand({
  configure(presets: Command, finish) {
    presets
      .command('list')
      .description('list all presets that come with forge')
      .option('--kind <kind>', 'pipeline, master, persona or curve')
      .option('--json', 'print one JSON object')
      .action(async (flags: { kind?: string; json?: boolean }) => {
        const all = await listPresets();
        const kinds = new Set(all.map(({ kind }) => kind));
        if (flags.kind !== undefined && !kinds.has(flags.kind as PresetKind)) {
          throw new ForgeError(
            'usage/bad-option',
            `expected ${[...kinds].join(', ')} for --kind, got "${flags.kind}"`,
          );
        }
        const shown = all.filter(({ kind }) => flags.kind === undefined || kind === flags.kind);
        if (flags.json === true)
          printJson({ schema: 'forge.presets/1', version: forgeVersion(), presets: shown });
        else
          for (const { kind, id, summary } of shown)
            printLine(`${kind.padEnd(9)} ${id.padEnd(18)} ${summary}`);
        finish(0);
      });
    presets
      .command('show')
      .description("print a preset's file")
      .argument('<name>', 'name of a preset, or KIND/NAME where two kinds share it')
      .action(async (name: string) => {
        process.stdout.write(readFileSync(await presetFileOf(name), 'utf8'));
        finish(0);
      });
    presets
      .command('check')
      .description('check preset files: every key, value and stage')
      .argument('<files...>', 'YAML files')
      .option('--kind <kind>', 'pipeline, master, persona or curve', 'pipeline')
      .action(async (files: string[], flags: { kind: string }) => {
        for (const file of files) {
          if (!/\.ya?ml$/i.test(extname(file))) {
            throw new ForgeError('usage/bad-option', `expected YAML files, got "${file}"`);
          }
          await checkPresetFile(file, flags.kind);
          printLine(`${file}: ok`);
        }
        finish(0);
      });
  },
});
