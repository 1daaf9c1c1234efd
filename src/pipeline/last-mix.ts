// The newest mix under an output folder that no master was made of yet: what `forge master` takes without an input.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RunEntry, readManifestFile } from './manifest.js';

/**
 * Path of the cleaned or ducked mix that the newest run without a master delivered, or of that run's own input where it
 * changed nothing; undefined where there is none.
 */
export function lastUnmasteredMix(outFolder: string): string | undefined {
  if (!existsSync(outFolder)) return undefined;
  const candidates: { entry: RunEntry; folder: string }[] = [];
  for (const entry of readdirSync(outFolder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(outFolder, entry.name);
    const entries = readManifestFile(join(folder, 'run.json'))?.entries ?? [];
    const isMastered = entries.some(({ outputs }) => outputs.some(({ kind }) => kind === 'master'));
    if (isMastered) continue;
    for (const run of entries) candidates.push({ entry: run, folder });
  }
  candidates.sort((a, b) => (a.entry.startedAt < b.entry.startedAt ? 1 : -1));
  for (const { entry, folder } of candidates) {
    const mix = entry.outputs.find(({ kind }) => ['denoised', 'restored', 'mix'].includes(kind));
    const path = mix === undefined ? entry.input.path : join(folder, mix.path);
    if (existsSync(path)) return path;
  }
  return undefined;
}
