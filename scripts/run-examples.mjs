// Runs every ```sh block of README.md and docs/examples/*.md, one after the other, with `forge` on the PATH, in a folder
// that holds the demo song as song.flac and the demo voice as voice.flac. The blocks that set the repository up (npm …) run in the repository, except
// for `npm ci` and `npm test`, which CI runs by themselves. Exits 1 at the first command that fails.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = join(root, 'docs/examples');
const pages = [
  'README.md',
  ...readdirSync(examples)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/examples/${name}`),
];

let count = 0;
for (const page of pages) {
  const folder = mkdtempSync(join(tmpdir(), 'forge-examples-'));
  try {
    mkdirSync(join(folder, 'bin'));
    symlinkSync(join(root, 'bin/forge.js'), join(folder, 'bin/forge'));
    copyFileSync(join(root, 'fixtures/demo/demo.flac'), join(folder, 'song.flac'));
    copyFileSync(join(root, 'fixtures/demo/voice.flac'), join(folder, 'voice.flac'));
    for (const block of blocksOf(readFileSync(join(root, page), 'utf8'))) {
      const isSetUp = /^\s*npm /m.test(block);
      const script = isSetUp
        ? block
            .replace(/npm ci\s*&&\s*/g, '')
            .replace(/^\s*(npm ci|npm test|git clone|npm run test:all).*$/gm, '')
        : block;
      if (script.trim() === '') continue;
      const { status } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: isSetUp ? root : folder,
        env: {
          ...process.env,
          PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
          FORGE_MODELS_DIR: join(folder, 'models'),
        },
        stdio: 'inherit',
      });
      if (status !== 0) {
        console.error(`${page}: exit ${status} from\n${script}`);
        process.exit(1);
      }
      count++;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`${count} examples of ${pages.length} pages ran`);

function blocksOf(markdown) {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1]);
}
