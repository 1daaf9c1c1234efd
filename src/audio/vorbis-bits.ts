// Bits of a Vorbis packet, least significant first, and Huffman codebooks over them.
// Past the end of a packet every bit reads as 0 and `isExhausted` turns true, as the format wants it.
// @source Vorbis I, clauses 2 (bit packing) and 3 (codebooks)

/** The stream breaks a rule of the format; the caller adds where. */
export class FormatError extends Error {}

export class LsbReader {
  private bit = 0;
  private readonly bitCount: number;

  constructor(private readonly bytes: Uint8Array) {
    this.bitCount = bytes.length * 8;
  }

  get isExhausted(): boolean {
    return this.bit > this.bitCount;
  }

  /** An unsigned number of 0 to 32 bits. */
  read(count: number): number {
    let value = 0;
    for (let got = 0; got < count; ) {
      const byte = this.bytes[this.bit >>> 3] ?? 0;
      const offset = this.bit & 7;
      const take = Math.min(8 - offset, count - got);
      value += ((byte >>> offset) & ((1 << take) - 1)) * 2 ** got;
      got += take;
      this.bit += take;
    }
    return value;
  }

  /** The next 16 bits or fewer at the end, without moving on. */
  peek16(): number {
    const at = this.bit >>> 3;
    const word = (this.bytes[at] ?? 0) | ((this.bytes[at + 1] ?? 0) << 8) | ((this.bytes[at + 2] ?? 0) << 16);
    return (word >>> (this.bit & 7)) & 0xffff;
  }

  skip(count: number): void {
    this.bit += count;
  }
}

const FAST_BITS = 10;

/** A Huffman code: entries by their codewords, short ones by table. */
export class HuffmanCode {
  /** Entry and length, packed as entry · 64 + length, by the next FAST_BITS bits; 0 where the code is longer. */
  private readonly fast = new Int32Array(1 << FAST_BITS);
  /** Two children a node: another node's number, or −1 − entry. 0 where there is none. */
  private readonly tree: number[] = [0, 0];

  /** @param lengths of the codewords by entry; 0 for entries that are not used */
  constructor(lengths: Uint8Array) {
    const used = lengths.reduce((count, length) => count + (length > 0 ? 1 : 0), 0);
    // The next free codeword of each length, most significant bit first.
    const free = new Float64Array(33);
    let isFirst = true;
    for (let entry = 0; entry < lengths.length; entry++) {
      const length = lengths[entry]!;
      if (length === 0) continue;
      if (isFirst) {
        isFirst = false;
        for (let i = 1; i <= length; i++) free[i] = 2 ** (32 - i);
        this.insert(0, length, entry);
        continue;
      }
      let at = length;
      while (at > 0 && free[at] === 0) at--;
      if (at === 0) throw new FormatError('a codebook with too many codewords');
      const code = free[at]!;
      free[at] = 0;
      for (let i = length; i > at; i--) free[i] = code + 2 ** (32 - i);
      this.insert(code, length, entry);
    }
    if (used > 1 && free.some((code) => code !== 0))
      throw new FormatError('a codebook with unused codewords');
  }

  /** @param code left-aligned in 32 bits */
  private insert(code: number, length: number, entry: number): void {
    let node = 0;
    let reversed = 0;
    for (let depth = 0; depth < length; depth++) {
      const bit = Math.floor(code / 2 ** (31 - depth)) % 2;
      if (depth < FAST_BITS) reversed |= bit << depth;
      const slot = node * 2 + bit;
      if (depth === length - 1) {
        this.tree[slot] = -1 - entry;
      } else {
        if (!this.tree[slot]) {
          this.tree[slot] = this.tree.length / 2;
          this.tree.push(0, 0);
        }
        node = this.tree[slot]!;
      }
    }
    if (length <= FAST_BITS) {
      for (let bits = reversed; bits < 1 << FAST_BITS; bits += 1 << length)
        this.fast[bits] = entry * 64 + length;
    }
  }

  /** The next entry; −1 at the end of the packet. */
  decode(reader: LsbReader): number {
    const packed = this.fast[reader.peek16() & ((1 << FAST_BITS) - 1)]!;
    if (packed !== 0) {
      reader.skip(packed & 63);
      return reader.isExhausted ? -1 : packed >> 6;
    }
    let node = 0;
    for (;;) {
      const next = this.tree[node * 2 + reader.read(1)]!;
      if (reader.isExhausted || next === 0) return -1;
      if (next < 0) return -1 - next;
      node = next;
    }
  }
}
