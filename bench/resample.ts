// The sample-rate converter against ffmpeg (swr as it comes, and soxr where it was built in) and sox: CPU time of
// 44.1 → 48 kHz and back, and quality by single sines: gain at 20 kHz, and whatever is left beside a sine (images,
// aliases, noise) at 1 kHz, at 20 kHz and in the stop band. Peers run as whole processes, forge in this one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWav } from '../dist/audio/wav-reader.js';
import { createWavWriter } from '../dist/audio/wav-writer.js';
import { createResampledReader } from '../dist/dsp/resample.js';
import { timed } from './peers/tools.js';
import type { BenchCase, BenchRow } from './run.js';

const PAIRS = [
  [44_100, 48_000],
  [48_000, 44_100],
  [96_000, 44_100],
] as const;
const FLOAT32 = { kind: 'float', bits: 32 } as const;

type Convert = (from: string, to: string, rateHz: number) => { cpuSec: number };

export const bench: BenchCase = {
  summary:
    'stereo at another rate: CPU time (ffmpeg with soxr at 28 bits = 1), and what is left beside a sine, in dB',
  async run({ isQuick }) {
    const peers = findPeers();
    if (peers === null) return [{ name: 'not run', figures: { because: 'needs ffmpeg on PATH' } }];
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-resample-'));
    const rows: BenchRow[] = [];
    try {
      for (const [fromHz, toHz] of PAIRS) {
        const from = join(folder, 'from.wav');
        const to = join(folder, 'to.wav');
        writeSine(from, fromHz, isQuick ? 5 : 60, 997);
        const costs = peers.map(({ convert }) => convert(from, to, toHz).cpuSec);
        for (let i = 0; i < peers.length; i++) {
          const { name, convert } = peers[i]!;
          const figures: Record<string, number> = { cpu: costs[i]! / costs[0]! };
          for (const [label, frequencyHz] of [
            ['1 kHz', 997],
            ['20 kHz', 20_000],
          ] as const) {
            writeSine(from, fromHz, 2, frequencyHz);
            convert(from, to, toHz);
            const { gainDb, residualDb } = fitSine(to, frequencyHz);
            if (label === '20 kHz') figures['gain at 20 kHz dB'] = gainDb;
            figures[`beside ${label} dB`] = residualDb;
          }
          if (fromHz > toHz) {
            writeSine(from, fromHz, 2, toHz / 2 + 300);
            convert(from, to, toHz);
            figures['stop band dB'] = fitSine(to, 1).residualDb;
          }
          const isMet =
            name === 'forge'
              ? Math.abs(figures['gain at 20 kHz dB']!) < 0.01 && (figures['stop band dB'] ?? -200) < -110
              : undefined;
          rows.push({
            name: `${fromHz} → ${toHz}: ${name}`,
            figures,
            ...(isMet === undefined ? {} : { isMet }),
          });
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return rows;
  },
};

function findPeers(): { name: string; convert: Convert }[] | null {
  const version = spawnSync('ffmpeg', ['-version'], { encoding: 'utf8' });
  if (version.status !== 0) return null;
  const throughFfmpeg =
    (options: string): Convert =>
    (from, to, rateHz) =>
      timed('ffmpeg', [
        '-v',
        'error',
        '-y',
        '-i',
        from,
        '-af',
        `aresample=${rateHz}${options}`,
        '-c:a',
        'pcm_f32le',
        to,
      ]);
  const peers = [{ name: 'ffmpeg swr', convert: throughFfmpeg('') }];
  if (version.stdout.includes('--enable-libsoxr')) {
    peers.unshift({ name: 'ffmpeg soxr 28 bit', convert: throughFfmpeg(':resampler=soxr:precision=28') });
  }
  if (spawnSync('sox', ['--version']).status === 0) {
    peers.push({
      name: 'sox rate -v',
      convert: (from, to, rateHz) =>
        timed('sox', [from, '-e', 'float', '-b', '32', to, 'rate', '-v', String(rateHz)]),
    });
  }
  peers.push({ name: 'forge', convert: convertHere });
  return peers;
}

/** The conversion with reading and writing, as encodeAudio does it. */
function convertHere(from: string, to: string, rateHz: number): { cpuSec: number } {
  const before = process.cpuUsage();
  const reader = createResampledReader(openWav(from), rateHz);
  const { channelCount, frameCount } = reader;
  const writer = createWavWriter(to, {
    sampleRateHz: rateHz,
    channelCount,
    frameCount,
    sampleFormat: FLOAT32,
  });
  for (let start = 0; start < frameCount; start += 16_384) {
    const length = Math.min(16_384, frameCount - start);
    const block = Array.from({ length: channelCount }, () => new Float64Array(length));
    reader.read(start, block);
    writer.write(start, block);
  }
  writer.commit();
  reader.close();
  const { user, system } = process.cpuUsage(before);
  return { cpuSec: (user + system) / 1e6 };
}

function writeSine(path: string, sampleRateHz: number, durationSec: number, frequencyHz: number): void {
  const frameCount = durationSec * sampleRateHz;
  const writer = createWavWriter(path, { sampleRateHz, channelCount: 2, frameCount, sampleFormat: FLOAT32 });
  const samples = Float64Array.from(
    { length: frameCount },
    (_, frame) => 0.5 * Math.sin((2 * Math.PI * frequencyHz * frame) / sampleRateHz),
  );
  writer.write(0, [samples, samples]);
  writer.commit();
}

/** Gain of the sine, and the rest against the sine's own level, in the middle half of the file (least squares). */
function fitSine(path: string, frequencyHz: number): { gainDb: number; residualDb: number } {
  const reader = openWav(path);
  const length = Math.floor(reader.frameCount / 2);
  const start = Math.floor(reader.frameCount / 4);
  const block = Array.from({ length: reader.channelCount }, () => new Float64Array(length));
  reader.read(start, block);
  reader.close();
  const samples = block[0]!;
  const w = (2 * Math.PI * frequencyHz) / reader.sampleRateHz;
  let [ss, cc, sc, xs, xc] = [0, 0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const s = Math.sin(w * (start + i));
    const c = Math.cos(w * (start + i));
    const x = samples[i]!;
    ss += s * s;
    cc += c * c;
    sc += s * c;
    xs += x * s;
    xc += x * c;
  }
  const determinant = ss * cc - sc * sc;
  const a = (xs * cc - xc * sc) / determinant;
  const b = (xc * ss - xs * sc) / determinant;
  let rest = 0;
  for (let i = 0; i < length; i++) {
    rest += (samples[i]! - a * Math.sin(w * (start + i)) - b * Math.cos(w * (start + i))) ** 2;
  }
  return {
    gainDb: 20 * Math.log10(Math.hypot(a, b) / 0.5),
    residualDb: 10 * Math.log10(rest / length / (0.5 ** 2 / 2) + 1e-30),
  };
}
