// Joins the program's modules into a few files, dist/bundle: the command line and the code of its worker threads start in
// a third of the time, because each of two hundred small modules costs a millisecond. What the command line loads lazily
// stays in files of its own. The library's modules (dist/audio, dist/dsp …) stay as they are.
// --clean removes the files of earlier builds at once; else they go after ten minutes, when no run loads them any more.
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { yamlValues } from './yaml-values.mjs';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist/bundle');
const KEEP_STALE_MS = 600_000;
/** Packages of many files that most commands need; all others are loaded from node_modules. */
const JOINED = ['zod', 'yaml', 'commander'];

/** forge speaks English: the messages of zod in forty other languages stay out. */
const englishAlone = {
  name: 'english-alone',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** The parser of YAML, which most runs do without, is a file of its own that is loaded when it is first needed. */
const lazyYaml = {
  name: 'lazy-yaml',
  setup({ onLoad }) {
    onLoad({ filter: /dist[\\/]yaml-file\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        "createRequire(import.meta.url)('yaml')",
        "createRequire(import.meta.url)('./yaml.cjs')",
      ),
    }));
  },
};

/** CommonJS packages that stay outside are required: importing them has Node read their text for names first. */
const required = {
  name: 'required',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(@tonejs\/midi|fastest-levenshtein)$/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path, namespace: 'required' },
    );
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
      resolveDir: root,
    }));
  },
};

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
  logLevel: 'warning',
};
await build({
  ...common,
  stdin: { contents: "module.exports = require('yaml')", resolveDir: root },
  outfile: join(outdir, 'yaml.cjs'),
  format: 'cjs',
});
/** Into one folder, as deep as the modules that find presets and weights by their own place. */
const program = {
  ...common,
  outdir,
  format: 'esm',
  external: Object.keys({ ...dependencies, ...optionalDependencies }).filter(
    (name) => !JOINED.includes(name),
  ),
  // Joined CommonJS packages ask for Node's own modules by it.
  banner: {
    js: 'import{createRequire as nodeRequire}from"node:module";const require=nodeRequire(import.meta.url);',
  },
  plugins: [englishAlone, lazyYaml, required],
};
const builds = await Promise.all([
  build({ ...program, entryPoints: { cli: 'dist/cli.js' }, splitting: true, chunkNames: '[name]-[hash]' }),
  // A thread needs most of its code soon: one file of all is read in less time than forty of some.
  build({ ...program, entryPoints: { worker: 'dist/pipeline/worker.js' } }),
]);

for (const name of JOINED)
  copyFileSync(join(root, 'node_modules', name, 'LICENSE'), join(outdir, `LICENSE.${name}`));

writeFileSync(join(outdir, 'yaml-values.json'), JSON.stringify(yamlValues(root)));

const made = new Set([
  'yaml.cjs',
  'yaml-values.json',
  ...builds.flatMap(({ metafile }) => Object.keys(metafile.outputs).map((path) => path.split('/').at(-1))),
  ...JOINED.map((name) => `LICENSE.${name}`),
]);
for (const name of readdirSync(outdir).filter((entry) => !made.has(entry))) {
  const isOld = Date.now() - statSync(join(outdir, name)).mtimeMs > KEEP_STALE_MS;
  if (isOld || process.argv.includes('--clean')) rmSync(join(outdir, name));
}
