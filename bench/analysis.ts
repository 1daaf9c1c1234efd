// `forge analyze` against librosa, essentia and BeatNet: on renderings of the Groove test split and of POP909 whose
// performances, songs, kits and sound fonts no training has heard; and in time and memory, the whole program with
// everything that it measures against the peers' five measures.
// Needs the folder that bench/analysis/setup.sh prepares, named by FORGE_ANALYSIS_DIR (/tmp/forge-analysis unless set);
// FORGE_ANALYSIS_ONLY=times leaves the sets out.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openWav } from '../src/audio/wav-reader.js';
import { createWavWriter } from '../src/audio/wav-writer.js';
import { analyzeMusic } from '../src/dsp/music-analysis.js';
import { extractMusicFeatures } from '../src/dsp/music-features.js';
import { createBeatNetwork } from '../src/models/beats.js';
import { estimateFolder, PACKAGE_NETWORK } from './analysis/estimate.js';
import type { BenchCase, BenchRow } from './run.js';

/** Figures that are asked for, by set. */
const WANTED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  groove: { beat_f: 0.85, tempo: 0.85, tempo_alt: 0.95, onset_f: 0.9 },
  pop909: { beat_f: 0.95, downbeat_f: 0.85, key: 0.8, key_mirex: 0.85, chord_majmin: 0.75 },
};
const WANTED_TIME = { librosa: 0.35, essentia: 0.5 } as const;
const WANTED_HOUR_SEC = 60;
const WANTED_PEAK_MB = 300;

const folder = process.env.FORGE_ANALYSIS_DIR ?? '/tmp/forge-analysis';
const scripts = join(import.meta.dirname, 'analysis');

function python(args: readonly string[]): string {
  const env = {
    ...process.env,
    FORGE_SHARED_DIR: resolve(process.env.FORGE_SHARED_DIR ?? '../shared'),
    OMP_NUM_THREADS: '1',
  };
  const run = spawnSync(join(folder, 'venv/bin/python'), args, { env, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`${args[0]} failed: ${run.stderr.slice(-2000)}`);
  return run.stdout;
}

async function judgeSet(set: string, count: number, programs: string): Promise<BenchRow[]> {
  const out = join(folder, 'sets', set);
  if (!existsSync(out)) {
    const sources = ['--groove', join(folder, 'groove'), '--pop909', join(folder, 'POP909')];
    python([join(scripts, 'render_sets.py'), out, '--set', set, '--count', `${count}`, ...sources]);
  }
  await estimateFolder(out);
  const beatnet = join(process.env.FORGE_MODELS_DIR ?? '../shared/models', 'beatnet/beatnet-1.onnx');
  const asked = existsSync(beatnet) ? `${programs},beatnet` : programs;
  python([join(scripts, 'peers.py'), out, '--programs', asked, '--beatnet', resolve(beatnet)]);
  const table = join(out, 'table.scores');
  python([join(scripts, 'score.py'), out, '--json', table]);
  const { scores, counts } = JSON.parse(readFileSync(table, 'utf8')) as {
    scores: Record<string, Record<string, number>>;
    counts: Record<string, number>;
  };
  return Object.entries(scores).map(([program, figures]) => ({
    name: `${set}: ${program} (${counts[program]} pieces)`,
    figures: Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, value.toFixed(3)])),
    ...(program === 'forge'
      ? { isMet: Object.entries(WANTED[set]!).every(([key, least]) => (figures[key] ?? 0) >= least) }
      : {}),
  }));
}

interface Cost {
  readonly wallSec: number;
  readonly cpuSec: number;
  readonly peakMb: number;
}

/** What one run of the whole program costs, everything measured, page and JSON written. */
function costOfForge(path: string): Cost {
  const out = mkdtempSync(join(tmpdir(), 'forge-bench-analysis-'));
  try {
    const forge = resolve(import.meta.dirname, '../bin/forge.js');
    const run = spawnSync(
      '/usr/bin/time',
      ['-f', '%e %U %S %M', process.execPath, forge, 'analyze', path, '--out', out, '--quiet'],
      { encoding: 'utf8' },
    );
    if (run.status !== 0) throw new Error(`forge analyze failed: ${run.stderr.slice(-2000)}`);
    const [wall, user, system, kilobytes] = run.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
    return { wallSec: wall!, cpuSec: user! + system!, peakMb: kilobytes! / 1024 };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** A piece of the set, repeated to a length, in stereo at 44.1 kHz. */
function loopedPiece(durationSec: number): string {
  const set = join(folder, 'sets', 'pop909');
  const first = readdirSync(set)
    .filter((name) => name.endsWith('.wav'))
    .sort()[0]!;
  const target = join(folder, `looped-${durationSec}.wav`);
  if (existsSync(target)) return target;
  const reader = openWav(join(set, first));
  const { sampleRateHz, channelCount, frameCount } = reader;
  const total = durationSec * sampleRateHz;
  const writer = createWavWriter(target, {
    sampleRateHz,
    channelCount: 2,
    frameCount: total,
    sampleFormat: { kind: 'int', bits: 16 },
  });
  const block = Array.from({ length: channelCount }, () => new Float32Array(frameCount));
  reader.read(0, block);
  reader.close();
  for (let at = 0; at < total; at += frameCount) {
    const count = Math.min(frameCount, total - at);
    writer.write(at, [block[0]!.subarray(0, count), block.at(-1)!.subarray(0, count)]);
  }
  writer.commit();
  return target;
}

/** The peers in turn, and forge before and after each, so that all see the same load of the machine. */
async function compareTimes(): Promise<BenchRow[]> {
  const path = loopedPiece(300);
  costOfForge(path);
  const runs: Cost[] = [costOfForge(path)];
  const peers: Record<string, { readonly wallSec: number; readonly cpuSec: number }> = {};
  for (const name of ['librosa', 'essentia'] as const) {
    peers[name] = JSON.parse(python([join(scripts, 'peers.py'), folder, '--time', path, '--programs', name]))[
      name
    ];
    runs.push(costOfForge(path));
  }
  const mean = (pick: (run: Cost) => number): number =>
    runs.reduce((sum, run) => sum + pick(run), 0) / runs.length;
  const rows: BenchRow[] = (['librosa', 'essentia'] as const).map((name) => {
    const wallRatio = mean(({ wallSec }) => wallSec) / peers[name]!.wallSec;
    return {
      name: `5 min of stereo, forge with everything over ${name} with five measures`,
      figures: {
        'wall clock': wallRatio.toFixed(2),
        'processor time': (mean(({ cpuSec }) => cpuSec) / peers[name]!.cpuSec).toFixed(2),
        'forge s': mean(({ wallSec }) => wallSec).toFixed(1),
        'peer s': peers[name]!.wallSec.toFixed(1),
      },
      isMet: wallRatio <= WANTED_TIME[name],
    };
  });
  const hour = costOfForge(loopedPiece(3600));
  const peakMb = Math.max(hour.peakMb, ...runs.map((run) => run.peakMb));
  return [
    ...rows,
    {
      name: 'an hour of stereo',
      figures: { 'wall clock s': hour.wallSec.toFixed(1), 'processor s': hour.cpuSec.toFixed(1) },
      isMet: hour.wallSec < WANTED_HOUR_SEC,
    },
    {
      name: 'memory, 5 min and an hour',
      figures: { 'peak MB': peakMb.toFixed(0) },
      isMet: peakMb < WANTED_PEAK_MB,
    },
  ];
}

export const bench: BenchCase = {
  summary:
    'rhythm, key and chords against librosa, essentia and BeatNet on unseen performances, songs and kits',
  async run({ isQuick }) {
    if (!existsSync(join(folder, 'venv')) || isQuick) {
      const reason = isQuick
        ? 'quick: data sets and peers are left out'
        : `no ${folder}: run bench/analysis/setup.sh`;
      return [{ name: reason, figures: await listenToClicks() }];
    }
    // The sets take hours the first time; the times alone take minutes.
    if (process.env.FORGE_ANALYSIS_ONLY === 'times') return compareTimes();
    return [
      ...(await judgeSet('groove', 0, 'librosa,essentia')),
      ...(await judgeSet('pop909', 200, 'librosa,essentia')),
      ...(await compareTimes()),
    ];
  },
};

/** One short run without any data: drum-like clicks at 125 BPM. */
async function listenToClicks(): Promise<Record<string, string>> {
  const sampleRateHz = 22050;
  const signal = new Float32Array(20 * sampleRateHz);
  for (let beat = 0; beat * 0.48 < 19; beat++) {
    const hz = beat % 2 === 0 ? 60 : 190;
    for (let n = 0; n < 4000; n++) {
      signal[Math.round(beat * 0.48 * sampleRateHz) + n] =
        Math.exp(-n / 900) * Math.sin((2 * Math.PI * hz * n) / sampleRateHz);
    }
  }
  const source = {
    sampleRateHz,
    channelCount: 1,
    frameCount: signal.length,
    read(startFrame: number, into: readonly Float32Array[]) {
      for (let n = 0; n < into[0]!.length; n++) into[0]![n] = signal[startFrame + n] ?? 0;
    },
  };
  const network = await createBeatNetwork(PACKAGE_NETWORK);
  const features = extractMusicFeatures(source, { startFrame: 0, endFrame: signal.length });
  const { rhythm } = analyzeMusic(features, await network.run(features.bands));
  await network.release();
  return { 'tempo of clicks at 125 BPM': `${rhythm.tempoBpm}` };
}
