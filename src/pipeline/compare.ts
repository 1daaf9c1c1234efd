// Compares two files of any format: decodes, brings both to one rate, aligns, measures. By blocks, in this thread.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AudioReader } from '../audio/audio-file.js';
import { decodeAudio } from '../audio/decode.js';
import { probeAudio } from '../audio/probe.js';
import { openWav } from '../audio/wav-reader.js';
import { type Difference, findShift, measureDifference } from '../dsp/compare.js';
import { channelWeights } from '../dsp/loudness/channel-weights.js';
import { measureRange } from '../dsp/loudness/measure-range.js';
import { joinParts, loudnessFigures } from '../dsp/loudness/programme.js';
import { createResampledReader } from '../dsp/resample.js';
import { ForgeError } from '../errors.js';
import { secToFrames } from '../units.js';

/** One of the two files. */
export interface ComparedFile {
  readonly path: string;
  readonly sampleRateHz: number;
  readonly channelCount: number;
  readonly frameCount: number;
  readonly integratedLufs: number | null;
  readonly truePeakDbtp: number | null;
}

/** How B differs from A. JSON has no infinity: identical samples have `isIdentical` and a null depth of −400 dB. */
export interface Comparison extends Difference {
  readonly a: ComparedFile;
  readonly b: ComparedFile;
  readonly isIdentical: boolean;
  /** Frames (of A's rate) by which B lies later. */
  readonly shiftFrames: number;
  readonly integratedDifferenceLu: number | null;
}

/** Stands for no difference at all in figures that must be numbers. */
const IDENTICAL_DB = -400;

/** Compares two files. @throws ForgeError input/*, input/not-comparable when they differ in channels */
export async function compareFiles(
  pathA: string,
  pathB: string,
  options: { readonly maxShiftSec: number },
): Promise<Comparison> {
  const scratch = mkdtempSync(join(tmpdir(), 'forge-compare-'));
  const open: AudioReader[] = [];
  try {
    for (const path of [pathA, pathB]) {
      const decoded = await decodeAudio(await probeAudio(path), {
        scratchDir: scratch,
        tolerateDamage: false,
      });
      open.push(openWav(decoded.path));
    }
    const [a, b] = [open[0]!, open[1]!];
    if (a.channelCount !== b.channelCount) {
      throw new ForgeError(
        'input/not-comparable',
        `expected ${a.channelCount} channels in ${pathB}, got ${b.channelCount}`,
      );
    }
    const atOneRate = createResampledReader(b, a.sampleRateHz);
    const shiftFrames = findShift(a, atOneRate, secToFrames(options.maxShiftSec, a.sampleRateHz));
    const difference = measureDifference(a, atOneRate, shiftFrames);
    const fileA = describe(pathA, a);
    const fileB = describe(pathB, b);
    const isIdentical =
      difference.peakDifferenceDbfs === null && shiftFrames === 0 && a.frameCount === b.frameCount;
    const finite = (db: number | null) => (db === Number.NEGATIVE_INFINITY ? IDENTICAL_DB : db);
    return {
      a: fileA,
      b: fileB,
      isIdentical,
      shiftFrames,
      ...difference,
      nullDb: finite(difference.nullDb),
      nullAtEqualLevelDb: finite(difference.nullAtEqualLevelDb),
      integratedDifferenceLu:
        fileA.integratedLufs === null || fileB.integratedLufs === null
          ? null
          : fileB.integratedLufs - fileA.integratedLufs,
    };
  } finally {
    for (const reader of open) reader.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function describe(path: string, reader: AudioReader): ComparedFile {
  const { sampleRateHz, channelCount, frameCount } = reader;
  const weights = channelWeights(channelCount);
  const part = measureRange(reader, { sampleRateHz, weights, startFrame: 0, endFrame: frameCount });
  const { integratedLufs, truePeakDbtp } = loudnessFigures(joinParts([part]), sampleRateHz);
  return { path, sampleRateHz, channelCount, frameCount, integratedLufs, truePeakDbtp };
}
