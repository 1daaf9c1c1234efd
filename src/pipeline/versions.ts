// Versions that a result depends on, for run.json and `forge doctor`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/** forge's own version. */
export function forgeVersion(): string {
  return versionIn(resolve('../../package.json'));
}

/** Versions of the runtime and of the packages that make sound, by name. */
export function runtimeVersions(): Record<string, string> {
  return {
    forge: forgeVersion(),
    node: process.versions.node,
    'onnxruntime-node': versionIn(resolve('onnxruntime-node/package.json')),
    platform: `${process.platform}-${process.arch}`,
  };
}

function versionIn(packageFile: string): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
