// Worker threads: what they write does not depend on how many there are.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { PART_FRAMES } from '../../src/audio/delivery-form.js';
import { Pools } from '../../src/pipeline/pools.js';
import { audioRefOf, temporaryFolder } from '../helpers/direct-job.js';

const workerUrl = pathToFileURL(resolve(import.meta.dirname, '../../dist/pipeline/worker.js'));

it('a long file is written part by part in two threads, to the same bytes as by one', async () => {
  const channel = Float32Array.from({ length: 2 * PART_FRAMES + 17 }, (_, i) => 0.9 * Math.sin(i / 11));
  const source = audioRefOf([channel, channel], 44_100);
  const folder = temporaryFolder();
  const hashes: string[] = [];
  for (const jobs of [1, 2]) {
    const pools = new Pools({ jobs, workerUrl });
    const targetPath = join(folder, `${jobs}.wav`);
    const reply = await pools.encode({
      source,
      targetPath,
      spec: { container: 'wav', sampleRateHz: 44_100, sampleFormat: { kind: 'int', bits: 16 } },
      metadataFrom: undefined,
      seed: 9,
      tolerateDamage: false,
      decodeInto: folder,
    });
    expect(reply).toMatchObject({
      readablePath: targetPath,
      frameCount: channel.length,
      clippedSampleCount: 0,
    });
    hashes.push(createHash('sha256').update(readFileSync(targetPath)).digest('hex'));
    await pools.close();
  }
  expect(hashes[1]).toBe(hashes[0]);
});
