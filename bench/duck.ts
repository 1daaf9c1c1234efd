// The duck against its promises and against ffmpeg's sidechaincompress on the same levelled files: difference reached in
// every phrase, intelligibility over the plain mix, steps of the gain, null away from the voice, cost and memory.
// Everything is measured on written files. Needs ../shared (FORGE_SHARED_DIR) and ffmpeg; --quick takes two combinations.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bandRatioDb, largestStepDb, nullDb, type PhraseSpan, weightedPower } from './duck/judge.js';
import { type Combination, decode, writeCombinations } from './duck/material.js';
import { STOI_RATE_HZ, stoi } from './duck/stoi.js';
import { FORGE, loopTo, SHARED_DIR, timed, writeWav } from './peers/tools.js';
import type { BenchCase, BenchRow } from './run.js';

const RATE_HZ = 48_000;
const WANTED_LU = 10;
const TOLERANCE_LU = 0.5;
const FFMPEG_FILTER = 'sidechaincompress=threshold=0.03:ratio=6:attack=50:release=600';
const CARVES = ['off', 'gentle', 'firm'] as const;
const DETECTORS = ['silero-vad', 'own'] as const;
const MEMORY_LIMIT_MB = 250;
const REAL_TIME_LIMIT = 0.03;

export const bench: BenchCase = {
  summary: `ducking by ${WANTED_LU} LU: differences, intelligibility, steps, null, cost`,
  async run({ isQuick }) {
    if (!existsSync(join(SHARED_DIR, 'datasets/separation/speech')))
      return [{ name: 'not run', figures: { because: `there is no ${SHARED_DIR}` } }];
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-duck-'));
    try {
      const combinations = writeCombinations(SHARED_DIR, folder, isQuick ? 2 : 10);
      return [
        ...qualityRows(folder, combinations),
        rideRow(folder, combinations),
        slopeRow(folder, combinations[0]!),
        ...costRows(folder, combinations[0]!, isQuick ? 60 : 600),
        ...memoryRows(folder, combinations[0]!, isQuick ? [60] : [3600, 10_800]),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** What `forge duck --json` says of a pair. */
interface DuckResult {
  readonly folder: string;
  readonly voiceGainDb: number;
  readonly bedGainDb: number;
  readonly phrases: readonly (PhraseSpan & { readonly limitedBy: string | null; readonly gainDb: number })[];
  readonly gain: readonly { readonly atSec: number; readonly gainDb: number }[];
}

function runForge(folder: string, { bedPath, voicePath }: Combination, extra: readonly string[]): DuckResult {
  const args = [FORGE, 'duck', bedPath, '--voice', voicePath, '--out', join(folder, 'out'), '--overwrite'];
  const env = { ...process.env, FORGE_MODELS_DIR: join(SHARED_DIR, 'models') };
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...args, '--json', '--quiet', '--difference-lu', String(WANTED_LU), ...extra],
    { encoding: 'utf8', maxBuffer: 1 << 28, env },
  );
  if (status !== 0)
    throw new Error(`forge duck ${bedPath} ended with ${status}: ${stderr}${stdout.slice(-600)}`);
  return (JSON.parse(stdout) as { results: DuckResult[] }).results[0]!;
}

/** Figures of one way to lay a bed under a voice. */
interface Scores {
  readonly stoi: number;
  readonly bandRatioDb: number;
  readonly meanErrorLu: number;
  readonly worstErrorLu: number;
}

function qualityRows(folder: string, combinations: readonly Combination[]): BenchRow[] {
  const all = new Map<string, Scores[]>();
  const rows: BenchRow[] = [];
  const nulls: number[] = [];
  for (const combination of combinations) {
    const scores = new Map<string, Scores>();
    let phrases: readonly PhraseSpan[] = [];
    for (const carve of CARVES) {
      const result = runForge(folder, combination, ['--mix', '--carve', carve]);
      phrases = result.phrases.filter(
        ({ startSec, endSec, limitedBy }) => endSec - startSec > 1 && limitedBy === null,
      );
      if (carve === 'off') {
        scores.set('plain mix', score(combination, result, undefined, phrases));
        scores.set(
          'sidechaincompress',
          score(combination, result, sidechain(folder, combination, result), phrases),
        );
      }
      scores.set(
        `forge, carve ${carve}`,
        score(combination, result, join(result.folder, 'bed.wav'), phrases),
      );
    }
    const alone = runForge(folder, combination, []);
    nulls.push(nullOf(combination, alone));
    for (const [name, value] of scores) all.set(name, [...(all.get(name) ?? []), value]);
    rows.push({
      name: combination.name,
      figures: Object.fromEntries(
        [...scores].map(([name, value]) => [`STOI ${name}`, value.stoi.toFixed(3)]),
      ),
    });
  }
  const plain = all.get('plain mix')!;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const [name, list] of all) {
    const better = list.filter(
      (value, k) => value.stoi > plain[k]!.stoi && value.bandRatioDb > plain[k]!.bandRatioDb,
    ).length;
    const worst = Math.max(...list.map(({ worstErrorLu }) => worstErrorLu));
    const isForge = name.startsWith('forge');
    rows.push({
      name,
      figures: {
        stoi: mean(list.map((value) => value.stoi)).toFixed(3),
        bandRatioDb: mean(list.map((value) => value.bandRatioDb)).toFixed(2),
        meanErrorLu: mean(list.map((value) => value.meanErrorLu)).toFixed(2),
        worstErrorLu: worst.toFixed(2),
        betterThanPlain: `${better}/${list.length}`,
      },
      ...(isForge ? { isMet: worst <= TOLERANCE_LU && better >= 0.9 * list.length } : {}),
    });
  }
  const worstNull = Math.max(...nulls);
  rows.push({
    name: 'null away from the voice',
    figures: { worstDb: worstNull.toFixed(1) },
    isMet: worstNull <= -90,
  });
  return rows;
}

/** Measures a ducked bed (at its level in the mix), or the levelled bed itself, under the levelled voice. */
function score(
  { bedPath, voicePath }: Combination,
  { voiceGainDb, bedGainDb }: DuckResult,
  duckedPath: string | undefined,
  phrases: readonly PhraseSpan[],
): Scores {
  const voiceGain = 10 ** (voiceGainDb / 20);
  const bedGain = duckedPath === undefined ? 10 ** (bedGainDb / 20) : 1;
  const path = duckedPath ?? bedPath;
  const scaled = (samples: Float32Array, gain: number) => samples.map((value) => gain * value);
  const mono = (rateHz: number) => {
    const bed = scaled(decode(path, rateHz, 1), bedGain);
    const voice = new Float32Array(bed.length);
    voice.set(scaled(decode(voicePath, rateHz, 1), voiceGain * Math.SQRT1_2).subarray(0, bed.length));
    return { bed, voice };
  };
  const at10 = mono(STOI_RATE_HZ);
  const at16 = mono(16_000);
  const stereo = split(scaled(decode(path, RATE_HZ, 2), bedGain));
  const voice = scaled(decode(voicePath, RATE_HZ, 1), voiceGain);
  const errors = phrases.map((span) => {
    const ratio = weightedPower([voice], RATE_HZ, span) / weightedPower(stereo, RATE_HZ, span);
    return Math.abs(10 * Math.log10(ratio) - WANTED_LU);
  });
  return {
    stoi: stoi(
      at10.voice,
      at10.voice.map((value, n) => value + at10.bed[n]!),
    ),
    bandRatioDb: bandRatioDb(at16.voice, at16.bed, 16_000, phrases),
    meanErrorLu: errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length),
    worstErrorLu: Math.max(0, ...errors),
  };
}

function split(interleaved: Float32Array): Float32Array[] {
  return [0, 1].map((c) => interleaved.filter((_, n) => n % 2 === c));
}

/** The levelled bed through ffmpeg's compressor, keyed by the levelled voice. */
function sidechain(
  folder: string,
  { bedPath, voicePath }: Combination,
  { voiceGainDb, bedGainDb }: DuckResult,
): string {
  const path = join(folder, 'sidechain.wav');
  const graph = `[0]volume=${bedGainDb}dB[bed];[1]aresample=${RATE_HZ},apad,volume=${voiceGainDb}dB,aformat=channel_layouts=stereo[key];[bed][key]${FFMPEG_FILTER}`;
  const args = ['-v', 'error', '-y', '-i', bedPath, '-i', voicePath, '-filter_complex', graph, '-t', '45'];
  const { status, stderr } = spawnSync('ffmpeg', [...args, '-c:a', 'pcm_f32le', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ffmpeg: ${stderr}`);
  return path;
}

/** Null of an unlevelled ducked bed with its input, where the gain is 0 dB for a second to both sides. */
function nullOf({ bedPath }: Combination, { folder, gain }: DuckResult): number {
  const spans: PhraseSpan[] = [];
  for (const [k, from] of gain.entries()) {
    const to = gain[k + 1];
    if (to === undefined || from.gainDb !== 0 || to.gainDb !== 0) continue;
    if (to.atSec - from.atSec > 2) spans.push({ startSec: from.atSec + 1, endSec: to.atSec - 1 });
  }
  if (spans.length === 0) throw new Error(`the voice of ${bedPath} leaves no place to measure the null`);
  const read = (path: string) => split(decode(path, RATE_HZ, 2));
  return nullDb(read(bedPath), read(join(folder, 'bed.wav')), RATE_HZ, spans);
}

/** How far the bed goes up and down between phrases, where the voice is as it is and where the leveller rides it first. */
function rideRow(folder: string, combinations: readonly Combination[]): BenchRow {
  const spans = ['0', '70'].map((percent) => {
    const each = combinations.map((combination) => {
      const { phrases } = runForge(folder, combination, ['--mix', '--voice-ride-percent', percent]);
      const gains = phrases.map(({ gainDb }) => gainDb);
      return Math.max(...gains) - Math.min(...gains);
    });
    return each.reduce((sum, span) => sum + span, 0) / each.length;
  });
  return {
    name: 'span of the bed’s gain between phrases, mean',
    figures: { asItIsDb: spans[0]!.toFixed(1), ridden70Db: spans[1]!.toFixed(1) },
  };
}

/** A steady tone as the bed shows its gain: the largest step within 10 ms. */
function slopeRow(folder: string, { voicePath }: Combination): BenchRow {
  const tone = Float32Array.from(
    { length: 45 * RATE_HZ },
    (_, n) => 0.5 * Math.sin((2 * Math.PI * 800 * n) / RATE_HZ),
  );
  const bedPath = join(folder, 'tone.wav');
  writeWav(bedPath, [tone], RATE_HZ, 24);
  let largest = 0;
  for (const carve of CARVES) {
    const { folder: out } = runForge(folder, { name: 'tone', bedPath, voicePath }, ['--carve', carve]);
    largest = Math.max(largest, largestStepDb(tone, decode(join(out, 'bed.wav'), RATE_HZ, 1), RATE_HZ));
  }
  return {
    name: 'largest step of a tone in 10 ms',
    figures: { stepDb: largest.toFixed(3) },
    isMet: largest <= 0.5,
  };
}

function costRows(folder: string, { bedPath, voicePath }: Combination, durationSec: number): BenchRow[] {
  const bed = join(folder, 'long.wav');
  const voice = join(folder, 'long.voice.wav');
  loopTo(bed, bedPath, durationSec, ['-c:a', 'pcm_s16le']);
  loopTo(voice, voicePath, durationSec, ['-c:a', 'pcm_s16le', '-ar', String(RATE_HZ)]);
  const args = (detector: string) => [
    FORGE,
    'duck',
    bed,
    '--voice',
    voice,
    '--detector',
    detector,
    '--quiet',
  ];
  process.env.FORGE_MODELS_DIR = join(SHARED_DIR, 'models');
  const graph = `[1]aformat=channel_layouts=stereo[key];[0][key]${FFMPEG_FILTER}`;
  const peer = timed('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-i',
    bed,
    '-i',
    voice,
    '-filter_complex',
    graph,
    join(folder, 'peer.wav'),
  ]);
  const rows = DETECTORS.map((detector): BenchRow => {
    const out = join(folder, `cost-${detector}`);
    const cost = timed(process.execPath, [...args(detector), '--out', out]);
    rmSync(out, { recursive: true, force: true });
    const realTime = cost.wallSec / durationSec;
    return {
      name: `${durationSec / 60} min by ${detector}`,
      figures: {
        realTime: realTime.toFixed(4),
        cpu: (cost.cpuSec / durationSec).toFixed(4),
        timesFfmpeg: (cost.cpuSec / peer.cpuSec).toFixed(1),
        memoryMb: cost.memoryMb.toFixed(0),
      },
      ...(durationSec >= 600 ? { isMet: realTime <= REAL_TIME_LIMIT } : {}),
    };
  });
  return [
    ...rows,
    {
      name: 'sidechaincompress',
      figures: { cpu: (peer.cpuSec / durationSec).toFixed(4), memoryMb: peer.memoryMb.toFixed(0) },
    },
  ];
}

/** Peak of the whole process, as run.json has it, by length and detector. */
function memoryRows(
  folder: string,
  { bedPath, voicePath }: Combination,
  lengthsSec: readonly number[],
): BenchRow[] {
  const env = { ...process.env, FORGE_MODELS_DIR: join(SHARED_DIR, 'models') };
  const bed = join(folder, 'length.wav');
  const voice = join(folder, 'length.voice.wav');
  const out = join(folder, 'length-out');
  return lengthsSec.flatMap((lengthSec) => {
    loopTo(bed, bedPath, lengthSec, ['-c:a', 'pcm_s16le']);
    loopTo(voice, voicePath, lengthSec, ['-c:a', 'pcm_s16le', '-ar', String(RATE_HZ)]);
    return DETECTORS.map((detector): BenchRow => {
      const { status, stderr } = spawnSync(
        process.execPath,
        [FORGE, 'duck', bed, '--voice', voice, '--detector', detector, '--out', out, '--quiet'],
        { encoding: 'utf8', env },
      );
      if (status !== 0) throw new Error(`forge duck of ${lengthSec} s ended with ${status}: ${stderr}`);
      const run = JSON.parse(readFileSync(join(out, 'length', 'run.json'), 'utf8')) as {
        entries: { peakMemoryMb: number; durationSec: number }[];
      };
      rmSync(out, { recursive: true, force: true });
      const { peakMemoryMb, durationSec } = run.entries[0]!;
      return {
        name: `${lengthSec / 60} min by ${detector}: peak memory`,
        figures: { memoryMb: peakMemoryMb.toFixed(0), realTime: (durationSec / lengthSec).toFixed(4) },
        ...(lengthSec >= 3600 ? { isMet: peakMemoryMb < MEMORY_LIMIT_MB } : {}),
      };
    });
  });
}
