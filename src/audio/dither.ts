// Triangular dither as a function of seed, channel and absolute frame: a counter goes through an integer hash, so
// the same sample gets the same dither whatever order or cut the file is written in, and by whichever worker.
// The hash is a three-round xor-multiply permutation of 32 bits (constants: Wellons, "triple32", public domain). No
// noise shaping.

/** The part of the hash that is the same for all frames of a channel. */
export function ditherKey(seed: number, channel: number): number {
  const high = Math.floor(seed / 2 ** 32) | 0;
  return hash32((hash32(seed | 0) ^ high) + Math.imul(channel + 1, 0x9e3779b9));
}

/** So many frames (a day at 48 kHz) share a key. */
export const STRETCH_FRAMES = 2 ** 32;

/** The key of the frames from `stretch` × STRETCH_FRAMES on. */
export function stretchKey(key: number, stretch: number): number {
  return stretch === 0 ? key : hash32(key + stretch);
}

/**
 * Dither at an absolute frame: triangular density over (−1, 1) LSB, mean exactly 0.
 * @source Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither: A Theoretical Survey", JAES 40(5), 1992
 */
export function tpdfAt(key: number, frame: number): number {
  const bits = hash32((frame | 0) ^ stretchKey(key, Math.floor(frame / STRETCH_FRAMES)));
  return ((bits & 0xffff) + (bits >>> 16) - 65535) / 65536;
}

function hash32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 17), 0xed5ad4bb);
  x = Math.imul(x ^ (x >>> 11), 0xac4c1b51);
  x = Math.imul(x ^ (x >>> 15), 0x31848bab);
  return x ^ (x >>> 14);
}
