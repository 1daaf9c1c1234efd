// Recordings and weights that are not part of the project: where FORGE_SHARED_DIR (default ../shared) has them.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const SHARED_DIR = resolve(process.env.FORGE_SHARED_DIR ?? '../shared');

/** The path of a shared file, or undefined (with a line that says so) where it is missing. */
export function sharedFile(...parts: readonly string[]): string | undefined {
  const path = join(SHARED_DIR, ...parts);
  if (existsSync(path)) return path;
  console.log(`skipped: needs ${path} (set FORGE_SHARED_DIR)`);
  return undefined;
}

/** Paths of DeepFilterNet3's graphs by name, or undefined. */
export function deepFilterFiles(): Record<string, string> | undefined {
  const names = ['enc.onnx', 'erb_dec.onnx', 'df_dec.onnx'];
  const paths = names.map((name) => sharedFile('models', 'deepfilternet3', name));
  if (paths.includes(undefined)) return undefined;
  return Object.fromEntries(names.map((name, n) => [name, paths[n]!]));
}
