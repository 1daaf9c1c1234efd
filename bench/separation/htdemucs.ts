// HTDemucs at full width with random weights against PyTorch: the same song through both, in processes of their own,
// in turns. Needs a Python with torch, demucs, onnx and onnxruntime, named by FORGE_BENCH_TORCH; exports the network
// once into a temporary folder (some minutes), or takes the file that FORGE_BENCH_HTDEMUCS names.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from '../run.js';

const ROUNDS = 2;
const SONG_SEC = 19;
const RATE_HZ = 44_100;
const LARGEST_DIFFERENCE = 1e-5;
const LARGEST_RATIO = 1;
const LARGEST_PEAK_MB = 2600;
/** Judged by processor time: on a quiet machine loading takes as long, on a busy one its seconds tell of the others. */
const LONGEST_LOAD_SEC = 2;

interface Run {
  readonly seconds: number;
  readonly peakMb: number;
  readonly loadSec: number;
  readonly loadCpuSec: number;
}

export function htdemucsRows(): BenchRow[] {
  const python = process.env.FORGE_BENCH_TORCH;
  if (python === undefined) {
    console.log(
      '  left out: HTDemucs against PyTorch (FORGE_BENCH_TORCH names no Python with torch and demucs)',
    );
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'forge-bench-htdemucs-'));
  try {
    const network = process.env.FORGE_BENCH_HTDEMUCS ?? exportNetwork(python, folder);
    const song = join(folder, 'song.f32');
    writeFileSync(song, new Uint8Array(makeSong().buffer));
    const theirs: Run[] = [];
    const ours: Run[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(runPeer(python, song, join(folder, 'theirs.f32')));
      ours.push(runForge(network, song, join(folder, 'ours.f32')));
    }
    const difference = largestDifference(join(folder, 'ours.f32'), join(folder, 'theirs.f32'));
    const fastest = (runs: readonly Run[]) => Math.min(...runs.map(({ seconds }) => seconds));
    const ratio = fastest(ours) / fastest(theirs);
    const peakMb = Math.max(...ours.map((run) => run.peakMb));
    const loadSec = Math.min(...ours.map((run) => run.loadSec));
    const loadCpuSec = Math.min(...ours.map((run) => run.loadCpuSec));
    return [
      {
        name: `HTDemucs, full width, ${SONG_SEC} s: against PyTorch`,
        figures: {
          'largest difference': difference.toExponential(1),
          'time over PyTorch’s': ratio.toFixed(2),
          'peak MB': Math.round(peakMb),
          'PyTorch’s peak MB': Math.round(Math.max(...theirs.map((run) => run.peakMb))),
          'load s': loadSec.toFixed(1),
          'load cpu s': loadCpuSec.toFixed(1),
          'real-time factor': (fastest(ours) / SONG_SEC).toFixed(2),
        },
        isMet:
          difference <= LARGEST_DIFFERENCE &&
          ratio <= LARGEST_RATIO &&
          peakMb <= LARGEST_PEAK_MB &&
          loadCpuSec < LONGEST_LOAD_SEC,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function exportNetwork(python: string, folder: string): string {
  const script = join(import.meta.dirname, '../../training/htdemucs/export.py');
  const path = join(folder, 'htdemucs.onnx');
  execFileSync(python, [script, '--random', '4', '--seed', '0', '--out', path], { stdio: 'pipe' });
  return path;
}

function runPeer(python: string, song: string, out: string): Run {
  const script = join(import.meta.dirname, 'torch_peer.py');
  const threads = String(availableParallelism());
  return runOf(
    execFileSync(python, [script, '--song', song, '--out', out, '--threads', threads], { stdio: 'pipe' }),
  );
}

function runForge(network: string, song: string, out: string): Run {
  const script = join(import.meta.dirname, 'htdemucs-run.ts');
  return runOf(
    execFileSync(process.execPath, ['--import', 'tsx', script, network, song, out], { stdio: 'pipe' }),
  );
}

/** The last line of a process's output. */
function runOf(output: Buffer): Run {
  return {
    loadSec: 0,
    loadCpuSec: 0,
    ...(JSON.parse(output.toString().trim().split('\n').at(-1)!) as Pick<Run, 'seconds' | 'peakMb'>),
  };
}

function largestDifference(ours: string, theirs: string): number {
  const [a, b] = [ours, theirs].map((path) => new Float32Array(new Uint8Array(readFileSync(path)).buffer));
  if (a!.length !== b!.length) throw new Error(`expected ${b!.length} samples of stems, got ${a!.length}`);
  return a!.reduce((most, sample, i) => Math.max(most, Math.abs(sample - b![i]!)), 0);
}

/** Sines and seeded noise, [2][frames]. */
function makeSong(): Float32Array {
  const frames = SONG_SEC * RATE_HZ;
  const song = new Float32Array(2 * frames);
  let state = 1;
  for (let i = 0; i < song.length; i++) {
    state = (state * 48271) % 2147483647;
    const hz = i < frames ? 220 : 331;
    song[i] =
      0.3 * Math.sin((2 * Math.PI * hz * (i % frames)) / RATE_HZ) + 0.1 * ((2 * state) / 2147483647 - 1);
  }
  return song;
}
