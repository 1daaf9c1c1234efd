// What turns windows of sound into bytes of level: the bands of rhythm/band-frames.ts, the pitches of tonal/pitch-frames.ts.

/** Levels of windows in pairs; the windows lie in the kernel memory that it was made for. */
export interface WindowAnalyser {
  /**
   * Writes the bytes of the windows that start at the pointers `a` and `b`, to their places in `into`. A negative place
   * leaves that window's bytes out.
   */
  analysePair(a: number, b: number, into: Uint8Array, placeA: number, placeB: number): void;
}
