// `forge compare A B`: how two files differ, with a limit for CI.
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { EXIT_CODES, ForgeError } from '../errors.js';
import { type Comparison, compareFiles } from '../pipeline/compare.js';
import { forgeVersion } from '../pipeline/versions.js';
import { defineCommand, printJson, printLine } from './command.js';

interface CompareFlags {
  readonly failAbove?: number;
  readonly maxShiftSec: number;
  readonly json?: boolean;
}

export const command = defineCommand({
  configure(compare: Command, finish) {
    compare
      .argument('<a>', 'the reference')
      .argument('<b>', 'the other file')
      .option(
        '--fail-above <db>',
        'exit with 8 when the null depth is above this (−60: what differs must lie 60 dB below A)',
        number,
      )
      .option('--max-shift-sec <sec>', 'how far the files may be shifted against each other', number, 1)
      .option('--json', 'print one JSON object')
      .action(async (a: string, b: string, flags: CompareFlags) => {
        const comparison = await compareFiles(a, b, { maxShiftSec: flags.maxShiftSec });
        const limit = flags.failAbove;
        const missed = limit !== undefined && comparison.nullDb !== null && comparison.nullDb > limit;
        const error = missed
          ? new ForgeError(
              'target/missed',
              `expected a null depth of at most ${limit} dB, got ${comparison.nullDb!.toFixed(1)} dB`,
            )
          : undefined;
        if (flags.json === true) {
          const result = {
            ...comparison,
            status: missed ? 'missed' : 'ok',
            ...(error === undefined ? {} : { error: error.toJSON() }),
          };
          printJson({ schema: 'forge.compare/1', version: forgeVersion(), results: [result] });
        } else {
          for (const line of comparisonText(comparison)) printLine(line);
          if (error !== undefined) process.stderr.write(`forge: ${error.message} [${error.code}]\n`);
        }
        finish(missed ? EXIT_CODES.target : 0);
      });
  },
});

function comparisonText(comparison: Comparison): string[] {
  const { isIdentical, nullDb, shiftFrames, gainDb, isInverted, peakDifferenceDbfs, a, b, thirdOctaves } =
    comparison;
  const db = (value: number | null) => (value === null ? 'silence' : `${value.toFixed(2)} dB`);
  const largest = [...thirdOctaves]
    .sort((x, y) => Math.abs(y.differenceDb) - Math.abs(x.differenceDb))
    .slice(0, 3);
  return [
    isIdentical
      ? 'identical samples'
      : `null depth ${db(nullDb)}, largest difference ${db(peakDifferenceDbfs)}FS`,
    `B starts ${shiftFrames} frames later than A, ${db(gainDb)} louder${isInverted ? ', inverted' : ''}`,
    `integrated ${a.integratedLufs?.toFixed(2) ?? 'silence'} → ${b.integratedLufs?.toFixed(2) ?? 'silence'} LUFS, true peak ${a.truePeakDbtp?.toFixed(2) ?? 'silence'} → ${b.truePeakDbtp?.toFixed(2) ?? 'silence'} dBTP`,
    `length ${a.frameCount} → ${b.frameCount} frames`,
    ...largest.map(
      ({ centreHz, differenceDb }) =>
        `  ${centreHz} Hz: ${differenceDb >= 0 ? '+' : ''}${differenceDb.toFixed(2)} dB`,
    ),
  ];
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}
