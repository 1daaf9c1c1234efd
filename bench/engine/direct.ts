// The demo pipeline without the engine: its stages called one after the other in this process; prints the milliseconds.
//   node --import tsx bench/engine/direct.ts SONG FOLDER
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeAudio } from '../../dist/audio/decode.js';
import { probeAudio } from '../../dist/audio/probe.js';
import { InProcessExecutor } from '../../dist/pipeline/in-process.js';
import { runJob } from '../../dist/pipeline/job.js';
import { INPUT_NODE, planTrack } from '../../dist/pipeline/plan.js';
import { loadPipeline } from '../../dist/pipeline/preset.js';
import type { AudioRef } from '../../dist/pipeline/stage.js';

async function runDirectly(song: string, folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const startedMs = performance.now();
  const info = await probeAudio(song);
  const decoded = await decodeAudio(info, { scratchDir: folder, tolerateDamage: false });
  const plan = planTrack(await loadPipeline('studio'), info, {});
  const refs = new Map<string, AudioRef>([
    [
      INPUT_NODE,
      { name: 'mix', key: 'input', path: decoded.path, ...decoded.shape, sampleFormat: decoded.sampleFormat },
    ],
  ]);
  for (const node of plan.nodes) {
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([role, from]) => [role, refs.get(from)!]),
    );
    const executor = new InProcessExecutor(node.stage);
    const result = await runJob({
      stage: node.stage,
      options: node.options,
      seed: 0,
      inputs,
      models: {},
      delivery: plan.delivery,
      metadataFrom: info,
      tolerateDamage: false,
      key: node.id,
      folder: join(folder, node.id),
      scratchDir: folder,
      executor,
    });
    for (const [role, ref] of Object.entries(result.outputs)) refs.set(`${node.id}.${role}`, ref);
  }
  const encoder = new InProcessExecutor(plan.nodes[0]!.stage);
  for (const delivery of plan.deliveries.filter(({ isEncoded }) => !isEncoded)) {
    const targetPath = join(folder, delivery.file.replace('/', '-'));
    await encoder.encode({
      source: refs.get(delivery.from)!,
      targetPath,
      spec: delivery.spec,
      metadataFrom: info,
      seed: 0,
      tolerateDamage: false,
    });
  }
  return performance.now() - startedMs;
}

console.log(await runDirectly(process.argv[2]!, process.argv[3]!));
