#!/usr/bin/env node
// The program's entry: everything is in dist/cli.js (src/cli.ts).
import { main } from '../dist/cli.js';

await main(process.argv);
