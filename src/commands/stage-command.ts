// The commands that are one stage: their flags come from the stage's options.
import type { Command } from 'commander';
import { pipelineOf } from '../pipeline/preset.js';
import { loadStage } from '../pipeline/registry.js';
import { type AudioFlags, addAudioFlags, runAudio, setOverrides } from './audio-command.js';
import { type CommandModule, defineCommand } from './command.js';
import { addStageFlags, stageOverrides } from './stage-flags.js';

/** The command `name` over the stage `stageId`. */
export function stageCommand(
  name: string,
  stageId: string,
  options: { readonly makesOneFile: boolean },
): CommandModule {
  return defineCommand({
    async configure(command: Command, finish) {
      const stage = await loadStage(stageId);
      addAudioFlags(command, options);
      addStageFlags(command, stage);
      command.action(async (inputs: string[], flags: AudioFlags) => {
        const overrides = [...setOverrides(flags), ...stageOverrides(command, stage, stageId)];
        const pipeline = await pipelineOf(name, [{ stageId }], overrides);
        finish(await runAudio({ command: name, inputs, flags, pipeline }));
      });
    },
  });
}
