// What limiters do to a signal: each brings the same music to the same loudness under the same ceiling, as far as it
// can; reported are overshoot, what is left of the signal-to-distortion ratio after the best linear gain, and how far
// the gain goes down: on average, and at its deepest, over 10 ms.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openWav } from '../../dist/audio/wav-reader.js';
import { createLimiter, limiter } from '../../dist/dsp/limiter/limiter.js';
import type { BenchRow } from '../run.js';
import { song } from './master-inputs.js';
import { hasPython, judge, PYTHON, writeWav } from './tools.js';

const RATE_HZ = 44_100;
const CEILING_DB = -1;
const TARGET_LUFS = -12;

/** One row per limiter. */
export function limiterRows(folder: string): BenchRow[] {
  const source = join(folder, 'limiter-in.wav');
  const music = song(10 * RATE_HZ, RATE_HZ);
  writeWav(source, music, RATE_HZ, 24);
  const start = judge(source).integratedLufs;
  const rows: BenchRow[] = [];
  const add = (name: string, render: (gainDb: number, path: string) => void): void => {
    const path = join(folder, 'limiter-out.wav');
    let gainDb = TARGET_LUFS - start;
    let judged = { integratedLufs: 0, truePeakDbtp: 0 };
    for (let round = 0; round < 5; round++) {
      render(gainDb, path);
      judged = judge(path);
      if (Math.abs(TARGET_LUFS - judged.integratedLufs) < 0.02) break;
      gainDb += TARGET_LUFS - judged.integratedLufs;
    }
    const out = readWav(path);
    const fit = bestFit(music, out);
    const reduction = reductionOf(music, out, fit.delay);
    rows.push({
      name: `limiter at ${TARGET_LUFS} LUFS: ${name}`,
      figures: {
        LUFS: judged.integratedLufs.toFixed(2),
        'overshoot dB': (judged.truePeakDbtp - CEILING_DB).toFixed(2),
        'SDR dB': fit.sdrDb.toFixed(1),
        'mean reduction dB': reduction.meanDb.toFixed(2),
        'deepest dB': reduction.deepestDb.toFixed(1),
      },
      ...(name === 'forge' ? { isMet: judged.truePeakDbtp <= CEILING_DB + 0.005 } : {}),
    });
  };
  add('forge', (gainDb, path) => {
    const options = limiter.options.parse({ inputGainDb: gainDb, ceilingDb: CEILING_DB });
    const device = createLimiter(options, RATE_HZ, 2);
    const block = music.map((samples) => {
      const padded = new Float32Array(samples.length + device.latencyFrames);
      padded.set(samples);
      return padded;
    });
    device.process(block);
    writeWav(
      path,
      block.map((samples) => samples.subarray(device.latencyFrames)),
      RATE_HZ,
      24,
    );
  });
  add('ffmpeg alimiter', (gainDb, path) => {
    const filter = `volume=${gainDb}dB,alimiter=limit=${10 ** (CEILING_DB / 20)}:level=false:attack=5:release=60`;
    spawnSync('ffmpeg', ['-v', 'error', '-y', '-i', source, '-af', filter, '-c:a', 'pcm_s24le', path]);
  });
  if (hasPython()) {
    const script = join(import.meta.dirname, 'pedalboard_limit.py');
    add('pedalboard', (gainDb, path) => {
      spawnSync(PYTHON, [script, source, path, String(gainDb), String(CEILING_DB)]);
    });
  }
  return rows;
}

export function readWav(path: string): Float32Array[] {
  const reader = openWav(path);
  const block = Array.from({ length: reader.channelCount }, () => new Float32Array(reader.frameCount));
  reader.read(0, block);
  reader.close();
  return block;
}

/** How far the gain of 10 ms lies under the highest: the mean, and the deepest. Quiet stretches are left out. */
function reductionOf(
  input: readonly Float32Array[],
  output: readonly Float32Array[],
  delay: number,
): { meanDb: number; deepestDb: number } {
  const hop = RATE_HZ / 100;
  const reductions: number[] = [];
  for (let at = 0; at + hop + delay <= output[0]!.length && at + hop <= input[0]!.length; at += hop) {
    let before = 0;
    let after = 0;
    for (const [channel, samples] of input.entries()) {
      for (let i = at; i < at + hop; i++) {
        before += samples[i]! ** 2;
        after += output[channel]![i + delay]! ** 2;
      }
    }
    if (before / (2 * hop) < 1e-5) continue;
    reductions.push(10 * Math.log10(before / Math.max(after, 1e-12)));
  }
  // Some limiters make up for what they take: the highest gain counts as none taken.
  reductions.sort((a, b) => a - b);
  const none = reductions[Math.floor(reductions.length / 100)]!;
  return {
    meanDb: reductions.reduce((sum, value) => sum + value, 0) / reductions.length - none,
    deepestDb: reductions.at(-1)! - none,
  };
}

/** Ratio of the input, at its best linear gain, to what differs from it; over the delay of up to 600 frames that fits best. */
function bestFit(
  input: readonly Float32Array[],
  output: readonly Float32Array[],
): { sdrDb: number; delay: number } {
  const frames = input[0]!.length;
  let best = Number.NEGATIVE_INFINITY;
  let bestDelay = 0;
  for (let delay = 0; delay <= 600; delay++) {
    let cross = 0;
    let power = 0;
    let result = 0;
    const step = best > 6 ? 1 : 7;
    for (const [channel, samples] of input.entries()) {
      const out = output[channel]!;
      for (let i = 0; i + delay < Math.min(frames, out.length); i += step) {
        const x = samples[i]!;
        const y = out[i + delay]!;
        cross += x * y;
        power += x * x;
        result += y * y;
      }
    }
    const signal = cross ** 2 / power;
    const ratioDb = 10 * Math.log10(signal / Math.max(result - signal, 1e-30));
    if (ratioDb > best) [best, bestDelay] = [ratioDb, delay];
  }
  return { sdrDb: best, delay: bestDelay };
}
