// What a command is to cli.ts. A command's file parses, calls the pipeline and the report, and holds no audio code.
import type { Command } from 'commander';

/** A command of the program; its file exports one as `command`. */
export interface CommandModule {
  /**
   * Adds arguments, options and the action to `command`. The action hands the exit code to `finish`;
   * what it throws is mapped to an exit code by cli.ts.
   */
  configure(command: Command, finish: (exitCode: number) => void): void | Promise<void>;
}

/** Identity; checks the type. */
export function defineCommand(module: CommandModule): CommandModule {
  return module;
}

/** Prints data for programs: one JSON object. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints a line of data for people. */
export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}
