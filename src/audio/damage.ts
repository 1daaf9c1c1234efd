// What happens when a file turns out to be damaged or cut off: an error, or a note where the user tolerates damage.
// Every reader of a format judges through this, so that nothing is passed over in silence.
import { ForgeError } from '../errors.js';
import type { AudioNote } from './audio-file.js';

export interface DamageLog {
  readonly isTolerant: boolean;
  readonly notes: AudioNote[];
  /** @throws ForgeError of that code, unless damage is tolerated: then it is noted (the same thing once only) */
  report(code: 'input/truncated' | 'input/damaged', message: string): void;
}

/** A log for one file. */
export function createDamageLog(tolerateDamage: boolean): DamageLog {
  const notes: AudioNote[] = [];
  return {
    isTolerant: tolerateDamage,
    notes,
    report(code, message) {
      if (!tolerateDamage) {
        throw new ForgeError(code, message, {
          hint: 'Get a whole copy of the file, or give --tolerate-damage to go on with what is there.',
        });
      }
      if (!notes.some((note) => note.message === message)) notes.push({ code: code.slice(6), message });
    },
  };
}
