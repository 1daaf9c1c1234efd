// The comparison with the reference tool of DeepFilterNet (Rust), where it was built (bench/peers/deep-filter.sh, or
// FORGE_DEEP_FILTER and FORGE_DEEP_FILTER_MODEL): its samples against ours, and its time against the whole command's.
// Like against like: the tool's defaults (no limit, no post-filter, all thresholds off) and its delay taken out. The tool
// reads 16 bits as s/32767 and cuts to 16 bits towards zero; for the comparison of samples ours is made to do the same.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openWav } from '../../dist/audio/wav-reader.js';
import { createWavWriter } from '../../dist/audio/wav-writer.js';
import type { BenchRow } from '../run.js';
import { type Cost, timed, timedForge } from './timed.js';

const PEERS_DIR = join(import.meta.dirname, '../.peers');
const RATE_HZ = 48_000;
const HOP_FRAMES = 480;
const DELAY_FRAMES = 1440;
const FULL_SCALE = 32_767;
/** What is promised: share of identical samples, and time against the tool's. */
const LEAST_IDENTICAL = 0.999;
const LARGEST_TIME_RATIO = 0.6;
const LARGEST_MEMORY_MB = 300;
/** Of a shorter file most of the time is the start of the command. */
const JUDGED_FROM_SEC = 300;

export interface ReferenceTool {
  readonly path: string;
  readonly model: string;
}

/** The tool, or undefined where it was not built. */
export function findReferenceTool(): ReferenceTool | undefined {
  const path = process.env.FORGE_DEEP_FILTER ?? join(PEERS_DIR, 'deep-filter');
  const model = process.env.FORGE_DEEP_FILTER_MODEL ?? join(PEERS_DIR, 'deepfilternet3.tar.gz');
  return existsSync(path) && existsSync(model) ? { path, model } : undefined;
}

/** Runs the tool on a 16-bit file; gives its samples, the delay taken out, and where they end. */
export function runReferenceTool(tool: ReferenceTool, input: string, folder: string) {
  const cost = timed(tool.path, ['-m', tool.model, '-D', '-o', folder, input]);
  const reader = openWav(join(folder, 'noisy.wav'));
  const samples = new Float64Array(reader.frameCount);
  reader.read(0, [samples]);
  reader.close();
  // Its last hop is not whole.
  const frames = Math.floor((samples.length + DELAY_FRAMES) / HOP_FRAMES) * HOP_FRAMES - DELAY_FRAMES;
  return { samples, frames, cost };
}

/**
 * Share of equal samples in 16 bits, and the largest difference in steps.
 * @param noisy in the scale of the file; @param denoise gives what is left of it
 */
export async function compareSamples(
  tool: ReferenceTool,
  noisy: Float64Array,
  denoise: (noisy: Float64Array) => Promise<Float64Array>,
  folder: string,
): Promise<{ readonly row: BenchRow; readonly cleaned: Float64Array }> {
  const input = join(folder, 'noisy.wav');
  const toSteps = (value: number) => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768)));
  const steps = noisy.map(toSteps);
  writeMono(input, noisy);
  const theirs = runReferenceTool(tool, input, join(folder, 'tool'));
  const ours = await denoise(steps.map((value) => value / FULL_SCALE));
  let same = 0;
  let largest = 0;
  for (let n = 0; n < theirs.frames; n++) {
    const own = Math.trunc(Math.max(-1, Math.min(1, ours[n]!)) * FULL_SCALE);
    const difference = Math.abs(own - toSteps(theirs.samples[n]!));
    if (difference === 0) same++;
    largest = Math.max(largest, difference);
  }
  const identical = same / theirs.frames;
  const figures = { identicalPercent: 100 * identical, largestDifferenceLsb: largest };
  return {
    row: {
      name: 'deepfilternet3 against the Rust tool, samples',
      figures,
      isMet: identical >= LEAST_IDENTICAL && largest <= 1,
    },
    cleaned: theirs.samples,
  };
}

/** Time and memory of `forge denoise` against the tool's on a file of `durationSec`, both as whole commands, by turns. */
export function compareTime(
  tool: ReferenceTool,
  noisy: Float64Array,
  modelsDir: string,
  folder: string,
  options: { readonly durationSec: number; readonly repeats: number },
): BenchRow {
  const { durationSec, repeats } = options;
  const input = join(folder, 'noisy.wav');
  const long = Float64Array.from({ length: durationSec * RATE_HZ }, (_, n) => noisy[n % noisy.length]!);
  writeMono(input, long);
  const env = { FORGE_MODELS_DIR: modelsDir, FORGE_CACHE_DIR: join(folder, 'cache') };
  const theirs: Cost[] = [];
  const ours: Cost[] = [];
  let peakMemoryMb = 0;
  for (let n = 0; n < repeats; n++) {
    theirs.push(timed(tool.path, ['-m', tool.model, '-D', '-o', join(folder, 'tool'), input]));
    const out = join(folder, `out-${n}`);
    const args = ['denoise', input, '--model', 'deepfilternet3', '--out', out, '--quiet'];
    ours.push(timedForge(args, env));
    const run = JSON.parse(readFileSync(join(out, 'noisy', 'run.json'), 'utf8')) as {
      entries: { peakMemoryMb: number }[];
    };
    peakMemoryMb = Math.max(peakMemoryMb, run.entries[0]!.peakMemoryMb);
    rmSync(out, { recursive: true });
    rmSync(env.FORGE_CACHE_DIR, { recursive: true, force: true });
  }
  const least = (costs: readonly Cost[], pick: (cost: Cost) => number) => Math.min(...costs.map(pick));
  const timeRatio = least(ours, (cost) => cost.wallSec) / least(theirs, (cost) => cost.wallSec);
  const cpuRatio = least(ours, (cost) => cost.cpuSec) / least(theirs, (cost) => cost.cpuSec);
  return {
    name: `forge denoise against the Rust tool, ${durationSec} s mono`,
    figures: {
      toolRealTime: least(theirs, (cost) => cost.wallSec) / durationSec,
      forgeRealTime: least(ours, (cost) => cost.wallSec) / durationSec,
      timeRatio,
      cpuRatio,
      peakMemoryMb,
    },
    // Processor time is the stricter of the two (a command works on several cores), and stands still under load.
    ...(durationSec < JUDGED_FROM_SEC
      ? {}
      : { isMet: cpuRatio <= LARGEST_TIME_RATIO && peakMemoryMb < LARGEST_MEMORY_MB }),
  };
}

function writeMono(path: string, samples: Float64Array): void {
  const writer = createWavWriter(path, {
    sampleRateHz: RATE_HZ,
    channelCount: 1,
    frameCount: samples.length,
    sampleFormat: { kind: 'int', bits: 16 },
  });
  writer.write(0, [samples]);
  writer.commit();
}
