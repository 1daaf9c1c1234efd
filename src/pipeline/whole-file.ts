// Files that are whole or absent under their name.
import { createHash } from 'node:crypto';
import { closeSync, constants, copyFileSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ForgeError, toForgeError } from '../errors.js';

/** Pieces of text are put together up to this length before they are written. */
const LETTERS_PER_WRITE = 65_536;

/** Writes a text, whole or in pieces, so that the file is whole or as it was; gives its SHA-256 in hex. @throws ForgeError output/* */
export function writeWhole(path: string, text: string | Iterable<string>): string {
  const hash = createHash('sha256');
  replaceWhole(path, (temporary) => {
    const file = openSync(temporary, 'w');
    const flush = (letters: string): void => {
      const bytes = Buffer.from(letters);
      hash.update(bytes);
      writeFileSync(file, bytes);
    };
    try {
      let waiting = '';
      for (const piece of typeof text === 'string' ? [text] : text) {
        waiting += piece;
        if (waiting.length < LETTERS_PER_WRITE) continue;
        flush(waiting);
        waiting = '';
      }
      flush(waiting);
    } finally {
      closeSync(file);
    }
  });
  return hash.digest('hex');
}

/** Writes bytes so that the file is whole or as it was. @throws ForgeError output/* */
export function writeBytes(path: string, bytes: Uint8Array): void {
  replaceWhole(path, (temporary) => writeFileSync(temporary, bytes));
}

/** Copies a file (sharing its blocks where the file system can) so that the target is whole or as it was. @throws ForgeError output/* */
export function copyWhole(from: string, path: string): void {
  replaceWhole(path, (temporary) => copyFileSync(from, temporary, constants.COPYFILE_FICLONE));
}

function replaceWhole(path: string, write: (temporary: string) => void): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  try {
    write(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    const known = toForgeError(error, `cannot write ${path}`);
    if (known.code !== 'internal/defect') throw known;
    throw new ForgeError('output/unwritable', known.message, {
      hint: 'Choose another folder by --out, or change its permissions.',
      cause: error,
    });
  }
}
