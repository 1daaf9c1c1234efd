// `forge master`: finished masters, one for each preset named. Without an input it takes the last unmastered mix.
import { join } from 'node:path';
import type { Command } from 'commander';
import { ForgeError } from '../errors.js';
import { albumGainDb, albumLoudness } from '../pipeline/album.js';
import { listInputs } from '../pipeline/inputs.js';
import { lastUnmasteredMix } from '../pipeline/last-mix.js';
import { loadMasterTarget } from '../pipeline/master-target.js';
import { type Override, pipelineOf } from '../pipeline/preset.js';
import { loadStage } from '../pipeline/registry.js';
import { type AudioFlags, addAudioFlags, runAudio, setOverrides } from './audio-command.js';
import { defineCommand } from './command.js';
import { addStageFlags, stageOverrides } from './stage-flags.js';

const DEFAULT_PRESET = 'spotify';

interface MasterFlags extends AudioFlags {
  readonly preset: string;
  readonly album?: boolean;
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
    master.option('--album', 'take the inputs as one album: one gain for all, levels between tracks kept');
    addStageFlags(master, stage, ['preset', 'albumGainDb', 'filesSha256']);
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
        ...stageOverrides(master, stage, id, ['preset', 'albumGainDb', 'filesSha256']),
      ]);
      if (flags.album === true) overrides.push(...(await albumOverrides(inputs, steps, presets)));
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

/** The gain that all tracks share, per preset. */
async function albumOverrides(
  inputs: readonly string[],
  steps: readonly { readonly id: string }[],
  presets: readonly string[],
): Promise<Override[]> {
  const { paths } = await listInputs(inputs);
  const albumLufs = await albumLoudness(paths);
  process.stderr.write(
    `album of ${paths.length}: ${albumLufs === null ? 'silence' : `${albumLufs.toFixed(2)} LUFS`}\n`,
  );
  return steps.map(({ id }, index) => ({
    target: id,
    key: 'albumGainDb',
    value: albumGainDb(albumLufs, loadMasterTarget(presets[index]!)),
    origin: 'flag',
  }));
}

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
