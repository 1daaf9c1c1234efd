#!/usr/bin/env node
// The program's entry: everything is in src/cli.ts, joined into one file by scripts/bundle.mjs.
require('../dist/bundle/forge.cjs').main(process.argv);
