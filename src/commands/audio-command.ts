// What run, split, denoise, analyze and master have in common: inputs, outputs, progress, interrupts, results.

import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import {
  type BatchItem,
  exitCodeOfBatch,
  type PlannedTrack,
  planBatch,
  runBatch,
} from '../pipeline/batch.js';
import { CACHE_LIMIT_BYTES, shrinkCaches } from '../pipeline/cache.js';
import type { Workshop } from '../pipeline/executor.js';
import { listInputs } from '../pipeline/inputs.js';
import { shapeOf } from '../pipeline/plan.js';
import { type Override, type Pipeline, parseSet } from '../pipeline/preset.js';
import { cleanOpenFolders, type RunSettings } from '../pipeline/run.js';
import type { DeliveryWish } from '../pipeline/stage.js';
import { forgeVersion } from '../pipeline/versions.js';
import { openWorkshop } from '../pipeline/workshop.js';
import { planJson, planText } from '../report/plan.js';
import { reportFiles } from '../report/report-files.js';
import { resultJson, resultText } from '../report/result.js';
import { printJson, printLine } from './command.js';
import { addDeliveryFlags, type DeliveryFlags, deliveryWishOf, wholeNumber } from './delivery-flags.js';
import { createProgress, type ProgressDisplay } from './progress.js';
import { parseValue } from './stage-flags.js';

/** Values of the shared flags, as commander gives them. */
export interface AudioFlags extends DeliveryFlags {
  readonly out: string;
  readonly overwrite?: boolean;
  readonly jobs?: number;
  readonly seed: number;
  readonly set?: readonly string[];
  readonly tolerateDamage?: boolean;
  readonly commercialOnly?: boolean;
  readonly pull?: boolean;
  readonly embedAudio?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly progress: string;
  readonly quiet?: boolean;
}

/** Adds the inputs argument and the shared flags. */
export function addAudioFlags(
  command: Command,
  options: {
    readonly isInputOptional?: boolean;
    readonly makesOneFile?: boolean;
    /** Forms of what a command prints that writes no audio. */
    readonly formats?: readonly string[];
  } = {},
): void {
  command
    .argument(
      options.isInputOptional === true ? '[inputs...]' : '<inputs...>',
      'files, folders, patterns, or - for standard input',
    )
    .option('--out <dir>', 'folder for all results', 'forge-out');
  if (options.makesOneFile === true)
    command.option('-o, --output <file>', 'name of the one result (one input only)');
  command.option('--overwrite', 'replace files that forge did not make');
  addDeliveryFlags(command, options.formats);
  command
    .option('--jobs <n>', 'cores to use at most (default: all)', wholeNumber)
    .option('--seed <n>', 'seed of dither and of everything drawn at random', wholeNumberOrZero, 0)
    .option('--set <stage.option=value>', 'set an option of a stage (repeatable)', collect)
    .option('--tolerate-damage', 'go on with damaged or truncated files, and record the damage')
    .option('--commercial-only', 'refuse models whose weights may not be used commercially')
    .option('--pull', 'pull models that a stage names and that are missing')
    .option('--embed-audio', 'put the audio into report.html, so that the page can be sent alone')
    .option('--dry-run', 'print the plan and do nothing')
    .option('--json', 'print the results as one JSON object')
    .option('--progress <mode>', 'auto, plain, json or none', 'auto')
    .option('--quiet', 'no progress');
}

/** `--set` values as overrides. @throws ForgeError usage/bad-option */
export function setOverrides(flags: AudioFlags): Override[] {
  return (flags.set ?? []).map((text) => parseSet(text, parseValue));
}

/** A job for runAudio. */
export interface AudioJob {
  readonly command: string;
  readonly inputs: readonly string[];
  readonly flags: AudioFlags;
  readonly pipeline: Pipeline;
  /** Form of the results where the flags name none: that of an edited plan. */
  readonly wish?: DeliveryWish | undefined;
  /** Printed in the place of what a person reads. */
  readonly sheet?: (items: readonly BatchItem[]) => readonly string[];
  /** Writes an index page where there are several inputs. */
  readonly isWithIndex?: boolean;
  /** Told by --dry-run beside the plan. */
  readonly foresee?: (planned: readonly PlannedTrack[]) => Promise<Addition>;
  /** Told when all tracks are done; or the pipeline with which the run is to be made again. */
  readonly conclude?: (items: readonly BatchItem[]) => Promise<Addition | { readonly again: Pipeline }>;
}

/** What a command adds to what every command prints. */
export interface Addition {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  /** What the tracks' reports say of their album: they are written again with it. */
  readonly albumOf?: RunSettings['albumOf'];
}

/** Plans and runs the job, prints what came out, and gives the exit code. */
export async function runAudio(job: AudioJob): Promise<number> {
  const inputs = await listInputs(job.inputs);
  try {
    if (job.flags.output !== undefined && inputs.paths.length > 1) {
      throw new ForgeError(
        'usage/conflicting-options',
        `expected one input with -o, got ${inputs.paths.length}`,
        {
          hint: 'Use --out DIR for several inputs.',
        },
      );
    }
    const { flags } = job;
    const makesAudio = job.pipeline.steps.some(({ stage, options }) => stage.outputs(options).length > 0);
    if (flags.output !== undefined && !makesAudio) {
      throw new ForgeError('usage/conflicting-options', 'expected no -o where no audio is made', {
        hint: '-o names the audio that a command makes; the reports lie in the folder of --out.',
      });
    }
    return await runPlanned(job, (wish, settings, pipeline) =>
      planBatch({ paths: inputs.paths, outFolder: flags.out, pipeline, wish, settings }),
    );
  } finally {
    inputs.cleanUp();
  }
}

/** The same for a command that plans by itself. `pipeline` is what is pulled for, and shown by --dry-run. */
export async function runPlanned(
  job: Omit<AudioJob, 'inputs'>,
  plan: (wish: DeliveryWish, settings: RunSettings, pipeline: Pipeline) => Promise<PlannedTrack[]>,
): Promise<number> {
  const { command, flags, pipeline } = job;
  const wish = { ...job.wish, ...deliveryWishOf(flags) };
  const settings: RunSettings = {
    command,
    seed: flags.seed,
    tolerateDamage: flags.tolerateDamage === true,
    overwrite: flags.overwrite === true,
    commercialOnly: flags.commercialOnly === true,
    ...(flags.output === undefined ? {} : { outputFile: flags.output }),
  };
  if (flags.pull === true) await pullMissing(pipeline, settings, flags);
  let planned = await plan(wish, settings, pipeline);
  if (flags.dryRun === true) return await printPlan(job, planned, settings, wish);
  const isIndexed = job.isWithIndex === true && planned.length > 1;
  if (isIndexed && !settings.overwrite)
    (await import('../report/index-page.js')).requireReplaceableIndex(flags.out);
  for (;;) {
    const items = await execute(job, planned, settings);
    if (isIndexed) (await import('../report/index-page.js')).writeIndex(flags.out, command, items);
    const conclusion = (await job.conclude?.(items)) ?? { json: {}, lines: [] };
    if (!('again' in conclusion)) {
      const { albumOf } = conclusion;
      if (albumOf === undefined) return printItems(job, items, conclusion);
      // All but the reports comes out of the cache.
      return printItems(job, await execute(job, planned, { ...settings, albumOf }), conclusion);
    }
    planned = await plan(wish, settings, conclusion.again);
  }
}

async function execute(
  job: Omit<AudioJob, 'inputs'>,
  planned: readonly PlannedTrack[],
  settings: RunSettings,
): Promise<BatchItem[]> {
  const { command, flags } = job;
  const display = await createProgress(flags.progress, flags.quiet === true, planned.length);
  const isAlone = flags.jobs === undefined && isLightWork(planned);
  const pools = await openWorkshop(isAlone ? 0 : workSecOf(planned), flags.jobs);
  const stopListening = onInterrupt(pools, display);
  let items: BatchItem[];
  try {
    items = await runBatch(
      planned,
      settings,
      pools,
      reportFiles(command, flags.embedAudio === true),
      display,
    );
  } finally {
    stopListening();
    display.stop();
    await pools.close();
  }
  shrinkCaches(flags.out, CACHE_LIMIT_BYTES);
  for (const item of items) {
    if (item.status === 'failed' && item.error.code === 'internal/defect') display.say(traceOf(item.error));
  }
  return items;
}

function printItems(
  { command, flags, sheet }: Omit<AudioJob, 'inputs'>,
  items: readonly BatchItem[],
  addition: Addition,
): number {
  const results = items.map((item) => resultJson(command, item));
  if (flags.json === true) {
    printJson({ schema: `forge.${command}/1`, version: forgeVersion(), results, ...addition.json });
  } else if (sheet !== undefined) {
    for (const line of sheet(items)) printLine(line);
  } else {
    printResults(command, items);
    for (const line of addition.lines) printLine(line);
  }
  return exitCodeOfBatch(items);
}

/** Work of a core for less than this share of the audio's time is mostly reading: threads would cost more than they give. */
const LIGHT_SHARE = 0.0015;

/** Whether one file is only measured for loudness and levels; then one thread stays under 90 MB whatever the length. */
function isLightWork(planned: readonly PlannedTrack[]): boolean {
  const [track] = planned;
  if (planned.length !== 1 || track === undefined || 'error' in track) return false;
  const { info, plan } = track;
  const { frameCount, sampleRateHz } = shapeOf(info);
  const isByNetwork = plan.nodes.some(({ models }) => models.length > 0);
  return !isByNetwork && plan.estimate.workSec <= LIGHT_SHARE * (frameCount / sampleRateHz);
}

/** Estimated work of one core; without end where a network runs, which must not hold up this thread. */
function workSecOf(planned: readonly PlannedTrack[]): number {
  let workSec = 0;
  for (const track of planned) {
    if ('error' in track) continue;
    const isByNetwork = track.plan.nodes.some(({ models }) => models.length > 0);
    workSec += isByNetwork ? Number.POSITIVE_INFINITY : track.plan.estimate.workSec;
  }
  return workSec;
}

/** Where a defect arose, for its report. */
function traceOf(error: ForgeError): string {
  return (error.cause instanceof Error ? error.cause.stack : error.stack) ?? error.message;
}

function printResults(command: string, items: readonly BatchItem[]): void {
  for (const item of items) {
    for (const line of resultText(command, item)) printLine(line);
  }
  const failed = items.filter((item) => item.status === 'failed');
  if (items.length > 1) {
    printLine(
      `${items.length - failed.length} of ${items.length} done${failed.length > 0 ? `, ${failed.length} failed:` : ''}`,
    );
    for (const item of failed) printLine(`  ${item.path}: ${item.error.message} [${item.error.code}]`);
  }
}

async function printPlan(
  job: Omit<AudioJob, 'inputs'>,
  planned: readonly PlannedTrack[],
  settings: RunSettings,
  wish: DeliveryWish,
): Promise<number> {
  const addition = (await job.foresee?.(planned)) ?? { json: {}, lines: [] };
  if (job.flags.json === true) {
    printJson({ ...planJson(job.pipeline, planned, settings, wish, job.flags.out), ...addition.json });
  } else {
    for (const line of [...planText(job.pipeline, planned), ...addition.lines]) printLine(line);
  }
  const items = planned.flatMap((track): BatchItem[] =>
    'error' in track ? [{ path: track.path, status: 'failed', error: track.error }] : [],
  );
  return exitCodeOfBatch(items);
}

/** Pulls what the stages name and the machine lacks; only with --pull. */
async function pullMissing(pipeline: Pipeline, settings: RunSettings, flags: AudioFlags): Promise<void> {
  const { pullModels } = await import('./models.js');
  const ids = pipeline.steps.flatMap((step) =>
    (step.stage.models?.(step.options) ?? []).filter(({ required }) => required).map(({ id }) => id),
  );
  await pullModels([...new Set(ids)], {
    commercialOnly: settings.commercialOnly,
    isQuiet: flags.quiet === true,
  });
}

/**
 * Ctrl-C: asks the workers to stop, clears what is half-written, and lets the signal end the process. Nothing waits
 * for a network in the middle of an inference. Gives a function that stops listening.
 */
export function onInterrupt(pools: Workshop, display: ProgressDisplay): () => void {
  const stop = (signal: NodeJS.Signals) => {
    pools.cancel();
    display.stop();
    cleanOpenFolders();
    process.stderr.write(
      'forge: interrupted; finished ranges are kept for the next run [interrupted/by-user]\n',
    );
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    process.kill(process.pid, signal);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return () => {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  };
}

function wholeNumberOrZero(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
