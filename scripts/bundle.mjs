// Joins the program's modules into one file, dist/bundle/program-<hash>.js, for the command line and for worker threads:
// each of two hundred small modules costs a millisecond. What is loaded lazily stands in it too, and is begun when it is
// asked for. Beside it lies what V8 compiled of it (compile-code.cjs), and forge.cjs, which loads both (start.cjs).
// The library's modules (dist/audio, dist/dsp …) stay as they are.
// --clean removes the files of earlier builds at once; else they go after ten minutes, when no run loads them any more.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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

/** Modules that look for something beside themselves, as it lies in the bundle. */
const rewritten = {
  name: 'rewritten',
  setup({ onLoad }) {
    const rewrite = (filter, before, after) =>
      onLoad({ filter }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes(before)) throw new Error(`${path} holds no ${before} any more`);
        return { contents: text.replace(before, after) };
      });
    // The parser of YAML is a file of its own that is loaded when it is first needed.
    rewrite(
      /dist[\\/]yaml-file\.js$/,
      "createRequire(import.meta.url)('yaml')",
      "createRequire(import.meta.url)('./yaml.cjs')",
    );
    rewrite(/dist[\\/]cli\.js$/, "'forge-audio/package.json'", "'../../package.json'");
    rewrite(/dist[\\/]pipeline[\\/]pools\.js$/, "'./worker.js'", "'./forge.cjs'");
  },
};

/** Node's own modules that most runs do without are loaded when something of them is used. */
const late = {
  name: 'late',
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: /^node:(child_process|fs\/promises|https?|stream|stream\/promises|zlib)$/ },
      (found) =>
        found.namespace === 'late'
          ? { path: found.path, external: true }
          : { path: found.path, namespace: 'late' },
    );
    onLoad({ filter: /.*/, namespace: 'late' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default');
      const getters = names.map((name) => `get ${name}(){return require(${JSON.stringify(path)}).${name}}`);
      return { contents: `module.exports={${getters.join(',')}}`, resolveDir: root };
    });
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
  logLevel: 'warning',
};
await build({
  ...common,
  stdin: { contents: "module.exports = require('yaml')", resolveDir: root },
  outfile: join(outdir, 'yaml.cjs'),
  format: 'cjs',
});
const built = await build({
  ...common,
  // Both entries are loaded when they are called.
  stdin: {
    contents: `
        export const main = async (argv) => (await import('./dist/cli.js')).main(argv);
        export const work = async (message) => (await import('./dist/pipeline/worker.js')).work(message);`,
    resolveDir: root,
  },
  // As deep as the modules that find presets and weights by their own place.
  outfile: join(outdir, 'program.js'),
  write: false,
  format: 'cjs',
  external: Object.keys({ ...dependencies, ...optionalDependencies }).filter(
    (name) => !JOINED.includes(name),
  ),
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: 'const moduleUrl=require("node:url").pathToFileURL(__filename).href;' },
  plugins: [englishAlone, rewritten, late],
});
// A function, as Node makes one of every CommonJS file; start.cjs calls it. A script by itself imports nothing.
const body = built.outputFiles[0].text.replace(/\bimport\((?=")/g, 'importPackage(');
const program = `(function(exports,require,module,__filename,__dirname,importPackage){${body}\n})`;
const start = readFileSync(join(import.meta.dirname, 'start.cjs'));
const hash = createHash('sha256').update(program).update(start).digest('hex');
const programName = `program-${hash.slice(0, 8)}.js`;
writeFileSync(join(outdir, programName), program);

for (const name of JOINED)
  copyFileSync(join(root, 'node_modules', name, 'LICENSE'), join(outdir, `LICENSE.${name}`));

writeFileSync(join(outdir, 'yaml-values.json'), JSON.stringify(yamlValues(root)));

await build({
  ...common,
  bundle: false,
  stdin: { contents: start, resolveDir: root },
  outfile: join(outdir, 'forge.cjs'),
  define: { PROGRAM: JSON.stringify(programName) },
});
execFileSync(process.execPath, [join(import.meta.dirname, 'compile-code.cjs')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});

const made = new Set([
  'yaml.cjs',
  'yaml-values.json',
  'forge.cjs',
  ...JOINED.map((name) => `LICENSE.${name}`),
]);
for (const name of readdirSync(outdir)) {
  if (made.has(name) || name.startsWith(programName)) continue;
  const isOld = Date.now() - statSync(join(outdir, name)).mtimeMs > KEEP_STALE_MS;
  if (isOld || process.argv.includes('--clean')) rmSync(join(outdir, name));
}
