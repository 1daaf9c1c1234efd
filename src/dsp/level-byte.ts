// Levels as bytes: half a decibel a step from -100 dB on, so that features of an hour stay small.

/** Level in dB of byte 0; what is quieter is byte 0 too. */
export const FLOOR_DB = -100;
const STEPS_PER_DB = 2;
const LOUDEST = 255;

/** Byte of a power: 10·log10(power) in half decibels above -100 dB, limited to 0 … 255 (+27.5 dB). */
export function powerToByte(power: number): number {
  if (power <= 1e-10) return 0;
  const steps = Math.round((10 * Math.log10(power) - FLOOR_DB) * STEPS_PER_DB);
  return Math.min(LOUDEST, steps);
}

/** Level in dB of a byte. */
export function byteToDb(byte: number): number {
  return byte / STEPS_PER_DB + FLOOR_DB;
}

/** The least power of each byte from 1 on. */
const LEAST_POWERS = Float32Array.from({ length: LOUDEST + 2 }, (_, byte) =>
  byte <= LOUDEST ? 10 ** ((byteToDb(byte) - 0.5 / STEPS_PER_DB) / 10) : Number.POSITIVE_INFINITY,
);
/**
 * Floats from 2^-34 (-102 dB) on by their exponent and first five binary digits: the byte of the least in each such class.
 * A class is narrower than a byte's step, so that the next byte is the only other one in it.
 */
const CLASS_SHIFT = 18;
const FIRST_CLASS = (127 - 34) << 5;
const CLASS_BYTES = Uint8Array.from({ length: 45 << 5 }, (_, index) =>
  powerToByte(2 ** (Math.floor(index / 32) - 34) * (1 + (index % 32) / 32)),
);

/** Writes the bytes of powers[0 … count − 1] × scale to into[place …], as `powerToByte` gives them. */
export function powersToBytes(
  powers: Float32Array,
  count: number,
  scale: number,
  into: Uint8Array,
  place: number,
): void {
  for (let k = 0; k < count; k++) {
    SCALED[0] = powers[k]! * scale;
    const index = (SCALED_BITS[0]! >>> CLASS_SHIFT) - FIRST_CLASS;
    if (index < 0) {
      into[place + k] = 0;
      continue;
    }
    const byte = CLASS_BYTES[Math.min(index, CLASS_BYTES.length - 1)]!;
    into[place + k] = SCALED[0]! >= LEAST_POWERS[byte + 1]! ? byte + 1 : byte;
  }
}

const SCALED = new Float32Array(1);
const SCALED_BITS = new Uint32Array(SCALED.buffer);
