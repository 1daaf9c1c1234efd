// A model of three small files with its own card in a temporary models folder, for tests of the store and of pulls.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeModel {
  readonly id: string;
  /** Temporary folder around everything. */
  readonly root: string;
  /** Where the model's files belong. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  bytes(name: string): Buffer;
  sha256(name: string): string;
  install(names?: readonly string[]): void;
}

/** An environment whose models and caches lie in a new temporary folder. */
export function temporaryEnv(): NodeJS.ProcessEnv {
  const root = mkdtempSync(join(tmpdir(), 'forge-models-'));
  return { FORGE_MODELS_DIR: join(root, 'models'), XDG_CACHE_HOME: join(root, 'cache') };
}

/** Deterministic bytes, 64 KiB for a.onnx and 3 KiB and 5 KiB for the others. */
export function fakeModel(
  options: { commercialUse?: boolean; urls?: (name: string) => string[] } = {},
): FakeModel {
  const env = temporaryEnv();
  const root = join(env.FORGE_MODELS_DIR!, '..');
  const id = 'toy';
  const folder = join(env.FORGE_MODELS_DIR!, id);
  mkdirSync(folder, { recursive: true });
  const sizes: Record<string, number> = { 'a.onnx': 65536, 'b.onnx': 3000, 'big.onnx': 5000 };
  const bytes = (name: string) =>
    Buffer.from(Array.from({ length: sizes[name]! }, (_, n) => (n * 7 + (n >> 8) * 13 + sizes[name]!) & 255));
  const sha256 = (name: string) => createHash('sha256').update(bytes(name)).digest('hex');
  const fileLines = Object.keys(sizes).flatMap((name) => [
    `  - name: ${name}`,
    `    bytes: ${sizes[name]}`,
    `    sha256: ${sha256(name)}`,
    `    urls: ${JSON.stringify(options.urls?.(name) ?? [])}`,
    ...(name === 'big.onnx' ? ['    variant: big'] : []),
  ]);
  const card = [
    `id: ${id}`,
    'task: denoise',
    'summary: "A toy."',
    'licence: CC0',
    `commercialUse: ${options.commercialUse ?? true}`,
    'contract: none',
    'peakMemoryMb: 1',
    'files:',
    ...fileLines,
  ];
  writeFileSync(join(folder, 'card.yaml'), `${card.join('\n')}\n`);
  return {
    id,
    root,
    folder,
    env,
    bytes,
    sha256,
    install(names = ['a.onnx', 'b.onnx']) {
      for (const name of names) writeFileSync(join(folder, name), bytes(name));
    },
  };
}
