// What the page can play: the input and what was made of it, at equal loudness. Files are linked relatively, or embedded.
// Louder versions are turned down to the quietest, never up, so that nothing clips on the way to the ear.
import type { Json } from '../pipeline/stage.js';
import type { Report } from './report.js';
import { escapeXml } from './text.js';

/** A stem that is next to silent must not silence the others. */
const MOST_TRIM_DB = 20;

/** Label of the input among the versions. */
export const INPUT_LABEL = 'input';

/** One version of the recording. */
export interface Source {
  readonly label: string;
  /** Where the file is, seen from the page; or its bytes as a data URI. */
  readonly href: string;
  /** What is embedded in its place, for the listener to know. */
  readonly note?: string;
}

/** The bar with the player; empty where there is nothing to play. */
export function playerBar(report: Report, sources: readonly Source[]): string {
  if (sources.length === 0) return '';
  const loudness = loudnessByLabel(report);
  const measured = sources.map(({ label }) => loudness.get(label) ?? null);
  const known = measured.filter((lufs): lufs is number => lufs !== null);
  const quietest = known.length > 1 ? Math.max(Math.min(...known), Math.max(...known) - MOST_TRIM_DB) : null;
  const notes = [...new Set(sources.flatMap(({ note }) => note ?? []))];
  const choices = sources.map(({ label }, index) => {
    const lufs = measured[index] ?? null;
    const letter = String.fromCharCode(65 + index);
    const title = lufs === null ? 'loudness not measured' : `${lufs.toFixed(1).replace('-', '−')} LUFS`;
    return `<label title="${escapeXml(title)}"><input type="radio" name="version" value="${index}"${index === 0 ? ' checked' : ''}><b>${letter}</b> ${escapeXml(label)}</label>`;
  });
  const equal =
    quietest === null ? '' : '<label class="equal"><input type="checkbox" checked> equal loudness</label>';
  const audio = sources.map(({ label, href }, index) => {
    const trimDb = quietest === null ? 0 : Math.min(0, quietest - (measured[index] ?? quietest));
    return `<audio controls preload="metadata" data-trim="${trimDb.toFixed(2)}" aria-label="${escapeXml(label)}" src="${escapeXml(href)}"></audio>`;
  });
  return `<section class="player" aria-label="Player">
<button type="button" class="play" aria-label="Play">▶</button>
<span class="clock">0:00</span>
<div class="versions" role="radiogroup" aria-label="Version">${choices.join('')}</div>
${equal}
${notes.map((note) => `<small>${escapeXml(note)}</small>`).join('')}
<span class="trouble" role="status"></span>
${audio.join('')}
</section>`;
}

/** Integrated loudness by label, as far as stages measured it. */
function loudnessByLabel(report: Report): Map<string, number> {
  const found = new Map<string, number>();
  const put = (label: string, loudness: Json | undefined): void => {
    const lufs = (loudness as { readonly integratedLufs?: number | null } | undefined)?.integratedLufs;
    if (lufs != null && !found.has(label)) found.set(label, lufs);
  };
  const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
    value !== null && typeof value === 'object';
  for (const stage of report.stages) {
    if (!isRecord(stage.data)) continue;
    const data = stage.data as { readonly [key: string]: { readonly [key: string]: Json } | undefined };
    if (stage.stage === 'analyze' && stage.on === 'mix') put(INPUT_LABEL, data.loudness);
    if (stage.stage === 'master') {
      if (stage.on === 'mix') put(INPUT_LABEL, data.before?.loudness);
      put(masterLabel(stage.id), data.after?.loudness);
    }
    if (stage.stage === 'separate') {
      for (const stem of data.stems as unknown as readonly {
        readonly name: string;
        readonly integratedLufs: number | null;
      }[])
        put(stem.name, stem);
      put(INPUT_LABEL, { integratedLufs: data.mixIntegratedLufs as unknown as number | null });
    }
  }
  return found;
}

/** `master`, or the id of the step where there are several. */
function masterLabel(stepId: string): string {
  return stepId === 'master' ? 'master' : `master ${stepId}`;
}

/** The label of a delivered file: `stems/vocals.wav` is `vocals`, `master.spotify.wav` is `master spotify`. */
export function labelOfOutput(path: string): string {
  const bare = path.replace(/^.*[\\/]/, '').replace(/\.[a-z0-9]+$/i, '');
  return bare.replace('.', ' ');
}
