// What the player of a session can turn: the persona's own settings, with the user's over them.
import type { FILL_PLACES, KITS, Persona } from './persona.js';
import { GROUPS, type Group } from './pieces.js';

/** Settings of one performance; every field is resolved. */
export interface Controls {
  readonly complexityPercent: number;
  readonly dynamicsPercent: number;
  /** Complexity of each group, 50 is the style's own; 0 leaves it out. */
  readonly groupPercent: Readonly<Record<Group, number>>;
  readonly ghostNotesPercent: number;
  readonly fillAmountPercent: number;
  readonly fillEvery: (typeof FILL_PLACES)[number];
  readonly swingPercent: number;
  readonly swingOn: 'eighths' | 'sixteenths';
  /** −1 plays late, 1 early. */
  readonly feel: number;
  /** 0 is the network's mean timing, 0.3 a person's, 1 loose. */
  readonly humanize: number;
  readonly halfTime: boolean;
  readonly kit: (typeof KITS)[number];
  readonly seed: number;
}

/** The user's settings; what is missing is the persona's. */
export type ControlOverrides = Partial<Omit<Controls, 'groupPercent'>> & {
  readonly groupPercent?: Partial<Record<Group, number>>;
};

/** The persona's settings with the user's over them. */
export function resolveControls(persona: Persona, overrides: ControlOverrides = {}): Controls {
  const groupPercent = Object.fromEntries(
    GROUPS.map((group) => [group, overrides.groupPercent?.[group] ?? persona.pieces[group] ?? 50]),
  ) as Record<Group, number>;
  return {
    complexityPercent: overrides.complexityPercent ?? persona.complexity,
    dynamicsPercent: overrides.dynamicsPercent ?? persona.dynamics,
    groupPercent,
    ghostNotesPercent: overrides.ghostNotesPercent ?? persona.ghostNotes,
    fillAmountPercent: overrides.fillAmountPercent ?? persona.fills.amount,
    fillEvery: overrides.fillEvery ?? persona.fills.every,
    swingPercent: overrides.swingPercent ?? persona.swing,
    swingOn: overrides.swingOn ?? persona.swingOn,
    feel: overrides.feel ?? persona.feel,
    humanize: overrides.humanize ?? persona.humanize,
    halfTime: overrides.halfTime ?? persona.halfTime,
    kit: overrides.kit ?? persona.kit,
    seed: overrides.seed ?? 1,
  };
}
