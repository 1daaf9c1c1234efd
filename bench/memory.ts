// Peak memory by length: an hour and three hours of stereo at 48 kHz through analyze (loudness alone as well), denoise and
// master. --quick takes one minute and three instead, which shows growth but not the promised figures.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWavWriter } from '../dist/audio/wav-writer.js';
import type { BenchCase, BenchRow } from './run.js';

const FORGE = join(import.meta.dirname, '../bin/forge.js');
const SAMPLE_RATE_HZ = 48_000;
const LARGEST_GROWTH = 1.1;

interface Subject {
  readonly command: 'analyze' | 'denoise' | 'master';
  readonly flags: readonly string[];
  readonly limitMb: number;
  /** The limit holds at any length; growth below it is nobody's loss. */
  readonly isGrowthFree?: boolean;
}

const SUBJECTS: readonly Subject[] = [
  { command: 'analyze', flags: [], limitMb: 600 },
  { command: 'analyze', flags: ['--only', 'loudness'], limitMb: 90, isGrowthFree: true },
  // Denoising is asked for by name: the automatic choice may leave clean material alone.
  { command: 'denoise', flags: ['--model', 'embedded'], limitMb: 600 },
  { command: 'master', flags: [], limitMb: 600 },
];

export const bench: BenchCase = {
  summary: 'peak memory of one process by the length of the file',
  async run({ isQuick }) {
    const lengthsSec = isQuick ? [60, 180] : [3_600, 10_800];
    const folder = mkdtempSync(join(tmpdir(), 'forge-bench-memory-'));
    const peaks = new Map<Subject, number[]>(SUBJECTS.map((subject) => [subject, []]));
    try {
      for (const lengthSec of lengthsSec) {
        const path = join(folder, `${lengthSec}.wav`);
        writeNoisyMusic(path, lengthSec);
        for (const subject of SUBJECTS) {
          const { command, flags } = subject;
          const out = join(folder, 'out');
          const { status, stderr } = spawnSync(
            process.execPath,
            [FORGE, command, path, '--out', out, '--quiet', ...flags],
            { encoding: 'utf8' },
          );
          if (status !== 0) throw new Error(`${command} of ${lengthSec} s ended with ${status}: ${stderr}`);
          const run = JSON.parse(readFileSync(join(out, String(lengthSec), 'run.json'), 'utf8')) as {
            entries: { peakMemoryMb: number }[];
          };
          peaks.get(subject)!.push(run.entries[0]!.peakMemoryMb);
          rmSync(out, { recursive: true, force: true });
        }
        rmSync(path);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return [...peaks].map(([{ command, flags, limitMb, isGrowthFree }, [short, long]]): BenchRow => {
      const growth = long! / short!;
      return {
        name: `${[command, ...flags].join(' ')}: ${lengthsSec.map((sec) => `${sec / 60} min`).join(', ')}`,
        figures: { shortMb: short!, longMb: long!, growth, limitMb },
        ...(isQuick ? {} : { isMet: long! < limitMb && (isGrowthFree === true || growth < LARGEST_GROWTH) }),
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
