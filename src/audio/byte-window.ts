// A window of a file that moves forwards: bytes are addressed by their position in the file, and a few zero bytes
// behind the end are always there for readers that peek. Holds what was asked for and no more.
import { type InputFile, readUpTo } from './input-file.js';

const READ_BYTES = 1 << 18;

export class ByteWindow {
  /** The window's bytes; `bytes[i]` is byte `start + i` of the file. */
  bytes: Uint8Array;
  start: number;
  length = 0;
  readonly #file: InputFile;
  readonly #padding: number;

  constructor(file: InputFile, start: number, padding = 0) {
    this.#file = file;
    this.#padding = padding;
    this.start = start;
    this.bytes = new Uint8Array(READ_BYTES + padding);
  }

  get end(): number {
    return this.start + this.length;
  }

  get isAtFileEnd(): boolean {
    return this.end >= this.#file.byteCount;
  }

  /**
   * Makes `byteCount` bytes from `position` (not before the window's start) on available, fewer at the end of the file.
   * @returns the index of `position` in `bytes`
   */
  require(position: number, byteCount: number): number {
    if (position + byteCount <= this.end || (position <= this.end && this.isAtFileEnd))
      return position - this.start;
    const kept = Math.max(0, this.end - position);
    const capacity = Math.max(READ_BYTES, byteCount) + this.#padding;
    const from = this.length - kept;
    const target = capacity > this.bytes.length ? new Uint8Array(capacity) : this.bytes;
    target.set(this.bytes.subarray(from, from + kept));
    this.bytes = target;
    this.start = position;
    const room = target.length - this.#padding - kept;
    this.length = kept + readUpTo(this.#file, position + kept, target.subarray(kept, kept + room));
    target.fill(0, this.length, this.length + this.#padding);
    return 0;
  }
}
