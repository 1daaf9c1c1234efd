// Files that are whole or absent under their name.
import { constants, copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ForgeError, toForgeError } from '../errors.js';

/** Writes a text so that the file is whole or as it was. @throws ForgeError output/* */
export function writeWhole(path: string, text: string): void {
  replaceWhole(path, (temporary) => writeFileSync(temporary, text));
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
