// Joins the program's modules into a few files, dist/bundle: the command line and the code of its worker threads start in
// a third of the time, because each of two hundred small modules costs a millisecond. What is loaded lazily stays in
// files of its own. The library's modules (dist/audio, dist/dsp …) stay as they are.
// --clean removes the files of earlier builds at once; else they go after ten minutes, when no run loads them any more.
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist/bundle');
const KEEP_STALE_MS = 600_000;
/** The package of a hundred files that every command needs; all others are loaded from node_modules. */
const JOINED = 'zod';

/** forge speaks English: the messages of zod in forty other languages stay out. */
const englishAlone = {
  name: 'english-alone',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'dist/cli.js', worker: 'dist/pipeline/worker.js' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => name !== JOINED),
  // All in one folder, as deep as the modules that find presets and weights by their own place.
  chunkNames: '[name]-[hash]',
  plugins: [englishAlone],
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
  logLevel: 'warning',
});

copyFileSync(join(root, 'node_modules', JOINED, 'LICENSE'), join(outdir, `LICENSE.${JOINED}`));

const made = new Set([
  ...Object.keys(metafile.outputs).map((path) => path.split('/').at(-1)),
  `LICENSE.${JOINED}`,
]);
for (const name of readdirSync(outdir).filter((entry) => !made.has(entry))) {
  const isOld = Date.now() - statSync(join(outdir, name)).mtimeMs > KEEP_STALE_MS;
  if (isOld || process.argv.includes('--clean')) rmSync(join(outdir, name));
}
