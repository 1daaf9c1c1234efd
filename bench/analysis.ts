// The musical half of `forge analyze` against librosa, essentia and BeatNet: on renderings of the Groove test split and
// of POP909 whose performances, songs, kits and sound fonts no training has heard, and in time.
// Needs the folder that bench/analysis/setup.sh prepares, named by FORGE_ANALYSIS_DIR (/tmp/forge-analysis unless set).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openWav } from '../src/audio/wav-reader.js';
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

/** Seconds of processor time that forge takes for everything musical in a file. */
async function timeForge(path: string): Promise<number> {
  const network = await createBeatNetwork(PACKAGE_NETWORK);
  const started = process.cpuUsage();
  const reader = openWav(path);
  const features = extractMusicFeatures(reader, { startFrame: 0, endFrame: reader.frameCount });
  reader.close();
  analyzeMusic(features, await network.run(features.bands));
  const used = process.cpuUsage(started);
  await network.release();
  return (used.user + used.system) / 1e6;
}

async function compareTimes(): Promise<BenchRow[]> {
  const set = join(folder, 'sets', 'pop909');
  const longest = readdirSync(set)
    .filter((name) => name.endsWith('.wav'))
    .sort()[0]!;
  const path = join(set, longest);
  const peers = JSON.parse(python([join(scripts, 'peers.py'), set, '--time', path])) as Record<
    'librosa' | 'essentia',
    number
  >;
  const forgeSec = await timeForge(path);
  return (['librosa', 'essentia'] as const).map((peer) => ({
    name: `processor time, forge over ${peer} (${longest})`,
    figures: {
      ratio: (forgeSec / peers[peer]).toFixed(2),
      forgeSec: forgeSec.toFixed(2),
      peerSec: peers[peer].toFixed(2),
    },
    isMet: forgeSec / peers[peer] <= WANTED_TIME[peer],
  }));
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
