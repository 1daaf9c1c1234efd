// What the ranges of a pass gave, kept on disk one file each, written by the workers: a killed run finds them again, and
// what is joined at the end of a pass, or read by a later one, is never in memory as a whole.
//
//   <folder>/<range>.done   v8-serialised
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { RangeResult, RecordedParts } from './stage.js';

function recordPath(folder: string, rangeIndex: number): string {
  return join(folder, `${rangeIndex}.done`);
}

export function hasRecord(folder: string, rangeIndex: number): boolean {
  return existsSync(recordPath(folder, rangeIndex));
}

export function readRecord(folder: string, rangeIndex: number): RangeResult<unknown> {
  return deserialize(readFileSync(recordPath(folder, rangeIndex))) as RangeResult<unknown>;
}

/** Whole or absent. */
export function writeRecord(folder: string, rangeIndex: number, result: RangeResult<unknown>): void {
  const path = recordPath(folder, rangeIndex);
  writeFileSync(`${path}.new`, serialize(result));
  renameSync(`${path}.new`, path);
}

/** The parts in range order, each read when it is asked for; may be gone through more than once. */
export function partsOf<Part>(recorded: RecordedParts<Part>): Iterable<Part> {
  return {
    *[Symbol.iterator]() {
      for (let index = 0; index < recorded.rangeCount; index++) yield partOf(recorded, index);
    },
  };
}

/** One range's part. */
export function partOf<Part>({ folder }: RecordedParts<Part>, rangeIndex: number): Part {
  return readRecord(folder, rangeIndex).part as Part;
}
