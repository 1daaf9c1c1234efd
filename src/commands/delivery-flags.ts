// The flags for the form of written audio, shared by all commands that write some: container, rate, depth, dither, bit
// rate, and -o, whose ending names a container too.
import { extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SampleFormat } from '../audio/audio-file.js';
import { ForgeError } from '../errors.js';
import type { DeliveryWish } from '../pipeline/stage.js';

/** Values as commander gives them. */
export interface DeliveryFlags {
  readonly output?: string;
  readonly format?: string;
  readonly rate?: number;
  readonly depth?: string;
  readonly bitrate?: number;
  readonly dither?: (typeof DITHERS)[number];
}

const CONTAINERS = ['wav', 'flac', 'mp3', 'm4a', 'opus'] as const;
const DITHERS = ['off', 'tpdf', 'shaped'] as const;
const DEPTHS: Readonly<Record<string, SampleFormat>> = {
  '16': { kind: 'int', bits: 16 },
  '24': { kind: 'int', bits: 24 },
  '32': { kind: 'int', bits: 32 },
  '32f': { kind: 'float', bits: 32 },
  '64f': { kind: 'float', bits: 64 },
};

/** Adds them but for -o. `formats` are those of what is printed, for a command that writes no audio. */
export function addDeliveryFlags(command: Command, formats?: readonly string[]): void {
  command
    .addOption(
      formats === undefined
        ? new Option('--format <name>', 'container of the audio that is written').choices(CONTAINERS)
        : new Option('--format <name>', 'form of what is printed').choices(formats),
    )
    .option('--rate <hz>', 'sample rate of the audio that is written', wholeNumber)
    .addOption(
      new Option('--depth <bits>', 'sample format of the audio that is written').choices(Object.keys(DEPTHS)),
    )
    .addOption(
      new Option(
        '--dither <kind>',
        'rounding to fewer bits: plain, dithered (default), or with its noise where hearing is dull',
      ).choices(DITHERS),
    )
    .option('--bitrate <kbps>', 'bit rate of lossy formats', wholeNumber);
}

/** @throws ForgeError usage/bad-option, usage/conflicting-options */
export function deliveryWishOf(flags: DeliveryFlags): DeliveryWish {
  const ending = flags.output === undefined ? '' : extname(flags.output).slice(1).toLowerCase();
  const byName = CONTAINERS.find((name) => name === ending);
  const container = CONTAINERS.find((name) => name === flags.format) ?? byName;
  if (flags.output !== undefined && container === undefined) {
    throw new ForgeError(
      'usage/bad-option',
      `expected a file ending in ${CONTAINERS.join(', ')} for -o, got "${flags.output}"`,
    );
  }
  if (flags.format !== undefined && byName !== undefined && byName !== flags.format) {
    throw new ForgeError(
      'usage/conflicting-options',
      `--format ${flags.format} and -o ${flags.output} name different formats`,
    );
  }
  return {
    ...(container === undefined ? {} : { container }),
    ...(flags.rate === undefined ? {} : { sampleRateHz: rateOf(flags.rate) }),
    ...(flags.depth === undefined ? {} : { sampleFormat: DEPTHS[flags.depth]! }),
    ...(flags.bitrate === undefined ? {} : { bitrateKbps: flags.bitrate }),
    ...(flags.dither === undefined ? {} : { dither: flags.dither }),
  };
}

function rateOf(rateHz: number): number {
  if (rateHz >= 8_000 && rateHz <= 192_000) return rateHz;
  throw new ForgeError('usage/bad-option', `expected 8000 to 192000 for --rate, got ${rateHz}`);
}

/** A number from 1 on, for commander. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError(`Expected a whole number from 1.`);
  return value;
}
