// `forge models list | pull | import | verify | remove`. Nothing is downloaded but by `pull` (and --pull elsewhere).
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { findCard, listCatalogue, type ModelCard, modelsDir } from '../models/card.js';
import { importPlanned, planImport, removeModel } from '../models/import.js';
import { type PullProgress, pullModel } from '../models/pull.js';
import { installedModel, modelStatus, verifyModel } from '../models/store.js';
import { forgeVersion } from '../pipeline/versions.js';
import { defineCommand, printJson, printLine } from './command.js';

interface PullFlags {
  readonly variant?: string;
  readonly yes?: boolean;
  readonly commercialOnly?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

interface ImportFlags {
  readonly id?: string;
  readonly card?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const command = defineCommand({
  configure(models: Command, finish) {
    models
      .command('list')
      .description('list all models that forge knows, with licence and whether they are installed')
      .option('--commercial-only', 'only models whose weights may be used commercially')
      .option('--json', 'print one JSON object')
      .action((flags: { commercialOnly?: boolean; json?: boolean }) => {
        const cards = listCatalogue().filter((card) => flags.commercialOnly !== true || card.commercialUse);
        if (flags.json === true)
          printJson({ schema: 'forge.models/1', version: forgeVersion(), models: cards.map(cardJson) });
        else printCards(cards);
        finish(0);
      });
    models
      .command('pull')
      .description('download models, verified against their pinned size and sha256')
      .argument('<ids...>', 'ids from `forge models list`')
      .option('--variant <name>', 'set of files, where a model has several')
      .option('--yes', 'accept the licences without being asked')
      .option('--commercial-only', 'refuse models whose weights may not be used commercially')
      .option('--quiet', 'no progress')
      .option('--json', 'print one JSON object')
      .action(async (ids: string[], flags: PullFlags) => {
        const results = await pullModels(ids, { ...flags, isQuiet: flags.quiet === true });
        if (flags.json === true) printJson({ schema: 'forge.models/1', version: forgeVersion(), results });
        else
          for (const { id, paths } of results)
            printLine(`${id}: ${paths.length} files verified in ${modelsDir()}`);
        finish(0);
      });
    models
      .command('import')
      .description('take model files that lie on this machine')
      .argument('<path>', 'a model file, or a folder of them')
      .option('--id <id>', 'model that the file belongs to')
      .option('--card <file>', "card (YAML) of a model of the user's own; its networks are tried before")
      .option('--dry-run', 'try the networks, tell what would be imported, and write nothing')
      .option('--json', 'print one JSON object')
      .action(async (path: string, flags: ImportFlags) => {
        const plan = planImport(path, {
          ...(flags.id === undefined ? {} : { id: flags.id }),
          ...(flags.card === undefined ? {} : { cardPath: flags.card }),
        });
        const isTried = flags.card !== undefined || flags.dryRun === true;
        const networks = isTried ? await tryNetworks(plan) : [];
        const results = flags.dryRun === true ? [] : importPlanned(plan);
        if (flags.json === true) {
          printJson({ schema: 'forge.models/1', version: forgeVersion(), results, networks });
        } else {
          for (const { file, inputs, outputs, summary } of networks)
            printLine(`${file}: ${inputs.join(', ')} -> ${outputs.join(', ')}${summary}`);
          for (const { id, files } of results) printLine(`${id}: ${files.join(', ')}`);
          if (flags.dryRun === true) printLine('nothing was written (--dry-run)');
        }
        finish(0);
      });
    models
      .command('verify')
      .description('hash the files of installed models again')
      .argument('[ids...]', 'ids; all that are installed unless given')
      .option('--json', 'print one JSON object')
      .action((ids: string[], flags: { json?: boolean }) => {
        const chosen =
          ids.length > 0
            ? ids
            : listCatalogue()
                .filter((card) => modelStatus(card) !== 'absent')
                .map(({ id }) => id);
        const results = chosen.map((id) => ({ id, files: verifyModel(id) }));
        if (flags.json === true) printJson({ schema: 'forge.models/1', version: forgeVersion(), results });
        else {
          for (const { id, files } of results)
            for (const file of files) printLine(`${id}  ${file.name}  ${file.status}`);
          if (results.length === 0) printLine('no model is installed');
        }
        const bad = results.flatMap(({ id, files }) =>
          files.filter(({ status }) => status !== 'ok').map(({ name }) => `${id}/${name}`),
        );
        if (bad.length > 0) {
          throw new ForgeError('model/corrupt', `expected the pinned bytes in ${bad.join(', ')}`, {
            hint: 'Pull them again: forge models pull ID.',
          });
        }
        finish(0);
      });
    models
      .command('remove')
      .description('delete the files of a pulled or imported model')
      .argument('<id>', 'id of the model')
      .action((id: string) => {
        printLine(`${id}: removed ${removeModel(id).join(', ')}`);
        finish(0);
      });
  },
});

/** Opens the networks of a plan, each once; the runtime is loaded only here. @throws ForgeError model/* */
async function tryNetworks({ matches }: ReturnType<typeof planImport>) {
  const { tryNetwork } = await import('../models/try-network.js');
  const found = [];
  for (const { card, file, source } of matches)
    if (file.name.endsWith('.onnx')) found.push(await tryNetwork(card, file.name, source));
  return found;
}

/** Pulls models one after the other; asks for a licence that must be accepted, once each. @throws ForgeError model/* */
export async function pullModels(
  ids: readonly string[],
  flags: {
    readonly variant?: string;
    readonly yes?: boolean;
    readonly commercialOnly?: boolean;
    readonly isQuiet: boolean;
  },
): Promise<{ id: string; licence: string; paths: string[] }[]> {
  const cards = ids.map((id) => findCard(id));
  for (const card of cards) {
    if (flags.commercialOnly === true && !card.commercialUse) {
      throw new ForgeError(
        'model/licence-refused',
        `expected a model for commercial use, got ${card.id}: ${card.licence}`,
      );
    }
  }
  const results: { id: string; licence: string; paths: string[] }[] = [];
  for (const card of cards) {
    const { id, licence } = card;
    if (flags.variant === undefined && installedModel(id) !== null) {
      results.push({ id, licence, paths: Object.values(installedModel(id)!.files) });
      continue;
    }
    process.stderr.write(`${id}: licence ${licence}\n`);
    const acceptLicence = card.mustAcceptLicence ? flags.yes === true || (await askLicence(card)) : true;
    const paths = await pullModel(card, {
      acceptLicence,
      ...(flags.variant === undefined ? {} : { variant: flags.variant }),
      ...(flags.isQuiet ? {} : { onProgress: pullProgress(id) }),
    });
    results.push({ id, licence, paths });
  }
  return results;
}

/** Asks on a terminal; without one nothing is accepted. */
async function askLicence(card: ModelCard): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`Accept this licence for ${card.id}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/** A line that changes on a terminal; a line for each tenth when piped. */
function pullProgress(id: string): (progress: PullProgress) => void {
  let lastTenth = -1;
  return ({ file, bytesDone, bytesTotal }) => {
    const tenth = Math.floor((10 * bytesDone) / Math.max(1, bytesTotal));
    const line = `${id}: ${file}  ${(bytesDone / 1e6).toFixed(1)} of ${(bytesTotal / 1e6).toFixed(1)} MB`;
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001b[K${line}${bytesDone === bytesTotal ? '\n' : ''}`);
    else if (tenth !== lastTenth) process.stderr.write(`${line}\n`);
    lastTenth = tenth;
  };
}

function cardJson(card: ModelCard): object {
  const { id, task, summary, licence, commercialUse } = card;
  return {
    id,
    task,
    summary,
    licence,
    commercialUse,
    installed: modelStatus(card) === 'installed',
    status: modelStatus(card),
  };
}

function printCards(cards: readonly ModelCard[]): void {
  for (const card of cards) {
    const use = card.commercialUse ? '' : '  [not for commercial use]';
    printLine(
      `${card.id.padEnd(18)} ${card.task.padEnd(16)} ${modelStatus(card).padEnd(10)} ${card.summary}${use}`,
    );
    printLine(`${''.padEnd(46)} ${card.licence}`);
  }
}
