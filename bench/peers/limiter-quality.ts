// What limiters do to a signal: each brings the same music to the same loudness under the same ceiling, as far as it
// can; reported are overshoot, and what is left of the signal-to-distortion ratio after the best linear gain.
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
    rows.push({
      name: `limiter at ${TARGET_LUFS} LUFS: ${name}`,
      figures: {
        LUFS: judged.integratedLufs.toFixed(2),
        'overshoot dB': (judged.truePeakDbtp - CEILING_DB).toFixed(2),
        'SDR dB': sdrDb(music, readWav(path)).toFixed(1),
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

/** Ratio of the input, at its best linear gain, to what differs from it; over the delay of up to 600 frames that fits best. */
function sdrDb(input: readonly Float32Array[], output: readonly Float32Array[]): number {
  const frames = input[0]!.length;
  let best = Number.NEGATIVE_INFINITY;
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
    best = Math.max(best, 10 * Math.log10(signal / Math.max(result - signal, 1e-30)));
  }
  return best;
}
