// What the ranges of a pass gave, kept on disk, written by the workers: a killed run finds it again, and what is joined at
// the end of a pass, or read by a later one, is never in memory as a whole.
//
//   <folder>/<range>.done   part and state, v8-serialised
//   <folder>/<range>.bulk   what only a later pass reads, where there is such a thing
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultDeserializer, serialize } from 'node:v8';
import type { RangeResult, RecordedBulk } from './stage.js';

function recordPath(folder: string, rangeIndex: number, kind: 'done' | 'bulk'): string {
  return join(folder, `${rangeIndex}.${kind}`);
}

export function hasRecord(folder: string, rangeIndex: number): boolean {
  return existsSync(recordPath(folder, rangeIndex, 'done'));
}

export function readRecord(folder: string, rangeIndex: number): Omit<RangeResult<unknown>, 'bulk'> {
  return readValue(recordPath(folder, rangeIndex, 'done')) as RangeResult<unknown>;
}

/** Whole or absent. */
export function writeRecord(folder: string, rangeIndex: number, result: RangeResult<unknown>): void {
  const { bulk, ...record } = result;
  if (bulk !== undefined) writeValue(recordPath(folder, rangeIndex, 'bulk'), bulk);
  writeValue(recordPath(folder, rangeIndex, 'done'), record);
}

/** The parts of a pass in range order, each read when it is asked for; may be gone through more than once. */
export function partsOf(folder: string, rangeCount: number): Iterable<unknown> {
  return {
    *[Symbol.iterator]() {
      for (let index = 0; index < rangeCount; index++) yield readRecord(folder, index).part;
    },
  };
}

/** What one range left for a later pass. */
export function bulkOf<Bulk>({ folder }: RecordedBulk<Bulk>, rangeIndex: number): Bulk {
  return readValue(recordPath(folder, rangeIndex, 'bulk')) as Bulk;
}

function writeValue(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, serialize(value));
  renameSync(`${path}.new`, path);
}

function readValue(path: string): unknown {
  const reader = new RecordReader(readBytes(path));
  reader.readHeader();
  return reader.readValue();
}

/** The bytes of the record that was read last: thousands of records in a row leave nothing to be collected. */
let room = Buffer.alloc(0);

function readBytes(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (room.length < size) room = Buffer.allocUnsafeSlow(size);
    const length = readSync(file, room, 0, size, 0);
    return room.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Node's own way, which its types leave out. */
interface Views {
  _readHostObject(): Float64Array;
}

/** Arrays of their own: as views of the file's bytes, the smallest that a merge keeps would hold the whole record. */
class RecordReader extends DefaultDeserializer {
  _readHostObject(): unknown {
    const { _readHostObject: readView } = DefaultDeserializer.prototype as unknown as Views;
    return readView.call(this).slice();
  }
}
