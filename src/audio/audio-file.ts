// The shapes that all of forge uses for audio on disk: readers and writers addressed by frames.
// No implementation: src/audio/wav-reader.ts and wav-writer.ts hold those.

/** Samples as [channels][frames], full scale ±1. */
export type AudioBlock = readonly Float32Array[] | readonly Float64Array[];

/** What a run of frames is made of. */
export interface AudioShape {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** Frames in the whole file (one frame = one sample per channel). */
  readonly frameCount: number;
}

/**
 * Random access to the frames of a file. Calls are synchronous: readers live in worker threads.
 * A reader keeps one small buffer, whatever the length of the file.
 */
export interface AudioReader extends AudioShape {
  /**
   * Fills every array of `into` (one per channel, all of one length) with the frames from `startFrame` on.
   * Frames before 0 and from `frameCount` on read as zeros. `startFrame` may be negative.
   * @throws ForgeError input/non-finite, input/changed, input/damaged
   */
  read(startFrame: number, into: AudioBlock): void;
  close(): void;
}

/**
 * Writes a file of a length known beforehand under a temporary name beside its final one.
 * Ranges may come in any order and from several writers on the same temporary file.
 */
export interface AudioWriter extends AudioShape {
  /** @throws ForgeError output/disk-full, output/unwritable */
  write(startFrame: number, block: AudioBlock): void;
  /** Flushes to the disk and renames to the final name: the file is visible whole or not at all. */
  commit(): void;
  /** Closes and removes the temporary file. */
  abort(): void;
}

/** How samples are stored. `bits` is 8, 16, 24, 32 for int; 32 or 64 for float. */
export interface SampleFormat {
  readonly kind: 'int' | 'float';
  readonly bits: number;
}

/** Something about a file that a person should know and that is no error: it goes into the report. */
export interface AudioNote {
  /** Stable and short: `truncated`, `size-unknown`, `non-finite` … */
  readonly code: string;
  readonly message: string;
}
