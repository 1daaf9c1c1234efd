#!/usr/bin/env node
// The program's entry: everything is in src/cli.ts, joined into few files by scripts/bundle.mjs.
import { main } from '../dist/bundle/cli.js';

await main(process.argv);
