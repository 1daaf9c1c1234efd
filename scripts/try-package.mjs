// Packs forge, installs the tarball into an empty folder, and uses it there as a stranger would: the command, a short
// song, and an import by each kind of subpath.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'forge-package-'));
const run = (command, args, options = {}) =>
  execFileSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });

try {
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(folder, '.npmrc'), 'onnxruntime-node-install=skip\n');
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', `./${tarball}`]);
  const forge = join(folder, 'node_modules/.bin/forge');
  console.log(`forge ${run(forge, ['--version']).trim()}`);
  copyFileSync(join(folder, 'node_modules/forge-audio/fixtures/demo/demo.flac'), join(folder, 'song.flac'));
  const { results } = JSON.parse(run(forge, ['run', 'song.flac', '--json', '--quiet']));
  if (results[0].status !== 'ok') throw new Error(`run ended with ${JSON.stringify(results[0])}`);
  for (const file of ['master.wav', 'stems/vocals.wav', 'report.html', 'run.json']) {
    if (!existsSync(join(folder, 'forge-out/song', file))) throw new Error(`${file} is missing`);
  }
  const script = `
    import { openWav } from 'forge-audio/audio/wav-reader';
    import { dbToGain } from 'forge-audio/units';
    import { loadPipeline } from 'forge-audio/pipeline/preset';
    const reader = openWav('forge-out/song/master.wav');
    if (reader.frameCount === 0 || dbToGain(0) !== 1) process.exit(1);
    console.log((await loadPipeline('studio')).steps.map(({ id }) => id).join(' '));
    reader.close();`;
  console.log(run(process.execPath, ['--input-type=module', '-e', script]).trim());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
