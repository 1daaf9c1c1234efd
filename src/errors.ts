// Every error that forge reports: one table of stable codes, one class, and its form across threads and JSON.
// A code's family (the part before the slash) fixes the exit code; nothing here prints or exits.

/** Exit code of each family of errors, as the commands promise them. */
export const EXIT_CODES = {
  internal: 1,
  usage: 2,
  preset: 3,
  input: 4,
  model: 6,
  output: 7,
  target: 8,
  interrupted: 130,
} as const;

/** Exit code of a batch in which several files failed for different reasons. */
export const EXIT_MIXED = 5;

/** Every code with what it means; docs/reference/errors.md is generated from it. */
export const ERROR_CODES = {
  'internal/defect': 'A defect of forge itself; the message holds the cause.',
  'usage/bad-option': 'An option has a value outside of its range or of the wrong form.',
  'usage/unknown-option': 'An option does not exist.',
  'usage/unknown-command': 'A command does not exist.',
  'usage/missing-argument': 'An argument or an option that the command needs is missing.',
  'usage/conflicting-options': 'Two options exclude each other.',
  'usage/nothing-to-do': 'The command found no input to work on.',
  'preset/not-found': 'No preset has this name.',
  'preset/unreadable': 'The preset file cannot be read.',
  'preset/syntax': 'The preset is not well-formed YAML.',
  'preset/invalid': 'A key or a value of the preset is not what its schema says.',
  'preset/cycle': 'A preset extends itself, directly or by way of others.',
  'input/not-found': 'The input does not exist.',
  'input/unreadable': 'The input exists but cannot be read.',
  'input/is-directory': 'A folder was given where a file is needed.',
  'input/no-audio-in-folder': 'A folder or a pattern holds no audio file.',
  'input/empty': 'The file holds no bytes, or no audio frames.',
  'input/not-audio': 'The file is not audio in a format that a decoder knows.',
  'input/unsupported': 'The file is audio, in a form that forge does not take.',
  'input/bad-header': 'The header contradicts itself or is cut off.',
  'input/truncated': 'The file holds less audio than it announces.',
  'input/damaged': 'Part of the audio cannot be decoded, or fails its checksum.',
  'input/non-finite': 'The audio holds NaN or infinite samples.',
  'input/needs-ffmpeg': 'The format is read through ffmpeg, and no ffmpeg was found.',
  'input/changed': 'The input changed or vanished while it was worked on.',
  'input/no-voice': 'A recording in which a voice is needed holds no speech.',
  'input/not-comparable': 'Two files cannot be compared with each other.',
  'model/unknown': 'No model has this name.',
  'model/not-installed': 'The model is known but not on this machine.',
  'model/corrupt': 'A model file does not have its pinned size or sha256.',
  'model/incompatible': 'A model does not have the tensors that its card states.',
  'model/licence-refused': 'The model may not be used under the licence terms that were asked for.',
  'model/licence-unconfirmed': 'The licence of the model was not accepted.',
  'model/download-failed': 'No mirror gave the whole file.',
  'model/device-unavailable': 'The device that was asked for is not offered by the runtime.',
  'model/run-failed': 'The runtime failed while it ran the model.',
  'output/busy': 'Another run of forge works in the same folder.',
  'output/exists': 'The output exists, and forge did not make it.',
  'output/unwritable': 'The output cannot be written.',
  'output/disk-full': 'The disk is full.',
  'output/needs-ffmpeg': 'The format is written through ffmpeg, and no ffmpeg was found.',
  'output/unsupported': 'The format cannot hold what was asked for.',
  'output/encoder-failed': 'The encoder ended with an error.',
  'target/missed': 'The result does not reach its target.',
  'interrupted/by-user': 'The run was interrupted.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The form of an error in JSON output and in messages between threads. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/**
 * An error with a stable code. `message` reads "expected X for NAME, got VALUE" where a value is at fault;
 * `hint` says what to do.
 */
export class ForgeError extends Error {
  override readonly name = 'ForgeError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  toJSON(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** The exit code of an error code: that of its family. */
export function exitCodeOf(code: ErrorCode): number {
  const family = code.slice(0, code.indexOf('/')) as keyof typeof EXIT_CODES;
  return EXIT_CODES[family];
}

/** A ForgeError again from its record, as it arrives from a worker. */
export function errorFromRecord(record: ErrorRecord): ForgeError {
  return new ForgeError(record.code, record.message, { hint: record.hint });
}

/** Any thrown value as a ForgeError; what is not one of ours is a defect, except for known errors of the system. */
export function toForgeError(thrown: unknown, whileDoing?: string): ForgeError {
  if (thrown instanceof ForgeError) return thrown;
  const context = whileDoing === undefined ? '' : `${whileDoing}: `;
  const code = (thrown as NodeJS.ErrnoException | null)?.code;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ForgeError('output/disk-full', `${context}no space is left on the disk`, {
      hint: 'Free some space, or choose another folder by --out.',
      cause: thrown,
    });
  }
  if (code === 'EROFS') {
    return new ForgeError('output/unwritable', `${context}the file system is read-only`, {
      hint: 'Choose another folder by --out.',
      cause: thrown,
    });
  }
  return new ForgeError('internal/defect', `${context}${message}`, {
    hint: 'This is a defect of forge. Please report it with the command and its output.',
    cause: thrown,
  });
}
