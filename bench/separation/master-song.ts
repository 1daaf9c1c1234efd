// A song as forge's own mastering makes it for a streaming service with the character punch: what separation gets of
// music that is out already. The mix goes through the built command line tool. The stems get what mastering did to the
// mix around each time-frequency cell, so that they have its tone, phase and gain; the song that is
// judged is their sum, which is within 17 dB of the master itself on the demo song.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWavWriter } from '../../src/audio/wav-writer.js';
import { createStft } from '../../src/dsp/stft.js';
import { sumOf } from '../../test/helpers/si-sdr.js';
import { type Channels, decode, type Song } from './songs.js';

/** Exit code of a master that is made but misses its target. */
const MISSED = 8;
const FORGE = join(import.meta.dirname, '../../bin/forge.js');

const FFT_SIZE = 4096;
const HOP_FRAMES = 1024;
/** Frames at both sides over which a cell's gain is estimated: 0.1 s. */
const GAIN_REACH = 4;

/** The song's master, as what the stems have become. */
export function masterSong(song: Song): Song {
  const mix = sumOf(...Object.values(song.stems));
  const master = masterMix(mix, song.sampleRateHz);
  const names = Object.keys(song.stems);
  const channels = mix.map((samples, channel) =>
    followMastering(
      samples,
      master[channel]!,
      names.map((name) => song.stems[name]![channel]!),
    ),
  );
  const stems = Object.fromEntries(names.map((name, k) => [name, channels.map((parts) => parts[k]!)]));
  return { ...song, name: `${song.name}, mastered`, stems };
}

/** One channel of the stems under the gain Σ master·mix* / Σ |mix|² of every cell. */
function followMastering(mix: Float32Array, master: Float32Array, stems: readonly Float32Array[]) {
  const stft = createStft({ fftSize: FFT_SIZE, hopFrames: HOP_FRAMES, window: 'hann' });
  const { binCount } = stft;
  const frameCount = Math.ceil(mix.length / HOP_FRAMES) + FFT_SIZE / HOP_FRAMES;
  const startOf = (frame: number) => (frame + 1) * HOP_FRAMES - FFT_SIZE;
  const sums = Array.from({ length: frameCount }, () => new Float64Array(3 * binCount));
  const [mixRe, mixIm, re, im] = Array.from({ length: 4 }, () => new Float64Array(binCount));
  for (let frame = 0; frame < frameCount; frame++) {
    stft.analyse(mix, startOf(frame), mixRe!, mixIm!);
    stft.analyse(master, startOf(frame), re!, im!);
    const sum = sums[frame]!;
    for (let bin = 0; bin < binCount; bin++) {
      sum[3 * bin] = re![bin]! * mixRe![bin]! + im![bin]! * mixIm![bin]!;
      sum[3 * bin + 1] = im![bin]! * mixRe![bin]! - re![bin]! * mixIm![bin]!;
      sum[3 * bin + 2] = mixRe![bin]! ** 2 + mixIm![bin]! ** 2;
    }
  }
  const made = stems.map((stem) => new Float32Array(stem.length));
  for (let frame = 0; frame < frameCount; frame++) {
    const near = sums.slice(Math.max(0, frame - GAIN_REACH), frame + GAIN_REACH + 1);
    const gain = near[0]!.map((_, i) => near.reduce((total, sum) => total + sum[i]!, 0));
    for (const [k, stem] of stems.entries()) {
      stft.analyse(stem, startOf(frame), re!, im!);
      for (let bin = 0; bin < binCount; bin++) {
        const power = gain[3 * bin + 2]! + 1e-12;
        const gainRe = gain[3 * bin]! / power;
        const gainIm = gain[3 * bin + 1]! / power;
        const own = re![bin]!;
        re![bin] = own * gainRe - im![bin]! * gainIm;
        im![bin] = own * gainIm + im![bin]! * gainRe;
      }
      stft.synthesise(re!, im!, made[k]!, startOf(frame));
    }
  }
  return made;
}

/** The master of a stereo mix at 44.1 kHz. */
function masterMix(mix: Channels, sampleRateHz: number): Channels {
  const folder = mkdtempSync(join(tmpdir(), 'forge-bench-mastered-'));
  try {
    const source = join(folder, 'mix.wav');
    const writer = createWavWriter(source, {
      sampleRateHz,
      channelCount: mix.length,
      frameCount: mix[0]!.length,
      sampleFormat: { kind: 'float', bits: 32 },
    });
    writer.write(0, mix);
    writer.commit();
    const out = join(folder, 'master.wav');
    const form = ['--preset', 'spotify', '--character', 'punch', '--depth', '24'];
    const { status, stderr } = spawnSync(
      process.execPath,
      [FORGE, 'master', source, ...form, '-o', out, '--quiet'],
      { cwd: folder, encoding: 'utf8' },
    );
    if (status !== 0 && status !== MISSED) throw new Error(stderr);
    return decode(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
