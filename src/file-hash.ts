// sha256 of files, read in blocks. A leaf: it imports nothing of ours.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 1 << 19;

/** sha256 of a file's bytes in hex, without holding up the caller's thread. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
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
