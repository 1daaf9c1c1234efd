// sha256 of files, read in blocks. A leaf: it imports nothing of ours.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const BLOCK_BYTES = 1 << 19;

/** sha256 of a file's bytes in hex; the caller's thread does other work between blocks. */
export async function sha256Of(path: string): Promise<string> {
  const blocks = hashBlocks(path);
  for (;;) {
    const { done, value } = blocks.next();
    if (done === true) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** sha256 of a file's bytes in hex, at once: for worker threads and short files. */
export function sha256Sync(path: string): string {
  const blocks = hashBlocks(path);
  for (;;) {
    const { done, value } = blocks.next();
    if (done === true) return value;
  }
}

/** Stops behind every block; a thread of Node's own for reading costs more than it gives where files lie in memory. */
function* hashBlocks(path: string): Generator<undefined, string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  const fd = openSync(path, 'r');
  try {
    for (let length = readSync(fd, buffer); length > 0; length = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, length));
      yield;
    }
    return hash.digest('hex');
  } finally {
    closeSync(fd);
  }
}
