// Passes that follow the one that writes what they read.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ForgeError } from '../../src/errors.js';
import { InProcessExecutor } from '../../src/pipeline/in-process.js';
import { runJob } from '../../src/pipeline/job.js';
import { defineApply, defineScan, defineStage, type StageDefinition } from '../../src/pipeline/stage.js';
import { WrittenFrames } from '../../src/pipeline/written-frames.js';
import { audioRefOf, temporaryFolder } from '../helpers/direct-job.js';

const RATE = 8000;
const RANGE_SEC = 1;
const RANGES = 6;

/** Half as loud; fails in a range. */
const halve = defineApply<unknown, { readonly failsIn: number }, null, null>({
  order: 'sequential',
  rangeSec: RANGE_SEC,
  run(context) {
    const { range, params } = context;
    if (range.index === params.failsIn) throw new ForgeError('output/disk-full', 'the disk is gone');
    const block = [new Float64Array(range.endFrame - range.startFrame)];
    context.input('audio').read(range.startFrame, block);
    context.write('audio', range.startFrame, [block[0]!.map((value) => value / 2)]);
    return { part: null, state: range.index };
  },
  merge: () => null,
});

/** The sum of each range and of what is half a second behind it. */
const sumScan = (reachSec?: number) =>
  defineScan<unknown, null, number, number[]>({
    order: 'parallel',
    rangeSec: RANGE_SEC,
    ...(reachSec === undefined ? {} : { reachSec }),
    run(context) {
      const { startFrame, endFrame } = context.range;
      const block = [new Float64Array(endFrame - startFrame + RATE / 2)];
      context.input('made').read(startFrame, block);
      return { part: block[0]!.reduce((sum, value) => sum + value, 0) };
    },
    merge: (parts) => [...parts],
  });
const follow = sumScan(0.5);
const wait = sumScan();

/** Runs all three passes at once on ones; what the scans gave, and the ranges in the order of their ends. */
async function runAll(failsIn = -1) {
  const ended: string[] = [];
  const seen: { followed?: number[]; waited?: number[] } = {};
  const stage = defineStage({
    id: 'halve',
    version: 1,
    summary: '',
    source: '',
    options: z.strictObject({}),
    result: z.any(),
    inputs: () => ['audio'],
    outputs: () => ['audio'],
    passes: { halve, follow, wait },
    async run(job) {
      const work = job.apply(halve, { failsIn }, { audio: { channelCount: 1 } });
      const made = { made: job.output('audio') };
      const all = [work, job.scan(follow, null, made), job.scan(wait, null, made)] as const;
      const outcomes = await Promise.allSettled(all);
      for (const outcome of outcomes)
        if (failsIn >= 0)
          expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'the disk is gone' } });
      [, seen.followed, seen.waited] = await Promise.all(all);
      return { data: null };
    },
  }) as unknown as StageDefinition;
  const executor = new InProcessExecutor(stage);
  const runRange = executor.runRange.bind(executor);
  executor.runRange = async (request, ...rest) => {
    const reply = await runRange(request, ...rest);
    ended.push(`${request.passId} ${request.range.index}`);
    return reply;
  };
  const folder = temporaryFolder();
  await runJob({
    stage,
    options: {},
    seed: 0,
    inputs: { audio: audioRefOf([new Float32Array(RANGES * RANGE_SEC * RATE).fill(1)], RATE) },
    models: {},
    delivery: { container: 'wav', sampleRateHz: RATE, sampleFormat: { kind: 'float', bits: 32 } },
    metadataFrom: undefined,
    tolerateDamage: false,
    key: 'key',
    folder: join(folder, 'job'),
    scratchDir: folder,
    executor,
  });
  return { ended, ...seen };
}

describe('a pass that follows', () => {
  it('begins each range when what it reads is written; one that does not say how far it reads waits for all', async () => {
    const { ended, followed, waited } = await runAll();
    const at = (name: string) => ended.indexOf(name);
    for (let index = 0; index + 1 < RANGES; index++)
      expect(at(`follow ${index}`)).toBeGreaterThan(at(`halve ${index + 1}`));
    expect(at('follow 0')).toBeLessThan(at(`halve ${RANGES - 1}`));
    expect(at('wait 0')).toBeGreaterThan(at(`halve ${RANGES - 1}`));
    const sums = Array.from({ length: RANGES }, (_, n) => (n + 1 < RANGES ? 0.75 : 0.5) * RATE);
    expect(followed).toEqual(sums);
    expect(waited).toEqual(sums);
  });

  it('ends with what stopped the writing', async () => {
    await expect(runAll(3)).rejects.toThrow('the disk is gone');
  });
});

describe('WrittenFrames', () => {
  it('lets waiters go in any order, and those who come later', async () => {
    const written = new WrittenFrames();
    const order: number[] = [];
    const waits = [30, 10, 20].map((frame) => written.until(frame).then(() => order.push(frame)));
    written.reach(20);
    written.reach(15);
    await Promise.all(waits.slice(1));
    expect(order.sort()).toEqual([10, 20]);
    written.fail(new Error('full'));
    await expect(waits[0]).rejects.toThrow('full');
    await written.until(20);
    await expect(written.until(21)).rejects.toThrow('full');
  });
});
