// Results of one input: the object that --json prints, and the lines that a person reads.
import { relative, resolve } from 'node:path';
import type { BatchItem } from '../pipeline/batch.js';
import type { StageRecord, TrackResult } from '../pipeline/run.js';
import type { Json } from '../pipeline/stage.js';
import { figureText, labelOf, limitText, unitOf } from './figures.js';
import { restoreLine, restorePlaces } from './restore-text.js';

type JsonObject = { readonly [key: string]: Json | undefined };

/** One entry of `results`, as DESIGN promises it for the command. Paths are relative to the working folder. */
export function resultJson(command: string, item: BatchItem): JsonObject {
  if (item.status === 'failed') {
    const { info, error } = item;
    const shape =
      info === undefined
        ? {}
        : { durationSec: info.durationSec, sampleRateHz: info.sampleRateHz, channelCount: info.channelCount };
    return {
      input: { path: item.path, sha256: null, ...shape },
      status: 'failed',
      outputs: [],
      error: { ...error.toJSON() },
    };
  }
  const { result } = item;
  const { sha256, durationSec, sampleRateHz, channelCount } = result.input;
  const missed = result.stages.find((stage) => stage.missed !== undefined)?.missed;
  return {
    input: { path: item.path, sha256, durationSec, sampleRateHz, channelCount },
    status: result.status,
    folder: relative('', result.folder) || '.',
    ...measuresOf(command, result),
    notes: result.notes.map((note) => ({ ...note })),
    outputs: result.outputs.map((output) => ({ ...output, path: shownPath(result.folder, output.path) })),
    ...(missed === undefined ? {} : { error: { ...missed.toJSON() } }),
  };
}

/** The part of a result that depends on the command: one stage's data at the top level, or all stages by kind. */
export function measuresOf(command: string, result: TrackResult): JsonObject {
  const dataOf = (stage: string) =>
    result.stages.filter((record) => record.stage === stage).map(({ data }) => data);
  if (command === 'master') return { masters: dataOf('master') };
  if (command === 'duck' || command === 'automate') {
    return { ...(dataOf('duck')[0] as JsonObject), masters: dataOf('master') };
  }
  const own = result.stages.filter((record) => record.stage === STAGE_OF_COMMAND[command]);
  if (own.length === 1) return own[0]!.data as JsonObject;
  const [separation] = dataOf('separate');
  const analyses = dataOf('analyze');
  return {
    stages: result.stages.map(stageJson),
    ...(separation === undefined ? {} : (separation as JsonObject)),
    ...(analyses.length === 0 ? {} : { analysis: analyses.at(-1)! }),
    masters: dataOf('master'),
  };
}

const STAGE_OF_COMMAND: Readonly<Record<string, string>> = {
  split: 'separate',
  denoise: 'denoise',
  restore: 'restore',
  analyze: 'analyze',
};

function stageJson(record: StageRecord): JsonObject {
  return {
    id: record.id,
    stage: record.stage,
    on: record.on,
    reused: record.isReused,
    wallMs: record.wallMs,
    bypassed: { ...record.bypassed },
    data: record.data,
  };
}

/** What a person reads of one input, line by line. */
export function resultText(_command: string, item: BatchItem): string[] {
  if (item.status === 'failed') return [];
  const { result } = item;
  const lines = [`${item.path}`];
  for (const record of result.stages) lines.push(...stageText(record).map((line) => `  ${line}`));
  for (const note of result.notes)
    lines.push(`  ${note.severity === 'warning' ? 'warning: ' : ''}${note.message}`);
  if (result.outputs.length > 0) {
    lines.push('  written:');
    for (const output of result.outputs) lines.push(`    ${shownPath(result.folder, output.path)}`);
  }
  return lines;
}

function stageText(record: StageRecord): string[] {
  const bypass = Object.values(record.bypassed)[0];
  const head = record.id === record.stage ? record.stage : `${record.stage} (${record.id})`;
  const on = record.on === 'mix' ? '' : ` on ${record.on}`;
  const reused = record.isReused ? ', unchanged since the last run' : '';
  const lines = [
    `${head}${on}: ${bypass === undefined ? summaryOf(record) : bypassText(record, bypass)}${reused}`,
  ];
  return [...lines, ...detailsOf(record).map((line) => `  ${line}`)];
}

/** Why a stage left the audio alone; of restoration, what it found all the same. */
function bypassText(record: StageRecord, reason: string): string {
  return record.stage === 'restore' ? `${summaryOf(record)} (${reason})` : `bypassed: ${reason}`;
}

function summaryOf(record: StageRecord): string {
  const data = record.data as JsonObject;
  const model = data.model as { id?: string } | undefined;
  const words = model?.id === undefined ? [] : [`by ${model.id}`];
  if (record.stage === 'separate') words.push(`stems null with the mix at ${figureText(data.nullDb, 'dB')}`);
  if (record.stage === 'denoise') {
    const floor = (data.noiseFloorDbfs ?? {}) as JsonObject;
    words.push(`noise floor ${figureText(floor.before, 'dBFS')} → ${figureText(floor.after, 'dBFS')}`);
  }
  if (record.stage === 'restore') words.push(restoreLine(data));
  if (record.stage === 'level')
    words.push(`phrases span ${figureText(data.spanBeforeDb, 'dB')} → ${figureText(data.spanAfterDb, 'dB')}`);
  if (record.stage === 'remix') words.push(`removed ${figureText(data.removedDb, 'dB')} below the mix`);
  if (record.stage === 'duck') words.push(duckLine(data));
  if (record.stage === 'analyze') words.push(loudnessLine(data.loudness));
  if (record.stage === 'master') words.push(masterLine(data));
  return words.join(', ') || 'done';
}

function duckLine(data: JsonObject): string {
  const { detector } = (data.voice ?? {}) as JsonObject;
  const phrases = (data.phrases ?? []) as readonly Json[];
  return `${phrases.length} phrases found by ${String(detector)}, bed ${figureText(data.wantedLu, 'LU')} below the voice (worst phrase off by ${figureText(data.worstErrorLu, 'LU')}), at most ${figureText(data.deepestDb, 'dB')}`;
}

function masterLine(data: JsonObject): string {
  return `${String(data.preset)}: ${loudnessLine((data.before as JsonObject | undefined)?.loudness)} → ${loudnessLine((data.after as JsonObject | undefined)?.loudness)}`;
}

function detailsOf(record: StageRecord): string[] {
  if (record.stage === 'restore' && record.options.detect === true)
    return restorePlaces(record.data as JsonObject);
  if (record.stage !== 'master') return [];
  const checks = ((record.data as JsonObject).checks ?? []) as readonly {
    rule: string;
    limit: Json;
    measured: Json;
    pass: boolean | null;
  }[];
  return checks.map(({ rule, limit, measured, pass }) => {
    const verdict = pass === null ? 'not checked' : pass ? 'pass' : 'FAIL';
    return `${verdict}  ${labelOf(rule)}: ${figureText(measured, unitOf(rule))} (${limitText(limit, unitOf(rule))})`;
  });
}

/** Integrated loudness and true peak in one phrase. */
export function loudnessLine(loudness: Json | undefined): string {
  if (loudness === null || loudness === undefined) return 'silence';
  const { integratedLufs, truePeakDbtp } = loudness as JsonObject;
  return `${figureText(integratedLufs, 'LUFS')}, ${figureText(truePeakDbtp, 'dBTP')}`;
}

function shownPath(folder: string, path: string): string {
  return relative('', resolve(folder, path)) || path;
}
