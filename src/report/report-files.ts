// report.json and report.html of one track.
import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ReportWriter, TrackResult } from '../pipeline/run.js';
import { runtimeVersions } from '../pipeline/versions.js';
import { reportHtml } from './html.js';
import { jsonText } from './json-text.js';
import { keyframeFiles } from './keyframes.js';
import { withoutPicture } from './picture.js';
import { INPUT_LABEL, labelOfOutput, type Source } from './player.js';
import { type Report, reportJson } from './report.js';

const AUDIO_KINDS = ['stem', 'denoised', 'bed', 'mix', 'master'];

/** The writer of a command's report files. */
export function reportFiles(command: string): ReportWriter {
  return (result) => {
    const report = reportJson(command, result);
    const extras = { sources: linkedSources(result), versions: runtimeVersions() };
    return [
      { kind: 'report', path: 'report.json', text: `${jsonText(plain(report))}\n` },
      { kind: 'report', path: 'report.html', text: reportHtml(report, extras) },
      ...keyframeFiles(report),
    ];
  };
}

function plain(report: Report): Report {
  return {
    ...report,
    stages: report.stages.map((stage) => ({ ...stage, data: withoutPicture(stage.data) })),
  };
}

/** The input and what was made of it, linked from the track's folder. */
function linkedSources({ input, folder, outputs }: TrackResult): Source[] {
  const made = outputs.filter(({ kind }) => AUDIO_KINDS.includes(kind));
  return [
    ...(existsSync(input.path) ? [{ label: INPUT_LABEL, href: linkFrom(folder, input.path) }] : []),
    ...made.map(({ path }) => ({ label: labelOfOutput(path), href: linkFrom(folder, path) })),
  ];
}

/** A relative link where there is one: another drive has none. */
function linkFrom(folder: string, path: string): string {
  const way = isAbsolute(path) ? relative(folder, path) : path;
  if (isAbsolute(way)) return pathToFileURL(way).href;
  return way.split(/[\\/]/).map(encodeURIComponent).join('/');
}
