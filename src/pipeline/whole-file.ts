// Files that are whole or absent under their name, and the hash of files.
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  createReadStream,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ForgeError, toForgeError } from '../errors.js';

const BLOCK_BYTES = 1 << 20;

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

/** sha256 of a file's bytes in hex, without holding up the caller's thread. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of createReadStream(path, { highWaterMark: BLOCK_BYTES }))
    hash.update(block as Buffer);
  return hash.digest('hex');
}

/** sha256 of a file's bytes in hex, at once: for worker threads and short files. */
export function sha256Sync(path: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  const fd = openSync(path, 'r');
  try {
    for (let length = readSync(fd, buffer); length > 0; length = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
