// Decodes Vorbis audio packets into frames: floor, residue, coupling, inverse MDCT, window, overlap.
// A packet gives the frames between the middle of the block before and its own. @source Vorbis I, clauses 4.3, 7.2, 8.6
import { FormatError, LsbReader } from './vorbis-bits.js';
import { createInverseMdct } from './vorbis-mdct.js';
import { bitLength, type Floor1, type Mapping, type Residue, type VorbisSetup } from './vorbis-setup.js';

export interface VorbisDecoder {
  /** The frames that this packet completes, per channel; none for the first packet and after reset(). */
  decode(packet: Uint8Array): Float32Array[];
  /** Forgets the block before, as after lost packets. */
  reset(): void;
}

/** @throws FormatError from decode() */
export function createVorbisDecoder(setup: VorbisSetup): VorbisDecoder {
  const { channelCount, blockSizes, modes, mappings } = setup;
  const transforms = blockSizes.map(createInverseMdct);
  const slopes = blockSizes.map((size) => slope(size / 2));
  const spectra = channels(() => new Float64Array(blockSizes[1] / 2));
  let blocks = channels(() => new Float64Array(blockSizes[1]));
  let previous = channels(() => new Float64Array(blockSizes[1]));
  let previousSize = 0;

  function channels<T>(make: () => T): T[] {
    return Array.from({ length: channelCount }, make);
  }

  return {
    reset() {
      previousSize = 0;
    },
    decode(packet) {
      const reader = new LsbReader(packet);
      if (packet.length === 0 || reader.read(1) !== 0) throw new FormatError('a packet that is no audio');
      const mode = modes[reader.read(bitLength(modes.length - 1))];
      if (mode === undefined) throw new FormatError('a packet of an unknown mode');
      const size = blockSizes[mode.isLong ? 1 : 0];
      const isLongBefore = mode.isLong ? reader.read(1) === 1 : false;
      const isLongAfter = mode.isLong ? reader.read(1) === 1 : false;
      const half = size / 2;
      for (const spectrum of spectra) spectrum.fill(0, 0, half);
      readSpectra(reader, setup, mappings[mode.mapping]!, half, spectra);
      for (let channel = 0; channel < channelCount; channel++) {
        const block = blocks[channel]!.subarray(0, size);
        transforms[mode.isLong ? 1 : 0]!.run(spectra[channel]!.subarray(0, half), block);
        applyWindow(block, slopes[isLongBefore ? 1 : 0]!, slopes[isLongAfter ? 1 : 0]!);
      }
      const frames = previousSize === 0 ? channels(() => new Float32Array(0)) : overlap(size);
      previousSize = size;
      [previous, blocks] = [blocks, previous];
      return frames;
    },
  };

  function overlap(size: number): Float32Array[] {
    const frameCount = (previousSize + size) / 4;
    return channels(() => new Float32Array(frameCount)).map((frames, channel) => {
      const before = previous[channel]!;
      const now = blocks[channel]!;
      const beforeAt = previousSize / 2;
      const nowAt = size / 2 - frameCount;
      for (let i = 0; i < frameCount; i++) {
        let sample = 0;
        if (beforeAt + i < previousSize) sample += before[beforeAt + i]!;
        if (nowAt + i >= 0) sample += now[nowAt + i]!;
        frames[i] = sample;
      }
      return frames;
    });
  }
}

/** The rising half of Vorbis's power-complementary window. */
function slope(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) =>
    Math.sin((Math.PI / 2) * Math.sin((((i + 0.5) / length) * Math.PI) / 2) ** 2),
  );
}

/** Slopes at a quarter and three quarters of the block, as long as the shorter neighbour asks. */
function applyWindow(block: Float64Array, before: Float64Array, after: Float64Array): void {
  const size = block.length;
  const left = Math.min(size / 2, before.length);
  const right = Math.min(size / 2, after.length);
  const leftAt = size / 4 - left / 2;
  block.fill(0, 0, leftAt);
  for (let i = 0; i < left; i++) block[leftAt + i]! *= before[i]!;
  const rightAt = (3 * size) / 4 - right / 2;
  for (let i = 0; i < right; i++) block[rightAt + i]! *= after[right - 1 - i]!;
  block.fill(0, rightAt + right);
}

function readSpectra(
  reader: LsbReader,
  setup: VorbisSetup,
  mapping: Mapping,
  half: number,
  spectra: readonly Float64Array[],
): void {
  const floors = spectra.map((_, channel) => {
    const floor = setup.floors[mapping.submaps[mapping.mux[channel]!]!.floor]!;
    return readFloor(reader, setup, floor);
  });
  const isUsed = floors.map((ys) => ys !== null);
  for (const [magnitude, angle] of mapping.couplings) {
    if (isUsed[magnitude] || isUsed[angle]) {
      isUsed[magnitude] = true;
      isUsed[angle] = true;
    }
  }
  for (let submap = 0; submap < mapping.submaps.length; submap++) {
    const members = spectra.map((_, channel) => channel).filter((channel) => mapping.mux[channel] === submap);
    const residue = setup.residues[mapping.submaps[submap]!.residue]!;
    readResidue(
      reader,
      setup,
      residue,
      half,
      members.map((channel) => spectra[channel]!),
      members.map((channel) => isUsed[channel]!),
    );
  }
  for (let step = mapping.couplings.length - 1; step >= 0; step--) {
    const [magnitude, angle] = mapping.couplings[step]!;
    undoCoupling(spectra[magnitude]!, spectra[angle]!, half);
  }
  for (let channel = 0; channel < spectra.length; channel++) {
    const ys = floors[channel]!;
    const floor = setup.floors[mapping.submaps[mapping.mux[channel]!]!.floor]!;
    if (ys === null) spectra[channel]!.fill(0, 0, half);
    else multiplyFloor(floor, ys, spectra[channel]!, half);
  }
}

function undoCoupling(magnitudes: Float64Array, angles: Float64Array, half: number): void {
  for (let i = 0; i < half; i++) {
    const m = magnitudes[i]!;
    const a = angles[i]!;
    if (m > 0) {
      if (a > 0) angles[i] = m - a;
      else {
        angles[i] = m;
        magnitudes[i] = m + a;
      }
    } else if (a > 0) angles[i] = m + a;
    else {
      angles[i] = m;
      magnitudes[i] = m - a;
    }
  }
}

const FLOOR_RANGES = [256, 128, 86, 64];

/** The y values of a floor as they are coded; null where the channel is silent. */
function readFloor(reader: LsbReader, setup: VorbisSetup, floor: Floor1): Int32Array | null {
  if (reader.read(1) === 0) return null;
  const bits = bitLength(FLOOR_RANGES[floor.multiplier - 1]! - 1);
  const ys = new Int32Array(floor.xs.length);
  ys[0] = reader.read(bits);
  ys[1] = reader.read(bits);
  let at = 2;
  for (const index of floor.partitionClasses) {
    const { dimensions, subclassBits, masterBook, books } = floor.classes[index]!;
    let selector = 0;
    if (subclassBits > 0) selector = setup.books[masterBook]!.code.decode(reader);
    for (let i = 0; i < dimensions; i++) {
      const book = books[selector & ((1 << subclassBits) - 1)]!;
      selector >>= subclassBits;
      ys[at++] = book >= 0 ? setup.books[book]!.code.decode(reader) : 0;
    }
  }
  return reader.isExhausted ? null : ys;
}

/** 140 dB in 256 steps: clause 10.1's table, by its law. */
const FLOOR_GAINS = Float64Array.from({ length: 256 }, (_, i) => 10 ** (((i - 255) * (140 / 256)) / 20));

/** Multiplies a spectrum with the floor's curve: lines between the points that are in use. */
function multiplyFloor(floor: Floor1, ys: Int32Array, spectrum: Float64Array, half: number): void {
  const { xs, neighbours, order, multiplier } = floor;
  const range = FLOOR_RANGES[multiplier - 1]!;
  const isUsed = new Uint8Array(xs.length);
  const finals = Int32Array.from(ys);
  isUsed[0] = 1;
  isUsed[1] = 1;
  for (let i = 2; i < xs.length; i++) {
    const [low, high] = neighbours[i - 2]!;
    const predicted = pointOnLine(xs[low]!, finals[low]!, xs[high]!, finals[high]!, xs[i]!);
    const value = ys[i]!;
    const highRoom = range - predicted;
    const lowRoom = predicted;
    const room = 2 * Math.min(highRoom, lowRoom);
    if (value === 0) {
      finals[i] = predicted;
      continue;
    }
    isUsed[i] = 1;
    isUsed[low] = 1;
    isUsed[high] = 1;
    if (value >= room)
      finals[i] = highRoom > lowRoom ? value - lowRoom + predicted : predicted - value + highRoom - 1;
    else finals[i] = value % 2 === 1 ? predicted - (value + 1) / 2 : predicted + value / 2;
  }
  let x0 = 0;
  let y0 = finals[order[0]!]! * multiplier;
  for (const index of order) {
    if (isUsed[index] === 0 || xs[index] === 0) continue;
    const x1 = xs[index]!;
    const y1 = finals[index]! * multiplier;
    multiplyLine(x0, y0, x1, y1, spectrum, half);
    x0 = x1;
    y0 = y1;
  }
  for (let x = x0; x < half; x++) spectrum[x]! *= FLOOR_GAINS[clampIndex(y0)]!;
}

function pointOnLine(x0: number, y0: number, x1: number, y1: number, x: number): number {
  const rise = y1 - y0;
  const offset = Math.floor((Math.abs(rise) * (x - x0)) / (x1 - x0));
  return rise < 0 ? y0 - offset : y0 + offset;
}

/** A line in integer steps, as Bresenham draws it. */
function multiplyLine(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  spectrum: Float64Array,
  half: number,
): void {
  const rise = y1 - y0;
  const run = x1 - x0;
  const base = Math.trunc(rise / run);
  const step = rise < 0 ? base - 1 : base + 1;
  const rest = Math.abs(rise) - Math.abs(base) * run;
  let y = y0;
  let error = 0;
  for (let x = x0; x < x1 && x < half; x++) {
    spectrum[x]! *= FLOOR_GAINS[clampIndex(y)]!;
    error += rest;
    if (error >= run) {
      error -= run;
      y += step;
    } else y += base;
  }
}

function clampIndex(y: number): number {
  return Math.max(0, Math.min(255, y));
}

/** Adds the residue to the spectra of one submap's channels. */
function readResidue(
  reader: LsbReader,
  setup: VorbisSetup,
  residue: Residue,
  half: number,
  spectra: readonly Float64Array[],
  isUsed: readonly boolean[],
): void {
  if (residue.type !== 2) {
    readVectors(reader, setup, residue, half, spectra, isUsed);
    return;
  }
  // All channels interleaved as one vector.
  if (!isUsed.includes(true)) return;
  const channelCount = spectra.length;
  const joined = new Float64Array(half * channelCount);
  readVectors(reader, setup, residue, joined.length, [joined], [true]);
  for (let channel = 0; channel < channelCount; channel++) {
    const spectrum = spectra[channel]!;
    for (let i = 0; i < half; i++) spectrum[i] = joined[i * channelCount + channel]!;
  }
}

function readVectors(
  reader: LsbReader,
  setup: VorbisSetup,
  residue: Residue,
  length: number,
  vectors: readonly Float64Array[],
  isUsed: readonly boolean[],
): void {
  const { partitionSize, books } = residue;
  const begin = Math.min(residue.begin, length);
  const partitionCount = Math.floor((Math.min(residue.end, length) - begin) / partitionSize);
  const classBook = setup.books[residue.classBook]!;
  const perWord = classBook.dimensions;
  const classCount = books.length;
  const classes = vectors.map(() => new Uint8Array(partitionCount + perWord));
  for (let pass = 0; pass < 8; pass++) {
    for (let first = 0; first < partitionCount; first += perWord) {
      if (pass === 0) {
        for (let v = 0; v < vectors.length; v++) {
          if (!isUsed[v]) continue;
          let word = classBook.code.decode(reader);
          if (word < 0) return;
          for (let i = perWord - 1; i >= 0; i--) {
            classes[v]![first + i] = word % classCount;
            word = Math.floor(word / classCount);
          }
        }
      }
      for (let partition = first; partition < first + perWord && partition < partitionCount; partition++) {
        for (let v = 0; v < vectors.length; v++) {
          if (!isUsed[v]) continue;
          const book = books[classes[v]![partition]!]![pass]!;
          if (book < 0) continue;
          const { code, dimensions, vectors: values } = setup.books[book]!;
          if (values === null) throw new FormatError('a residue book without vectors');
          const target = vectors[v]!;
          const at = begin + partition * partitionSize;
          const stride = residue.type === 0 ? partitionSize / dimensions : 1;
          for (let i = 0; i < partitionSize; i += dimensions) {
            const entry = code.decode(reader);
            if (entry < 0) return;
            const start = residue.type === 0 ? at + i / dimensions : at + i;
            for (let d = 0; d < dimensions; d++)
              target[start + d * stride]! += values[entry * dimensions + d]!;
          }
        }
      }
    }
  }
}
