// How much better than the mix the separated stems are (SI-SDR improvement, stereo as one vector), and what it costs.
// Songs: the bundled demo; with FORGE_SHARED_DIR a real band and the multitracks of the training data, which no
// network of forge was trained on. HTDemucs at full width runs against PyTorch (separation/htdemucs.ts).
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { STEM_NAMES as DEMO_STEMS, renderSong } from '../fixtures/demo-song/render-song.js';
import { centreShareOf, sumCentre } from '../src/dsp/separation/centre-share.js';
import { createRangeSeparator, STEM_NAMES, type Stems } from '../src/dsp/separation/separate-range.js';
import { siSdrDb, sumOf } from '../test/helpers/si-sdr.js';
import type { BenchCase, BenchRow } from './run.js';
import { htdemucsRows } from './separation/htdemucs.js';

type Channels = readonly Float32Array[];

/** A song as its true stems; a name like `drums+bass` stands for the sum of two stems. */
interface Song {
  readonly name: string;
  readonly sampleRateHz: number;
  readonly stems: Readonly<Record<string, Channels>>;
  /** Improvements in dB that are promised. */
  readonly leastDb?: Readonly<Record<string, number>>;
}

const SHARED_DIR = process.env.FORGE_SHARED_DIR ?? '../shared';
const RANGE_FRAMES = 720_896;
const MULTITRACK_START_SEC = 20;
const MULTITRACK_SEC = 26;
/** Core seconds per second of audio: 0.15 of real time on two cores. */
const LARGEST_CPU_FACTOR = 0.3;

export const bench: BenchCase = {
  summary: 'separation: SI-SDR improvement over the mix in dB, and processor time over audio time',
  async run({ isQuick }) {
    const songs = isQuick ? [demoSong()] : [demoSong(), ...bandSong(), ...multitrackSongs()];
    return [...songs.map(judge), ...(isQuick ? [] : htdemucsRows())];
  },
};

function judge({ name, sampleRateHz, stems, leastDb }: Song): BenchRow {
  const mix = sumOf(...Object.values(stems));
  const started = process.cpuUsage();
  const estimates = separate(mix, sampleRateHz);
  const { user, system } = process.cpuUsage(started);
  const figures: Record<string, string> = {};
  let isMet = true;
  for (const [stem, reference] of Object.entries(stems)) {
    const parts = STEM_NAMES.filter((one) => stem.split('+').includes(one));
    const estimate = sumOf(...parts.map((part) => estimates[part]));
    const gainDb = siSdrDb(reference, estimate) - siSdrDb(reference, mix);
    figures[stem] = `${gainDb >= 0 ? '+' : '−'}${Math.abs(gainDb).toFixed(1)} dB`;
    if (leastDb?.[stem] !== undefined && gainDb < leastDb[stem]) isMet = false;
  }
  const cpuFactor = (user + system) / 1e6 / (mix[0]!.length / sampleRateHz);
  figures['cpu time / audio time'] = cpuFactor.toFixed(2);
  if (leastDb !== undefined) isMet &&= cpuFactor <= LARGEST_CPU_FACTOR;
  return { name, figures, ...(leastDb === undefined ? {} : { isMet }) };
}

function separate(mix: Channels, sampleRateHz: number): Stems {
  const frameCount = mix[0]!.length;
  const separator = createRangeSeparator(sampleRateHz);
  const whole = Object.fromEntries(
    STEM_NAMES.map((name) => [name, mix.map(() => new Float32Array(frameCount))]),
  ) as unknown as Stems;
  const read = (start: number, into: Channels) => {
    for (const [channel, samples] of into.entries())
      for (let i = 0; i < samples.length; i++) samples[i] = mix[channel]![start + i] ?? 0;
  };
  const shape = { channelCount: mix.length, frameCount };
  const centreShare = centreShareOf([sumCentre(separator.grid, read, shape, 0, frameCount)]);
  const song = { ...shape, centreShare };
  for (let start = 0; start < frameCount; start += RANGE_FRAMES) {
    const end = Math.min(frameCount, start + RANGE_FRAMES);
    const stems = separator.separate(read, song, start, end);
    for (const name of STEM_NAMES)
      for (const [channel, samples] of stems[name].entries()) whole[name][channel]!.set(samples, start);
  }
  return whole;
}

function demoSong(): Song {
  const song = renderSong();
  const stems = Object.fromEntries(
    DEMO_STEMS.map((name) => {
      const { left, right } = song.stems[name];
      return [name, [left, right].map((samples) => Float32Array.from(samples, (sample) => sample / 32768))];
    }),
  );
  const leastDb = { drums: 7, bass: 7, other: 7, vocals: 8 };
  return { name: 'demo song (rendered)', sampleRateHz: song.sampleRateHz, stems, leastDb };
}

function bandSong(): Song[] {
  const folder = join(SHARED_DIR, 'audio/stems-band30');
  if (!existsSync(folder)) return [];
  const read = (name: string) => decode(join(folder, `${name}30.mp3`));
  const stems = {
    vocals: read('Vocals'),
    'drums+bass': read('BassDrums'),
    other: sumOf(read('Guitar'), read('PianoSynth')),
  };
  const leastDb = { vocals: 7.5, 'drums+bass': 9.5, other: 9 };
  return [{ name: 'band30 (a real band)', sampleRateHz: 44100, stems: cutToShortest(stems), leastDb }];
}

function multitrackSongs(): Song[] {
  const root = join(SHARED_DIR, 'datasets/separation/multitrack');
  if (!existsSync(root)) return [];
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ogg'),
  );
  const songs = new Map<string, Map<string, Channels[]>>();
  for (const path of paths.sort()) {
    const [, song, stem] = /([^/]+)__([a-z]+)[^/]*\.ogg$/.exec(path)!;
    const stems = songs.get(song!) ?? new Map<string, Channels[]>();
    stems.set(stem!, [
      ...(stems.get(stem!) ?? []),
      decode(join(root, path), MULTITRACK_START_SEC, MULTITRACK_SEC),
    ]);
    songs.set(song!, stems);
  }
  return [...songs].map(([name, stems]) => {
    const summed: Record<string, Channels> = {};
    const hasBass = stems.has('bass');
    const shortest = cutToShortest(
      Object.fromEntries(
        [...stems].flatMap(([stem, parts]) => parts.map((part, k) => [`${stem} ${k}`, part] as const)),
      ),
    );
    for (const [key, part] of Object.entries(shortest)) {
      const stem = key.split(' ')[0]!;
      // A song without a bass stem has its bass in `other`.
      const judged = stem === 'other' && !hasBass ? 'bass+other' : stem;
      summed[judged] = summed[judged] === undefined ? part : sumOf(summed[judged], part);
    }
    return { name: `${name} (multitrack)`, sampleRateHz: 44100, stems: summed };
  });
}

function cutToShortest(stems: Readonly<Record<string, Channels>>): Record<string, Channels> {
  const frames = Math.min(...Object.values(stems).map((channels) => channels[0]!.length));
  return Object.fromEntries(
    Object.entries(stems).map(([name, channels]) => [
      name,
      channels.map((samples) => samples.subarray(0, frames)),
    ]),
  );
}

/** Any file as stereo at 44.1 kHz, through ffmpeg. */
function decode(path: string, startSec = 0, durationSec = 600): Channels {
  const args = ['-v', 'error', '-ss', String(startSec), '-t', String(durationSec), '-i', path];
  const form = ['-f', 'f32le', '-ac', '2', '-ar', '44100', '-'];
  const bytes = new Uint8Array(execFileSync('ffmpeg', [...args, ...form], { maxBuffer: 1e9 }));
  const all = new Float32Array(bytes.buffer);
  return [0, 1].map((channel) =>
    Float32Array.from({ length: all.length / 2 }, (_, i) => all[2 * i + channel]!),
  );
}
