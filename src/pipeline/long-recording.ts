// From a certain length on, memory comes before speed: fewer records, stretches instead of one piece, threads that end with
// their pass, and garbage that is collected after each range.
import type { AudioShape } from '../audio/audio-file.js';

/** The longest recording that is worked on as one piece, in seconds. */
export const LONGEST_PIECE_SEC = 1200;

export function isLong({ frameCount, sampleRateHz }: Omit<AudioShape, 'channelCount'>): boolean {
  return frameCount / sampleRateHz > LONGEST_PIECE_SEC;
}
