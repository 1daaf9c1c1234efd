// The songs that separation is judged by, as their true stems: the bundled demo; with FORGE_SHARED_DIR a real band and
// seven multitracks that no network of forge was trained on; with FORGE_BENCH_SONGS the rendered songs of a folder, made by
// training/separator/data.py from a seed that no training used.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STEM_NAMES as DEMO_STEMS, renderSong } from '../../fixtures/demo-song/render-song.js';
import { sumOf } from '../../test/helpers/si-sdr.js';

export type Channels = readonly Float32Array[];

/** A song as its true stems; a name like `drums+bass` stands for the sum of two stems. */
export interface Song {
  readonly name: string;
  readonly sampleRateHz: number;
  readonly stems: Readonly<Record<string, Channels>>;
}

const SHARED_DIR = process.env.FORGE_SHARED_DIR ?? '../shared';
const RENDERED_STEMS = ['drums', 'bass', 'other', 'vocals'];
const RATE_HZ = 44_100;
const MULTITRACK_START_SEC = 20;
const MULTITRACK_SEC = 26;

export function demoSong(): Song {
  const song = renderSong();
  const stems = Object.fromEntries(
    DEMO_STEMS.map((name) => {
      const { left, right } = song.stems[name];
      return [name, [left, right].map((samples) => Float32Array.from(samples, (sample) => sample / 32768))];
    }),
  );
  return { name: 'demo song (rendered)', sampleRateHz: song.sampleRateHz, stems };
}

/** None where the shared folder is missing. */
export function bandSongs(): Song[] {
  const folder = join(SHARED_DIR, 'audio/stems-band30');
  if (!existsSync(folder)) return [];
  const read = (name: string) => decode(join(folder, `${name}30.mp3`));
  const stems = {
    vocals: read('Vocals'),
    'drums+bass': read('BassDrums'),
    other: sumOf(read('Guitar'), read('PianoSynth')),
  };
  return [{ name: 'band30 (a real band)', sampleRateHz: RATE_HZ, stems: cutToShortest(stems) }];
}

/** None where the shared folder is missing. */
export function multitrackSongs(): Song[] {
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
    return { name: `${name} (multitrack)`, sampleRateHz: RATE_HZ, stems: summed };
  });
}

/** The songs of FORGE_BENCH_SONGS; undefined where it is not set. */
export function heldOutSongs(): Song[] | undefined {
  const folder = process.env.FORGE_BENCH_SONGS;
  if (folder === undefined) return undefined;
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.npy'))
    .sort();
  return names.map((name) => ({ name, sampleRateHz: RATE_HZ, stems: readStems(join(folder, name)) }));
}

/** An array of float16 [4, 2, frames] that numpy wrote. */
function readStems(path: string): Record<string, Channels> {
  const file = readFileSync(path);
  const headerBytes = 10 + file.readUInt16LE(8);
  const header = file.toString('latin1', 10, headerBytes);
  const frameCount = Number(/'<f2'.*\(4, 2, (\d+)\)/.exec(header)?.[1]);
  if (!(frameCount > 0)) throw new Error(`expected float16 [4, 2, frames] in ${path}, got ${header.trim()}`);
  const channel = (index: number) =>
    Float32Array.from({ length: frameCount }, (_, i) =>
      halfOf(file.readUInt16LE(headerBytes + 2 * (index * frameCount + i))),
    );
  return Object.fromEntries(RENDERED_STEMS.map((name, k) => [name, [channel(2 * k), channel(2 * k + 1)]]));
}

/** The finite number that 16 bits stand for (IEEE 754 binary16). */
function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
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
export function decode(path: string, startSec = 0, durationSec = 600): Channels {
  const args = ['-v', 'error', '-ss', String(startSec), '-t', String(durationSec), '-i', path];
  const form = ['-f', 'f32le', '-ac', '2', '-ar', String(RATE_HZ), '-'];
  const bytes = new Uint8Array(execFileSync('ffmpeg', [...args, ...form], { maxBuffer: 1e9 }));
  const all = new Float32Array(bytes.buffer);
  return [0, 1].map((channel) =>
    Float32Array.from({ length: all.length / 2 }, (_, i) => all[2 * i + channel]!),
  );
}
