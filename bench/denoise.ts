// Quality and cost of the denoisers on the speech recordings of ../shared (FORGE_SHARED_DIR): SI-SDR here, PESQ and
// STOI by bench/speech_metrics.py where FORGE_BENCH_PYTHON names a Python that has pesq, pystoi, soxr and soundfile.
// The reference tool is compared where it was built (bench/denoise/reference-tool.ts); else the table says that it was not.
// FORGE_BENCH_DENOISE_SEC takes another length than 5 minutes for its time and the memory: 10800 are three hours.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openWav } from '../dist/audio/wav-reader.js';
import { createWavWriter } from '../dist/audio/wav-writer.js';
import { createEmbeddedDenoiser } from '../dist/dsp/denoise/embedded-denoiser.js';
import { judgeNoise, measureLevels, noisePowerOf } from '../dist/dsp/denoise/noise-evidence.js';
import { createResidualRange } from '../dist/dsp/denoise/residual-range.js';
import type { ResidualStream } from '../dist/dsp/denoise/residual-stream.js';
import { createDeepFilterStream } from '../dist/models/deepfilternet3/denoiser.js';
import { type DeepFilterNetwork, loadDeepFilterNetwork } from '../dist/models/deepfilternet3/network.js';
import { scaleInvariantSdrDb } from '../test/helpers/sdr.js';
import { compareSamples, compareTime, findReferenceTool } from './denoise/reference-tool.js';
import { compareStereo } from './denoise/stereo-command.js';
import type { BenchCase, BenchRow } from './run.js';

const SHARED_DIR = resolve(process.env.FORGE_SHARED_DIR ?? '../shared');
const SPEECH_DIR = join(SHARED_DIR, 'audio', 'speech');
const RATE_HZ = 48_000;

interface Contender {
  readonly name: string;
  readonly channelCount: number;
  readonly create: () => ResidualStream;
  readonly leastSdrDb?: number;
}

export const bench: BenchCase = {
  summary: 'denoisers: quality on speech at 0 dB, processor time against audio time, stereo against mono',
  async run({ isQuick }) {
    if (!existsSync(join(SPEECH_DIR, 'noisy_snr0.wav'))) {
      return [{ name: 'not run', figures: { because: `there is no ${SPEECH_DIR}` } }];
    }
    const noisy = readMono('noisy_snr0.wav');
    const clean = readMono('clean.wav');
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-denoise-'));
    const rows: BenchRow[] = [{ name: 'noisy', figures: { siSdrDb: scaleInvariantSdrDb(clean, noisy) } }];
    try {
      for (const contender of await contendersFor(noisy)) {
        const { create, channelCount, leastSdrDb } = contender;
        await denoise(create(), noisy.subarray(0, 2 * RATE_HZ), channelCount); // compiled and warm
        const repeats = isQuick ? 1 : 5;
        let cleaned = noisy;
        const before = process.cpuUsage();
        for (let n = 0; n < repeats; n++) cleaned = await denoise(create(), noisy, channelCount);
        const { user, system } = process.cpuUsage(before);
        const timeSec = (user + system) / 1e6 / repeats;
        const siSdrDb = scaleInvariantSdrDb(clean, cleaned);
        rows.push({
          name: contender.name,
          figures: { siSdrDb, realTime: timeSec / (noisy.length / RATE_HZ), ...perceived(folder, cleaned) },
          ...(leastSdrDb === undefined ? {} : { isMet: siSdrDb >= leastSdrDb }),
        });
      }
      rows.push(...stereoRows(rows));
      if ((await openNetwork()) !== undefined) {
        const timeOptions = isQuick ? { durationSec: 20, repeats: 1 } : { durationSec: 300, repeats: 5 };
        rows.push(compareStereo(noisy, join(SHARED_DIR, 'models'), folder, timeOptions));
      }
      rows.push(...(await referenceRows(folder, clean, noisy, isQuick)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return rows;
  },
};

async function contendersFor(noisy: Float64Array): Promise<Contender[]> {
  const evidence = judgeNoise(measureLevels(sourceOf(noisy, 1), 0, noisy.length), RATE_HZ);
  const embedded = {
    sampleRateHz: RATE_HZ,
    isLinked: true,
    maxReductionDb: 15,
    noisePower: noisePowerOf(evidence, RATE_HZ),
  };
  const contenders: Contender[] = [1, 2].map((channelCount) => ({
    name: `embedded, ${channelCount === 1 ? 'mono' : 'linked stereo'}`,
    channelCount,
    create: () => createEmbeddedDenoiser({ ...embedded, channelCount }),
    leastSdrDb: 6.4,
  }));
  const network = await openNetwork();
  if (network === undefined) return contenders;
  for (const [channelCount, isLinked] of [
    [1, true],
    [2, true],
    [2, false],
  ] as const) {
    contenders.push({
      name: `deepfilternet3, ${channelCount === 1 ? 'mono' : isLinked ? 'linked stereo' : 'independent stereo'}`,
      channelCount,
      create: () => createDeepFilterStream(network, { channelCount, isLinked, hasPostFilter: false }),
      leastSdrDb: 19.9,
    });
  }
  return contenders;
}

/** The networks, or undefined where they are not there. */
async function openNetwork(): Promise<DeepFilterNetwork | undefined> {
  const names = ['enc.onnx', 'erb_dec.onnx', 'df_dec.onnx'];
  const files = Object.fromEntries(
    names.map((name) => [name, join(SHARED_DIR, 'models', 'deepfilternet3', name)]),
  );
  if (!Object.values(files).every((path) => existsSync(path))) return undefined;
  return loadDeepFilterNetwork(files);
}

async function denoise(
  stream: ResidualStream,
  noisy: Float64Array,
  channelCount: number,
): Promise<Float64Array> {
  const residual = Array.from({ length: channelCount }, () => new Float64Array(noisy.length));
  await createResidualRange(sourceOf(noisy, channelCount), stream, undefined).read(0, residual);
  return noisy.map((value, n) => value - residual[0]![n]!);
}

/** The same samples in every channel. */
function sourceOf(samples: Float64Array, channelCount: number) {
  return {
    sampleRateHz: RATE_HZ,
    channelCount,
    frameCount: samples.length,
    read(startFrame: number, into: readonly (Float32Array | Float64Array)[]) {
      for (const target of into)
        for (let n = 0; n < target.length; n++) target[n] = samples[startFrame + n] ?? 0;
    },
    close() {},
  };
}

function readMono(name: string): Float64Array {
  const reader = openWav(join(SPEECH_DIR, name));
  const samples = new Float64Array(reader.frameCount);
  reader.read(0, [samples]);
  reader.close();
  return samples;
}

/** PESQ and STOI of a result, or nothing where no Python was named. */
function perceived(folder: string, cleaned: Float64Array): Record<string, number> {
  const python = process.env.FORGE_BENCH_PYTHON;
  if (python === undefined) return {};
  const path = join(folder, 'cleaned.wav');
  const writer = createWavWriter(path, {
    sampleRateHz: RATE_HZ,
    channelCount: 1,
    frameCount: cleaned.length,
    sampleFormat: { kind: 'float', bits: 32 },
  });
  writer.write(0, [cleaned]);
  writer.commit();
  const script = join(import.meta.dirname, 'speech_metrics.py');
  const { status, stdout, stderr } = spawnSync(python, [script, join(SPEECH_DIR, 'clean.wav'), path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`speech_metrics.py ended with ${status}: ${stderr}`);
  const { pesqWb, stoi } = JSON.parse(stdout) as { pesqWb: number; stoi: number };
  return { pesqWb, stoi };
}

/** Processor time of linked stereo against mono, of each denoiser. */
function stereoRows(rows: readonly BenchRow[]): BenchRow[] {
  const timeOf = (name: string) => Number(rows.find((row) => row.name === name)?.figures.realTime);
  return ['embedded', 'deepfilternet3'].flatMap((denoiser) => {
    const timeRatio = timeOf(`${denoiser}, linked stereo`) / timeOf(`${denoiser}, mono`);
    return Number.isFinite(timeRatio)
      ? [{ name: `${denoiser}, stereo against mono`, figures: { timeRatio } }]
      : [];
  });
}

/** The reference tool: its quality, its samples and its time against ours. */
async function referenceRows(
  folder: string,
  clean: Float64Array,
  noisy: Float64Array,
  isQuick: boolean,
): Promise<BenchRow[]> {
  const tool = findReferenceTool();
  const network = await openNetwork();
  if (tool === undefined || network === undefined) {
    const because =
      tool === undefined ? 'it was not built (bench/peers/deep-filter.sh)' : 'there is no model';
    return [{ name: 'deep-filter (Rust)', figures: { compared: `no: ${because}` } }];
  }
  const own = (samples: Float64Array) =>
    denoise(
      createDeepFilterStream(network, { channelCount: 1, isLinked: true, hasPostFilter: false }),
      samples,
      1,
    );
  const { row, cleaned } = await compareSamples(tool, noisy, own, folder);
  const siSdrDb = scaleInvariantSdrDb(clean.subarray(0, cleaned.length), cleaned);
  const durationSec = Number(process.env.FORGE_BENCH_DENOISE_SEC ?? (isQuick ? 20 : 300));
  const timeOptions = { durationSec, repeats: isQuick || durationSec > 300 ? 1 : 2 };
  return [
    { name: 'deep-filter (Rust)', figures: { siSdrDb, ...perceived(folder, cleaned) } },
    row,
    compareTime(tool, noisy, join(SHARED_DIR, 'models'), folder, timeOptions),
  ];
}
