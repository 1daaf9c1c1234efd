// Levels as bytes: half a decibel a step from -100 dB on, so that features of an hour stay small.

/** Level in dB of byte 0; what is quieter is byte 0 too. */
export const FLOOR_DB = -100;
const STEPS_PER_DB = 2;

/** Byte of a power: 10·log10(power) in half decibels above -100 dB, limited to 0 … 255 (+27.5 dB). */
export function powerToByte(power: number): number {
  if (power <= 1e-10) return 0;
  const steps = Math.round((10 * Math.log10(power) - FLOOR_DB) * STEPS_PER_DB);
  return Math.min(255, steps);
}

/** Level in dB of a byte. */
export function byteToDb(byte: number): number {
  return byte / STEPS_PER_DB + FLOOR_DB;
}
