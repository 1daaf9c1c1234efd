// report.json and report.html of one track.
import type { ReportWriter } from '../pipeline/run.js';
import { reportHtml } from './html.js';
import { jsonText } from './json-text.js';
import { keyframeFiles } from './keyframes.js';
import { reportJson } from './report.js';

/** The writer of a command's report files. */
export function reportFiles(command: string): ReportWriter {
  return (result) => {
    const report = reportJson(command, result);
    return [
      { kind: 'report', path: 'report.json', text: `${jsonText(report)}\n` },
      { kind: 'report', path: 'report.html', text: reportHtml(report) },
      ...keyframeFiles(report),
    ];
  };
}
