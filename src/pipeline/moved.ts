// Hands what a thread has made to the main thread without a copy. The copy of a long recording's summary is one block of
// megabytes, and once C's allocator has taken such a block back it keeps all that are no larger, in every thread.
import { move, transferableSymbol, valueSymbol } from 'piscina';

/** Smaller arrays are copied. */
const LEAST_BYTES = 65_536;

/** `value` as piscina passes it on; its large arrays are empty in this thread afterwards. */
export function moved(value: unknown): unknown {
  const buffers = new Set<ArrayBuffer>();
  collectBuffers(value, buffers);
  if (buffers.size === 0) return value;
  return move({
    get [transferableSymbol]() {
      return [...buffers];
    },
    get [valueSymbol]() {
      return value;
    },
  } as never);
}

/** Only what an array has for itself can be moved. */
function collectBuffers(value: unknown, into: Set<ArrayBuffer>): void {
  if (typeof value !== 'object' || value === null) return;
  if (!ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) collectBuffers(part, into);
  } else if (value.byteLength >= LEAST_BYTES && value.byteLength === value.buffer.byteLength) {
    if (value.buffer instanceof ArrayBuffer) into.add(value.buffer);
  }
}
