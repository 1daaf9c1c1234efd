// What the page shows of each stage: an analysis in full, masters against their mix, stems, ducking; and what was chosen
// and why. Stages that have no form of their own get a table of their figures.
import type { Json } from '../pipeline/stage.js';
import { BAND_HERTZ, type BandKey } from '../pipeline/stages/analyze-bands.js';
import type { Analysis, Picture, Platforms, SpectrumReport } from '../pipeline/stages/analyze-schema.js';
import { curvePath, gridLines, marksAt, plot, plotSvg, signed } from './charts.js';
import { figureText, labelOf, limitText, unitOf } from './figures.js';
import type { ReportStage } from './report.js';
import {
  bandTable,
  differenceChart,
  spectrumChart,
  stereoField,
  suggestionList,
} from './spectrum-section.js';
import { escapeXml } from './text.js';
import { analysisLanes, laneStack, loudnessLane, spectrogramLane, waveLane } from './time-lanes.js';

type JsonObject = { readonly [key: string]: Json | undefined };

interface Check {
  readonly rule: string;
  readonly limit: Json;
  readonly measured: Json;
  readonly pass: boolean | null;
}

interface Measured {
  readonly loudness: { readonly integratedLufs: number | null; readonly loudnessRangeLu: number | null };
  readonly spectrum: SpectrumReport;
}

interface MasterData {
  readonly preset: string;
  readonly target: JsonObject;
  readonly before: Measured;
  readonly after: Measured;
  readonly choice?: { readonly character: string; readonly curve: string; readonly reason: string };
  readonly chain: readonly {
    readonly device: string;
    readonly settings: JsonObject;
    readonly reason: string;
  }[];
  readonly checks: readonly Check[];
  readonly picture?: { readonly before: Picture; readonly after: Picture };
}

/** The figures and charts that a person looks at first. */
export function stageCharts(stage: ReportStage, durationSec: number): string {
  const data = stage.data as unknown;
  if (stage.stage === 'analyze') return analysis(data as Analysis, durationSec);
  if (stage.stage === 'master') return master(data as MasterData, durationSec);
  const plain = Object.entries((data ?? {}) as JsonObject).filter(([, value]) => typeof value === 'number');
  const figures = plain.length === 0 ? '' : figureTable(plain as [string, Json][]);
  if (stage.stage === 'separate') return stems(data as Parameters<typeof stems>[0], durationSec) + figures;
  if (stage.stage === 'duck') return figures + duckCurves(data as JsonObject);
  return figures;
}

/** Names and figures, one a line. */
export function figureTable(rows: readonly (readonly [string, Json])[]): string {
  const body = rows.map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeXml(labelOf(name))}</th><td>${escapeXml(figureText(value, unitOf(name)))}</td></tr>`,
  );
  return `<table class="figures"><tbody>${body.join('')}</tbody></table>`;
}

function analysis(data: Analysis, durationSec: number): string {
  const { advice, spectrum, stereo, dynamics, loudness, platforms, genre } = data;
  const figures = (title: string, section: object | undefined): string => {
    const rows = Object.entries(section ?? {}).filter(
      ([, value]) => typeof value === 'number' || value === null,
    );
    return rows.length === 0 ? '' : `<div><h3>${title}</h3>${figureTable(rows as [string, Json][])}</div>`;
  };
  const charts =
    spectrum === undefined
      ? ''
      : `<h3>Spectrum</h3><div class="columns"><div>${spectrumChart([{ name: 'this recording', spectrum }], advice)}${
          advice === undefined
            ? ''
            : `<h3>Against the curve “${escapeXml(advice.curve)}”</h3>${differenceChart(advice)}`
        }</div><div>${bandTable(data)}${stereoField(data)}</div></div>`;
  const why = [
    advice === undefined ? '' : `Held against the curve “${advice.curve}”: ${advice.curveReason}.`,
    genre === undefined || genre.guess === null
      ? ''
      : `Genre is a guess by rules: ${genre.reasons.join('; ')}.`,
  ].filter((line) => line !== '');
  return `<div class="analysis">${tiles(data)}
${advice === undefined ? '' : `<h3>Suggestions</h3>${suggestionList(advice)}`}
<h3>Over time</h3>
${analysisLanes(data, durationSec)}
${charts}
${stemTable(data)}
${platforms === undefined ? '' : platformSheet(platforms)}
<div class="columns">${figures('Loudness', loudness)}${figures('Dynamics', dynamics)}${figures('Stereo', stereo)}</div>
${why.length === 0 ? '' : `<h3>What was done, and why</h3><ul>${why.map((line) => `<li>${escapeXml(line)}</li>`).join('')}</ul>`}
</div>${timelineData(data)}`;
}

/** The few figures that everybody asks for. */
function tiles({ loudness, dynamics, rhythm, tonal, genre }: Analysis): string {
  const rows: [name: string, figure: string, more: string][] = [];
  if (loudness !== undefined) {
    rows.push(
      ['Integrated', figureText(loudness.integratedLufs, 'LUFS'), ''],
      ['Loudness range', figureText(loudness.loudnessRangeLu, 'LU'), ''],
      ['True peak', figureText(loudness.truePeakDbtp, 'dBTP'), ''],
    );
  }
  if (dynamics !== undefined) rows.push(['Dynamic range', figureText(dynamics.dynamicRangeDb, 'dB'), '']);
  if (rhythm !== undefined && rhythm.tempoBpm !== null) {
    const others = rhythm.tempoAlternativesBpm.map((bpm) => bpm.toFixed(0)).join(' or ');
    rows.push(
      ['Tempo', `${rhythm.tempoBpm} BPM`, others === '' ? '' : `or ${others}`],
      ['Meter', figureText(rhythm.meter), ''],
    );
  }
  if (tonal?.key != null)
    rows.push(['Key', tonal.key, `${Math.round(100 * (tonal.keyConfidence ?? 0))} % sure`]);
  if (genre?.guess != null)
    rows.push(['Genre, a guess', genre.guess, `${Math.round(100 * (genre.confidence ?? 0))} % sure`]);
  if (rows.length === 0) return '';
  return `<dl class="tiles">${rows.map(([name, figure, more]) => `<div><dt>${name}</dt><dd>${escapeXml(figure)} <small>${escapeXml(more)}</small></dd></div>`).join('')}</dl>`;
}

/** Whose is how much of each band; the darker, the more. */
function stemTable({ stems }: Analysis): string {
  if (stems === undefined) return '';
  const bands = Object.keys(BAND_HERTZ) as BandKey[];
  const share = (percent: number | null): string =>
    percent === null
      ? '<td>–</td>'
      : `<td style="background:color-mix(in srgb,var(--second) ${Math.round(percent * 0.6)}%,transparent)">${percent.toFixed(0)}</td>`;
  const rows = stems.map(
    ({ name, integratedLufs, sharePercent, bandsPercent }) =>
      `<tr><th scope="row">${escapeXml(name)}</th><td>${escapeXml(figureText(integratedLufs, 'LUFS'))}</td>${share(sharePercent)}${bands.map((band) => share(bandsPercent[band])).join('')}</tr>`,
  );
  const heads = ['Stem', 'Loudness', 'Whole', ...bands.map(labelOf)].map((name) => `<th>${name}</th>`);
  return `<h3>Stems</h3><div class="scroll"><table class="bands"><caption>Share of the power of all stems in each band, in percent</caption><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** The file against the common platforms. */
function platformSheet(platforms: Platforms): string {
  const rows = platforms.map(({ preset, summary, targetLufs, gainDb, limitingDb, checks, pass }) => {
    const playback =
      gainDb === null
        ? '–'
        : gainDb < 0
          ? `turned down ${signed(-gainDb, 1)} dB`
          : `${signed(gainDb, 1)} dB below its target`;
    const limiting =
      limitingDb !== null && limitingDb > 0 && gainDb !== null && gainDb > 0
        ? `; ${signed(limitingDb, 1)} dB of limiting to get there`
        : '';
    const failed = checks.filter((check) => check.pass === false);
    const reasons = failed.map(
      ({ rule, measured, limit }) =>
        `${labelOf(rule)} ${figureText(measured)}, asked for ${limitText(limit as Json, unitOf(rule))}`,
    );
    const verdict =
      pass !== false
        ? `<td class="pass">${pass === null ? '–' : 'as it is'}</td>`
        : `<td title="${escapeXml(reasons.join('; '))}"><span class="fail">${escapeXml(failed.map(({ rule }) => labelOf(rule)).join(', '))}</span></td>`;
    return `<tr><th scope="row" title="${escapeXml(summary)}">${escapeXml(preset)}</th><td class="fixed">${escapeXml(figureText(targetLufs, 'LUFS'))}</td><td>${escapeXml(playback + limiting)}</td>${verdict}</tr>`;
  });
  return `<h3>Platforms</h3><table><caption>The file as it is: how platforms play it, and which of their rules a master would still have to meet</caption><thead><tr><th>Platform</th><th>Target</th><th>There</th><th>Rules not met</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function master(data: MasterData, durationSec: number): string {
  const { before, after, picture, target, chain, checks, choice, preset } = data;
  const targetLufs = target.integratedLufs as number | null | undefined;
  const curve = (name: string, { shortTermLufs }: Picture) => ({
    name,
    hopSec: shortTermLufs!.hopSec,
    values: shortTermLufs!.values,
  });
  const lanes =
    picture === undefined
      ? ''
      : laneStack(
          [
            waveLane('Mix', picture.before, durationSec),
            waveLane('Master', picture.after, durationSec).replace(
              'class="lane seek"',
              'class="lane seek k1"',
            ),
            loudnessLane(
              {
                curves: [curve('mix', picture.before), curve('master', picture.after)],
                integratedLufs: after.loudness.integratedLufs,
                rangeLu: after.loudness.loudnessRangeLu,
                ...(typeof targetLufs === 'number' ? { target: { lufs: targetLufs, name: preset } } : {}),
              },
              durationSec,
            ),
            spectrogramLane('Mix', picture.before.spectrogram, durationSec),
            spectrogramLane('Master', picture.after.spectrogram, durationSec),
          ],
          durationSec,
        );
  const devices = chain.map(({ device, settings, reason }) => {
    const shown = Object.entries(settings).filter(
      ([, value]) => typeof value === 'number' || typeof value === 'string',
    );
    const text = shown.map(([key, value]) => `${labelOf(key)} ${figureText(value, unitOf(key))}`).join(', ');
    return `<tr><th scope="row">${escapeXml(labelOf(device))}</th><td>${escapeXml(reason)}</td><td><small>${escapeXml(text)}</small></td></tr>`;
  });
  const chose =
    choice === undefined
      ? ''
      : `<p>Character <b>${escapeXml(choice.character)}</b>, curve <b>${escapeXml(choice.curve)}</b>: ${escapeXml(choice.reason)}.</p>`;
  const numbers = (loudness: object) =>
    figureTable(
      Object.entries(loudness).filter(([, value]) => typeof value === 'number' || value === null) as [
        string,
        Json,
      ][],
    );
  return `<p>Target <b>${escapeXml(preset)}</b>: ${escapeXml(String(target.summary ?? ''))}</p>
${checkTable(checks)}
${lanes}
<h3>Spectrum before and after</h3>${spectrumChart([
    { name: 'mix', spectrum: before.spectrum },
    { name: 'master', spectrum: after.spectrum },
  ])}
<h3>What was done, and why</h3>${chose}<table><thead><tr><th>Device</th><th>Why</th><th>Settings</th></tr></thead><tbody>${devices.join('')}</tbody></table>
<div class="columns"><div><h3>Mix</h3>${numbers(before.loudness)}</div><div><h3>Master</h3>${numbers(after.loudness)}</div></div>`;
}

/** The platform sheet of a written file. */
function checkTable(checks: readonly Check[]): string {
  const rows = checks.map(({ rule, limit, measured, pass }) => {
    const verdict = pass === null ? 'not checked' : pass ? 'pass' : 'fail';
    const unit = unitOf(rule);
    return `<tr><th scope="row">${escapeXml(labelOf(rule))}</th><td>${escapeXml(limitText(limit, unit))}</td><td>${escapeXml(figureText(measured, unit))}</td><td class="${verdict.replace(' ', '-')}">${verdict}</td></tr>`;
  });
  return `<table><caption>Platform sheet, measured on the written file</caption><thead><tr><th>Rule</th><th>Limit</th><th>Measured</th><th>Verdict</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function stems(
  data: {
    readonly stems: readonly {
      readonly name: string;
      readonly integratedLufs: number | null;
      readonly levelDb: number | null;
    }[];
    readonly picture?: Readonly<Record<string, Picture>>;
    readonly model: { readonly id: string; readonly licence: string };
  },
  durationSec: number,
): string {
  const lanes = Object.entries(data.picture ?? {}).flatMap(([name, picture]) => [
    waveLane(name, picture, durationSec),
    spectrogramLane(name, picture.spectrogram, durationSec),
  ]);
  const rows = data.stems.map(
    ({ name, integratedLufs, levelDb }) =>
      `<tr><th scope="row">${escapeXml(name)}</th><td>${escapeXml(figureText(integratedLufs, 'LUFS'))}</td><td>${escapeXml(figureText(levelDb, 'dB'))}</td></tr>`,
  );
  return `<p>Taken apart by <b>${escapeXml(data.model.id)}</b> (${escapeXml(data.model.licence)})</p>${laneStack(lanes, durationSec)}<table><thead><tr><th>Stem</th><th>Loudness</th><th>Against the mix</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Gain of the bed and difference reached, one value a tenth of a second and a second. */
function duckCurves(data: JsonObject): string {
  const gain = (data.gain ?? []) as readonly { atSec: number; gainDb: number }[];
  const reached = (data.difference ?? []) as readonly { atSec: number; differenceLu: number }[];
  const durationSec = gain.at(-1)?.atSec ?? 0;
  const gainDb = Array.from({ length: Math.ceil(durationSec * 10) }, (_, k) => gainAt(gain, k / 10));
  const differenceLu = new Array<number | null>(Math.ceil(durationSec)).fill(null);
  for (const point of reached) differenceLu[Math.floor(point.atSec)] = point.differenceLu;
  return laneStack(
    [
      valueLane('Gain, dB', 'Gain of the bed over time, in dB', gainDb),
      valueLane('Voice over bed, LU', 'Voice over bed, short-term, while it speaks, in LU', differenceLu),
    ],
    durationSec,
  );
}

function valueLane(name: string, label: string, values: readonly (number | null)[]): string {
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return '';
  const high = Math.ceil((known.reduce((a, b) => Math.max(a, b)) + 1) / 3) * 3;
  const low = Math.min(high - 6, Math.floor((known.reduce((a, b) => Math.min(a, b)) - 1) / 3) * 3);
  const middle = (low + high) / 2;
  const lines = [low + (high - low) / 6, middle, high - (high - low) / 6];
  return plot({
    kind: 'seek',
    name,
    label,
    body: plotSvg(`${gridLines(lines, low, high)}<path class="curve" d="${curvePath(values, low, high)}"/>`),
    heightRem: 6,
    left: marksAt(lines, low, high, (value) => signed(value, 1)),
  });
}

/** Value of a polyline; `points` ascend. */
function gainAt(points: readonly { atSec: number; gainDb: number }[], sec: number): number | null {
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]!.atSec <= sec) low = middle;
    else high = middle;
  }
  const [from, to] = [points[low], points[high]];
  if (from === undefined || to === undefined) return null;
  const share = to.atSec === from.atSec ? 0 : (sec - from.atSec) / (to.atSec - from.atSec);
  return from.gainDb + share * (to.gainDb - from.gainDb);
}

/** What the script reads out at the position. */
function timelineData({ structure, tonal, rhythm, loudness, stereo }: Analysis): string {
  const spans = (list: readonly { startSec: number; endSec: number; label: string }[] | undefined) =>
    list?.map(({ startSec, endSec, label }) => [startSec, endSec, label]);
  const history = loudness?.history;
  const everySec = history === undefined ? 1 : Math.max(1, Math.round(1 / history.hopSec));
  const data = {
    sections: spans(structure?.sections),
    keys: spans(tonal?.keys),
    chords: spans(tonal?.chords),
    downbeatsSec: rhythm?.downbeatsSec,
    shortTermLufs:
      history === undefined
        ? undefined
        : { hopSec: 1, values: history.shortTermLufs.filter((_, i) => (i + 1) % everySec === 0) },
    correlation:
      stereo?.history === undefined
        ? undefined
        : { hopSec: stereo.history.hopSec, values: stereo.history.correlation },
  };
  return `<script type="application/json" id="timeline">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;
}
