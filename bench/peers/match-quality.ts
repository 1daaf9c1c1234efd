// Closeness of a master to its reference: mean absolute difference of third-octave levels, loudness and width, forge
// against matchering on the same pairs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openWav } from '../../dist/audio/wav-reader.js';
import { spectrumFigures } from '../../dist/dsp/spectrum/figures.js';
import { createSpectrumMeter, joinSpectra, meanPowers } from '../../dist/dsp/spectrum/spectrum-meter.js';
import type { BenchRow } from '../run.js';
import { FORGE, hasPython, judge, loopTo, PYTHON, SHARED_DIR, timed } from './tools.js';

/** Two rows per pair of recordings. */
export function matchRows(folder: string, isQuick: boolean): BenchRow[] {
  const stems = join(SHARED_DIR, 'audio/stems-band30');
  const song = join(SHARED_DIR, 'audio/music/demucs_test.mp3');
  if (!existsSync(song)) return [{ name: 'reference matching', figures: { because: `there is no ${song}` } }];
  const form = ['-ar', '44100', '-ac', '2', '-c:a', 'pcm_s16le'];
  const reference = join(folder, 'reference.wav');
  loopTo(reference, song, 30, form);
  const pairs = ['BassDrums30', 'PianoSynth30', 'Vocals30'].slice(0, isQuick ? 1 : 3);
  const rows: BenchRow[] = [];
  for (const name of pairs) {
    const target = join(folder, `${name}.wav`);
    loopTo(target, join(stems, `${name}.mp3`), 30, form);
    const out = join(folder, `match-${name}`);
    const args = [
      'master',
      target,
      '--preset',
      'reference',
      '--reference',
      reference,
      '--out',
      out,
      '--quiet',
    ];
    const own = timed(process.execPath, [FORGE, ...args]);
    const ours = closeness(join(out, name, 'master.wav'), reference);
    rows.push({ name: `match ${name}: forge`, figures: { ...ours, cpuSec: own.cpuSec, MB: own.memoryMb } });
    if (!hasPython()) continue;
    const peerPath = join(folder, `matchering-${name}.wav`);
    const peer = timed(PYTHON, [join(import.meta.dirname, 'matchering_run.py'), target, reference, peerPath]);
    const theirs = closeness(peerPath, reference);
    rows.push({
      name: `match ${name}: matchering`,
      figures: { ...theirs, cpuSec: peer.cpuSec, MB: peer.memoryMb },
    });
    rows[rows.length - 2] = {
      ...rows.at(-2)!,
      isMet: ours.spectrumDb < theirs.spectrumDb && ours.loudnessLu <= theirs.loudnessLu,
    };
  }
  return rows;
}

function closeness(
  path: string,
  reference: string,
): { spectrumDb: number; loudnessLu: number; dBTP: number } {
  const a = thirdOctaves(path);
  const b = thirdOctaves(reference);
  const differences: number[] = [];
  // 40 Hz to 16 kHz: what both recordings hold.
  for (let i = 3; i <= 29; i++) {
    if (a[i] !== null && b[i] !== null) differences.push(a[i]! - b[i]!);
  }
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const spectrumDb = differences.reduce((sum, value) => sum + Math.abs(value - mean), 0) / differences.length;
  const judged = judge(path);
  const loudnessLu = Math.abs(judged.integratedLufs - judge(reference).integratedLufs);
  return { spectrumDb, loudnessLu, dBTP: judged.truePeakDbtp };
}

function thirdOctaves(path: string): readonly (number | null)[] {
  const reader = openWav(path);
  const { sampleRateHz, channelCount, frameCount } = reader;
  const powers = meanPowers(
    joinSpectra([createSpectrumMeter(sampleRateHz, channelCount).measure(reader, 0, frameCount)]),
    channelCount,
  );
  reader.close();
  return spectrumFigures(powers, sampleRateHz).thirdOctavesDb;
}
