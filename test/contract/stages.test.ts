// What every registered stage must keep, whatever it does: any length, rate and number of channels; silence, impulse and
// full scale; its input untouched; a result that matches its schema; the same bytes for any number of workers; cancel.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { makeVoice } from '../../fixtures/demo-voice.js';
import { InProcessExecutor } from '../../src/pipeline/in-process.js';
import { type JobSetting, runJob } from '../../src/pipeline/job.js';
import { Pools } from '../../src/pipeline/pools.js';
import { loadPasses, loadStage, STAGE_IDS } from '../../src/pipeline/registry.js';
import type { AudioRef, StageDefinition } from '../../src/pipeline/stage.js';
import type { StageResult } from '../../src/pipeline/stage-result.js';
import { testSong } from '../helpers/cli.js';
import { audioRefOf, readAll, temporaryFolder } from '../helpers/direct-job.js';

const stages = await Promise.all(STAGE_IDS.map((id) => loadStage(id)));
const workerUrl = pathToFileURL(resolve(import.meta.dirname, '../../dist/pipeline/worker.js'));

/** Options that a stage cannot do without. */
const NEEDED_OPTIONS: Readonly<Record<string, object>> = {
  duck: { voice: audioRefOf([makeVoice(3, 48_000, [[0.3, 2.5]])], 48_000, 'voice').path, mix: true },
};

function settingFor(stage: StageDefinition, ref: AudioRef, executor: JobSetting['executor']): JobSetting {
  const options = stage.options.parse(NEEDED_OPTIONS[stage.id] ?? {});
  return {
    stage,
    options,
    seed: 7,
    inputs: Object.fromEntries(stage.inputs(options).map((role) => [role, ref])),
    models: {},
    delivery: { container: 'wav', sampleRateHz: ref.sampleRateHz, sampleFormat: { kind: 'int', bits: 24 } },
    metadataFrom: undefined,
    tolerateDamage: false,
    key: 'contract',
    folder: temporaryFolder(),
    scratchDir: temporaryFolder(),
    executor,
  };
}

function channels(
  count: number,
  frames: number,
  fill: (frame: number, channel: number) => number,
): Float32Array[] {
  return Array.from({ length: count }, (_, channel) =>
    Float32Array.from({ length: frames }, (_, frame) => fill(frame, channel)),
  );
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Everything that a run of a stage left, in a form that can be compared. */
function fingerprint(result: StageResult): unknown {
  const outputs = Object.entries(result.outputs).map(([role, ref]) => [role, hashOf(ref.path)]);
  const encoded = Object.entries(result.encoded).map(([role, { sha256 }]) => [role, sha256]);
  return { outputs, encoded, data: result.outcome.data, notes: result.notes };
}

describe.each(stages.map((stage) => [stage.id, stage] as const))('stage %s', (_, stage) => {
  async function run(
    block: Float32Array[],
    sampleRateHz: number,
  ): Promise<{ ref: AudioRef; result: StageResult }> {
    const ref = audioRefOf(block, sampleRateHz);
    const before = hashOf(ref.path);
    const result = await runJob(settingFor(stage, ref, new InProcessExecutor(stage)));
    expect(hashOf(ref.path), 'the input is untouched').toBe(before);
    stage.result.parse(JSON.parse(JSON.stringify(result.outcome.data)));
    expect(JSON.stringify(result.outcome.data)).not.toMatch(/NaN|Infinity/);
    for (const output of Object.values(result.outputs)) {
      expect(output.sampleRateHz).toBe(ref.sampleRateHz);
      // A mix lasts as long as its voice.
      if (stage.id !== 'duck') expect(output.frameCount).toBe(ref.frameCount);
      for (const samples of readAll(output)) expect(samples.every(Number.isFinite)).toBe(true);
    }
    return { ref, result };
  }

  it.each([1, 17, 4_000])('takes %i frames', async (frames) => {
    await run(
      channels(2, frames, (frame) => 0.3 * Math.sin(frame / 7)),
      44_100,
    );
  });

  it.each([8_000, 11_025, 96_000, 192_000])('takes %i Hz', async (sampleRateHz) => {
    await run(testSong(0.7, sampleRateHz), sampleRateHz);
  });

  it.each([1, 3, 6, 8])('takes %i channels', async (count) => {
    await run(
      channels(count, 20_000, (frame, channel) => 0.2 * Math.sin((frame * (channel + 2)) / 30)),
      44_100,
    );
  });

  it.each([
    ['silence', () => 0],
    ['an impulse', (frame: number) => (frame === 9_000 ? 1 : 0)],
    ['full scale', (frame: number) => (frame % 100 < 50 ? 1 : -1)],
  ])('takes %s', async (_name, fill) => {
    await run(channels(2, 30_000, fill), 44_100);
  });

  const pools: Pools[] = [];
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
  });

  it('gives the same bytes in this thread, in one worker and in two', async () => {
    const ref = audioRefOf(testSong(24), 44_100);
    const prints: unknown[] = [];
    const executors = [new InProcessExecutor(stage)];
    const expected = fingerprint(await runJob(settingFor(stage, ref, executors[0]!)));
    for (const jobs of [1, 2]) {
      const pool = new Pools({ jobs, workerUrl });
      pools.push(pool);
      prints.push(fingerprint(await runJob(settingFor(stage, ref, pool.executorFor(stage)))));
    }
    expect(prints).toEqual([expected, expected]);
  }, 120_000);

  it('gives its workers the same passes', async () => {
    expect(await loadPasses(stage.id)).toBe(stage.passes);
  });

  it('stops when it is cancelled', async () => {
    if (Object.keys(stage.passes).length === 0) return;
    const pool = new Pools({ jobs: 1, workerUrl });
    pools.push(pool);
    const setting = settingFor(stage, audioRefOf(testSong(5), 44_100), pool.executorFor(stage));
    pool.cancel();
    // A stage that bypasses does no work that could be cancelled.
    const outcome = await runJob(setting).then(
      (result) => Object.keys(result.bypassed).length > 0,
      (error: { code?: string }) => error.code === 'interrupted/by-user',
    );
    expect(outcome).toBe(true);
  });

  it('declares its options as a strict object with defaults and descriptions', () => {
    expect(stage.options.safeParse({ noSuchOption: 1 }).success).toBe(false);
    expect(stage.options.safeParse({}).success).toBe(true);
  });

  it('loads without work and names its method', () => {
    expect(stage.summary).toMatch(/\.$/);
    expect(stage.source.length).toBeGreaterThan(3);
  });
});
