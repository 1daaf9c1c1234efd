// npm run bench -- <case…>: runs bench/<case>.ts, each of which exports `run(options)` and gives rows of a table.
// Every speed is a ratio against a peer in the same run; absolute times are only as good as the machine is quiet.
// --quick makes one short iteration of each, so that CI sees none rot.
import { readdirSync } from 'node:fs';

/** One line of a case's table. */
export interface BenchRow {
  readonly name: string;
  /** What was measured, as it stands in the table: `0.13`, `82 MB`, `−14.00 LUFS`. */
  readonly figures: Readonly<Record<string, string | number>>;
  /** False where a figure that an issue or the docs promise was not met. */
  readonly isMet?: boolean;
}

export interface BenchOptions {
  readonly isQuick: boolean;
}

export interface BenchCase {
  readonly summary: string;
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
}

const args = process.argv.slice(2);
const known = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'run.ts')
  .map((entry) => entry.name.replace(/\.ts$/, ''))
  .sort();
// Certificates that a machine has every Node process read cost 30 ms at each start: no program's own time.
delete process.env.NODE_EXTRA_CA_CERTS;
const isQuick = args.includes('--quick');
const named = args.filter((arg) => !arg.startsWith('-'));
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark is named ${unknown.join(', ')}; there is: ${known.join(', ')}`);
  process.exit(2);
}

let failed = 0;
for (const name of named.length > 0 ? named : known) {
  const { bench } = (await import(`./${name}.ts`)) as { bench: BenchCase };
  console.log(`\n${name}: ${bench.summary}`);
  try {
    for (const row of await bench.run({ isQuick })) {
      const verdict = row.isMet === undefined ? '' : row.isMet ? '  met' : '  NOT MET';
      const figures = Object.entries(row.figures).map(
        ([key, value]) => `${key} ${typeof value === 'number' ? value.toPrecision(4) : value}`,
      );
      console.log(`  ${row.name.padEnd(44)} ${figures.join('   ')}${verdict}`);
    }
  } catch (error) {
    failed++;
    console.error(`  failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.exit(failed > 0 ? 1 : 0);
