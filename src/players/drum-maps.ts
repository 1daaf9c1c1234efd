// MIDI notes of the kit: General MIDI, Roland TD-11, and the user's own map over one of them.
import * as z from 'zod';
import { ForgeError } from '../errors.js';
import { readYaml } from '../yaml-file.js';
import { SOUNDS, type Sound } from './pieces.js';

/** A note number for every sound. */
export type DrumMap = Readonly<Record<Sound, number>>;

/** General MIDI percussion; a brush plays the snare's note of the brush kits. @source General MIDI Level 1 */
const GENERAL_MIDI: DrumMap = {
  kick: 36,
  snare: 38,
  closedHat: 42,
  openHat: 46,
  highTom: 50,
  midTom: 47,
  lowTom: 43,
  crash: 49,
  ride: 51,
  sideStick: 37,
  clap: 39,
  pedalHat: 44,
  brush: 38,
  tambourine: 54,
  shaker: 70,
  cowbell: 56,
  highConga: 63,
  lowConga: 64,
  highBongo: 60,
  lowBongo: 61,
  clave: 75,
  woodblock: 76,
  guiro: 73,
};

/** Roland TD-11, as in the Groove data set; percussion as in General MIDI. @source Gillick et al., ICML 2019 */
const TD11: DrumMap = { ...GENERAL_MIDI, highTom: 48, midTom: 45, clap: 40 };

export const DRUM_MAPS = { gm: GENERAL_MIDI, td11: TD11 } as const;

const userMapSchema = z.strictObject({
  base: z.enum(['gm', 'td11']).default('gm'),
  notes: z.partialRecord(z.enum(SOUNDS as [Sound, ...Sound[]]), z.int().min(0).max(127)),
});

/**
 * The map `gm` or `td11`, or that of a YAML file with `base` and `notes: {kick: 36}`.
 * @throws ForgeError usage/bad-option where it is neither, preset/unreadable, preset/syntax, preset/invalid
 */
export function loadDrumMap(nameOrPath: string): DrumMap {
  if (nameOrPath === 'gm' || nameOrPath === 'td11') return DRUM_MAPS[nameOrPath];
  if (!/\.ya?ml$/i.test(nameOrPath)) {
    throw new ForgeError(
      'usage/bad-option',
      `expected gm, td11 or a YAML file for the map, got "${nameOrPath}"`,
    );
  }
  const { base, notes } = readYaml(nameOrPath).check(userMapSchema);
  return { ...DRUM_MAPS[base], ...notes };
}

/** Groove's folding of notes to pieces, for reading performances: Roland TD-11 and General MIDI together. */
export const PIECE_OF_NOTE: Readonly<Record<number, number>> = {
  35: 0,
  36: 0,
  37: 1,
  38: 1,
  39: 1,
  40: 1,
  22: 2,
  42: 2,
  44: 2,
  26: 3,
  46: 3,
  48: 4,
  50: 4,
  45: 5,
  47: 5,
  41: 6,
  43: 6,
  58: 6,
  49: 7,
  52: 7,
  55: 7,
  57: 7,
  51: 8,
  53: 8,
  59: 8,
};
