// Shimmer added to recordings (FORGE_SHARED_DIR): how far the artefact falls, what the music loses by the same gains, and
// how much nearer the result is to the recording. The artefacts follow the music's level, as where a coder or a network
// made them out of it; at −20 dB in all they stand far above what most recordings have over 4 kHz.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { decodeAudio } from '../../dist/audio/decode.js';
import { probeAudio } from '../../dist/audio/probe.js';
import { openWav } from '../../dist/audio/wav-reader.js';
import { createResampledReader } from '../../dist/dsp/resample.js';
import { differenceOf, levelDbfs, sumOf } from '../../test/dsp/denoise/signals.js';
import { ARTEFACTS, stillShimmer } from '../../test/dsp/repair/artefacts.js';
import { scaleInvariantSdrDb } from '../../test/helpers/sdr.js';
import type { BenchRow } from '../run.js';

const AUDIO_DIR = join(resolve(process.env.FORGE_SHARED_DIR ?? '../shared'), 'audio');
const RECORDINGS = [
  'stems-band30/Vocals30.mp3',
  'stems-band30/Guitar30.mp3',
  'stems-band30/BassDrums30.mp3',
  'music/demucs_test.mp3',
  'voice/vocadito_14.wav',
];
const RATE_HZ = 48_000;
const FRAMES = 8 * RATE_HZ;
const BELOW_MUSIC_DB = 20;
const LEAST_FALL_DB = 8;
const LARGEST_CHANGE_DB = -40;
/** Over this the envelope of the music is averaged. */
const FOLLOW_SEC = 0.05;

/** A row for each recording: as it is, and with each artefact. */
export async function shimmerRows(isQuick: boolean): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const name of isQuick ? RECORDINGS.slice(0, 1) : RECORDINGS) {
    const path = join(AUDIO_DIR, name);
    if (!existsSync(path)) {
      rows.push({ name: `shimmer on ${name}`, figures: { because: 'not run: it is not there' } });
      continue;
    }
    const clean = await readMono(path);
    const { output, isFound } = stillShimmer(clean, RATE_HZ);
    const changeDb = levelDbfs(differenceOf(output, clean)) - levelDbfs(clean);
    rows.push({
      name: `shimmer on ${name}, none added`,
      figures: { found: isFound ? 'yes' : 'no', ...(isFound ? { changeDb } : {}) },
      isMet: !isFound || changeDb < LARGEST_CHANGE_DB,
    });
    for (const [kind, make] of ARTEFACTS) rows.push(rowOf(`${kind} on ${name}`, clean, make));
  }
  return rows;
}

function rowOf(
  name: string,
  clean: Float64Array,
  make: (frames: number, rateHz: number) => Float64Array,
): BenchRow {
  const envelope = envelopeOf(clean);
  const shaped = make(FRAMES, RATE_HZ).map((value, n) => value * envelope[n]!);
  const gain = 10 ** ((levelDbfs(clean) - BELOW_MUSIC_DB - levelDbfs(shaped)) / 20);
  const artefact = shaped.map((value) => gain * value);
  const damaged = sumOf(clean, artefact);
  const { output, alike } = stillShimmer(damaged, RATE_HZ);
  const fallDb = levelDbfs(artefact) - levelDbfs(alike(artefact));
  const lossDb = levelDbfs(differenceOf(alike(clean), clean)) - levelDbfs(clean);
  const gainDb = scaleInvariantSdrDb(clean, output) - scaleInvariantSdrDb(clean, damaged);
  return {
    name,
    figures: { fallDb, musicLossDb: lossDb, siSdrGainDb: gainDb },
    isMet: fallDb >= LEAST_FALL_DB && gainDb > -1,
  };
}

function envelopeOf(samples: Float64Array): Float64Array {
  let power = 0;
  return samples.map((value) => {
    power += (value * value - power) / (FOLLOW_SEC * RATE_HZ);
    return Math.sqrt(power);
  });
}

/** The first seconds of a file, its first channel at the bench's rate. */
async function readMono(path: string): Promise<Float64Array> {
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-bench-shimmer-'));
  try {
    const reader = openWav(
      (await decodeAudio(await probeAudio(path), { scratchDir, tolerateDamage: false })).path,
    );
    const block = Array.from({ length: reader.channelCount }, () => new Float64Array(FRAMES));
    createResampledReader(reader, RATE_HZ).read(0, block);
    reader.close();
    return block[0]!;
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}
