// The loudness engine against libebur128 and ffmpeg: agreement on music, CPU time and memory of whole processes, and
// of the meter alone in this process. Peers are installed by bench/peers/install.sh.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWav } from '../dist/audio/wav-reader.js';
import { channelWeights } from '../dist/dsp/loudness/channel-weights.js';
import { measureRange } from '../dist/dsp/loudness/measure-range.js';
import { joinParts, type Loudness, loudnessFigures } from '../dist/dsp/loudness/programme.js';
import {
  FORGE,
  hasPython,
  JUDGE,
  judge,
  loopTo,
  missingPeers,
  musicFile,
  PYTHON,
  timed,
} from './peers/tools.js';
import type { BenchCase, BenchRow } from './run.js';

const RANGE_SEC = 30;

export const bench: BenchCase = {
  summary:
    'integrated loudness, range and true peak of 5 minutes of stereo, against libebur128 (CPU time = 1)',
  async run({ isQuick }) {
    const missing = missingPeers();
    if (missing !== undefined) return [{ name: 'not run', figures: { because: missing } }];
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-loudness-'));
    const rows: BenchRow[] = [];
    try {
      for (const [form, args] of [
        ['44.1 kHz 16 bit', ['-ar', '44100', '-ac', '2', '-c:a', 'pcm_s16le']],
        ['48 kHz 24 bit', ['-ar', '48000', '-ac', '2', '-c:a', 'pcm_s24le']],
      ] as const) {
        const path = join(folder, 'music.wav');
        loopTo(path, musicFile(), isQuick ? 20 : 300, args);
        rows.push(...compare(form, path, folder, isQuick ? 1 : 3));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return rows;
  },
};

function compare(form: string, path: string, folder: string, repeats: number): BenchRow[] {
  const peer = timed(JUDGE, [path], repeats);
  const judged = judge(path);
  const row = (name: string, cost: { cpuSec: number; wallSec: number; memoryMb: number }): BenchRow => ({
    name: `${form}: ${name}`,
    figures: { cpu: cost.cpuSec / peer.cpuSec, wall: cost.wallSec / peer.wallSec, MB: cost.memoryMb },
  });

  let figures: Loudness | undefined;
  let bestSec = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats + 1; i++) {
    const before = process.cpuUsage();
    figures = measureHere(path);
    const { user, system } = process.cpuUsage(before);
    bestSec = Math.min(bestSec, (user + system) / 1e6);
  }
  const errorLu = Math.abs(figures!.integratedLufs! - judged.integratedLufs);
  const errorDb = Math.abs(figures!.truePeakDbtp! - judged.truePeakDbtp);
  const command = () =>
    timed(process.execPath, [
      FORGE,
      ...['analyze', path, '--only', 'loudness', '--out', join(folder, `out-${Math.random()}`), '--quiet'],
    ]);
  const whole = Array.from({ length: repeats }, command).sort((a, b) => a.cpuSec - b.cpuSec)[0]!;
  const rows: BenchRow[] = [
    row('libebur128', peer),
    {
      name: `${form}: forge, meter in this process`,
      figures: { cpu: bestSec / peer.cpuSec, differsLu: errorLu, differsDb: errorDb },
      isMet: errorLu <= 0.01 && errorDb <= 0.01,
    },
    {
      ...row('forge analyze --only loudness, whole command', whole),
      isMet: whole.cpuSec <= 0.25 * peer.cpuSec && whole.memoryMb < 90,
    },
    row('ffmpeg ebur128=peak=true', ffmpeg(path, 'ebur128=peak=true', repeats)),
    row('ffmpeg loudnorm, first pass', ffmpeg(path, 'loudnorm', 1)),
  ];
  if (hasPython()) {
    const code =
      'import sys,soundfile,pyloudnorm;x,r=soundfile.read(sys.argv[1]);print(pyloudnorm.Meter(r).integrated_loudness(x))';
    rows.push(row('pyloudnorm (integrated alone)', timed(PYTHON, ['-c', code, path])));
  }
  return rows;
}

function ffmpeg(path: string, filter: string, repeats: number) {
  return timed('ffmpeg', ['-v', 'error', '-nostats', '-i', path, '-af', filter, '-f', 'null', '-'], repeats);
}

function measureHere(path: string): Loudness {
  const reader = openWav(path);
  const { sampleRateHz, channelCount, frameCount } = reader;
  const weights = channelWeights(channelCount, reader.info.channelMask);
  const parts = [];
  for (let startFrame = 0; startFrame < frameCount; startFrame += RANGE_SEC * sampleRateHz) {
    const endFrame = Math.min(startFrame + RANGE_SEC * sampleRateHz, frameCount);
    parts.push(measureRange(reader, { sampleRateHz, weights, startFrame, endFrame }));
  }
  reader.close();
  return loudnessFigures(joinParts(parts), sampleRateHz);
}
