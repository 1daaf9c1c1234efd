import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RangeRequest } from '../../src/pipeline/executor.js';
import { InProcessExecutor } from '../../src/pipeline/in-process.js';
import { runJob } from '../../src/pipeline/job.js';
import type { StageDefinition } from '../../src/pipeline/stage.js';
import { masterStage } from '../../src/pipeline/stages/master.js';
import { musicLike } from '../dsp/signals.js';
import { audioRefOf, temporaryFolder } from '../helpers/direct-job.js';

const stage = masterStage as unknown as StageDefinition;

describe('several masters of one mix', () => {
  it('measure it once, and are what each would be alone', async () => {
    const mix = audioRefOf(musicLike(48_000 * 5, 48_000, 1, 0.4), 48_000);
    const folder = temporaryFolder();
    const asked: string[] = [];
    const master = (preset: string, sharedScans: Map<string, unknown> | undefined, name: string) => {
      const executor = new InProcessExecutor(stage);
      const runRange = executor.runRange.bind(executor);
      executor.runRange = (request: RangeRequest, ...rest) => {
        asked.push(`${name} ${request.passId} ${request.inputs.mix?.key === mix.key ? 'mix' : 'other'}`);
        return runRange(request, ...rest);
      };
      return runJob({
        stage,
        options: masterStage.options.parse({ preset, character: 'none' }),
        seed: 0,
        inputs: { mix },
        models: {},
        delivery: { container: 'wav', sampleRateHz: 48_000, sampleFormat: { kind: 'int', bits: 16 } },
        metadataFrom: undefined,
        tolerateDamage: false,
        key: name,
        folder: join(folder, name),
        scratchDir: folder,
        executor,
        ...(sharedScans === undefined ? {} : { sharedScans }),
      });
    };
    const shared = new Map<string, unknown>();
    await master('spotify', shared, 'first');
    const second = await master('cd', shared, 'second');
    const alone = await master('cd', undefined, 'alone');
    expect(asked.filter((line) => line === 'first measure mix')).toHaveLength(1);
    expect(asked.filter((line) => line === 'second measure mix')).toHaveLength(0);
    expect(asked.filter((line) => line === 'alone measure mix')).toHaveLength(1);
    expect(second.encoded.master!.sha256).toBe(alone.encoded.master!.sha256);
    expect(second.outcome.data).toEqual(alone.outcome.data);
  });
});
