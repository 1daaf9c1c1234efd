// How much better than the mix the separated stems are (SI-SDR improvement, stereo as one vector), and what it costs: of
// forge-lite, whose figures are promised, and of forge-classic beside it.
// Songs: bench/separation/songs.ts; the multitracks also as masters.
// HTDemucs at full width runs against PyTorch (separation/htdemucs.ts).
import { join } from 'node:path';
import { createBlendedSeparator } from '../src/dsp/separation/blended-range.js';
import { centreShareOf, sumCentre } from '../src/dsp/separation/centre-share.js';
import { createFrameGrid } from '../src/dsp/separation/frame-grid.js';
import {
  createRangeSeparator,
  type ReadSong,
  STEM_NAMES,
  type Stems,
} from '../src/dsp/separation/separate-range.js';
import { PACKAGE_WEIGHTS_DIR } from '../src/models/card.js';
import { createShareNetwork } from '../src/models/separation/share-network.js';
import { siSdrDb, sumOf } from '../test/helpers/si-sdr.js';
import type { BenchCase, BenchRow } from './run.js';
import { htdemucsRows } from './separation/htdemucs.js';
import { masterSong } from './separation/master-song.js';
import {
  bandSongs,
  type Channels,
  demoSong,
  heldOutSongs,
  multitrackSongs,
  type Song,
} from './separation/songs.js';

const RANGE_FRAMES = 720_896;
/** Core seconds per second of audio: 0.15 of real time on two cores. */
const LARGEST_CPU_FACTOR = 0.3;
/** Improvements in dB that are promised. */
const RENDERED_LEAST_DB = { drums: 7, bass: 7, other: 7, vocals: 8 };
const BAND_LEAST_DB = { vocals: 7.5, 'drums+bass': 9.5, other: 9 };
const MASTERED_LEAST_DB = { drums: 2.5, vocals: 2.5, other: 3.5 };

/** What came out for one song. */
interface Judged {
  readonly gainsDb: Readonly<Record<string, number>>;
  readonly cpuFactor: number;
}

type Separate = (mix: Channels, sampleRateHz: number) => Promise<Stems>;

export const bench: BenchCase = {
  summary: 'separation: SI-SDR improvement over the mix in dB, and processor time over audio time',
  async run({ isQuick }) {
    const lite = await liteSeparator();
    const rows: BenchRow[] = [];
    const compare = async (song: Song, leastDb?: Readonly<Record<string, number>>) => {
      const judged = await judge(song, lite);
      rows.push(rowOf(song.name, judged, leastDb));
      rows.push(rowOf(`${song.name}, by forge-classic`, await judge(song, classicSeparator)));
      return judged;
    };
    await compare(demoSong(), RENDERED_LEAST_DB);
    if (isQuick) return rows;
    for (const song of bandSongs()) await compare(song, BAND_LEAST_DB);
    const multitracks = multitrackSongs();
    for (const song of multitracks) await compare(song);
    const mastered: Judged[] = [];
    for (const song of multitracks) mastered.push(await compare(masterSong(song)));
    if (mastered.length > 0)
      rows.push(meanRow('mean of the multitracks, mastered', mastered, MASTERED_LEAST_DB));
    const heldOut = heldOutSongs();
    if (heldOut === undefined) {
      console.log('  left out: rendered songs held out of training (FORGE_BENCH_SONGS names no folder)');
    } else {
      const judged: Judged[] = [];
      for (const song of heldOut) judged.push(await judge(song, lite));
      rows.push(meanRow(`mean of ${heldOut.length} rendered songs, held out`, judged, RENDERED_LEAST_DB));
    }
    return [...rows, ...htdemucsRows()];
  },
};

/** Separates a song's mix. A stem that is silent is not judged. */
async function judge({ sampleRateHz, stems }: Song, separate: Separate): Promise<Judged> {
  const mix = sumOf(...Object.values(stems));
  const started = process.cpuUsage();
  const estimates = await separate(mix, sampleRateHz);
  const { user, system } = process.cpuUsage(started);
  const gainsDb: Record<string, number> = {};
  for (const [stem, reference] of Object.entries(stems)) {
    if (reference.every((samples) => samples.every((sample) => sample === 0))) continue;
    const parts = STEM_NAMES.filter((one) => stem.split('+').includes(one));
    const estimate = sumOf(...parts.map((part) => estimates[part]));
    gainsDb[stem] = siSdrDb(reference, estimate) - siSdrDb(reference, mix);
  }
  return { gainsDb, cpuFactor: (user + system) / 1e6 / (mix[0]!.length / sampleRateHz) };
}

function rowOf(
  name: string,
  { gainsDb, cpuFactor }: Judged,
  leastDb?: Readonly<Record<string, number>>,
): BenchRow {
  const figures: Record<string, string> = {};
  for (const [stem, gainDb] of Object.entries(gainsDb))
    figures[stem] = `${gainDb >= 0 ? '+' : '−'}${Math.abs(gainDb).toFixed(1)} dB`;
  figures['cpu time / audio time'] = cpuFactor.toFixed(2);
  if (leastDb === undefined) return { name, figures };
  const isMet = Object.entries(leastDb).every(([stem, least]) => (gainsDb[stem] ?? least) >= least);
  return { name, figures, isMet: isMet && cpuFactor <= LARGEST_CPU_FACTOR };
}

/** Means over songs, of each stem over the songs that have it. */
function meanRow(
  name: string,
  judged: readonly Judged[],
  leastDb: Readonly<Record<string, number>>,
): BenchRow {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const stems = [...new Set(judged.flatMap(({ gainsDb }) => Object.keys(gainsDb)))];
  const gainsDb = Object.fromEntries(
    stems.map((stem) => [stem, mean(judged.flatMap((song) => song.gainsDb[stem] ?? []))]),
  );
  return rowOf(name, { gainsDb, cpuFactor: mean(judged.map((song) => song.cpuFactor)) }, leastDb);
}

/** forge-lite; its network is opened before the clock runs. */
async function liteSeparator(): Promise<Separate> {
  const network = await createShareNetwork(join(PACKAGE_WEIGHTS_DIR, 'forge-lite', 'forge-lite.onnx'));
  return (mix, sampleRateHz) => {
    const separator = createBlendedSeparator(sampleRateHz, network);
    const read = readerOf(mix);
    const [left, right = left] = mix as [Float32Array, Float32Array?];
    const energy = left.reduce((sum, sample, i) => sum + ((sample + right[i]!) / 2) ** 2, 0);
    const song = { ...shapeOf(mix, sampleRateHz), midRms: Math.sqrt(energy / left.length) };
    return byRanges(mix, (start, end) => separator.separate(read, song, start, end));
  };
}

const classicSeparator: Separate = (mix, sampleRateHz) => {
  const separator = createRangeSeparator(sampleRateHz);
  const read = readerOf(mix);
  const song = shapeOf(mix, sampleRateHz);
  return byRanges(mix, (start, end) => separator.separate(read, song, start, end));
};

/** A song's shape and how much of it lies in the centre. */
function shapeOf(mix: Channels, sampleRateHz: number) {
  const shape = { channelCount: mix.length, frameCount: mix[0]!.length };
  const sums = sumCentre(createFrameGrid(sampleRateHz), readerOf(mix), shape, 0, shape.frameCount);
  return { ...shape, centreShare: centreShareOf([sums]) };
}

function readerOf(mix: Channels): ReadSong {
  return (start, into) => {
    for (const [channel, samples] of into.entries())
      for (let i = 0; i < samples.length; i++) samples[i] = mix[channel]![start + i] ?? 0;
  };
}

async function byRanges(
  mix: Channels,
  separate: (start: number, end: number) => Stems | Promise<Stems>,
): Promise<Stems> {
  const frameCount = mix[0]!.length;
  const silence = () => mix.map(() => new Float32Array(frameCount));
  const whole: Stems = { vocals: silence(), drums: silence(), bass: silence(), other: silence() };
  for (let start = 0; start < frameCount; start += RANGE_FRAMES) {
    const stems = await separate(start, Math.min(frameCount, start + RANGE_FRAMES));
    for (const name of STEM_NAMES)
      for (const [channel, samples] of stems[name].entries()) whole[name][channel]!.set(samples, start);
  }
  return whole;
}
