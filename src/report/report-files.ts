// report.json and report.html of one track.
import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withoutPicture } from '../pipeline/picture.js';
import type { ReportWriter, TrackResult } from '../pipeline/run.js';
import { runtimeVersions } from '../pipeline/versions.js';
import { reportHtml } from './html.js';
import { jsonPieces } from './json-text.js';
import { keyframeFiles } from './keyframes.js';
import { INPUT_LABEL, labelOfOutput, type Source } from './player.js';
import { type Report, reportJson } from './report.js';

const AUDIO_KINDS = ['stem', 'denoised', 'restored', 'bed', 'mix', 'master'];

/** The writer of a command's report files; `isEmbedding` puts the audio into the page. */
export function reportFiles(command: string, isEmbedding = false): ReportWriter {
  return async (result) => {
    const report = reportJson(command, result);
    const sources = audioOf(result);
    const extras = {
      sources: isEmbedding ? await embedded(sources, result.folder) : linked(sources, result.folder),
      versions: runtimeVersions(),
    };
    return [
      { kind: 'report', path: 'report.json', text: jsonLines(plain(report)) },
      { kind: 'report', path: 'report.html', text: reportHtml(report, extras) },
      ...keyframeFiles(report),
    ];
  };
}

function* jsonLines(report: Report): Generator<string> {
  yield* jsonPieces(report);
  yield '\n';
}

function plain(report: Report): Report {
  return {
    ...report,
    stages: report.stages.map((stage) => ({ ...stage, data: withoutPicture(stage.data) })),
  };
}

interface AudioFile {
  readonly label: string;
  readonly path: string;
}

/** The input and what was made of it. */
function audioOf({ input, outputs }: TrackResult): AudioFile[] {
  const made = outputs.filter(({ kind }) => AUDIO_KINDS.includes(kind));
  return [
    ...(existsSync(input.path) ? [{ label: INPUT_LABEL, path: input.path }] : []),
    ...made.map(({ path }) => ({ label: labelOfOutput(path), path })),
  ];
}

/** Links from the track's folder: relative where there is such a way, and another drive has none. */
function linked(files: readonly AudioFile[], folder: string): Source[] {
  return files.map(({ label, path }) => {
    const way = isAbsolute(path) ? relative(folder, path) : path;
    const href = isAbsolute(way)
      ? pathToFileURL(way).href
      : way.split(/[\\/]/).map(encodeURIComponent).join('/');
    return { label, href };
  });
}

async function embedded(files: readonly AudioFile[], folder: string): Promise<Source[]> {
  const { embedAudio } = await import('../pipeline/embedded-audio.js');
  const sources: Source[] = [];
  for (const { label, path } of files) {
    const { dataUri, note } = await embedAudio(resolve(folder, path));
    sources.push({ label, href: dataUri, ...(note === undefined ? {} : { note }) });
  }
  return sources;
}
