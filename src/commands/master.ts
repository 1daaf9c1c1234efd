// `forge master`: finished masters, one for each preset named. Without an input it takes the last unmastered mix.
import { join } from 'node:path';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { lastUnmasteredMix } from '../pipeline/last-mix.js';
import { type Override, pipelineOf } from '../pipeline/preset.js';
import { loadStage } from '../pipeline/registry.js';
import { type AudioFlags, addAudioFlags, runAudio, setOverrides } from './audio-command.js';
import { defineCommand } from './command.js';
import { addStageFlags, stageOverrides } from './stage-flags.js';

const DEFAULT_PRESET = 'spotify';

interface MasterFlags extends AudioFlags {
  readonly preset: string;
}

export const command = defineCommand({
  async configure(master: Command, finish) {
    const stage = await loadStage('master');
    addAudioFlags(master, { isInputOptional: true, makesOneFile: true });
    master.option(
      '--preset <names>',
      'targets, separated by commas (see `forge presets list`)',
      DEFAULT_PRESET,
    );
    addStageFlags(master, stage, ['preset']);
    master.action(async (inputs: string[], flags: MasterFlags) => {
      const presets = [
        ...new Set(
          flags.preset
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== ''),
        ),
      ];
      if (presets.length === 0)
        throw new ForgeError('usage/bad-option', 'expected a preset for --preset, got nothing');
      if (presets.length > 1 && flags.output !== undefined) {
        throw new ForgeError(
          'usage/conflicting-options',
          `expected one preset with -o, got ${presets.length}`,
        );
      }
      const steps = presets.map((preset) => ({
        stageId: 'master',
        id: presets.length === 1 ? 'master' : stepIdOf(preset),
      }));
      const overrides = steps.flatMap(({ id }, index): Override[] => [
        { target: id, key: 'preset', value: presets[index]!, origin: 'flag' },
        ...setOverrides(flags).map((override) =>
          override.target === 'master' ? { ...override, target: id } : override,
        ),
        ...stageOverrides(master, stage, id, ['preset']),
      ]);
      const pipeline = await pipelineOf('master', steps, overrides);
      finish(
        await runAudio({
          command: 'master',
          inputs: inputs.length > 0 ? inputs : [newestMix(flags)],
          flags,
          pipeline,
        }),
      );
    });
  },
});

/** `podcast-mono`, or the bare name of a preset file. */
function stepIdOf(preset: string): string {
  return preset
    .replace(/^.*[\\/]/, '')
    .replace(/\.ya?ml$/i, '')
    .toLowerCase();
}

function newestMix(flags: MasterFlags): string {
  const mix = lastUnmasteredMix(flags.out);
  if (mix === undefined) {
    throw new ForgeError(
      'usage/nothing-to-do',
      `expected an input, and there is no unmastered mix under ${join(flags.out)}`,
      {
        hint: 'Name a file: forge master song.wav',
      },
    );
  }
  process.stderr.write(`mastering ${mix}\n`);
  return mix;
}
