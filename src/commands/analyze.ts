// `forge analyze`: the stage analyze alone; a sheet of many files where asked, and an index page beside their folders.
import type { Command } from 'commander';
import { pipelineOf } from '../pipeline/preset.js';
import { loadStage } from '../pipeline/registry.js';
import { type AudioFlags, addAudioFlags, runAudio, setOverrides } from './audio-command.js';
import { defineCommand } from './command.js';
import { addAlias, addStageFlags, stageOverrides } from './stage-flags.js';

export const command = defineCommand({
  async configure(analyze: Command, finish) {
    const stage = await loadStage('analyze');
    addAudioFlags(analyze, { formats: ['csv'] });
    addStageFlags(analyze, stage);
    addAlias(analyze, 'tempo', 'tempo-bpm', 'bpm');
    analyze.action(async (inputs: string[], flags: AudioFlags) => {
      const overrides = [...setOverrides(flags), ...stageOverrides(analyze, stage, 'analyze')];
      const pipeline = await pipelineOf('analyze', [{ stageId: 'analyze' }], overrides);
      const { csvSheet } = await import('../report/sheet.js');
      finish(
        await runAudio({
          command: 'analyze',
          inputs,
          flags,
          pipeline,
          isWithIndex: true,
          ...(flags.format === 'csv' ? { sheet: (items) => csvSheet('analyze', items) } : {}),
        }),
      );
    });
  },
});
