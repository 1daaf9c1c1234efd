// `forge drums`: a session drummer. Plays a persona to MIDI, JSON and audio; `forge drums learn` makes a persona.
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { planDrumSession, runDrumSession } from '../pipeline/drum-session.js';
import { type DrumSession, sessionOf } from '../pipeline/drum-wish.js';
import type { SongAnalyser } from '../pipeline/song-analysis.js';
import { forgeVersion } from '../pipeline/versions.js';
import { formatMeter } from '../players/meter.js';
import { listPersonaIds, loadPersona } from '../players/persona.js';
import { defineCommand, printJson, printLine } from './command.js';
import { addDrumFlags, type DrumFlags, wishOf } from './drum-flags.js';

export const command = defineCommand({
  configure(drums: Command, finish) {
    drums
      .command('learn')
      .description('make a persona from a folder of drum performances')
      .argument('<folder>', 'MIDI files')
      .option('--name <name>', 'how the persona is called', 'Learned')
      .option('-o, --output <file>', 'the persona to write', 'persona.yaml')
      .option('--overwrite', 'replace the file')
      .option('--json', 'print one JSON object')
      .action(async (folder: string, _: unknown, learn: Command) => {
        // What drums has by the same name, it takes for itself.
        await learnPersonaFile(folder, learn.optsWithGlobals<LearnFlags>());
        finish(0);
      });
    addDrumFlags(drums);
    drums.action(async (flags: DrumFlags) => {
      if (flags.list === true) listPersonas(flags.json === true);
      else await play(flags);
      finish(0);
    });
  },
});

async function play(flags: DrumFlags): Promise<void> {
  const wish = wishOf(flags);
  const persona = loadPersona(wish.persona);
  const place = {
    folder: join(flags.out, flags.name ?? persona.id),
    overwrite: flags.overwrite === true,
    ...(flags.output === undefined ? {} : { outputFile: flags.output }),
  };
  const session = await sessionOf(wish, place, analyserOf(flags));
  if (flags.dryRun === true) {
    printPlan(session, flags.json === true);
    return;
  }
  const { takes, outputs } = await runDrumSession(session);
  const best = takes[0]!;
  const listed = outputs.map((output) => ({
    ...output,
    path: isAbsolute(output.path) ? output.path : join(session.folder, output.path),
  }));
  const barCount = best.arrangement.bars.length;
  const meter = formatMeter(best.meter);
  if (flags.json !== true) {
    printLine(`${persona.name}: ${barCount} bars of ${meter}, ${best.events.length} strokes`);
    for (const { path } of listed) printLine(`  ${path}`);
    return;
  }
  const result = {
    persona: persona.id,
    status: 'ok',
    meter,
    barCount,
    hitCount: best.events.length,
    takes: takes.map(({ controls, cost, events }) => ({
      seed: controls.seed,
      cost,
      hitCount: events.length,
    })),
    outputs: listed,
  };
  printJson({ schema: 'forge.drums/1', version: forgeVersion(), results: [result] });
}

function printPlan(session: DrumSession, asJson: boolean): void {
  const plan = planDrumSession(session);
  if (asJson) {
    const result = { persona: session.request.persona.id, status: 'planned', ...plan };
    printJson({ schema: 'forge.drums/1', version: forgeVersion(), results: [result] });
    return;
  }
  const sections = plan.sections.map(({ label, bars }) => (label === '' ? `${bars}` : `${label}:${bars}`));
  printLine(
    `${session.request.persona.name}: ${plan.barCount} bars of ${plan.meter} at ${plan.tempoBpm} bpm`,
  );
  if (plan.sections.length > 1) printLine(`  ${sections.join(' ')}`);
  for (const path of plan.outputs) printLine(`  writes ${path}`);
}

/** Analyses audio with the progress and the handling of interrupts of every other command. */
function analyserOf(flags: DrumFlags): SongAnalyser {
  return async (path, only) => {
    const [{ songAnalyser }, { openWorkshop }, { createProgress }, { onInterrupt }] = await Promise.all([
      import('../pipeline/song-analysis.js'),
      import('../pipeline/workshop.js'),
      import('./progress.js'),
      import('./audio-command.js'),
    ]);
    const display = await createProgress(flags.progress, flags.quiet === true, 1);
    const workshop = await openWorkshop(Number.POSITIVE_INFINITY, flags.jobs);
    const stopListening = onInterrupt(workshop, display);
    try {
      return await songAnalyser(workshop, display.onProgress.bind(display))(path, only);
    } finally {
      stopListening();
      display.stop();
      await workshop.close();
    }
  };
}

interface LearnFlags {
  readonly name: string;
  readonly output: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

async function learnPersonaFile(folder: string, flags: LearnFlags): Promise<void> {
  if (existsSync(flags.output) && flags.overwrite !== true) {
    throw new ForgeError('output/exists', `${flags.output} exists`, {
      hint: 'Use --overwrite to replace it.',
    });
  }
  const [{ learnFolder }, { writeWhole }] = await Promise.all([
    import('../pipeline/drum-learn.js'),
    import('../pipeline/whole-file.js'),
  ]);
  const { yaml, fileCount, skippedCount } = await learnFolder(folder, flags.name);
  writeWhole(flags.output, yaml);
  if (flags.json === true) {
    const result = { status: 'ok', path: flags.output, fileCount, skippedCount };
    printJson({ schema: 'forge.drums/1', version: forgeVersion(), results: [result] });
    return;
  }
  const skipped = skippedCount === 0 ? '' : `, ${skippedCount} without drums left out`;
  printLine(`${flags.output}: learned from ${fileCount} performances${skipped}`);
}

function listPersonas(asJson: boolean): void {
  const personas = listPersonaIds()
    .map(loadPersona)
    .map(({ id, name, genre, summary, card }) => ({ id, name, genre, summary, card }));
  if (asJson) printJson({ schema: 'forge.drums/1', version: forgeVersion(), personas });
  else
    for (const { id, genre, summary } of personas)
      printLine(`${id.padEnd(9)} ${genre.padEnd(14)} ${summary}`);
}
