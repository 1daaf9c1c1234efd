// The mastering stage against its peers: accuracy over awkward inputs judged by libebur128, time of the whole chain
// against matchering and of gain and limiter against libebur128's measuring, closeness to a reference against
// matchering, and the limiter's harm against ffmpeg's alimiter and pedalboard's Limiter.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limiterRows } from './peers/limiter-quality.js';
import { masterInputs } from './peers/master-inputs.js';
import { matchRows } from './peers/match-quality.js';
import {
  type Cost,
  FORGE,
  hasPython,
  JUDGE,
  judge,
  loopTo,
  missingPeers,
  musicFile,
  PYTHON,
  timed,
  writeWav,
} from './peers/tools.js';
import type { BenchCase, BenchRow } from './run.js';

export const bench: BenchCase = {
  summary: 'masters: accuracy, cost, reference matching, limiter',
  async run({ isQuick }) {
    const missing = missingPeers();
    if (missing !== undefined) return [{ name: 'not run', figures: { because: missing } }];
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-master-'));
    try {
      const rows = [...accuracyRows(folder), ...costRows(folder, isQuick ? 20 : 300)];
      rows.push(...matchRows(folder, isQuick));
      rows.push(...limiterRows(folder));
      return rows;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Result {
  readonly input: { readonly path: string };
  readonly status: string;
  readonly outputs: readonly { readonly kind: string; readonly path: string }[];
}

function accuracyRows(folder: string): BenchRow[] {
  const inFolder = join(folder, 'in');
  mkdirSync(inFolder);
  const inputs = masterInputs();
  for (const { name, channels, sampleRateHz } of inputs) {
    writeWav(join(inFolder, `${name}.wav`), channels, sampleRateHz, 24);
  }
  const out = join(folder, 'accuracy');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [FORGE, 'master', inFolder, '--preset', 'spotify', '--out', out, '--json', '--quiet'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (stdout === '') throw new Error(stderr);
  const { results } = JSON.parse(stdout) as { results: Result[] };
  return inputs.map(({ name }): BenchRow => {
    const result = results.find(({ input }) => input.path.endsWith(`/${name}.wav`))!;
    const { integratedLufs, truePeakDbtp } = judge(
      result.outputs.find(({ kind }) => kind === 'master')!.path,
    );
    const isReached = Math.abs(integratedLufs + 14) <= 0.1;
    const isUnder = Math.round(truePeakDbtp * 100) <= -100 || truePeakDbtp === Number.NEGATIVE_INFINITY;
    const isTold = isReached ? result.status === 'ok' : result.status === 'missed';
    return {
      name: `to −14 LUFS, −1 dBTP: ${name}`,
      figures: { LUFS: integratedLufs.toFixed(3), dBTP: truePeakDbtp.toFixed(3), status: result.status },
      isMet: isUnder && isTold,
    };
  });
}

function costRows(folder: string, durationSec: number): BenchRow[] {
  const path = join(folder, 'music.wav');
  loopTo(path, musicFile(), durationSec, ['-ar', '44100', '-ac', '2', '-c:a', 'pcm_s16le']);
  const measuring = timed(JUDGE, [path], 2);
  const master = (extra: readonly string[]) => {
    const out = join(folder, `cost-${extra.join('').replaceAll('/', '-')}`);
    return timed(process.execPath, [FORGE, 'master', path, '--out', out, '--quiet', ...extra]);
  };
  const limited = master(['--preset', 'cd', '--character', 'none']);
  const whole = master(['--preset', 'spotify', '--character', 'valve']);
  const rows: BenchRow[] = [
    {
      name: 'gain and limiter, against libebur128 measuring',
      figures: {
        wall: limited.wallSec / measuring.wallSec,
        cpu: limited.cpuSec / measuring.cpuSec,
        MB: limited.memoryMb,
      },
      isMet: limited.wallSec <= 1.5 * measuring.wallSec,
    },
    {
      name: 'whole chain (valve), against libebur128 measuring',
      figures: {
        wall: whole.wallSec / measuring.wallSec,
        cpu: whole.cpuSec / measuring.cpuSec,
        MB: whole.memoryMb,
      },
    },
  ];
  const loudnorm = twoPassLoudnorm(path, join(folder, 'loudnorm.wav'));
  rows.push({
    name: 'ffmpeg loudnorm, two passes, against libebur128 measuring',
    figures: {
      wall: loudnorm.wallSec / measuring.wallSec,
      cpu: loudnorm.cpuSec / measuring.cpuSec,
      MB: loudnorm.memoryMb,
      LUFS: judge(join(folder, 'loudnorm.wav')).integratedLufs.toFixed(3),
      dBTP: judge(join(folder, 'loudnorm.wav')).truePeakDbtp.toFixed(3),
    },
  });
  if (!hasPython()) return [...rows, { name: 'matchering', figures: { because: 'not installed' } }];
  // matchering refuses a reference that is the target.
  const reference = join(folder, 'cost-reference.wav');
  loopTo(reference, path, durationSec, [
    '-af',
    'equalizer=f=2000:t=o:w=1:g=3,volume=-3dB',
    '-c:a',
    'pcm_s16le',
  ]);
  const matched = timed(PYTHON, [
    join(import.meta.dirname, 'peers/matchering_run.py'),
    path,
    reference,
    join(folder, 'matchering.wav'),
  ]);
  rows.push({
    name: 'whole chain (valve), against matchering',
    figures: {
      wall: whole.wallSec / matched.wallSec,
      cpu: whole.cpuSec / matched.cpuSec,
      memory: whole.memoryMb / matched.memoryMb,
    },
    isMet: whole.wallSec <= 0.3 * matched.wallSec && whole.memoryMb < 350,
  });
  const own = master(['--preset', 'reference', '--reference', reference]);
  rows.push({
    name: 'matching a reference, against matchering',
    figures: {
      wall: own.wallSec / matched.wallSec,
      cpu: own.cpuSec / matched.cpuSec,
      memory: own.memoryMb / matched.memoryMb,
    },
    isMet: own.wallSec <= 0.25 * matched.wallSec && own.memoryMb <= 0.2 * matched.memoryMb,
  });
  return rows;
}

/** Measured, then made by what was measured, as ffmpeg-normalize does it. */
function twoPassLoudnorm(source: string, target: string): Pick<Cost, 'wallSec' | 'cpuSec' | 'memoryMb'> {
  const aim = 'loudnorm=I=-14:TP=-1:LRA=11';
  const quiet = ['-hide_banner', '-nostats', '-y', '-i', source];
  const first = timed('ffmpeg', [...quiet, '-af', `${aim}:print_format=json`, '-f', 'null', '-']);
  const text = first.stderr.slice(first.stderr.lastIndexOf('{'), first.stderr.lastIndexOf('}') + 1);
  const found = JSON.parse(text) as Record<string, string>;
  const measured = [
    ...[`measured_I=${found.input_i}`, `measured_TP=${found.input_tp}`, `measured_LRA=${found.input_lra}`],
    ...[`measured_thresh=${found.input_thresh}`, `offset=${found.target_offset}`, 'linear=true'],
  ];
  const filter = [aim, ...measured].join(':');
  const second = timed('ffmpeg', [...quiet, '-af', filter, '-ar', '44100', '-c:a', 'pcm_s16le', target]);
  return {
    wallSec: first.wallSec + second.wallSec,
    cpuSec: first.cpuSec + second.cpuSec,
    memoryMb: Math.max(first.memoryMb, second.memoryMb),
  };
}
