// Reads what a drummer plays to: a bass part as WAV or MIDI, and tempi from MIDI files or analyses.
import { readFileSync } from 'node:fs';
import type { AudioReader } from '../audio/audio-file.js';
import { openWav } from '../audio/wav-reader.js';
import { AttackFinder } from '../dsp/attacks.js';
import { ForgeError } from '../errors.js';
import type { FollowSource } from '../players/follow.js';
import { decodeOnsets, decodeTempo } from '../players/midi-file.js';
import { songOfReport } from '../players/song.js';
import { TempoMap } from '../players/tempo-map.js';

const BLOCK_FRAMES = 1 << 15;

/** The onsets of a part. @throws ForgeError input/* */
export function readFollow(path: string): FollowSource {
  if (isMidi(path)) return { onsets: decodeOnsets(readBytes(path), path) };
  const reader = openWav(path);
  try {
    return followOf(reader);
  } finally {
    reader.close();
  }
}

/** The onsets of a part that is read block by block. */
export function followOf(reader: AudioReader): FollowSource {
  const finder = new AttackFinder(reader.sampleRateHz);
  const block = Array.from({ length: reader.channelCount }, () => new Float64Array(BLOCK_FRAMES));
  for (let start = 0; start < reader.frameCount; start += BLOCK_FRAMES) {
    reader.read(start, block);
    finder.push(meanOf(block));
  }
  return { onsets: finder.finish() };
}

/** The tempo map of a MIDI file, or of a report of `forge analyze`. @throws ForgeError input/* */
export function readTempo(path: string): TempoMap {
  if (isMidi(path)) {
    const changes = decodeTempo(readBytes(path), path);
    return new TempoMap(changes.length === 0 ? [{ atQuarter: 0, quartersPerMinute: 120 }] : changes);
  }
  if (/\.json$/i.test(path)) return songOfReport(readBytes(path).toString('utf8'), path, false).tempoMap;
  throw new ForgeError(
    'input/unsupported',
    `expected a MIDI file or a JSON report for the tempo, got ${path}`,
    {
      hint: 'For audio: `forge analyze song.wav --only rhythm --json > song.json`, then --tempo-from song.json.',
    },
  );
}

function meanOf(block: readonly Float64Array[]): Float64Array {
  return block[0]!.map((_, frame) => block.reduce((sum, channel) => sum + channel[frame]!, 0) / block.length);
}

function isMidi(path: string): boolean {
  return /\.midi?$/i.test(path);
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ForgeError('input/not-found', `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
