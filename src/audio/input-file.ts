// Opens files that others made: every way in which that fails becomes an error with a stable code and a hint.
// Only regular files are opened (a FIFO would block for ever). Nothing here looks at the content.
import fs from 'node:fs';
import { ForgeError } from '../errors.js';

/** A path as it stands in a message: on one line, whatever the name holds. */
export function displayPath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
  return path.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** An open input and its size in bytes when it was opened. */
export interface InputFile {
  readonly fd: number;
  readonly path: string;
  readonly byteCount: number;
}

/**
 * Opens a regular file for reading; symbolic links are followed.
 * @throws ForgeError input/not-found, input/unreadable (permissions, link loops, devices), input/is-directory,
 *   input/empty
 */
export function openInputFile(path: string): InputFile {
  let fd: number | undefined;
  try {
    const stats = fs.statSync(path);
    if (stats.isDirectory()) {
      throw new ForgeError(
        'input/is-directory',
        `expected an audio file, got the folder ${displayPath(path)}`,
      );
    }
    if (!stats.isFile()) {
      throw new ForgeError(
        'input/unreadable',
        `expected a regular file, got a device, pipe or socket: ${displayPath(path)}`,
        { hint: 'Give "-" to read from standard input.' },
      );
    }
    fd = fs.openSync(path, 'r');
    const byteCount = fs.fstatSync(fd).size;
    if (byteCount === 0) {
      throw new ForgeError('input/empty', `expected audio in ${displayPath(path)}, got an empty file`);
    }
    return { fd, path, byteCount };
  } catch (thrown) {
    if (fd !== undefined) fs.closeSync(fd);
    throw inputError(thrown, path);
  }
}

/**
 * Fills `target` from byte `offset` on. A file that has become shorter since it was opened is an error.
 * @throws ForgeError input/changed, input/unreadable
 */
export function readFully(file: InputFile, offset: number, target: Uint8Array): void {
  const got = readUpTo(file, offset, target);
  if (got < target.length) {
    throw new ForgeError(
      'input/changed',
      `expected ${target.length} bytes at ${offset} of ${displayPath(file.path)}, got ${got}: the file became shorter`,
      { hint: 'Something else writes to this file. Run again when it is done.' },
    );
  }
}

/** Bytes read into `target` from byte `offset` on: fewer than asked only at the end of the file. */
export function readUpTo(file: InputFile, offset: number, target: Uint8Array): number {
  let got = 0;
  try {
    while (got < target.length) {
      const count = fs.readSync(file.fd, target, got, target.length - got, offset + got);
      if (count === 0) break;
      got += count;
    }
  } catch (thrown) {
    throw inputError(thrown, file.path);
  }
  return got;
}

/** A thrown system error as the error of an input; anything else comes back as it is. */
export function inputError(thrown: unknown, path: string): unknown {
  const name = displayPath(path);
  switch ((thrown as NodeJS.ErrnoException | null)?.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ForgeError('input/not-found', `expected an audio file at ${name}, got nothing there`, {
        cause: thrown,
      });
    case 'ELOOP':
      return new ForgeError('input/unreadable', `expected a file at ${name}, got a loop of symbolic links`, {
        hint: 'Remove the link, or point it to the file.',
        cause: thrown,
      });
    case 'EACCES':
    case 'EPERM':
      return new ForgeError('input/unreadable', `no permission to read ${name}`, { cause: thrown });
    case 'EISDIR':
      return new ForgeError('input/is-directory', `expected an audio file, got the folder ${name}`, {
        cause: thrown,
      });
    case 'ENAMETOOLONG':
      return new ForgeError('input/not-found', `the path is longer than the system allows: ${name}`, {
        cause: thrown,
      });
    case 'ERR_INVALID_ARG_VALUE':
      return new ForgeError('input/not-found', `expected a path, got one with a null character: ${name}`, {
        cause: thrown,
      });
    case 'EIO':
    case 'ESTALE':
      return new ForgeError('input/unreadable', `the system failed while it read ${name}`, { cause: thrown });
    default:
      return thrown;
  }
}
