// The pieces of a kit as the network knows them, the groups that controls speak of, and hand percussion.

/** The nine pieces, in the order of the network's outputs. */
export const PIECES = [
  'kick',
  'snare',
  'closedHat',
  'openHat',
  'highTom',
  'midTom',
  'lowTom',
  'crash',
  'ride',
] as const;

export type Piece = (typeof PIECES)[number];

/** Number of pieces. */
export const PIECE_COUNT = PIECES.length;

/** Indices into PIECES. */
export const KICK = 0;
export const SNARE = 1;
export const CLOSED_HAT = 2;
export const OPEN_HAT = 3;
export const HIGH_TOM = 4;
export const LOW_TOM = 6;
export const CRASH = 7;
export const RIDE = 8;

/** Groups of pieces that have a switch and a complexity of their own; percussion is played by rule. */
export const GROUPS = ['kick', 'snare', 'hats', 'toms', 'cymbals', 'percussion'] as const;

export type Group = (typeof GROUPS)[number];

/** Group of each of the nine pieces, as an index into GROUPS. */
export const GROUP_OF_PIECE: readonly number[] = [0, 1, 2, 2, 3, 3, 3, 4, 4];

/** Ways of playing a piece that sound different and have notes of their own. */
export const ARTICULATIONS = ['sideStick', 'clap', 'pedalHat', 'brush'] as const;

/** Hand percussion, played by rule. */
export const PERCUSSION = [
  'tambourine',
  'shaker',
  'cowbell',
  'highConga',
  'lowConga',
  'highBongo',
  'lowBongo',
  'clave',
  'woodblock',
  'guiro',
] as const;

/** Everything that an event can sound. */
export type Sound = Piece | (typeof ARTICULATIONS)[number] | (typeof PERCUSSION)[number];

export const SOUNDS: readonly Sound[] = [...PIECES, ...ARTICULATIONS, ...PERCUSSION];
