// `forge duck`: a bed under a voice; with --mix the finished mix, with --preset its masters.
import type { Command } from 'commander';
import { loadMasterTarget } from '../pipeline/master-target.js';
import { type Override, pipelineOf } from '../pipeline/preset.js';
import { loadStage } from '../pipeline/registry.js';
import { type AudioFlags, addAudioFlags, runAudio, setOverrides } from './audio-command.js';
import { defineCommand } from './command.js';
import { addDuckFlags, duckOption, duckOverrides, masterOverrides } from './duck-flags.js';

interface DuckFlags extends AudioFlags {
  readonly preset?: string;
  readonly stems?: boolean;
}

export const command = defineCommand({
  async configure(duck: Command, finish) {
    const stage = await loadStage('duck');
    addAudioFlags(duck, { makesOneFile: true });
    duck.option('--preset <names>', 'also masters the mix for these targets, such as youtube,podcast');
    addDuckFlags(duck, stage);
    duck.action(async (inputs: string[], flags: DuckFlags) => {
      const presets = (flags.preset ?? '')
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '');
      const masters = presets.map((preset) => ({
        stageId: 'master',
        id: presets.length === 1 ? 'master' : loadMasterTarget(preset).id,
        preset,
      }));
      const steps = [
        ...(flags.stems === true ? [{ stageId: 'separate' }] : []),
        { stageId: 'duck' },
        ...masters,
      ];
      const overrides: Override[] = [
        ...(presets.length === 0 ? [] : [duckOption('mix', true)]),
        ...masters.flatMap(({ id, preset }) => masterOverrides(id, preset)),
        ...setOverrides(flags),
        ...duckOverrides(duck, stage),
      ];
      const pipeline = await pipelineOf('duck', steps, overrides);
      finish(await runAudio({ command: 'duck', inputs, flags, pipeline }));
    });
  },
});
