// All that the tests write lies in one temporary folder, which goes when they end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Vitest's entry, before any worker starts; gives what is to be done at the end. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'forge-tests-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
