// The window of the mean spectrum: flat but for raised-cosine flanks, which overlap so that windows add up to one. It
// weighs all frames nearly alike and takes a third fewer transforms than Hann windows; what leaks is 13 dB more than
// theirs far from a line, which is still 60 dB down at twelve bins and 115 dB at a hundred.

/** Share of a window's length in each flank. */
const FLANK_SHARE = 1 / 4;

/** Mean square of the window: the flanks together are one Hann window, whose mean square is 3/8. */
export const WINDOW_MEAN_SQUARE = 1 - 2 * FLANK_SHARE + 2 * FLANK_SHARE * 0.375;

/** Frames from one window of `size` to the next. */
export function windowHop(size: number): number {
  return size - FLANK_SHARE * size;
}

/**
 * Writes the window over `shape`, whose length is a multiple of 4.
 * @source Harris 1978 (On the use of windows for harmonic analysis), the cosine-tapered window
 */
export function fillWindow(shape: Float32Array): void {
  const flank = FLANK_SHARE * shape.length;
  shape.fill(1);
  for (let i = 0; i < flank; i++) {
    const rise = 0.5 - 0.5 * Math.cos((Math.PI * i) / flank);
    shape[i] = rise;
    shape[shape.length - flank + i] = 1 - rise;
  }
}
