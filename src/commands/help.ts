// `forge help [command]`, and `forge help --json`: the whole command tree for scripts and agents.
import type { Argument, Command, Option } from 'commander';
import { hintOf } from '../complaints.js';
import { ERROR_CODES, type ErrorCode, EXIT_CODES, EXIT_MIXED, exitCodeOf, ForgeError } from '../errors.js';
import { defineCommand, printJson, printLine } from './command.js';

export const command = defineCommand({
  configure(help, finish) {
    help
      .argument('[command]', 'the command to explain')
      .option('--json', 'print the whole command tree as JSON')
      .action((name: string | undefined, options: { json?: boolean }) => {
        const program = help.parent!;
        const subject =
          name === undefined ? program : program.commands.find((entry) => entry.name() === name);
        if (subject === undefined) {
          const known = program.commands.map((entry) => entry.name());
          throw new ForgeError('usage/unknown-command', `expected a command, got "${name}"`, {
            hint: hintOf(name!, known),
          });
        }
        if (options.json === true)
          printJson({ schema: 'forge.help/1', version: program.version(), ...describe(subject), ...codes() });
        else printLine(subject.helpInformation().trimEnd());
        finish(0);
      });
  },
});

function describe(command: Command): object {
  return {
    name: command.name(),
    summary: command.description(),
    arguments: command.registeredArguments.map(describeArgument),
    options: command.options.filter((option) => !option.hidden).map(describeOption),
    commands: command.commands.map(describe),
  };
}

function describeArgument(argument: Argument): object {
  return {
    name: argument.name(),
    description: argument.description,
    required: argument.required,
    variadic: argument.variadic,
  };
}

function describeOption(option: Option): object {
  return {
    flags: option.flags,
    description: option.description,
    takesValue: option.required || option.optional,
    ...(option.argChoices === undefined ? {} : { choices: option.argChoices }),
    ...(option.defaultValue === undefined ? {} : { default: option.defaultValue }),
  };
}

function codes(): object {
  const errorCodes = Object.entries(ERROR_CODES).map(([code, meaning]) => ({
    code,
    meaning,
    exitCode: exitCodeOf(code as ErrorCode),
  }));
  return { exitCodes: { done: 0, ...EXIT_CODES, mixed: EXIT_MIXED }, errorCodes };
}
