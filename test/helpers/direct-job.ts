// Runs a stage in the test's own thread, from WAV files in a temporary folder: no workers, no cache, no commands.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { AudioBlock } from '../../src/audio/audio-file.js';
import { openWav } from '../../src/audio/wav-reader.js';
import { createWavWriter } from '../../src/audio/wav-writer.js';
import { InProcessExecutor } from '../../src/pipeline/in-process.js';
import { runJob } from '../../src/pipeline/job.js';
import type { AudioRef, DeliverySpec, ModelFiles, StageDefinition } from '../../src/pipeline/stage.js';
import type { StageResult } from '../../src/pipeline/stage-result.js';

/** A folder of the test's own under the system's temporary folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'forge-test-'));
}

/** Writes [channels][frames] as a float32 WAV and gives it as a stage's input. */
export function audioRefOf(block: AudioBlock, sampleRateHz: number, name = 'mix'): AudioRef {
  const path = join(temporaryFolder(), `${name}.wav`);
  const frameCount = block[0]!.length;
  const sampleFormat = { kind: 'float', bits: 32 } as const;
  const writer = createWavWriter(path, {
    sampleRateHz,
    channelCount: block.length,
    frameCount,
    sampleFormat,
  });
  writer.write(0, block);
  writer.commit();
  return fileRefOf(path, name);
}

/** An existing WAV file as a stage's input. */
export function fileRefOf(path: string, name = 'mix'): AudioRef {
  const reader = openWav(path);
  const { sampleRateHz, channelCount, frameCount } = reader;
  reader.close();
  return {
    name,
    path,
    key: path,
    sampleRateHz,
    channelCount,
    frameCount,
    sampleFormat: { kind: 'float', bits: 32 },
  };
}

/** All frames of a stage's output or of any WAV, as [channels][frames] float32. */
export function readAll(source: AudioRef | string): Float32Array[] {
  const reader = openWav(typeof source === 'string' ? source : source.path);
  try {
    const block = Array.from({ length: reader.channelCount }, () => new Float32Array(reader.frameCount));
    reader.read(0, block);
    return block;
  } finally {
    reader.close();
  }
}

/** Runs `stage` on `inputs` (by role) with `options` over its defaults. */
export async function runStage<Schema extends z.ZodType>(
  stage: StageDefinition<Schema>,
  inputs: Readonly<Record<string, AudioRef>>,
  options: z.input<Schema>,
  extra: {
    models?: Readonly<Record<string, ModelFiles>>;
    delivery?: Partial<DeliverySpec>;
    seed?: number;
  } = {},
): Promise<StageResult> {
  const folder = temporaryFolder();
  const first = Object.values(inputs)[0]!;
  const erased = stage as unknown as StageDefinition;
  return runJob({
    stage: erased,
    options: stage.options.parse(options),
    seed: extra.seed ?? 0,
    inputs,
    models: extra.models ?? {},
    delivery: {
      container: 'wav',
      sampleRateHz: first.sampleRateHz,
      sampleFormat: { kind: 'float', bits: 32 },
      ...extra.delivery,
    },
    metadataFrom: undefined,
    tolerateDamage: false,
    key: 'test',
    folder,
    scratchDir: temporaryFolder(),
    executor: new InProcessExecutor(erased),
  });
}
