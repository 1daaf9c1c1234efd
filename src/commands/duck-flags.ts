// What `forge duck` and `forge automate` have in common: the flags of the stage `duck`, and what they mean.
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import type { Override } from '../pipeline/preset.js';
import type { StageDefinition } from '../pipeline/stage.js';
import { DUCK_INTERNAL_OPTIONS } from '../pipeline/stages/duck-options.js';
import { addStageFlags, stageOverrides } from './stage-flags.js';

const STRENGTHS = ['off', 'gentle', 'firm'];

/** Adds the stage's flags; `--carve` takes a strength, a range, or both. */
export function addDuckFlags(command: Command, stage: StageDefinition, skip: readonly string[] = []): void {
  command.option(
    '--carve <strength|low-high>',
    'off, gentle or firm; or the range to carve in Hz, such as 200-500; or both: firm,200-500 (default: gentle)',
  );
  addStageFlags(command, stage, ['carve', ...DUCK_INTERNAL_OPTIONS, ...skip]);
}

/** The overrides for the step `duck` that the flags mean. @throws ForgeError usage/bad-option */
export function duckOverrides(
  command: Command,
  stage: StageDefinition,
  skip: readonly string[] = [],
): Override[] {
  const carve = command.getOptionValue('carve') as string | undefined;
  return [
    ...(carve === undefined ? [] : carveOverrides(carve)),
    ...stageOverrides(command, stage, 'duck', ['carve', ...DUCK_INTERNAL_OPTIONS, ...skip]),
  ];
}

/** One override of the step `duck`. */
export function duckOption(key: string, value: unknown): Override {
  return { target: 'duck', key, value, origin: 'flag' };
}

function carveOverrides(text: string): Override[] {
  return text.split(',').flatMap((part) => {
    const range = /^(\d+)-(\d+)$/.exec(part.trim());
    if (range !== null) {
      return [duckOption('carveLowHz', Number(range[1])), duckOption('carveHighHz', Number(range[2]))];
    }
    if (STRENGTHS.includes(part.trim())) return [duckOption('carve', part.trim())];
    throw new ForgeError(
      'usage/bad-option',
      `expected off, gentle, firm or a range such as 200-500 for --carve, got "${part}"`,
    );
  });
}

/** Overrides of a master of a mix with speech: gain and limiter alone, since a chain would pump against the ducking. */
export function masterOverrides(id: string, preset: string): Override[] {
  return [
    { target: id, key: 'preset', value: preset, origin: 'flag' },
    { target: id, key: 'character', value: 'none', origin: 'flag' },
  ];
}
