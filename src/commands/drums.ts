// `forge drums`: a session drummer. Plays a persona to MIDI, JSON and audio; `forge drums learn` makes a persona.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ForgeError } from '../errors.js';
import { learnFolder } from '../pipeline/drum-learn.js';
import { type DrumSession, runDrumSession } from '../pipeline/drum-session.js';
import { readFollow, readTempo } from '../pipeline/drum-sources.js';
import { forgeVersion } from '../pipeline/versions.js';
import { writeWhole } from '../pipeline/whole-file.js';
import { parseSections, type Section } from '../players/arrangement.js';
import type { ControlOverrides } from '../players/controls.js';
import { loadDrumMap } from '../players/drum-maps.js';
import { formatMeter, parseMeter } from '../players/meter.js';
import { gridOfRequest, type PerformRequest } from '../players/performance.js';
import { decodeKept } from '../players/performance-file.js';
import {
  FILL_PLACES,
  KITS,
  listPersonaIds,
  loadPersona,
  type Persona,
  personaFileOf,
} from '../players/persona.js';
import { GROUPS, type Group } from '../players/pieces.js';
import { type Song, songOfReport } from '../players/song.js';
import { parseTempoMap } from '../players/tempo-map.js';
import { defineCommand, printJson, printLine } from './command.js';

interface DrumFlags {
  readonly persona: string;
  readonly bars?: number;
  readonly sections?: string;
  readonly song?: string;
  readonly meter?: string;
  readonly tempo?: string;
  readonly tempoFrom?: string;
  readonly grid?: 'sixteenths' | 'triplets';
  readonly follow?: string;
  readonly complexity?: number;
  readonly dynamics?: number;
  readonly ghostNotes?: number;
  readonly fills?: number;
  readonly fillEvery?: (typeof FILL_PLACES)[number];
  readonly swing?: number;
  readonly swingOn?: 'eighths' | 'sixteenths';
  readonly feel?: readonly string[];
  readonly humanize?: number;
  readonly halfTime?: boolean;
  readonly kit?: (typeof KITS)[number];
  readonly seed: number;
  readonly barsFrom?: number;
  readonly barsTo?: number;
  readonly partSeed?: number;
  readonly keep?: string;
  readonly takes: number;
  readonly map: string;
  readonly render?: boolean;
  readonly stems?: boolean;
  readonly rate: number;
  readonly out: string;
  readonly name?: string;
  readonly overwrite?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
  /** `kick`, `kickComplexity`, `snare` … */
  readonly [groupFlag: string]: unknown;
}

const DEFAULT_BARS = 32;

export const command = defineCommand({
  configure(drums: Command, finish) {
    drums
      .command('learn')
      .description('make a persona from a folder of drum performances')
      .argument('<folder>', 'MIDI files')
      .option('--name <name>', 'how the persona is called', 'Learned')
      .option('-o, --output <file>', 'the persona to write', 'persona.yaml')
      .option('--overwrite', 'replace the file')
      .action(async (folder: string, _: unknown, learn: Command) => {
        // What drums has by the same name, it takes for itself.
        const flags = learn.optsWithGlobals<{ name: string; output: string; overwrite?: boolean }>();
        if (existsSync(flags.output) && flags.overwrite !== true) {
          throw new ForgeError('output/exists', `${flags.output} exists`, {
            hint: 'Use --overwrite to replace it.',
          });
        }
        const { yaml, fileCount, skippedCount } = await learnFolder(folder, flags.name);
        writeWhole(flags.output, yaml);
        const skipped = skippedCount === 0 ? '' : `, ${skippedCount} without drums left out`;
        printLine(`${flags.output}: learned from ${fileCount} performances${skipped}`);
        finish(0);
      });
    drums
      .option('--persona <name>', 'a persona by name, or your own YAML file', 'kyle')
      .option('--list', 'list the personas')
      .option('--bars <n>', `bars to play (default ${DEFAULT_BARS})`, whole(1, 4000))
      .option('--sections <list>', 'the form: "intro:4 verse:8 chorus:8"')
      .option('--song <report.json>', 'beats, sections and chords of a song that forge analyze measured')
      .option('--meter <n/d>', "2/4 to 7/8, 9/8, 12/8 (default: the persona's)")
      .option('--tempo <bpm>', 'tempo, or "1:120 17:126" by bars (40 to 240)')
      .option('--tempo-from <file>', 'the tempo of a MIDI file, or the beats of an analysis')
      .addOption(new Option('--grid <grid>', 'straight or triplets').choices(['sixteenths', 'triplets']))
      .option('--follow <file>', 'a bass part (WAV or MIDI) for the kick and the dynamics to follow')
      .option('--complexity <n>', 'simple 0 to complex 100', number(0, 100))
      .option('--dynamics <n>', 'quiet 0 to loud 100', number(0, 100));
    for (const group of GROUPS) {
      drums.addOption(new Option(`--${group} <state>`, `play the ${group} or not`).choices(['on', 'off']));
      drums.option(`--${group}-complexity <n>`, `complexity of the ${group}, 0 to 100`, number(0, 100));
    }
    drums
      .option('--ghost-notes <n>', 'amount of ghost notes, 0 to 100', number(0, 100))
      .option('--fills <n>', 'how large and how many fills, 0 to 100', number(0, 100))
      .addOption(new Option('--fill-every <bars>', 'where fills come').choices([...FILL_PLACES]))
      .option('--swing <n>', '0 to 100; 100 delays by a third of a sixteenth', number(0, 100))
      .addOption(new Option('--swing-on <grid>', 'what swings').choices(['eighths', 'sixteenths']))
      .option('--feel <words...>', 'ahead of the beat or behind: push 0.2, pull 0.3, or 0')
      .option('--humanize <n>', '0 (mean timing) to 1 (loose)', number(0, 1))
      .option('--half-time', 'the backbeat at half the pace')
      .addOption(new Option('--kit <kit>', 'kit of the render').choices([...KITS]))
      .option('--seed <n>', 'the same seed plays the same', whole(0, 0xffffffff), 1)
      .option('--bars-from <n>', 'play again from this bar on and keep the rest', whole(1, 4000))
      .option('--bars-to <n>', 'up to this bar', whole(1, 4000))
      .option('--part-seed <n>', 'seed of the part (default: seed + 1)', whole(0, 0xffffffff))
      .option('--keep <drums.json>', 'what to keep (default: what --seed plays)')
      .option('--takes <n>', 'play several takes and rank them', whole(1, 32), 1)
      .option('--map <map>', 'note numbers: gm, td11, or your own YAML file', 'gm')
      .option('--render', 'also write drums.wav')
      .option('--stems', 'also write each drum as a stem (renders)')
      .option('--rate <hz>', 'sample rate of the render', whole(8000, 192000), 48000)
      .option('--out <dir>', 'folder of the results', 'forge-out')
      .option('--name <name>', "folder of this track (default: the persona's name)")
      .option('--overwrite', 'replace files that forge did not make')
      .option('--json', 'print one JSON object')
      .action(async (flags: DrumFlags) => {
        if (flags.list === true) listPersonas(flags.json === true);
        else await play(flags);
        finish(0);
      });
  },
});

async function play(flags: DrumFlags): Promise<void> {
  const persona = loadPersona(flags.persona);
  const session = await sessionOf(flags, persona);
  const { takes, outputs } = await runDrumSession(session);
  const best = takes[0]!;
  const listed = outputs.map((output) => ({ ...output, path: join(session.folder, output.path) }));
  if (flags.json === true) {
    printJson({
      schema: 'forge.drums/1',
      version: forgeVersion(),
      results: [
        {
          persona: persona.id,
          status: 'ok',
          meter: formatMeter(best.meter),
          barCount: best.arrangement.bars.length,
          hitCount: best.events.length,
          takes: takes.map(({ controls, cost, events }) => ({
            seed: controls.seed,
            cost,
            hitCount: events.length,
          })),
          outputs: listed,
        },
      ],
    });
    return;
  }
  const bars = best.arrangement.bars.length;
  printLine(`${persona.name}: ${bars} bars of ${formatMeter(best.meter)}, ${best.events.length} strokes`);
  for (const { path } of listed) printLine(`  ${path}`);
}

async function sessionOf(flags: DrumFlags, persona: Persona): Promise<DrumSession> {
  const wantsTriplets = flags.grid === undefined ? undefined : flags.grid === 'triplets';
  const song =
    flags.song === undefined ? undefined : readSong(flags.song, wantsTriplets ?? persona.grid === 'triplets');
  const meter = flags.meter === undefined ? song?.meter : parseMeter(flags.meter);
  const shape = {
    persona,
    ...(meter === undefined ? {} : { meter }),
    ...(wantsTriplets === undefined ? {} : { wantsTriplets }),
  };
  const grid = gridOfRequest(shape);
  const barQuarters = grid.stepCount * grid.stepQuarters;
  const tempoMap =
    flags.tempo !== undefined
      ? parseTempoMap(flags.tempo, barQuarters, grid.beatQuarters)
      : flags.tempoFrom !== undefined
        ? readTempo(flags.tempoFrom)
        : song?.tempoMap;
  const sections = sectionsOf(flags, song);
  const request: Omit<PerformRequest, 'model'> = {
    ...shape,
    sections,
    overrides: overridesOf(flags),
    chords: song?.chords ?? [],
    ...(tempoMap === undefined ? {} : { tempoMap }),
    ...(flags.follow === undefined ? {} : { follow: readFollow(flags.follow) }),
    ...regenerateOf(flags, sections, formatMeter(grid.meter)),
  };
  return {
    request,
    personaFile: personaFileOf(flags.persona),
    takeCount: flags.takes,
    map: loadDrumMap(flags.map),
    render:
      flags.render === true || flags.stems === true
        ? { sampleRateHz: flags.rate, hasStems: flags.stems === true }
        : undefined,
    folder: join(flags.out, flags.name ?? persona.id),
    overwrite: flags.overwrite === true,
  };
}

function sectionsOf(flags: DrumFlags, song: Song | undefined): readonly Section[] {
  if (flags.sections !== undefined) {
    if (flags.bars !== undefined) {
      throw new ForgeError('usage/conflicting-options', 'expected --bars or --sections, got both');
    }
    return parseSections(flags.sections);
  }
  if (flags.bars !== undefined) return [{ label: '', bars: flags.bars }];
  return song?.sections ?? [{ label: '', bars: DEFAULT_BARS }];
}

function overridesOf(flags: DrumFlags): ControlOverrides {
  const groupPercent: Partial<Record<Group, number>> = {};
  for (const group of GROUPS) {
    const complexity = flags[`${group}Complexity`];
    if (typeof complexity === 'number') groupPercent[group] = complexity;
    if (flags[group] === 'off') groupPercent[group] = 0;
    if (flags[group] === 'on' && complexity === undefined) groupPercent[group] = 50;
  }
  return defined({
    complexityPercent: flags.complexity,
    dynamicsPercent: flags.dynamics,
    groupPercent,
    ghostNotesPercent: flags.ghostNotes,
    fillAmountPercent: flags.fills,
    fillEvery: flags.fillEvery,
    swingPercent: flags.swing,
    swingOn: flags.swingOn,
    feel: feelOf(flags.feel),
    humanize: flags.humanize,
    halfTime: flags.halfTime,
    kit: flags.kit,
    seed: flags.seed,
  });
}

/** `push 0.2`, `pull`, or a number from −1 to 1. */
function feelOf(words: readonly string[] | undefined): number | undefined {
  if (words === undefined) return undefined;
  const [first = '', second] = words;
  const amount = Number(second ?? '0.5');
  const feel = first === 'push' ? amount : first === 'pull' ? -amount : Number(first);
  if (!(Math.abs(feel) <= 1) || !(amount >= 0)) {
    throw new ForgeError(
      'usage/bad-option',
      `expected push or pull and 0 to 1, or −1 to 1, for --feel, got "${words.join(' ')}"`,
    );
  }
  return feel;
}

function regenerateOf(
  flags: DrumFlags,
  sections: readonly Section[],
  meter: string,
): Pick<PerformRequest, 'regenerate'> {
  const barCount = sections.reduce((sum, { bars }) => sum + bars, 0);
  if (flags.barsFrom === undefined && flags.barsTo === undefined) {
    if (flags.keep === undefined) return {};
    throw new ForgeError('usage/missing-argument', 'expected --bars-from or --bars-to beside --keep');
  }
  const fromBar = flags.barsFrom ?? 1;
  const toBar = flags.barsTo ?? barCount;
  if (fromBar > toBar || toBar > barCount) {
    throw new ForgeError(
      'usage/bad-option',
      `expected bars within 1 to ${barCount} for --bars-from and --bars-to, got ${fromBar} to ${toBar}`,
    );
  }
  const kept = flags.keep === undefined ? undefined : decodeKept(readText(flags.keep), flags.keep);
  if (kept !== undefined && kept.meter !== meter) {
    throw new ForgeError(
      'usage/bad-option',
      `expected a performance in ${meter} for --keep, got ${kept.meter}`,
    );
  }
  const seed = flags.partSeed ?? flags.seed + 1;
  return { regenerate: { fromBar, toBar, seed, ...(kept === undefined ? {} : { kept }) } };
}

function readSong(path: string, wantsTriplets: boolean): Song {
  return songOfReport(readText(path), path, wantsTriplets);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ForgeError('input/not-found', `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function listPersonas(asJson: boolean): void {
  const personas = listPersonaIds()
    .map(loadPersona)
    .map(({ id, name, genre, summary, card }) => ({ id, name, genre, summary, card }));
  if (asJson) printJson({ schema: 'forge.drums/1', version: forgeVersion(), personas });
  else
    for (const { id, genre, summary } of personas)
      printLine(`${id.padEnd(9)} ${genre.padEnd(14)} ${summary}`);
}

/** The object without its undefined fields. */
function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function number(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Expected ${low} to ${high}.`);
  };
}

function whole(low: number, high: number): (text: string) => number {
  const parse = number(low, high);
  return (text) => {
    const value = parse(text);
    if (Number.isInteger(value)) return value;
    throw new InvalidArgumentError('Expected a whole number.');
  };
}
