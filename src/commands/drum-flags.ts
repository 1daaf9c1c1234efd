// The flags of `forge drums`, and the wish that they make. What is no option of a drummer (where results go, what is
// printed) stays with the command.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ForgeError } from '../errors.js';
import { DEFAULT_DELIVERY, isMidiPath } from '../pipeline/drum-session.js';
import type { DrumWish } from '../pipeline/drum-wish.js';
import type { ControlOverrides } from '../players/controls.js';
import { FILL_PLACES, KITS } from '../players/persona.js';
import { GROUPS, type Group } from '../players/pieces.js';
import { addDeliveryFlags, type DeliveryFlags, deliveryWishOf } from './delivery-flags.js';

/** Values as commander gives them. */
export interface DrumFlags extends Omit<DrumWish, 'overrides' | 'render'>, DeliveryFlags {
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
  readonly render?: boolean;
  readonly stems?: boolean;
  readonly soundfont?: string;
  readonly out: string;
  readonly name?: string;
  readonly overwrite?: boolean;
  readonly list?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly jobs?: number;
  readonly progress: string;
  readonly quiet?: boolean;
  /** `kick`, `kickComplexity`, `snare` … */
  readonly [groupFlag: string]: unknown;
}

/** Adds them. */
export function addDrumFlags(drums: Command): void {
  drums
    .option('--persona <name>', 'a persona by name, or your own YAML file', 'kyle')
    .option('--list', 'list the personas')
    .option('--bars <n>', 'bars to play (default 32)', whole(1, 4000))
    .option('--sections <list>', 'the form: "intro:4 verse:8 chorus:8"')
    .option('--song <file>', 'beats, sections and chords of a song: a report of forge analyze, or audio')
    .option('--meter <n/d>', "2/4 to 7/8, 9/8, 12/8 (default: the persona's)")
    .option('--tempo <bpm>', 'tempo, or "1:120 17:126" by bars (40 to 240)')
    .option('--tempo-from <file>', 'the tempo of a MIDI file, a report of forge analyze, or audio')
    .addOption(new Option('--grid <grid>', 'straight or triplets').choices(['sixteenths', 'triplets']))
    .option('--follow <file>', 'a bass part (audio or MIDI) for the kick and the dynamics to follow')
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
    .option('--soundfont <file>', 'render by this SoundFont, .sf2, .sf3 or .dls (renders)')
    .option('--out <dir>', 'folder of the results', 'forge-out')
    .option('-o, --output <file>', 'name of the MIDI file (.mid), or of the render (renders)')
    .option('--name <name>', "folder of this track (default: the persona's name)")
    .option('--overwrite', 'replace files that forge did not make')
    .option('--dry-run', 'print the plan and do nothing')
    .option('--json', 'print one JSON object')
    .option('--jobs <n>', 'cores to use at most when audio is analysed (default: all)', whole(1, 1024))
    .addOption(
      new Option('--progress <mode>', 'while audio is analysed')
        .choices(['auto', 'plain', 'json', 'none'])
        .default('auto'),
    )
    .option('--quiet', 'no progress');
  addDeliveryFlags(drums);
}

/** What the flags ask for. @throws ForgeError usage/bad-option */
export function wishOf(flags: DrumFlags): DrumWish {
  const { bars, sections, song, meter, tempo, tempoFrom, grid, follow, barsFrom, barsTo, partSeed, keep } =
    flags;
  const { output, ...form } = flags;
  const namesRender = output !== undefined && !isMidiPath(output);
  const isRendered =
    namesRender || flags.render === true || flags.stems === true || flags.soundfont !== undefined;
  const delivery = deliveryWishOf(namesRender ? flags : form);
  if (!isRendered && Object.keys(delivery).length > 0) {
    throw new ForgeError('usage/missing-argument', 'expected --render beside flags for the audio');
  }
  const render = isRendered
    ? defined({
        delivery: { ...DEFAULT_DELIVERY, ...delivery },
        hasStems: flags.stems === true,
        soundFont: flags.soundfont,
      })
    : undefined;
  return {
    ...defined({ bars, sections, song, meter, tempo, tempoFrom, grid, follow }),
    ...defined({ barsFrom, barsTo, partSeed, keep, render }),
    persona: flags.persona,
    overrides: { ...overridesOf(flags), seed: flags.seed },
    takes: flags.takes,
    map: flags.map,
  };
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
  });
}

/** `push 0.2`, `pull`, or a number from −1 to 1. */
function feelOf(words: readonly string[] | undefined): number | undefined {
  if (words === undefined) return undefined;
  const [first = '', second] = words;
  const isWord = first === 'push' || first === 'pull';
  const amount = Number(isWord ? (second ?? '0.5') : first);
  const isInRange = Math.abs(amount) <= 1 && (!isWord || amount >= 0) && words.length <= (isWord ? 2 : 1);
  if (!isInRange || words.some((word) => word.trim() === '')) {
    throw new ForgeError(
      'usage/bad-option',
      `expected push or pull and 0 to 1, or −1 to 1, for --feel, got "${words.join(' ')}"`,
    );
  }
  return first === 'pull' ? -amount : amount;
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
