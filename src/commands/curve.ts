// `forge curve learn`: a target curve from the user's own music, for `forge master --curve FILE`.
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { learnCurveFile } from '../pipeline/curve-learn.js';
import { listInputs } from '../pipeline/inputs.js';
import { writeWhole } from '../pipeline/whole-file.js';
import { defineCommand, printLine } from './command.js';

export const command = defineCommand({
  configure(curve: Command, finish) {
    curve
      .command('learn')
      .description(
        'make a target curve out of recordings: median and 10/90 percentiles of their third octaves',
      )
      .argument('<inputs...>', 'files, folders or patterns')
      .option('-o, --output <file>', 'file to write', 'curve.yaml')
      .option('--id <name>', 'name of the curve', 'learnt')
      .option('--overwrite', 'replace a file that is there')
      .action(async (inputs: string[], flags: { output: string; id: string; overwrite?: boolean }) => {
        if (existsSync(flags.output) && flags.overwrite !== true) {
          throw new ForgeError('output/exists', `${flags.output} exists`, {
            hint: 'Choose another name by -o, or give --overwrite.',
          });
        }
        const { paths } = await listInputs(inputs);
        writeWhole(flags.output, await learnCurveFile(flags.id, paths));
        printLine(`${flags.output}: learnt from ${paths.length} files`);
        finish(0);
      });
  },
});
