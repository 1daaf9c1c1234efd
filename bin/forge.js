#!/usr/bin/env node
// The program's entry: everything is in src/cli.ts, joined into few files by scripts/bundle.mjs.
import { setFlagsFromString } from 'node:v8';
import { main } from '../dist/bundle/cli.js';

// This thread holds results and no samples: what is short-lived in it need not fill 32 MB in the course of hours.
setFlagsFromString('--semi-space-growth-factor=1');
await main(process.argv);
