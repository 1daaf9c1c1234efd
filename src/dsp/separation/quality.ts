// Judges stems without knowing the true ones: how deep they null with the mix, how much they share with each other,
// and how ragged their masks are.
// Method: sums over a range of samples, and over time-frequency cells of side-by-side windows of 46 ms (mid signal).
// The figures rank results of one song; they are no SI-SDR.
import { dbToPower, powerToDb, roundTo } from '../../units.js';
import { createStft } from '../stft.js';

/** Reads [channels][frames] from a sample on; zeros outside of the song. */
export type ReadFrames = (startSample: number, into: readonly Float32Array[]) => void;

/** Sums of one range, to be added to those of the others in range order. */
export interface QualitySums {
  readonly mixEnergy: number;
  readonly remainderEnergy: number;
  readonly stems: readonly StemSums[];
}

interface StemSums {
  readonly energy: number;
  readonly peak: number;
  /** Sums over cells: power, power shared with the other stems, power of isolated cells. */
  readonly cellPower: number;
  readonly sharedPower: number;
  readonly isolatedPower: number;
}

/** Figures of one stem; null where the stem, or the mix, is silent. */
export interface StemQuality {
  /** Energy of the stem over that of the mix, in dB. */
  readonly levelDb: number | null;
  readonly samplePeakDbfs: number | null;
  /** Power that the stem shares with the rest of the mix in the same cells over its own, in dB: lower is cleaner. */
  readonly bleedDb: number | null;
  /** Power of cells that stand out of the stem's mask on all sides over its own power, in dB: lower is smoother. */
  readonly artefactDb: number | null;
}

const WINDOW_SEC = 0.046;

/** Sums of the samples [startSample, endSample) of the mix and its stems. */
export function measureQuality(
  sampleRateHz: number,
  channelCount: number,
  startSample: number,
  endSample: number,
  readMix: ReadFrames,
  readStems: readonly ReadFrames[],
): QualitySums {
  const size = 2 ** Math.max(5, Math.round(Math.log2(WINDOW_SEC * sampleRateHz)));
  const stft = createStft({ fftSize: size, hopFrames: size / 2, window: 'hann' });
  const { binCount } = stft;
  const re = new Float64Array(binCount);
  const im = new Float64Array(binCount);
  const makeBlock = () => Array.from({ length: channelCount }, () => new Float32Array(size));
  const mix = makeBlock();
  const remainder = makeBlock();
  const stem = makeBlock();
  const mid = new Float64Array(size);
  const sums = readStems.map(() => ({ energy: 0, peak: 0, cellPower: 0, sharedPower: 0, isolatedPower: 0 }));
  let mixEnergy = 0;
  let remainderEnergy = 0;

  /** Power of each bin of the block's mid signal. */
  const powerOf = (block: readonly Float32Array[], into: Float64Array) => {
    const second = block[1] ?? block[0]!;
    for (let i = 0; i < size; i++) mid[i] = 0.5 * (block[0]![i]! + second[i]!);
    stft.analyse(mid, 0, re, im);
    for (let bin = 0; bin < binCount; bin++) into[bin] = re[bin]! * re[bin]! + im[bin]! * im[bin]!;
  };

  // Three rows of masks (before, now, after) and two of the mix's power, by stem.
  const rows = readStems.map(() => Array.from({ length: 3 }, () => new Float64Array(binCount)));
  const mixRows = Array.from({ length: 3 }, () => new Float64Array(binCount));
  const powers = readStems.map(() => new Float64Array(binCount));
  const restPower = new Float64Array(binCount);
  let rowCount = 0;
  for (let start = startSample; start < endSample; start += size) {
    const frames = Math.min(size, endSample - start);
    readMix(start, mix);
    clearFrom(mix, frames);
    for (const [channel, samples] of mix.entries()) remainder[channel]!.set(samples);
    mixEnergy += energyOf(mix);
    powerOf(mix, mixRows[rowCount % 3]!);
    for (const [k, readStem] of readStems.entries()) {
      readStem(start, stem);
      clearFrom(stem, frames);
      const own = sums[k]!;
      own.energy += energyOf(stem);
      for (const [channel, samples] of stem.entries()) {
        for (let i = 0; i < frames; i++) {
          remainder[channel]![i]! -= samples[i]!;
          own.peak = Math.max(own.peak, Math.abs(samples[i]!));
        }
      }
      powerOf(stem, powers[k]!);
      const row = rows[k]![rowCount % 3]!;
      for (let bin = 0; bin < binCount; bin++)
        row[bin] = powers[k]![bin]! / (mixRows[rowCount % 3]![bin]! + 1e-20);
    }
    remainderEnergy += energyOf(remainder);
    powerOf(remainder, restPower);
    addShared(powers, restPower, sums);
    rowCount++;
    if (rowCount >= 3) {
      for (const [k, own] of sums.entries()) own.isolatedPower += isolatedPower(rows[k]!, mixRows, rowCount);
    }
  }
  return { mixEnergy, remainderEnergy, stems: sums };
}

function clearFrom(block: readonly Float32Array[], frames: number): void {
  for (const samples of block) samples.fill(0, frames);
}

function energyOf(block: readonly Float32Array[]): number {
  let sum = 0;
  for (const samples of block) for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!;
  return sum;
}

/** What no stem has counts as another stem: of a subset, the rest of the mix. */
function addShared(
  powers: readonly Float64Array[],
  restPower: Float64Array,
  sums: { cellPower: number; sharedPower: number }[],
): void {
  for (let bin = 0; bin < restPower.length; bin++) {
    let total = restPower[bin]!;
    for (const power of powers) total += power[bin]!;
    for (const [k, power] of powers.entries()) {
      const own = power[bin]!;
      sums[k]!.cellPower += own;
      sums[k]!.sharedPower += Math.min(own, total - own);
    }
  }
}

/** Power of the middle row's cells beyond twice the mask of their neighbours in time and frequency. */
function isolatedPower(
  rows: readonly Float64Array[],
  mixRows: readonly Float64Array[],
  rowCount: number,
): number {
  const before = rows[rowCount % 3]!;
  const now = rows[(rowCount + 1) % 3]!;
  const after = rows[(rowCount + 2) % 3]!;
  const mix = mixRows[(rowCount + 1) % 3]!;
  let sum = 0;
  for (let bin = 1; bin + 1 < now.length; bin++) {
    const around = Math.max(before[bin]!, after[bin]!, now[bin - 1]!, now[bin + 1]!);
    // Where the mix cancels out, masks above one say nothing.
    sum += Math.max(0, Math.min(1, now[bin]!) - 2 * around) * mix[bin]!;
  }
  return sum;
}

/** What `nullDb` reads when the stems sum to the mix exactly. */
const EXACT_NULL_DB = -200;

/**
 * Level of the mixture minus the sum of files of `bits` bits against the mixture, in dB, from that of the stems before
 * rounding. Each file has dither of its own.
 * @source Lipshitz, Wannamaker, Vanderkooy, JAES 40(5), 1992: triangular dither, LSB²/6, and rounding, LSB²/12
 */
export function nullOfFilesDb(nullDb: number, bits: number, stemCount: number, mixPower: number): number {
  const step = 2 ** (1 - bits);
  const rounding = step * step * stemCount * (1 / 6 + 1 / 12);
  return roundTo(powerToDb(dbToPower(nullDb) + rounding / mixPower), 1);
}

/** The figures of the whole from the sums of all ranges; `nullDb` is null for silence and −200 for an exact null. */
export function judgeQuality(parts: readonly QualitySums[]): {
  readonly nullDb: number | null;
  readonly mixEnergy: number;
  readonly stems: readonly StemQuality[];
} {
  const total = (pick: (part: QualitySums) => number) => parts.reduce((sum, part) => sum + pick(part), 0);
  const mixEnergy = total((part) => part.mixEnergy);
  const remainderEnergy = total((part) => part.remainderEnergy);
  return {
    mixEnergy,
    nullDb:
      mixEnergy === 0 ? null : Math.max(EXACT_NULL_DB, ratioDb(remainderEnergy, mixEnergy) ?? EXACT_NULL_DB),
    stems: (parts[0]?.stems ?? []).map((_, k) => {
      const cellPower = total((part) => part.stems[k]!.cellPower);
      const peak = Math.max(...parts.map((part) => part.stems[k]!.peak));
      return {
        levelDb: ratioDb(
          total((part) => part.stems[k]!.energy),
          mixEnergy,
        ),
        samplePeakDbfs: ratioDb(peak * peak, 1),
        bleedDb: ratioDb(
          total((part) => part.stems[k]!.sharedPower),
          cellPower,
        ),
        artefactDb: ratioDb(
          total((part) => part.stems[k]!.isolatedPower),
          cellPower,
        ),
      };
    }),
  };
}

function ratioDb(energy: number, reference: number): number | null {
  return energy > 0 && reference > 0 ? roundTo(powerToDb(energy / reference), 1) : null;
}
