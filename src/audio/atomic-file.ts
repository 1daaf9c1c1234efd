// A file that becomes visible whole or not at all: written under a hidden name in the folder of its final one, made
// durable, then renamed. Also knows which such files are unfinished, so that an interrupted process can remove them.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ForgeError } from '../errors.js';
import { displayPath } from './input-file.js';

export interface AtomicFile {
  readonly path: string;
  /** `.{name}.{random}.partial` in the same folder; `extension` of createAtomicFile comes last. */
  readonly temporaryPath: string;
  readonly fd: number;
  /** Makes the content durable (unless told that others do, or that it is scratch) and renames it to `path`, replacing what was there. */
  commit(isMadeDurable?: boolean): void;
  /** Closes and removes the temporary file; does nothing after commit. */
  abort(): void;
}

const unfinished = new Set<AtomicFile>();

/**
 * Creates the temporary file, empty and open for reading and writing.
 * @param extension such as `.flac`, for tools that choose a format by the name; empty by default
 * @throws ForgeError output/unwritable, output/disk-full
 */
export function createAtomicFile(path: string, extension = ''): AtomicFile {
  const suffix = `.${randomBytes(6).toString('hex')}.partial${extension}`;
  const temporaryPath = join(dirname(path), `.${shorten(basename(path), 254 - suffix.length)}${suffix}`);
  let fd: number;
  try {
    fd = fs.openSync(temporaryPath, 'wx+', 0o666);
  } catch (thrown) {
    throw outputError(thrown, path);
  }
  let isOpen = true;
  const file: AtomicFile = {
    path,
    temporaryPath,
    fd,
    commit(isMadeDurable = true) {
      if (!isOpen)
        throw new ForgeError('internal/defect', `${displayPath(path)} was committed or aborted before`);
      try {
        if (isMadeDurable) fs.fsyncSync(fd);
        fs.renameSync(temporaryPath, path);
        if (isMadeDurable) syncFolder(dirname(path));
      } catch (thrown) {
        file.abort();
        throw outputError(thrown, path);
      }
      isOpen = false;
      unfinished.delete(file);
      fs.closeSync(fd);
    },
    abort() {
      if (!isOpen) return;
      isOpen = false;
      unfinished.delete(file);
      fs.closeSync(fd);
      fs.rmSync(temporaryPath, { force: true });
    },
  };
  unfinished.add(file);
  return file;
}

/** Makes the content of a file durable that was committed without that, beside the caller's thread. */
export async function makeDurable(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes every temporary file that this thread has made and not finished; for the moment before an exit. */
export function abortUnfinishedFiles(): void {
  for (const file of [...unfinished]) file.abort();
}

/** A thrown system error as the error of an output; anything else comes back as it is. */
export function outputError(thrown: unknown, path: string): unknown {
  const name = displayPath(path);
  switch ((thrown as NodeJS.ErrnoException | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new ForgeError('output/disk-full', `no space is left on the disk to write ${name}`, {
        hint: 'Free some space, or choose another folder by --out.',
        cause: thrown,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ForgeError('output/unwritable', `no permission to write ${name}`, {
        hint: 'Choose another folder by --out.',
        cause: thrown,
      });
    case 'ENOENT':
    case 'ENOTDIR':
      return new ForgeError('output/unwritable', `expected a folder to write ${name} into, got none`, {
        cause: thrown,
      });
    case 'EISDIR':
    case 'ENOTEMPTY':
    case 'EEXIST':
      return new ForgeError(
        'output/unwritable',
        `expected to write the file ${name}, got a folder of that name`,
        {
          cause: thrown,
        },
      );
    case 'ENAMETOOLONG':
      return new ForgeError('output/unwritable', `the path is longer than the system allows: ${name}`, {
        cause: thrown,
      });
    case 'EIO':
      return new ForgeError('output/unwritable', `the system failed while it wrote ${name}`, {
        cause: thrown,
      });
    default:
      return thrown;
  }
}

/** The name cut to at most `byteCount` bytes of UTF-8, at a character's end. */
function shorten(name: string, byteCount: number): string {
  let short = name;
  while (Buffer.byteLength(short) > byteCount) short = [...short].slice(0, -1).join('');
  return short;
}

/** Makes a rename durable. Not every system lets a folder be opened for that; those have no need of it. */
function syncFolder(path: string): void {
  let fd: number;
  try {
    fd = fs.openSync(path, 'r');
  } catch {
    return;
  }
  try {
    fs.fsyncSync(fd);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code !== 'EINVAL' && code !== 'EPERM' && code !== 'EISDIR') throw thrown;
  } finally {
    fs.closeSync(fd);
  }
}
