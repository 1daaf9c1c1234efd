// `forge replay run.json`: does a recorded run again in a folder of its own, and compares every output's hash.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT_CODES, ForgeError } from '../errors.js';
import { readManifestFile } from '../pipeline/manifest.js';
import { type ReplayedOutput, replayEntry } from '../pipeline/replay.js';
import { forgeVersion } from '../pipeline/versions.js';
import { openWorkshop } from '../pipeline/workshop.js';
import { reportFiles } from '../report/report-files.js';
import { onInterrupt } from './audio-command.js';
import { defineCommand, printJson, printLine } from './command.js';
import { createProgress } from './progress.js';

interface ReplayFlags {
  readonly command?: string;
  readonly out?: string;
  readonly jobs?: string;
  readonly progress: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export const command = defineCommand({
  configure(replay: Command, finish) {
    replay
      .argument('<run.json>', 'the record of a run')
      .option('--command <name>', 'which of the recorded commands (default: the newest)')
      .option('--out <dir>', 'keep what the replay makes in this folder (default: it is removed)')
      .option('--jobs <n>', 'cores to use at most')
      .option('--progress <mode>', 'auto, plain, json or none', 'auto')
      .option('--quiet', 'no progress')
      .option('--json', 'print one JSON object')
      .action(async (path: string, flags: ReplayFlags) => {
        const entries = readManifestFile(path)?.entries;
        if (entries === undefined) throw new ForgeError('input/not-found', `there is no file ${path}`);
        const chosen = entries.filter(
          (entry) => flags.command === undefined || entry.command === flags.command,
        );
        const entry = [...chosen].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0];
        if (entry === undefined) {
          throw new ForgeError(
            'usage/bad-option',
            `expected a recorded command for --command, got "${flags.command ?? ''}"`,
            {
              hint: `Recorded: ${entries.map(({ command: name }) => name).join(', ')}.`,
            },
          );
        }
        const folder =
          flags.out === undefined ? mkdtempSync(join(tmpdir(), 'forge-replay-')) : resolve(flags.out);
        const pools = await openWorkshop(
          Number.POSITIVE_INFINITY,
          flags.jobs === undefined ? undefined : Number(flags.jobs),
        );
        const display = await createProgress(flags.progress, flags.quiet === true, 1);
        const stopListening = onInterrupt(pools, display);
        let outputs: readonly ReplayedOutput[];
        try {
          outputs = await replayEntry(
            entry,
            folder,
            pools,
            reportFiles(entry.command),
            display.onProgress.bind(display),
          );
        } finally {
          stopListening();
          display.stop();
          await pools.close();
          if (flags.out === undefined) rmSync(folder, { recursive: true, force: true });
        }
        const different = outputs.filter(({ isSame }) => !isSame);
        const status = different.length === 0 ? 'ok' : 'missed';
        const input = { path: entry.input.path, sha256: entry.input.sha256 };
        if (flags.json === true) {
          printJson({
            schema: 'forge.replay/1',
            version: forgeVersion(),
            results: [{ input, status, recorded: dirname(path), outputs }],
          });
        } else {
          for (const { path: name, isSame } of outputs)
            printLine(`${isSame ? 'same     ' : 'DIFFERENT'}  ${name}`);
        }
        finish(different.length === 0 ? 0 : EXIT_CODES.target);
      });
  },
});
