// Bits of a byte window, most significant first, as FLAC packs them; and FLAC's two checksums.
// Reading past the end throws Underflow, so that the caller can fetch more bytes and start the frame again.

/** More bytes are needed than the window holds. */
export class Underflow extends Error {}

/** Zero bytes that the window must have behind its end, so that peeks need no bounds. */
export const WINDOW_PADDING = 8;

export class BitReader {
  private bit = 0;

  /** @param bytes the window; its last WINDOW_PADDING bytes are padding */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly endByte: number,
    startByte: number,
  ) {
    this.bit = startByte * 8;
  }

  /** The byte that the next bit lies in; exact after alignToByte. */
  get bytePosition(): number {
    return Math.ceil(this.bit / 8);
  }

  alignToByte(): void {
    this.bit = Math.ceil(this.bit / 8) * 8;
  }

  private peek32(): number {
    const { bytes, bit } = this;
    const at = bit >>> 3;
    const shift = bit & 7;
    const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    return shift === 0 ? word : (word << shift) | (bytes[at + 4]! >> (8 - shift));
  }

  private requireBits(count: number): void {
    if (this.bit + count > this.endByte * 8) throw new Underflow();
  }

  /** An unsigned number of 0 to 32 bits. */
  readUint(bits: number): number {
    if (bits === 0) return 0;
    this.requireBits(bits);
    const value = this.peek32() >>> (32 - bits);
    this.bit += bits;
    return value;
  }

  /** A signed number of 1 to 33 bits. */
  readInt(bits: number): number {
    if (bits > 32) {
      const high = this.readInt(bits - 32);
      return high * 4294967296 + this.readUint(32);
    }
    this.requireBits(bits);
    const value = this.peek32() >> (32 - bits);
    this.bit += bits;
    return value;
  }

  /** The number of 0 bits before the next 1, which is passed over. */
  readUnary(): number {
    let count = 0;
    for (;;) {
      const word = this.peek32();
      if (word !== 0) {
        const zeros = Math.clz32(word);
        this.bit += zeros + 1;
        this.requireBits(0);
        return count + zeros;
      }
      count += 32;
      this.bit += 32;
      this.requireBits(0);
    }
  }

  /** Fills `into` from `start` to `end` with Rice-coded residuals. */
  readRice(into: Float64Array, start: number, end: number, parameter: number): void {
    const { bytes } = this;
    const endBit = this.endByte * 8;
    let bit = this.bit;
    for (let i = start; i < end; i++) {
      // The common case in one look: quotient, its 1, and remainder within the next 25 bits.
      const at = bit >>> 3;
      const word =
        ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) << (bit & 7);
      const quotient = Math.clz32(word);
      const used = quotient + 1 + parameter;
      if (used <= 25) {
        bit += used;
        const folded = (quotient << parameter) | (((word << (quotient + 1)) >>> 1) >>> (31 - parameter));
        into[i] = (folded >>> 1) ^ -(folded & 1);
      } else {
        this.bit = bit;
        const folded = this.readUnary() * 2 ** parameter + this.readUint(parameter);
        into[i] = folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
        bit = this.bit;
      }
      if (bit > endBit) throw new Underflow();
    }
    this.bit = bit;
  }
}

/** CRC-8 with the polynomial x⁸ + x² + x + 1, of a frame's header. */
export function crc8(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = CRC8_TABLE[crc ^ bytes[i]!]!;
  return crc;
}

/** CRC-16 with the polynomial x¹⁶ + x¹⁵ + x² + 1, of a whole frame. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[(crc >> 8) ^ bytes[i]!]!;
  return crc;
}

const CRC8_TABLE = Uint8Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? (crc << 1) ^ 0x07 : crc << 1;
  return crc;
});

const CRC16_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x8005 : crc << 1;
  return crc;
});
