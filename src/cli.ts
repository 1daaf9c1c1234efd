// The program: finds the command, loads it alone, and maps every error to its exit code. Nothing else does that.
// `forge --version` loads nothing.
import { createRequire } from 'node:module';
import type { Command } from 'commander';
import type { CommandModule } from './commands/command.js';
import { EXIT_CODES, exitCodeOf, ForgeError, toForgeError } from './errors.js';

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: CommandModule }>;
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'Run a whole pipeline: separate, denoise, analyze, master.',
    load: () => import('./commands/run.js'),
  },
  { name: 'split', summary: 'Separate songs into stems.', load: () => import('./commands/split.js') },
  { name: 'denoise', summary: 'Take noise out of recordings.', load: () => import('./commands/denoise.js') },
  {
    name: 'restore',
    summary: 'Find and mend damage: clicks, clipping, hum, plosives, sibilants …',
    load: () => import('./commands/restore.js'),
  },
  {
    name: 'analyze',
    summary: 'Measure loudness, dynamics, stereo and spectrum.',
    load: () => import('./commands/analyze.js'),
  },
  {
    name: 'master',
    summary: 'Make finished masters for a platform.',
    load: () => import('./commands/master.js'),
  },
  { name: 'duck', summary: 'Lay music under a voice.', load: () => import('./commands/duck.js') },
  {
    name: 'automate',
    summary: 'Lay music under voices, a folder at a time: mixed and mastered.',
    load: () => import('./commands/automate.js'),
  },
  {
    name: 'drums',
    summary: 'Play a session drummer: MIDI, and audio with --render.',
    load: () => import('./commands/drums.js'),
  },
  {
    name: 'compare',
    summary: 'Compare two files: null depth, level, loudness, spectrum.',
    load: () => import('./commands/compare.js'),
  },
  {
    name: 'replay',
    summary: 'Do a recorded run again and compare every output.',
    load: () => import('./commands/replay.js'),
  },
  {
    name: 'curve',
    summary: 'Learn a target curve from your own music.',
    load: () => import('./commands/curve.js'),
  },
  { name: 'presets', summary: 'List, show and check presets.', load: () => import('./commands/presets.js') },
  {
    name: 'models',
    summary: 'List, pull, import and verify models.',
    load: () => import('./commands/models.js'),
  },
  {
    name: 'doctor',
    summary: 'Show what works on this machine, and what is missing.',
    load: () => import('./commands/doctor.js'),
  },
  {
    name: 'clean',
    summary: 'Remove cached results of earlier runs.',
    load: () => import('./commands/clean.js'),
  },
  {
    name: 'completion',
    summary: 'Print a completion script for a shell.',
    load: () => import('./commands/completion.js'),
  },
];

/** Runs the program with `argv` as in process.argv; sets process.exitCode. */
export async function main(argv: readonly string[]): Promise<void> {
  const args = argv.slice(2);
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    process.stdout.write(`${version()}\n`);
    return;
  }
  // A reader that goes away (`forge … | head`) is not an error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_CODES.interrupted);
    throw error;
  });
  try {
    process.exitCode = await runCommand(args);
  } catch (thrown) {
    process.exitCode = reportFailure(toForgeError(thrown), args);
  }
}

async function runCommand(args: readonly string[]): Promise<number> {
  const { Command, CommanderError } = await import('commander');
  let exitCode = 0;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = await buildProgram(new Command(), args, finish);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error);
    throw error;
  }
  return exitCode;
}

/** The program with the command of `args` in full, and all others by name; all in full for `help --json` and completion. */
async function buildProgram(
  program: Command,
  args: readonly string[],
  finish: (code: number) => void,
): Promise<Command> {
  program
    .name('forge')
    .description('Headless post-production: separate, denoise, analyze and master audio in batches.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const wanted = args[0];
  const needsAll = wanted === 'help' || wanted === 'completion';
  for (const entry of COMMANDS) {
    const command = program.command(entry.name).description(entry.summary).exitOverride();
    command.configureOutput({ writeErr: () => {} });
    if (needsAll || entry.name === wanted || (wanted === 'help' && args[1] === entry.name)) {
      await (await entry.load()).command.configure(command, finish);
    }
  }
  const help = program
    .command('help')
    .description('Show help for a command; --json prints the whole command tree.');
  const { command } = await import('./commands/help.js');
  await command.configure(help, finish);
  return program;
}

/** Commander's own errors: help and version are successes, the rest is a usage error. */
function usageExit(error: {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}): number {
  if (error.exitCode === 0 || error.code === 'commander.help')
    return error.code === 'commander.help' ? EXIT_CODES.usage : 0;
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const code = USAGE_CODES[error.code] ?? 'usage/bad-option';
  throw new ForgeError(code, message, { hint: 'See forge --help, or forge COMMAND --help.', cause: error });
}

const USAGE_CODES: Readonly<
  Record<string, 'usage/unknown-option' | 'usage/unknown-command' | 'usage/missing-argument'>
> = {
  'commander.unknownOption': 'usage/unknown-option',
  'commander.unknownCommand': 'usage/unknown-command',
  'commander.missingArgument': 'usage/missing-argument',
  'commander.optionMissingArgument': 'usage/missing-argument',
  'commander.missingMandatoryOptionValue': 'usage/missing-argument',
};

function reportFailure(error: ForgeError, args: readonly string[]): number {
  if (args.includes('--json')) {
    const name = COMMANDS.some((entry) => entry.name === args[0]) ? args[0] : 'error';
    const failure = { schema: `forge.${name}/1`, version: version(), results: [], error: error.toJSON() };
    process.stdout.write(`${JSON.stringify(failure, null, 2)}\n`);
  }
  process.stderr.write(`forge: ${error.message} [${error.code}]\n`);
  if (error.hint !== undefined) process.stderr.write(`       ${error.hint}\n`);
  if (error.code === 'internal/defect') {
    process.stderr.write(`${error.cause instanceof Error ? error.cause.stack : error.stack}\n`);
  }
  return exitCodeOf(error.code);
}

function version(): string {
  return (createRequire(import.meta.url)('forge-audio/package.json') as { version: string }).version;
}
