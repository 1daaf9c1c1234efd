// Collects garbage now. V8 waits until its own heap fills, which blocks of samples, outside of it, do not: the range of a
// long recording leaves them by megabytes, and a thread that has done twenty would hold those of all.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** A few milliseconds in this thread. */
export function collectGarbage(): void {
  if (collect === undefined) {
    // A context that is made after the flag was set has the function.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
}
