// dist/bundle/forge.cjs: loads the program that scripts/bundle.mjs joined, for the command line (`main`) and for worker
// threads (`work`), together with what V8 compiled of it when it was built: 50 ms less of processor time a process.
// Where that is missing (another version of Node) or V8 refuses it (other flags), the program is compiled as usual.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

// What every command needs of Node itself is loaded under V8's own flags: under others V8 refuses what is compiled of it.
for (const name of ['crypto', 'net', 'os', 'perf_hooks']) require(`node:${name}`);

/**
 * Bytecode that a function runs before V8 looks whether to optimise it, in all threads; V8's own figure is an eighth. The
 * long loops are WebAssembly, and compiling what is called a few thousand times around them costs more than it gains: a
 * tenth of the processor time of a master, or of a measurement, of 5 minutes. Part of what compiled code is known by.
 */
setFlagsFromString('--interrupt-budget=500000');

// PROGRAM is put in by the build: the name holds the hash of the text, so that text and compiled code belong together.
const path = join(__dirname, PROGRAM);
const codePath = join(__dirname, `${PROGRAM}.${process.version}-${process.arch}.code`);

const script = new Script(readFileSync(path, 'latin1'), { filename: path, cachedData: compiledCode() });
const program = { exports: {} };
script.runInThisContext()(
  program.exports,
  createRequire(path),
  program,
  path,
  __dirname,
  // A script by itself imports nothing.
  (name) => import(name),
);

module.exports = {
  ...program.exports,
  codePath,
  /** Whether V8 took the compiled code. */
  isCompiled: script.cachedDataRejected === false,
  /** Where a build writes what has been compiled so far. */
  compiled: () => script.createCachedData(),
};

function compiledCode() {
  try {
    return readFileSync(codePath);
  } catch {
    return undefined;
  }
}
