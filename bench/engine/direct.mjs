// The demo pipeline without the engine: a program that calls the stages one after the other in its own process.
//   node bench/engine/direct.mjs SONG FOLDER
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeAudio } from '../../dist/audio/decode.js';
import { probeAudio } from '../../dist/audio/probe.js';
import { resolveModels } from '../../dist/models/store.js';
import { InProcessExecutor } from '../../dist/pipeline/in-process.js';
import { runJob } from '../../dist/pipeline/job.js';
import { INPUT_NODE, planTrack } from '../../dist/pipeline/plan.js';
import { loadPipeline } from '../../dist/pipeline/preset.js';

async function runDirectly(song, folder) {
  mkdirSync(folder, { recursive: true });
  const info = await probeAudio(song);
  const decoded = await decodeAudio(info, { scratchDir: folder, tolerateDamage: false });
  const plan = planTrack(await loadPipeline('studio'), info, {});
  const refs = new Map([
    [
      INPUT_NODE,
      { name: 'mix', key: 'input', path: decoded.path, ...decoded.shape, sampleFormat: decoded.sampleFormat },
    ],
  ]);
  for (const node of plan.nodes) {
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([role, from]) => [role, refs.get(from)]),
    );
    const executor = new InProcessExecutor(node.stage);
    const result = await runJob({
      stage: node.stage,
      options: node.options,
      seed: 0,
      inputs,
      models: resolveModels(node.stage.models?.(node.options) ?? []),
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
  const encoder = new InProcessExecutor(plan.nodes[0].stage);
  for (const delivery of plan.deliveries.filter(({ isEncoded }) => !isEncoded)) {
    const targetPath = join(folder, delivery.file.replace('/', '-'));
    await encoder.encode({
      source: refs.get(delivery.from),
      targetPath,
      spec: delivery.spec,
      metadataFrom: info,
      seed: 0,
      tolerateDamage: false,
    });
  }
}

await runDirectly(process.argv[2], process.argv[3]);
