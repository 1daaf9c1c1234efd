// Runs the main() of a TypeScript file of this repository without a build: node scripts/run-ts.mjs FILE [arguments].
// For fixtures and benchmarks only; the product itself runs from dist/.
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node scripts/run-ts.mjs FILE [arguments]');
const { module } = await runnerImport(resolve(file), { configFile: false, logLevel: 'error' });
await module.main(args);
