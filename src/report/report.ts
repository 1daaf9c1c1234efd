// What report.json holds: no times and no absolute paths, so equal runs give equal bytes.
import { basename } from 'node:path';
import type { TrackResult } from '../pipeline/run.js';
import { forgeVersion } from '../pipeline/versions.js';

export const REPORT_SCHEMA = 'forge.report/1';

/** What report.json holds. */
export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  readonly command: string;
  readonly forgeVersion: string;
  readonly input: {
    readonly name: string;
    readonly sha256: string;
    readonly durationSec: number;
    readonly sampleRateHz: number;
    readonly channelCount: number;
  };
  readonly status: string;
  readonly stages: readonly ReportStage[];
  readonly notes: TrackResult['notes'];
  readonly outputs: TrackResult['outputs'];
  /** With --album: one entry a master. */
  readonly album?: TrackResult['album'];
}

export interface ReportStage {
  readonly id: string;
  readonly stage: string;
  readonly on: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly models: TrackResult['stages'][number]['models'];
  readonly bypassed: Readonly<Record<string, string>>;
  readonly data: TrackResult['stages'][number]['data'];
}

/** The report of one command on one track. */
export function reportJson(command: string, result: TrackResult, version = forgeVersion()): Report {
  const { sha256, durationSec, sampleRateHz, channelCount, path } = result.input;
  return {
    schema: REPORT_SCHEMA,
    command,
    forgeVersion: version,
    input: { name: basename(path), sha256, durationSec, sampleRateHz, channelCount },
    status: result.status,
    stages: result.stages.map(({ id, stage, on, options, models, bypassed, data }) => ({
      id,
      stage,
      on,
      options,
      models,
      bypassed,
      data,
    })),
    ...(result.album === undefined ? {} : { album: result.album }),
    notes: result.notes,
    outputs: result.outputs.map((output) => ({
      ...output,
      path: isRelative(output.path) ? output.path : basename(output.path),
    })),
  };
}

function isRelative(path: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(path);
}
