// A plan as JSON that can be edited and run (`forge run --plan`), and as text.
import type { PlannedTrack } from '../pipeline/batch.js';
import { rangeLengths, shapeOf } from '../pipeline/plan.js';
import type { Pipeline } from '../pipeline/preset.js';
import type { RunSettings } from '../pipeline/run.js';
import type { DeliverySpec, DeliveryWish, Json } from '../pipeline/stage.js';
import { forgeVersion } from '../pipeline/versions.js';

export const PLAN_SCHEMA = 'forge.plan/1';

/** The whole plan: what `forge run --plan` reads again (inputs, steps, settings), and what it will cost. */
export function planJson(
  pipeline: Pipeline,
  planned: readonly PlannedTrack[],
  settings: RunSettings,
  wish: DeliveryWish,
  outFolder: string,
): object {
  return {
    schema: PLAN_SCHEMA,
    version: forgeVersion(),
    pipeline: pipeline.id,
    out: outFolder,
    settings,
    delivery: wish,
    steps: pipeline.steps.map(({ id, stage, on, options, origins }) => ({
      id,
      stage: stage.id,
      on,
      options,
      origins,
    })),
    results: planned.map(trackJson),
  };
}

function trackJson(track: PlannedTrack): object {
  if ('error' in track) return { input: { path: track.path }, status: 'failed', error: track.error.toJSON() };
  const { info, plan } = track;
  const { durationSec, sampleRateHz, channelCount, container, codec, decoder } = info;
  const shape = shapeOf(info);
  return {
    input: { path: track.path, durationSec, sampleRateHz, channelCount, container, codec, decoder },
    status: 'planned',
    folder: track.folder,
    stages: plan.nodes.map((node) => ({
      id: node.id,
      stage: node.stage.id,
      inputs: node.inputs,
      outputs: node.outputs,
      rangeFrames: rangeLengths(node.stage, shape),
    })),
    conversions: plan.conversions,
    estimate: plan.estimate,
    outputs: plan.deliveries.map(({ kind, file, spec }) => ({ kind, path: file, spec })),
  };
}

/** The plan for a person, line by line. */
export function planText(pipeline: Pipeline, planned: readonly PlannedTrack[]): string[] {
  const lines = [`pipeline ${pipeline.id}: ${pipeline.steps.map(({ id }) => id).join(' → ')}`];
  for (const track of planned) {
    if ('error' in track) {
      lines.push(`${track.path}: cannot be read: ${track.error.message} [${track.error.code}]`);
      continue;
    }
    const { info, plan } = track;
    const shape = shapeOf(info);
    const duration = (shape.frameCount / shape.sampleRateHz).toFixed(1);
    lines.push(
      `${track.path} (${duration} s, ${info.sampleRateHz} Hz, ${info.channelCount} channels, ${info.codec}) → ${track.folder}`,
    );
    for (const conversion of plan.conversions) lines.push(`  ${conversion}`);
    for (const node of plan.nodes) {
      lines.push(
        `  ${node.id}: ${Object.entries(node.options)
          .map(([key, value]) => `${key}=${shown(value as Json)}`)
          .join(' ')}`,
      );
      const lengths = Object.entries(rangeLengths(node.stage, shape));
      for (const [pass, frames] of lengths) {
        lines.push(
          `    ${pass}: ${Math.ceil(shape.frameCount / frames)} ranges of ${(frames / shape.sampleRateHz).toFixed(1)} s`,
        );
      }
    }
    for (const { file, spec } of plan.deliveries) {
      lines.push(`  writes ${file} (${formText(spec)})`);
    }
    const { timeSec, memoryMb, diskBytes } = plan.estimate;
    lines.push(
      `  about ${timeSec.toFixed(0)} s, ${memoryMb.toFixed(0)} MB of memory, ${(diskBytes / 1e6).toFixed(0)} MB of disk`,
    );
  }
  return lines;
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `44100 Hz, 16-bit int`; of lossy files the bit rate, where one is asked for. */
function formText({ container, sampleRateHz, sampleFormat, bitrateKbps }: DeliverySpec): string {
  const isLossless = container === 'wav' || container === 'flac';
  if (isLossless) return `${sampleRateHz} Hz, ${sampleFormat.bits}-bit ${sampleFormat.kind}`;
  return bitrateKbps === undefined ? `${sampleRateHz} Hz` : `${sampleRateHz} Hz, ${bitrateKbps} kbit/s`;
}
