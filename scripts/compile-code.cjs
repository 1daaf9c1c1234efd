// Runs the bundled program on a short song and keeps what V8 compiled for it (start.cjs). A process of its own, so that
// nothing but the program is in it. Says nothing but what fails.
const { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { main, codePath, compiled } = require('../dist/bundle/forge.cjs');

const SONG = join(__dirname, '../fixtures/demo/demo.flac');

async function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'forge-code-'));
  const run = async (...args) => {
    await main(['node', 'forge', ...args, '--out', join(folder, args[0]), '--quiet']);
    if (process.exitCode !== 0) throw new Error(`forge ${args[0]} ended with ${process.exitCode}`);
  };
  try {
    await run('master', SONG, '--preset', 'cd', '--jobs', '1');
    await run('analyze', join(folder, 'master/demo/master.wav'), '--only', 'loudness');
    writeFileSync(`${codePath}.new`, compiled());
    renameSync(`${codePath}.new`, codePath);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (!existsSync(codePath)) compile();
