// What the engine costs beyond the stages' own work: start-up, a whole pipeline against direct calls of the same stages
// in one process, and a batch of many short files. Needs GNU time.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWavWriter } from '../dist/audio/wav-writer.js';
import { type Cost, timed } from './peers/tools.js';
import type { BenchCase, BenchRow } from './run.js';

const ROOT = join(import.meta.dirname, '..');
const FORGE = join(ROOT, 'bin/forge.js');
const DEMO = join(ROOT, 'fixtures/demo/demo.flac');
const DIRECT = join(import.meta.dirname, 'engine/direct.mjs');

export const bench: BenchCase = {
  summary: 'the cost of the engine: start-up, overhead of a pipeline, many short files',
  async run({ isQuick }) {
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-'));
    try {
      return [
        startUp(isQuick ? 3 : 15),
        overhead(folder, isQuick ? 1 : 9),
        batch(folder, isQuick ? 10 : 200),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function timeMs(args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, FORGE_MODELS_DIR: '/nonexistent' },
  });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - startedMs;
}

/** Wall clock, and processor time of all threads, of one process of Node. */
function costOf(args: readonly string[]): Cost {
  const cost = timed('env', ['FORGE_MODELS_DIR=/nonexistent', process.execPath, ...args]);
  if (cost.status !== 0) throw new Error(`${args.join(' ')} ended with ${cost.status}: ${cost.stderr}`);
  return cost;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Runs A and B in turn, so that both meet the same noise of the machine. */
function startUp(rounds: number): BenchRow {
  const version: number[] = [];
  const node: number[] = [];
  for (let round = 0; round < rounds; round++) {
    version.push(timeMs([FORGE, '--version']));
    node.push(timeMs(['-e', '0']));
  }
  const ratio = median(version) / median(node);
  return { name: 'forge --version against node -e 0', figures: { ratio, limit: 2 }, isMet: ratio <= 2 };
}

/**
 * The demo pipeline on one core against a program that calls its stages one after the other: both as whole processes, in
 * turn, the first of a pair by turns too. Judged by the median over the pairs of wall clock and of processor time: a busy
 * neighbour moves the first from pair to pair by a third, and where the engine works beside the stages, the second tells.
 */
function overhead(folder: string, rounds: number): BenchRow {
  const pairs = Array.from({ length: rounds }, (_, round) => {
    const runEngine = () =>
      costOf([FORGE, 'run', DEMO, '--out', join(folder, `engine-${round}`), '--jobs', '1', '--quiet']);
    const runDirect = () => costOf([DIRECT, DEMO, join(folder, `direct-${round}`)]);
    const early = round % 2 === 0 ? runEngine() : undefined;
    const direct = runDirect();
    return { engine: early ?? runEngine(), direct };
  });
  const percentsOf = (of: (cost: Cost) => number): number[] =>
    pairs.map(({ engine, direct }) => 100 * (of(engine) / of(direct) - 1));
  const walls = percentsOf(({ wallSec }) => wallSec);
  const wallPercent = median(walls);
  const cpuPercent = median(percentsOf(({ cpuSec }) => cpuSec));
  return {
    name: 'engine over direct calls, demo pipeline',
    figures: {
      wallPercent,
      lowest: Math.min(...walls),
      highest: Math.max(...walls),
      cpuPercent,
      limit: 5,
      engineSec: median(pairs.map(({ engine }) => engine.wallSec)),
      directSec: median(pairs.map(({ direct }) => direct.wallSec)),
    },
    isMet: wallPercent <= 5 && cpuPercent <= 5,
  };
}

/** Files of one second through `master`: time a file that is not the stages' own work. */
function batch(folder: string, count: number): BenchRow {
  const songs = join(folder, 'songs');
  mkdirSync(songs);
  const frames = 44_100;
  const writer = createWavWriter(join(songs, '0.wav'), {
    sampleRateHz: frames,
    channelCount: 2,
    frameCount: frames,
    sampleFormat: { kind: 'int', bits: 16 },
  });
  writer.write(
    0,
    [0, 1].map((channel) =>
      Float32Array.from({ length: frames }, (_, i) => 0.2 * Math.sin(i / (20 + channel))),
    ),
  );
  writer.commit();
  for (let index = 1; index < count; index++) cpSync(join(songs, '0.wav'), join(songs, `${index}.wav`));
  const wallMs = timeMs([FORGE, 'master', songs, '--out', join(folder, 'batch'), '--quiet']);
  let busyMs = 0;
  for (let index = 0; index < count; index++) {
    const run = JSON.parse(readFileSync(join(folder, 'batch', String(index), 'run.json'), 'utf8')) as {
      entries: { stages: { busyMs: number }[] }[];
    };
    busyMs += run.entries[0]!.stages.reduce((sum, stage) => sum + stage.busyMs, 0);
  }
  const engineSecPerFile = Math.max(0, wallMs - busyMs / 2) / 1000 / count;
  return {
    name: `a batch of ${count} files of one second`,
    figures: { engineSecPerFile, limit: 1, wallSecPerFile: wallMs / 1000 / count },
    isMet: engineSecPerFile <= 1,
  };
}
