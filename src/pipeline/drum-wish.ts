// What was asked of a drummer, in a form that run.json keeps, and how it becomes a session: songs, tempi, followed parts
// and kept performances are read here. The same wish over the same files is the same session.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inputError } from '../audio/input-file.js';
import { ForgeError } from '../errors.js';
import { sha256Sync } from '../file-hash.js';
import { parseSections, type Section } from '../players/arrangement.js';
import type { ControlOverrides } from '../players/controls.js';
import { DRUM_MAPS, type DrumMap, loadDrumMap } from '../players/drum-maps.js';
import { formatMeter, parseMeter } from '../players/meter.js';
import { gridOfRequest, type PerformRequest } from '../players/performance.js';
import { decodeKept } from '../players/performance-file.js';
import { loadPersona, personaFileOf } from '../players/persona.js';
import type { Song } from '../players/song.js';
import { parseTempoMap } from '../players/tempo-map.js';
import type { DrumRender } from './drum-render.js';
import { readFollow, readSong, readTempo } from './drum-sources.js';
import type { SongAnalyser } from './song-analysis.js';

const DEFAULT_BARS = 32;

/** A wish; what is missing is the persona's, or the song's. */
export interface DrumWish {
  /** A persona's name, or a YAML file. */
  readonly persona: string;
  readonly bars?: number;
  /** `intro:4 verse:8`; excludes `bars`. */
  readonly sections?: string;
  /** A report of `forge analyze`, or audio. */
  readonly song?: string;
  readonly meter?: string;
  readonly tempo?: string;
  /** MIDI, a report, or audio. */
  readonly tempoFrom?: string;
  readonly grid?: 'sixteenths' | 'triplets';
  /** MIDI or audio. */
  readonly follow?: string;
  readonly overrides: ControlOverrides & { readonly seed: number };
  readonly barsFrom?: number;
  readonly barsTo?: number;
  readonly partSeed?: number;
  readonly keep?: string;
  readonly takes: number;
  /** `gm`, `td11`, or a YAML file. */
  readonly map: string;
  readonly render?: DrumRender;
}

/** A wish with all that it names read: what is played, and where it goes. */
export interface DrumSession {
  /** What was asked for, as run.json keeps it. */
  readonly wish: DrumWish;
  /** sha256 of every file that it was made from, by whole path. */
  readonly files: Readonly<Record<string, string>>;
  readonly request: Omit<PerformRequest, 'model'>;
  readonly map: DrumMap;
  readonly folder: string;
  readonly overwrite: boolean;
  /** -o: where the one MIDI file, or the render, goes instead. */
  readonly outputFile?: string;
}

/** Files of a wish, by the field that names them. */
const FILE_FIELDS = ['song', 'tempoFrom', 'follow', 'keep'] as const;

/** The wish with whole paths, so that it means the same from any folder. */
function absoluteWish(wish: DrumWish): DrumWish {
  const files = FILE_FIELDS.flatMap((field) => {
    const path = wish[field];
    return path === undefined ? [] : [[field, resolve(path)]];
  });
  const { render } = wish;
  return {
    ...wish,
    ...Object.fromEntries(files),
    persona: isYaml(wish.persona) ? resolve(wish.persona) : wish.persona,
    map: wish.map in DRUM_MAPS ? wish.map : resolve(wish.map),
    ...(render?.soundFont === undefined
      ? {}
      : { render: { ...render, soundFont: resolve(render.soundFont) } }),
  };
}

/** Every file that a wish reads. */
function filesOfWish(wish: DrumWish): string[] {
  const named = [...FILE_FIELDS.map((field) => wish[field]), wish.render?.soundFont];
  const map = wish.map in DRUM_MAPS ? [] : [wish.map];
  return [personaFileOf(wish.persona), ...named.filter((path) => path !== undefined), ...map];
}

/**
 * The session of a wish. Everything that can be wrong is found here, before anything is played.
 * @throws ForgeError usage/*, preset/*, input/*
 */
export async function sessionOf(
  wish: DrumWish,
  place: Pick<DrumSession, 'folder' | 'overwrite' | 'outputFile'>,
  analyse: SongAnalyser,
): Promise<DrumSession> {
  refuseConflicts(wish);
  const persona = loadPersona(wish.persona);
  const map = loadDrumMap(wish.map);
  const whole = absoluteWish(wish);
  const files = hashesOf(filesOfWish(whole));
  const wantsTriplets = wish.grid === undefined ? undefined : wish.grid === 'triplets';
  const song =
    wish.song === undefined
      ? undefined
      : await readSong(wish.song, wantsTriplets ?? persona.grid === 'triplets', analyse);
  const meter = wish.meter === undefined ? song?.meter : parseMeter(wish.meter);
  const shape = {
    persona,
    ...(meter === undefined ? {} : { meter }),
    ...(wantsTriplets === undefined ? {} : { wantsTriplets }),
  };
  const grid = gridOfRequest(shape);
  const barQuarters = grid.stepCount * grid.stepQuarters;
  const sections = sectionsOf(wish, song);
  const regenerate = regenerateOf(wish, sections, formatMeter(grid.meter));
  const tempoMap =
    wish.tempo !== undefined
      ? parseTempoMap(wish.tempo, barQuarters, grid.beatQuarters)
      : wish.tempoFrom !== undefined
        ? await readTempo(wish.tempoFrom, analyse)
        : song?.tempoMap;
  const request: DrumSession['request'] = {
    ...shape,
    sections,
    overrides: wish.overrides,
    chords: song?.chords ?? [],
    ...(tempoMap === undefined ? {} : { tempoMap }),
    ...(wish.follow === undefined ? {} : { follow: await readFollow(wish.follow) }),
    ...(regenerate === undefined ? {} : { regenerate }),
  };
  return { ...place, wish: whole, files, request, map };
}

function refuseConflicts(wish: DrumWish): void {
  const conflicts = [
    ['bars', 'sections'],
    ['tempo', 'tempoFrom'],
  ] as const;
  for (const [one, other] of conflicts) {
    if (wish[one] === undefined || wish[other] === undefined) continue;
    const flag = other === 'tempoFrom' ? 'tempo-from' : other;
    throw new ForgeError('usage/conflicting-options', `expected --${one} or --${flag}, got both`);
  }
}

/** The length of the song holds where neither bars nor sections are asked for. */
function sectionsOf(wish: DrumWish, song: Song | undefined): readonly Section[] {
  if (wish.sections !== undefined) return parseSections(wish.sections);
  if (wish.bars !== undefined) return [{ label: '', bars: wish.bars }];
  return song?.sections ?? [{ label: '', bars: DEFAULT_BARS }];
}

function regenerateOf(
  wish: DrumWish,
  sections: readonly Section[],
  meter: string,
): PerformRequest['regenerate'] {
  const barCount = sections.reduce((sum, { bars }) => sum + bars, 0);
  if (wish.barsFrom === undefined && wish.barsTo === undefined) {
    const stray =
      wish.keep !== undefined ? '--keep' : wish.partSeed !== undefined ? '--part-seed' : undefined;
    if (stray === undefined) return undefined;
    throw new ForgeError('usage/missing-argument', `expected --bars-from or --bars-to beside ${stray}`);
  }
  const fromBar = wish.barsFrom ?? 1;
  const toBar = wish.barsTo ?? barCount;
  if (fromBar > toBar || toBar > barCount) {
    throw new ForgeError(
      'usage/bad-option',
      `expected bars within 1 to ${barCount} for --bars-from and --bars-to, got ${fromBar} to ${toBar}`,
    );
  }
  const kept = wish.keep === undefined ? undefined : decodeKept(readText(wish.keep), wish.keep);
  if (kept !== undefined && kept.meter !== meter) {
    throw new ForgeError(
      'usage/bad-option',
      `expected a performance in ${meter} for --keep, got ${kept.meter}`,
    );
  }
  const seed = wish.partSeed ?? wish.overrides.seed + 1;
  return { fromBar, toBar, seed, ...(kept === undefined ? {} : { kept }) };
}

/** sha256 by path, from before anything is written: `--keep` may name what the session replaces. */
function hashesOf(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => {
      try {
        return [path, sha256Sync(path)];
      } catch (thrown) {
        throw inputError(thrown, path);
      }
    }),
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw inputError(thrown, path);
  }
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}
