// The gain of a ducked bed as a file for an editor: JSON, or CSV with a time and a gain a line.
import type { Json } from '../pipeline/stage.js';
import type { Report } from './report.js';

interface DuckData {
  readonly wantedLu: number;
  readonly bedGainDb: number;
  readonly gain: readonly { readonly atSec: number; readonly gainDb: number }[];
}

/** The files that the stage `duck` was asked for; none for other reports. */
export function keyframeFiles(
  report: Report,
): { readonly kind: string; readonly path: string; readonly text: string }[] {
  return report.stages
    .filter(({ stage }) => stage === 'duck')
    .flatMap(({ id, stage, options, data }) => {
      const name = id === stage ? 'keyframes' : `keyframes.${id}`;
      const kinds = (options.keyframes ?? []) as readonly ('json' | 'csv')[];
      return kinds.map((kind) => ({
        kind: 'keyframes',
        path: `${name}.${kind}`,
        text: kind === 'json' ? asJson(data as unknown as DuckData) : asCsv(data as unknown as DuckData),
      }));
    });
}

function asJson({ wantedLu, bedGainDb, gain }: DuckData): string {
  const keyframes: Json = {
    schema: 'forge.keyframes/1',
    wantedLu,
    bedGainDb,
    interpolation: 'linear in dB',
    gain,
  };
  return `${JSON.stringify(keyframes, null, 2)}\n`;
}

function asCsv({ gain }: DuckData): string {
  return ['time_sec,gain_db', ...gain.map(({ atSec, gainDb }) => `${atSec},${gainDb}`), ''].join('\n');
}
