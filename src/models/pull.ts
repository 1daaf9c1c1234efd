// Downloads the files of a model: to a temporary name, checked against the pinned size and sha256, then renamed.
// A broken download goes on where it stopped (Range with If-Range), mirrors are tried in the card's order, and a
// server that stalls, lies about its length or gives other bytes is left for the next one.
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import { filesOfVariant, type ModelCard, type ModelFileCard, modelsDir, variantsOf } from './card.js';
import { CancelledError, openUrl } from './http.js';

/** How far a pull is; bytes count over all files. */
export interface PullProgress {
  readonly file: string;
  readonly fileIndex: number;
  readonly fileCount: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly url: string;
}

export interface PullOptions {
  /** Set of files to fetch; the card's first unless given. */
  readonly variant?: string | undefined;
  /** Whether a person accepted the licence of a card that asks for it. */
  readonly acceptLicence?: boolean;
  readonly onProgress?: (progress: PullProgress) => void;
  readonly isCancelled?: () => boolean;
  /** A connection without a byte for so long is given up: 30 s unless given. */
  readonly stallMs?: number;
  /** Pause before a mirror is asked again: 1 s unless given. */
  readonly retryDelayMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

interface Settings extends Required<Omit<PullOptions, 'variant' | 'acceptLicence' | 'onProgress'>> {
  readonly onBytes: (bytesOfFile: number, url: string) => void;
}

/** What a mirror did wrong; `canRetry` where asking it again may help. */
class MirrorError extends Error {
  constructor(
    message: string,
    readonly canRetry: boolean,
  ) {
    super(message);
  }
}

const ATTEMPTS_PER_MIRROR = 3;

/**
 * Fetches the files of a model that are not there yet, and gives the paths of all. Pulls of the same model at the
 * same time do not disturb each other.
 * @throws ForgeError model/licence-unconfirmed, model/download-failed with each mirror's reason, model/not-installed
 *   where the card has no address, output/disk-full, output/unwritable, interrupted/by-user
 */
export async function pullModel(card: ModelCard, options: PullOptions = {}): Promise<string[]> {
  if (card.mustAcceptLicence && options.acceptLicence !== true) {
    throw new ForgeError(
      'model/licence-unconfirmed',
      `the licence of ${card.id} was not accepted: ${card.licence}`,
      {
        hint: `Read it${card.licenceUrl === undefined ? '' : ` (${card.licenceUrl})`}, then pull with --yes.`,
      },
    );
  }
  const env = options.env ?? process.env;
  const files = filesOfVariant(card, options.variant ?? variantsOf(card)[0]);
  const folder = join(modelsDir(env), card.id);
  makeFolder(folder);
  const bytesTotal = files.reduce((sum, file) => sum + file.bytes, 0);
  let bytesBefore = 0;
  const paths: string[] = [];
  for (const [fileIndex, file] of files.entries()) {
    const settings: Settings = {
      env,
      isCancelled: options.isCancelled ?? (() => false),
      stallMs: options.stallMs ?? 30_000,
      retryDelayMs: options.retryDelayMs ?? 1000,
      onBytes: (bytesOfFile, url) =>
        options.onProgress?.({
          file: file.name,
          fileIndex,
          fileCount: files.length,
          bytesDone: bytesBefore + bytesOfFile,
          bytesTotal,
          url,
        }),
    };
    const path = join(folder, file.name);
    if (!isPinned(path, file)) await pullFile(card, file, path, settings);
    bytesBefore += file.bytes;
    paths.push(path);
  }
  return paths;
}

/** Whether the file at `path` has the pinned size and sha256. */
export function isPinned(path: string, file: Pick<ModelFileCard, 'bytes' | 'sha256'>): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.size === file.bytes && sha256Sync(path) === file.sha256;
}

async function pullFile(
  card: ModelCard,
  file: ModelFileCard,
  path: string,
  settings: Settings,
): Promise<void> {
  if (file.urls.length === 0) {
    throw new ForgeError('model/not-installed', `${file.name} of ${card.id} is not published for download`, {
      hint: `Put it in place by \`forge models import <file> --id ${card.id}\`.`,
    });
  }
  const partial = claimPartial(path);
  const failures: string[] = [];
  try {
    requireSpace(partial, file);
    for (const url of file.urls) {
      const failure = await tryMirror(url, file, partial, settings);
      if (failure === undefined) {
        renameSync(partial.path, path);
        rmSync(partial.originPath, { force: true });
        return;
      }
      failures.push(`${url}: ${failure}`);
    }
  } catch (error) {
    throw asPullError(error, path);
  } finally {
    partial.release();
  }
  throw new ForgeError(
    'model/download-failed',
    `no mirror gave the whole ${file.name}\n  ${failures.join('\n  ')}`,
    {
      hint: `Try again later (what arrived is kept), or \`forge models import <file> --id ${card.id}\`.`,
    },
  );
}

/** Undefined when the partial file is whole and right; else why this mirror is given up. */
async function tryMirror(
  url: string,
  file: ModelFileCard,
  partial: Partial,
  settings: Settings,
): Promise<string | undefined> {
  let reason = '';
  for (let attempt = 0; attempt < ATTEMPTS_PER_MIRROR; attempt++) {
    if (attempt > 0) await sleep(settings.retryDelayMs);
    if (settings.isCancelled()) throw new CancelledError('cancelled');
    try {
      await fetchRest(url, file, partial, settings);
      if (sha256Sync(partial.path) === file.sha256) return undefined;
      const hasOldBytes = partial.isResumed;
      partial.discard();
      reason = 'other bytes than the pinned sha256';
      if (!hasOldBytes) return reason; // the mirror itself gave every byte: it holds another file
    } catch (error) {
      if (error instanceof CancelledError || isDiskError(error)) throw error;
      reason = (error as Error).message;
      if (error instanceof MirrorError && !error.canRetry) return reason;
    }
  }
  return reason;
}

/** Appends what is missing to the partial file, or writes it anew where the server gives no ranges. */
async function fetchRest(
  url: string,
  file: ModelFileCard,
  partial: Partial,
  settings: Settings,
): Promise<void> {
  let have = partial.size();
  if (have > file.bytes) {
    partial.discard();
    have = 0;
  }
  if (have === file.bytes) return;
  const headers: Record<string, string> = {};
  if (have > 0) {
    headers.range = `bytes=${have}-`;
    const validator = partial.validatorOf(url);
    if (validator !== undefined) headers['if-range'] = validator;
  }
  const response = await openUrl(url, { ...settings, headers });
  try {
    const startsAt = acceptResponse(response, have, file);
    if (startsAt === 0) partial.discard();
    partial.isResumed = startsAt > 0;
    partial.rememberOrigin(url, response);
    await appendBody(response, startsAt, url, file, partial, settings);
  } finally {
    response.destroy();
  }
}

/** Where the body starts in the file. Refuses other lengths than the pinned one before a byte is written. */
function acceptResponse(response: IncomingMessage, have: number, file: ModelFileCard): number {
  const status = response.statusCode ?? 0;
  if (status === 206) {
    const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers['content-range'] ?? '');
    if (range === null || Number(range[1]) !== have) {
      throw new MirrorError(
        `answered with the range "${response.headers['content-range']}", not from ${have} on`,
        false,
      );
    }
    requireLength(range[3] === '*' ? undefined : Number(range[3]), file);
    return have;
  }
  if (status === 200) {
    const length = response.headers['content-length'];
    requireLength(length === undefined ? undefined : Number(length), file);
    return 0;
  }
  throw new MirrorError(`HTTP ${status}`, status >= 500 || status === 408 || status === 429);
}

function requireLength(announced: number | undefined, file: ModelFileCard): void {
  if (announced !== undefined && announced !== file.bytes) {
    throw new MirrorError(`announces ${announced} bytes, expected ${file.bytes}`, false);
  }
}

async function appendBody(
  response: IncomingMessage,
  startsAt: number,
  url: string,
  file: ModelFileCard,
  partial: Partial,
  settings: Settings,
): Promise<void> {
  let have = startsAt;
  const target = openSync(partial.path, 'a');
  try {
    for await (const chunk of response) {
      const bytes = chunk as Buffer;
      if (have + bytes.length > file.bytes) {
        partial.discard();
        throw new MirrorError(`gave more than the ${file.bytes} bytes of the file`, false);
      }
      writeSync(target, bytes);
      have += bytes.length;
      settings.onBytes(have, url);
      if (settings.isCancelled()) throw new CancelledError('cancelled');
    }
  } catch (error) {
    if (error instanceof MirrorError || error instanceof CancelledError || isDiskError(error)) throw error;
    throw new MirrorError(`broke off at ${have} of ${file.bytes} bytes: ${(error as Error).message}`, true);
  } finally {
    closeSync(target);
  }
  if (have < file.bytes) throw new MirrorError(`ended at ${have} of ${file.bytes} bytes`, true);
}

/** A temporary file beside the final one. The one that can be resumed belongs to one process at a time. */
interface Partial {
  readonly path: string;
  readonly originPath: string;
  /** Whether the file now holds bytes of an earlier response. */
  isResumed: boolean;
  size(): number;
  discard(): void;
  /** ETag or date that the server gave for these bytes, where they came from this very address. */
  validatorOf(url: string): string | undefined;
  rememberOrigin(url: string, response: IncomingMessage): void;
  release(): void;
}

function claimPartial(finalPath: string): Partial {
  const isMine = claimLock(`${finalPath}.lock`);
  const path = isMine ? `${finalPath}.part` : `${finalPath}.${process.pid}.${performance.now()}.part`;
  const originPath = `${path}.json`;
  return {
    path,
    originPath,
    isResumed: false,
    size: () => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    discard() {
      rmSync(path, { force: true });
      rmSync(originPath, { force: true });
    },
    validatorOf(url) {
      try {
        const origin = JSON.parse(readFileSync(originPath, 'utf8')) as { url?: string; validator?: string };
        return origin.url === url ? origin.validator : undefined;
      } catch {
        return undefined;
      }
    },
    rememberOrigin(url, response) {
      const { etag } = response.headers;
      // A weak ETag does not promise the same bytes and may not be used with If-Range (RFC 9110 §13.1.5).
      const validator =
        etag !== undefined && !etag.startsWith('W/') ? etag : response.headers['last-modified'];
      writeFileSync(originPath, JSON.stringify({ url, validator }));
    },
    release() {
      if (isMine) rmSync(`${finalPath}.lock`, { force: true });
      else this.discard();
    },
  };
}

/** Takes the lock unless a living process of this machine holds it. */
function claimLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  const holder = Number(readFileSync(path, 'utf8'));
  if (holder !== process.pid && Number.isInteger(holder) && holder > 0 && !isAlive(holder)) {
    rmSync(path, { force: true });
    return claimLock(path);
  }
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw asPullError(cause, folder);
  }
}

function requireSpace(partial: Partial, file: ModelFileCard): void {
  const missing = file.bytes - partial.size();
  const { bavail, bsize } = statfsSync(dirname(partial.path));
  if (bavail * bsize >= missing) return;
  throw new ForgeError(
    'output/disk-full',
    `expected ${missing} bytes of free space for ${file.name}, got ${bavail * bsize}`,
    {
      hint: 'Free some space, or choose another folder by FORGE_MODELS_DIR.',
    },
  );
}

function isDiskError(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === 'write' && (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO');
}

function asPullError(error: unknown, path: string): unknown {
  if (error instanceof CancelledError) {
    return new ForgeError('interrupted/by-user', 'the pull was interrupted', {
      hint: 'What arrived is kept: the next pull goes on from there.',
    });
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ForgeError('output/disk-full', `no space is left for ${path}`, {
      hint: 'Free some space, or choose another folder by FORGE_MODELS_DIR.',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR' || code === 'EEXIST') {
    return new ForgeError('output/unwritable', `cannot write ${path}: ${(error as Error).message}`, {
      hint: 'Choose another folder by FORGE_MODELS_DIR.',
      cause: error,
    });
  }
  return error;
}
