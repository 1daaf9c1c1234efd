// Reads what a drummer plays to: a bass part as audio or MIDI, and tempi and songs from MIDI files, reports of
// `forge analyze`, or audio that is analysed here.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { inputError } from '../audio/input-file.js';
import type { FollowSource } from '../players/follow.js';
import { decodeOnsets, decodeTempo } from '../players/midi-file.js';
import { type Song, songOfReport } from '../players/song.js';
import { TempoMap } from '../players/tempo-map.js';
import { followOf } from './follow-audio.js';
import type { SongAnalyser } from './song-analysis.js';

/** The onsets of a part in MIDI, or in any audio that forge reads. @throws ForgeError input/* */
export async function readFollow(path: string): Promise<FollowSource> {
  if (isMidi(path)) return { onsets: decodeOnsets(readBytes(path), path) };
  const [{ probeAudio }, { decodeAudio }, { openWav }] = await Promise.all([
    import('../audio/probe.js'),
    import('../audio/decode.js'),
    import('../audio/wav-reader.js'),
  ]);
  const scratchDir = mkdtempSync(join(tmpdir(), 'forge-follow-'));
  try {
    const reader = openWav((await decodeAudio(await probeAudio(path), { scratchDir })).path);
    try {
      return followOf(reader);
    } finally {
      reader.close();
    }
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}

/**
 * The tempo map of a MIDI file, of a report of `forge analyze`, or of audio.
 * @throws ForgeError input/*, usage/bad-option where no beats were found
 */
export async function readTempo(path: string, analyse: SongAnalyser): Promise<TempoMap> {
  if (!isMidi(path)) return (await readReport(path, false, analyse, ['rhythm'])).tempoMap;
  return new TempoMap(decodeTempo(readBytes(path), path));
}

/**
 * Beats, meter, sections and chords of a report, or of audio.
 * @throws ForgeError input/*, usage/bad-option where no beats were found
 */
export function readSong(path: string, wantsTriplets: boolean, analyse: SongAnalyser): Promise<Song> {
  return readReport(path, wantsTriplets, analyse, ['rhythm', 'tonal', 'structure']);
}

async function readReport(
  path: string,
  wantsTriplets: boolean,
  analyse: SongAnalyser,
  only: readonly string[],
): Promise<Song> {
  const isReport = extname(path).toLowerCase() === '.json';
  const text = isReport ? readBytes(path).toString('utf8') : JSON.stringify(await analyse(path, only));
  return songOfReport(text, path, wantsTriplets);
}

function isMidi(path: string): boolean {
  return /^\.midi?$/i.test(extname(path));
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    throw inputError(thrown, path);
  }
}
