// Names and folders of tracks: <out>/<track>/, one run at a time in each.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { ForgeError, toForgeError } from '../errors.js';

const LOCK_FILE = '.lock';
export const SCRATCH_FOLDER = '.scratch';
const LONGEST_NAME_BYTES = 120;

/** The folder name for an input: its base name without extension, safe on every file system. */
export function trackNameOf(inputPath: string): string {
  const bare = basename(inputPath, extname(inputPath));
  const safe = bare
    .normalize('NFC')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
    .replace(/[\u0000-\u001f\u007f<>:"/\\|?*]+/g, '_')
    .replace(/^[\s.-]+|[\s.]+$/g, '');
  const short = cutToBytes(safe, LONGEST_NAME_BYTES);
  if (short === '' || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(short)) return `track_${short}`;
  return short;
}

/**
 * A folder name for each input of one call, in order. Inputs of one name (compared without case, as some file
 * systems do) get a suffix from their path's hash, and so does an input whose plain name belongs to another input
 * already (`ownerOf` tells whose).
 */
export function assignTrackNames(
  inputPaths: readonly string[],
  ownerOf: (trackName: string) => string | undefined,
): string[] {
  const plain = inputPaths.map(trackNameOf);
  const uses = new Map<string, Set<string>>();
  for (const [index, name] of plain.entries()) {
    const key = name.toLowerCase();
    uses.set(key, (uses.get(key) ?? new Set()).add(resolve(inputPaths[index]!)));
  }
  return plain.map((name, index) => {
    const path = resolve(inputPaths[index]!);
    const owner = ownerOf(name);
    const isShared = uses.get(name.toLowerCase())!.size > 1 || (owner !== undefined && owner !== path);
    if (!isShared) return name;
    return `${name}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
  });
}

function cutToBytes(text: string, limit: number): string {
  let cut = '';
  let bytes = 0;
  for (const letter of text) {
    bytes += Buffer.byteLength(letter);
    if (bytes > limit) break;
    cut += letter;
  }
  return cut;
}

/** A track's folder while a run works in it. */
export class TrackFolder {
  readonly scratch: string;

  private constructor(readonly path: string) {
    this.scratch = join(path, SCRATCH_FOLDER);
  }

  /**
   * Makes the folder, takes its lock and clears what a killed run left behind.
   * @throws ForgeError output/unwritable, output/disk-full; output/busy when another run works there
   */
  static open(path: string): TrackFolder {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw unwritable(path, error);
    }
    takeLock(path);
    const folder = new TrackFolder(path);
    folder.clean();
    mkdirSync(folder.scratch);
    return folder;
  }

  /** Removes scratch files and half-written deliverables. Safe to call at any time, also from a signal handler. */
  clean(): void {
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 3 });
    if (!existsSync(this.path)) return;
    // Deliverables of the track, and those that a stage was making in its cache.
    for (const path of readdirSync(this.path, { recursive: true, encoding: 'utf8' })) {
      if (/^\..*\.partial/.test(basename(path))) rmSync(join(this.path, path), { force: true });
    }
  }

  /** Ends the run: scratch goes, and the lock. */
  close(): void {
    this.clean();
    rmSync(join(this.path, LOCK_FILE), { force: true });
  }
}

function takeLock(path: string): void {
  const lockPath = join(path, LOCK_FILE);
  for (;;) {
    try {
      const fd = openSync(lockPath, 'wx');
      writeSync(fd, String(process.pid));
      closeSync(fd);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, error);
    }
    const holder = readHolder(lockPath);
    if (holder !== undefined && holder !== process.pid && isAlive(holder)) {
      throw new ForgeError('output/busy', `another run of forge (process ${holder}) works in ${path}`, {
        hint: 'Wait for it, or choose another folder by --out.',
      });
    }
    rmSync(lockPath, { force: true });
  }
}

function readHolder(lockPath: string): number | undefined {
  try {
    const pid = Number(readFileSync(lockPath, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function unwritable(path: string, error: unknown): ForgeError {
  const known = toForgeError(error, `cannot write to ${path}`);
  if (known.code !== 'internal/defect') return known;
  return new ForgeError('output/unwritable', `cannot write to ${path}: ${(error as Error).message}`, {
    hint: 'Choose another folder by --out, or change its permissions.',
    cause: error,
  });
}
