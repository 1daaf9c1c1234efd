// `forge clean`: removes cached results, and nothing else.
import type { Command } from 'commander';
import { listCached, shrinkCaches } from '../pipeline/cache.js';
import { forgeVersion } from '../pipeline/versions.js';
import { defineCommand, printJson, printLine } from './command.js';

export const command = defineCommand({
  configure(clean: Command, finish) {
    clean
      .option('--out <dir>', 'folder of the results', 'forge-out')
      .option('--json', 'print one JSON object')
      .action((flags: { out: string; json?: boolean }) => {
        const entryCount = listCached(flags.out).length;
        const freedBytes = shrinkCaches(flags.out, 0);
        if (flags.json === true)
          printJson({ schema: 'forge.clean/1', version: forgeVersion(), entryCount, freedBytes });
        else printLine(`${entryCount} cached results removed, ${(freedBytes / 1e6).toFixed(1)} MB freed`);
        finish(0);
      });
  },
});
