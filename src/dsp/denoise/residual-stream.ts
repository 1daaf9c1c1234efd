// What a denoiser is to forge: a stream that tells, chunk by chunk, what is to be taken out of the signal.
// Giving the residual instead of the cleaned signal makes strength and reduction limit a gain, lets the band that a
// denoiser does not know pass untouched, and keeps a signal at another rate free of the two conversions.

/** A denoiser with state. Its result does not depend on how a file is cut into runs of chunks. */
export interface ResidualStream {
  readonly sampleRateHz: number;
  /** Frames of one call, counted from the start of the file. */
  readonly chunkFrames: number;
  /** The residual of frame n comes out with the chunk that holds frame n + latencyFrames. */
  readonly latencyFrames: number;
  /**
   * Takes the next chunk of every channel and fills `residual`, both [channels][chunkFrames]. A denoiser that took
   * nothing away gives zeros.
   */
  process(input: readonly Float64Array[], residual: readonly Float64Array[]): Promise<void>;
  /** The whole state as plain objects and typed arrays, for a stream of the same settings to go on. */
  saveState(): unknown;
  loadState(state: unknown): void;
}
