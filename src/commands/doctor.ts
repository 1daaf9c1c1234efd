// `forge doctor`: what works on this machine, what does not, and what to do about it.
import { availableParallelism, totalmem } from 'node:os';
import type { Command } from 'commander';
import { crossCheckWav } from '../audio/cross-check.js';
import { describeDecoders, FFMPEG_HINT } from '../audio/ffmpeg.js';
import { listCatalogue, modelsDir } from '../models/card.js';
import { listSupportedDevices } from '../models/session.js';
import { modelStatus } from '../models/store.js';
import { forgeVersion, runtimeVersions } from '../pipeline/versions.js';
import { defineCommand, printJson, printLine } from './command.js';

export const command = defineCommand({
  configure(doctor: Command, finish) {
    doctor.option('--json', 'print one JSON object').action(async (flags: { json?: boolean }) => {
      const { ffmpeg, reads, writes } = await describeDecoders();
      const models = listCatalogue().map((card) => ({
        id: card.id,
        task: card.task,
        status: modelStatus(card),
      }));
      const facts = {
        versions: runtimeVersions(),
        cores: availableParallelism(),
        memoryMb: Math.round(totalmem() / 2 ** 20),
        devices: listSupportedDevices(),
        ffmpeg: ffmpeg === null ? null : { path: ffmpeg.path, version: ffmpeg.version },
        reads,
        writes,
        checks: await crossCheckWav(),
        modelsDir: modelsDir(),
        models,
      };
      if (flags.json === true) printJson({ schema: 'forge.doctor/1', version: forgeVersion(), ...facts });
      else printFacts(facts);
      finish(0);
    });
  },
});

type Facts = Parameters<typeof printFacts>[0];

function printFacts(facts: {
  readonly versions: Readonly<Record<string, string>>;
  readonly cores: number;
  readonly memoryMb: number;
  readonly devices: readonly string[];
  readonly ffmpeg: { readonly path: string; readonly version: string } | null;
  readonly reads: readonly { readonly format: string; readonly servedBy: string | null }[];
  readonly writes: readonly { readonly format: string; readonly servedBy: string | null }[];
  readonly checks: readonly { readonly name: string; readonly isPassed: boolean }[];
  readonly modelsDir: string;
  readonly models: readonly { readonly id: string; readonly task: string; readonly status: string }[];
}): void {
  printLine(
    Object.entries(facts.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  printLine(
    `${facts.cores} cores, ${facts.memoryMb} MB of memory, networks run on: ${facts.devices.join(', ')}`,
  );
  printLine(
    facts.ffmpeg === null
      ? `ffmpeg: not found. ${FFMPEG_HINT}`
      : `ffmpeg: ${facts.ffmpeg.version} (${facts.ffmpeg.path})`,
  );
  printServices('reads', facts.reads);
  printServices('writes', facts.writes);
  printLine('checks:');
  for (const { name, isPassed } of facts.checks)
    printLine(`  ${name.padEnd(46)} ${isPassed ? 'exact' : 'DIFFERS'}`);
  printLine(`models in ${facts.modelsDir}:`);
  for (const { id, task, status } of facts.models) {
    const hint = status === 'installed' ? '' : `  (forge models pull ${id})`;
    printLine(`  ${id.padEnd(18)} ${task.padEnd(16)} ${status}${hint}`);
  }
}

function printServices(verb: string, lines: Facts['reads']): void {
  printLine(`${verb}:`);
  for (const { format, servedBy } of lines) printLine(`  ${format.padEnd(46)} ${servedBy ?? 'needs ffmpeg'}`);
}
