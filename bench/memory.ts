// Peak memory by length: an hour and three hours of stereo at 48 kHz through analyze, denoise and master. --quick takes
// one minute and three instead, which shows growth but not the promised figures.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWavWriter } from '../dist/audio/wav-writer.js';
import type { BenchCase, BenchRow } from './run.js';

const FORGE = join(import.meta.dirname, '../bin/forge.js');
const SAMPLE_RATE_HZ = 48_000;
const LIMIT_MB = 600;
const LARGEST_GROWTH = 1.1;
const COMMANDS = ['analyze', 'denoise', 'master'] as const;

export const bench: BenchCase = {
  summary: 'peak memory of one process by the length of the file',
  async run({ isQuick }) {
    const lengthsSec = isQuick ? [60, 180] : [3_600, 10_800];
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-memory-'));
    const peaks = new Map<string, number[]>(COMMANDS.map((command) => [command, []]));
    try {
      for (const lengthSec of lengthsSec) {
        const path = join(folder, `${lengthSec}.wav`);
        writeNoisyMusic(path, lengthSec);
        for (const command of COMMANDS) {
          const out = join(folder, 'out');
          // Denoising is asked for by name: the automatic choice may leave clean material alone.
          const extra = command === 'denoise' ? ['--model', 'embedded'] : [];
          const { status, stderr } = spawnSync(
            process.execPath,
            [FORGE, command, path, '--out', out, '--quiet', ...extra],
            { encoding: 'utf8' },
          );
          if (status !== 0) throw new Error(`${command} of ${lengthSec} s ended with ${status}: ${stderr}`);
          const run = JSON.parse(readFileSync(join(out, String(lengthSec), 'run.json'), 'utf8')) as {
            entries: { peakMemoryMb: number }[];
          };
          peaks.get(command)!.push(run.entries[0]!.peakMemoryMb);
          rmSync(out, { recursive: true, force: true });
        }
        rmSync(path);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return [...peaks].map(([command, [short, long]]): BenchRow => {
      const growth = long! / short!;
      return {
        name: `${command}: ${lengthsSec.map((sec) => `${sec / 60} min`).join(', ')}`,
        figures: { shortMb: short!, longMb: long!, growth, limitMb: LIMIT_MB },
        ...(isQuick ? {} : { isMet: long! < LIMIT_MB && growth < LARGEST_GROWTH }),
      };
    });
  },
};

/** Chords that come and go over steady noise at −50 dBFS, 16 bits; by blocks. */
function writeNoisyMusic(path: string, lengthSec: number): void {
  const frameCount = lengthSec * SAMPLE_RATE_HZ;
  const writer = createWavWriter(path, {
    sampleRateHz: SAMPLE_RATE_HZ,
    channelCount: 2,
    frameCount,
    sampleFormat: { kind: 'int', bits: 16 },
  });
  const blockFrames = SAMPLE_RATE_HZ;
  const block = [new Float32Array(blockFrames), new Float32Array(blockFrames)];
  let state = 1;
  for (let start = 0; start < frameCount; start += blockFrames) {
    const second = start / SAMPLE_RATE_HZ;
    const rootHz = 110 * 2 ** (((second * 7) % 12) / 12);
    const gain = second % 8 < 6 ? 0.25 : 0.02;
    for (let i = 0; i < blockFrames; i++) {
      const t = i / SAMPLE_RATE_HZ;
      const tone = gain * (Math.sin(2 * Math.PI * rootHz * t) + 0.5 * Math.sin(3 * Math.PI * rootHz * t));
      for (const samples of block) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        samples[i] = tone + (0.006 * state) / 2 ** 31;
      }
    }
    writer.write(start, block);
  }
  writer.commit();
}
