// `forge automate`: a folder or a list of beds and voices, each pair through one pipeline, in one call.
import { join } from 'node:path';
import type { Command } from 'commander';
import { ForgeError, toForgeError } from '../errors.js';
import { type PlannedTrack, planBatch } from '../pipeline/batch.js';
import { type Pair, readPairs } from '../pipeline/pairs.js';
import { loadPipeline, type Override } from '../pipeline/preset.js';
import { loadStage } from '../pipeline/registry.js';
import { type AudioFlags, addAudioFlags, runPlanned, setOverrides } from './audio-command.js';
import { defineCommand } from './command.js';
import { addDuckFlags, duckOption, duckOverrides } from './duck-flags.js';

interface AutomateFlags extends AudioFlags {
  readonly pipeline: string;
  readonly preset?: string;
}

export const command = defineCommand({
  async configure(automate: Command, finish) {
    const stage = await loadStage('duck');
    addAudioFlags(automate);
    automate
      .option('--pipeline <name>', 'pipeline with a duck stage, by name or as a YAML file', 'content-creator')
      .option('--preset <name>', 'target of the master (default: that of the pipeline)');
    addDuckFlags(automate, stage, ['voice', 'mix']);
    automate.action(async (sources: string[], flags: AutomateFlags) => {
      const pairs = (await Promise.all(sources.map(readPairs))).flat();
      const overrides: Override[] = [
        ...(flags.preset === undefined
          ? []
          : [{ target: 'master', key: 'preset', value: flags.preset, origin: 'flag' } as const]),
        ...setOverrides(flags),
        ...duckOverrides(automate, stage, ['voice', 'mix']),
      ];
      // The pipeline alone is checked first: a mistake in it is not one of the pairs.
      const pipeline = await loadPipeline(flags.pipeline, overrides);
      finish(
        await runPlanned({ command: 'automate', flags, pipeline }, async (wish, settings) => {
          const planned: PlannedTrack[] = [];
          for (const pair of pairs) {
            const place = {
              path: pair.bed ?? pair.voice!,
              track: pair.name,
              folder: join(flags.out, pair.name),
            };
            try {
              const { bed, voice } = requireWhole(pair);
              const own = await loadPipeline(flags.pipeline, [
                ...pair.overrides,
                ...overrides,
                duckOption('voice', voice),
              ]);
              const [track] = await planBatch({
                paths: [bed],
                outFolder: flags.out,
                pipeline: own,
                wish,
                settings,
              });
              planned.push({ ...track!, ...place });
            } catch (error) {
              planned.push({ ...place, error: toForgeError(error, pair.name) });
            }
          }
          return planned;
        }),
      );
    });
  },
});

function requireWhole({ name, bed, voice }: Pair): { readonly bed: string; readonly voice: string } {
  if (bed !== undefined && voice !== undefined) return { bed, voice };
  const [missing, there] = bed === undefined ? ['bed', voice] : ['voice', bed];
  throw new ForgeError('input/not-found', `expected a ${missing} for ${name} beside ${there}, found none`, {
    hint: 'Name files like ep1.voice.wav and ep1.music.wav, or list them in a pairs.yaml.',
  });
}
