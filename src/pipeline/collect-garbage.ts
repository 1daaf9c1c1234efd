// Collects garbage now. V8 waits until its own heap fills, which blocks of samples, outside of it, do not: the range of a
// long recording leaves them by megabytes, and a thread that has done twenty would hold those of all.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** A few milliseconds in this thread; nothing where V8 does not offer it. */
export function collectGarbage(): void {
  if (collect === undefined) {
    // A context that is made after the flag was set has the function. The flag stays: it is that of all threads, and to take
    // it back would take it from one that is making its context.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('typeof gc === "function" ? gc : () => {}') as () => void;
  }
  collect();
}
