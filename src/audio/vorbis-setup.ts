// Parses the three headers of a Vorbis stream into what its packets are decoded with.
// Floor type 0, which no encoder of the last twenty years writes, is refused. @source Vorbis I, clause 4.2
import { FormatError, HuffmanCode, LsbReader } from './vorbis-bits.js';

export interface Codebook {
  readonly dimensions: number;
  readonly code: HuffmanCode;
  /** [entry][dimension], flat; null for books without vectors. */
  readonly vectors: Float32Array | null;
}

export interface Floor1 {
  readonly partitionClasses: readonly number[];
  readonly classes: readonly {
    readonly dimensions: number;
    readonly subclassBits: number;
    readonly masterBook: number;
    readonly books: readonly number[];
  }[];
  readonly multiplier: number;
  readonly xs: readonly number[];
  /** Indices of `xs` in rising order of x. */
  readonly order: readonly number[];
  /** For each x from the third on: the nearest lower and higher x among those before it. */
  readonly neighbours: readonly (readonly [low: number, high: number])[];
}

export interface Residue {
  readonly type: number;
  readonly begin: number;
  readonly end: number;
  readonly partitionSize: number;
  readonly classBook: number;
  /** [classification][pass]: a book, or −1. */
  readonly books: readonly (readonly number[])[];
}

export interface Mapping {
  readonly couplings: readonly (readonly [magnitude: number, angle: number])[];
  /** Submap of each channel. */
  readonly mux: readonly number[];
  readonly submaps: readonly { readonly floor: number; readonly residue: number }[];
}

export interface VorbisSetup {
  readonly channelCount: number;
  readonly blockSizes: readonly [short: number, long: number];
  readonly books: readonly Codebook[];
  readonly floors: readonly Floor1[];
  readonly residues: readonly Residue[];
  readonly mappings: readonly Mapping[];
  readonly modes: readonly { readonly isLong: boolean; readonly mapping: number }[];
}

/** Bits that a number from 0 to `value` takes. */
export function bitLength(value: number): number {
  return value <= 0 ? 0 : 32 - Math.clz32(value);
}

/**
 * @param identification the first packet
 * @param setup the third packet
 * @throws FormatError
 */
export function parseVorbisSetup(identification: Uint8Array, setup: Uint8Array): VorbisSetup {
  const channelCount = identification[11]!;
  const blockSizes = [1 << (identification[28]! & 15), 1 << (identification[28]! >> 4)] as const;
  if (blockSizes[0] < 64 || blockSizes[1] > 8192 || blockSizes[0] > blockSizes[1]) {
    throw new FormatError('block sizes out of range');
  }
  const reader = new LsbReader(setup);
  if (reader.read(8) !== 5) throw new FormatError('no setup header');
  reader.skip(48);
  const books = times(reader.read(8) + 1, () => readCodebook(reader));
  times(reader.read(6) + 1, () => reader.read(16));
  const floors = times(reader.read(6) + 1, () => readFloor(reader));
  const residues = times(reader.read(6) + 1, () => readResidue(reader));
  const mappings = times(reader.read(6) + 1, () => readMapping(reader, channelCount));
  const modes = times(reader.read(6) + 1, () => {
    const isLong = reader.read(1) === 1;
    reader.skip(32);
    return { isLong, mapping: reader.read(8) };
  });
  if (reader.read(1) !== 1 || reader.isExhausted) throw new FormatError('a setup header that is cut off');
  return { channelCount, blockSizes, books, floors, residues, mappings, modes };
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function readCodebook(reader: LsbReader): Codebook {
  if (reader.read(24) !== 0x564342) throw new FormatError('a codebook without its mark');
  const dimensions = reader.read(16);
  const entryCount = reader.read(24);
  const lengths = new Uint8Array(entryCount);
  if (reader.read(1) === 1) {
    let length = reader.read(5) + 1;
    for (let entry = 0; entry < entryCount; length++) {
      const count = reader.read(bitLength(entryCount - entry));
      if (length > 32 || entry + count > entryCount || reader.isExhausted)
        throw new FormatError('a bad ordered codebook');
      lengths.fill(length, entry, entry + count);
      entry += count;
    }
  } else {
    const isSparse = reader.read(1) === 1;
    for (let entry = 0; entry < entryCount; entry++) {
      if (!isSparse || reader.read(1) === 1) lengths[entry] = reader.read(5) + 1;
    }
  }
  const lookup = reader.read(4);
  if (lookup > 2 || reader.isExhausted) throw new FormatError('a codebook of an unknown kind');
  return {
    dimensions,
    code: new HuffmanCode(lengths),
    vectors: lookup === 0 ? null : readVectors(reader, lookup, entryCount, dimensions),
  };
}

function readVectors(
  reader: LsbReader,
  lookup: number,
  entryCount: number,
  dimensions: number,
): Float32Array {
  const minimum = readFloat(reader);
  const delta = readFloat(reader);
  const valueBits = reader.read(4) + 1;
  const isSequence = reader.read(1) === 1;
  const valueCount = lookup === 1 ? latticeSize(entryCount, dimensions) : entryCount * dimensions;
  const values = times(valueCount, () => reader.read(valueBits) * delta + minimum);
  const vectors = new Float32Array(entryCount * dimensions);
  for (let entry = 0; entry < entryCount; entry++) {
    let last = 0;
    let divisor = 1;
    for (let i = 0; i < dimensions; i++) {
      const index = lookup === 1 ? Math.floor(entry / divisor) % valueCount : entry * dimensions + i;
      const value = values[index]! + last;
      vectors[entry * dimensions + i] = value;
      if (isSequence) last = value;
      divisor *= valueCount;
    }
  }
  return vectors;
}

/** The largest integer whose power of `dimensions` is at most `entryCount`. */
function latticeSize(entryCount: number, dimensions: number): number {
  let size = Math.floor(entryCount ** (1 / dimensions));
  while ((size + 1) ** dimensions <= entryCount) size++;
  while (size ** dimensions > entryCount) size--;
  return size;
}

/** Vorbis's own 32-bit float: 21 bits of mantissa, 10 of exponent, a sign. */
function readFloat(reader: LsbReader): number {
  const bits = reader.read(32);
  const mantissa = bits % 0x200000;
  const exponent = Math.floor(bits / 0x200000) % 1024;
  return (bits >= 0x80000000 ? -mantissa : mantissa) * 2 ** (exponent - 788);
}

function readFloor(reader: LsbReader): Floor1 {
  const type = reader.read(16);
  if (type !== 1) throw new FormatError(`a floor of type ${type}, which only ffmpeg reads`);
  const partitionClasses = times(reader.read(5), () => reader.read(4));
  const classes = times(Math.max(-1, ...partitionClasses) + 1, () => {
    const dimensions = reader.read(3) + 1;
    const subclassBits = reader.read(2);
    const masterBook = subclassBits > 0 ? reader.read(8) : -1;
    const books = times(1 << subclassBits, () => reader.read(8) - 1);
    return { dimensions, subclassBits, masterBook, books };
  });
  const multiplier = reader.read(2) + 1;
  const rangeBits = reader.read(4);
  const xs = [0, 1 << rangeBits];
  for (const index of partitionClasses) {
    for (let i = 0; i < classes[index]!.dimensions; i++) xs.push(reader.read(rangeBits));
  }
  const order = xs.map((_, i) => i).sort((a, b) => xs[a]! - xs[b]!);
  const neighbours = xs.slice(2).map((x, i) => {
    let low = 0;
    let high = 1;
    for (let j = 0; j < i + 2; j++) {
      if (xs[j]! < x && xs[j]! > xs[low]!) low = j;
      if (xs[j]! > x && xs[j]! < xs[high]!) high = j;
    }
    return [low, high] as const;
  });
  return { partitionClasses, classes, multiplier, xs, order, neighbours };
}

function readResidue(reader: LsbReader): Residue {
  const type = reader.read(16);
  if (type > 2) throw new FormatError('a residue of an unknown type');
  const begin = reader.read(24);
  const end = reader.read(24);
  const partitionSize = reader.read(24) + 1;
  const classCount = reader.read(6) + 1;
  const classBook = reader.read(8);
  const cascades = times(classCount, () => {
    const low = reader.read(3);
    return low + (reader.read(1) === 1 ? reader.read(5) * 8 : 0);
  });
  const books = cascades.map((cascade) => times(8, (pass) => ((cascade >> pass) & 1 ? reader.read(8) : -1)));
  return { type, begin, end, partitionSize, classBook, books };
}

function readMapping(reader: LsbReader, channelCount: number): Mapping {
  if (reader.read(16) !== 0) throw new FormatError('a mapping of an unknown type');
  const submapCount = reader.read(1) === 1 ? reader.read(4) + 1 : 1;
  const channelBits = bitLength(channelCount - 1);
  const couplings =
    reader.read(1) === 1
      ? times(reader.read(8) + 1, () => [reader.read(channelBits), reader.read(channelBits)] as const)
      : [];
  if (reader.read(2) !== 0) throw new FormatError('reserved bits in a mapping');
  const mux = times(channelCount, () => (submapCount > 1 ? reader.read(4) : 0));
  const submaps = times(submapCount, () => {
    reader.skip(8);
    return { floor: reader.read(8), residue: reader.read(8) };
  });
  return { couplings, mux, submaps };
}
