// A recording over time: lanes above each other on one axis: waveform with clipped spots and bars, loudness, spectrogram,
// image, sections, keys, chords, tempo. A position can be chosen on them; page-script.ts moves it.
import type { Analysis, Picture } from '../pipeline/stages/analyze-schema.js';
import {
  curvePath,
  gridLines,
  heightOf,
  type Mark,
  marksAt,
  PLOT_WIDTH,
  percent,
  plot,
  plotSvg,
  round,
  signed,
  steps,
} from './charts.js';
import { pngDataUri } from './png.js';
import { clock, escapeXml } from './text.js';

const MOST_COLUMNS = 1200;
const COLOURS = 8;
/** Spans narrower than this share of the width are not drawn; names need more. */
const NARROWEST = 0.0012;
const NARROWEST_NAMED = 0.008;
/** Loudness that the lane spans. */
const LOUDNESS_SPANS_LU = [18, 24, 36, 48];
/** Dynamics that the spectrogram shows, below its loudest point. */
const SPECTROGRAM_DB = 84;

interface Span {
  readonly startSec: number;
  readonly endSec: number;
  readonly label: string;
  readonly title?: string;
}

/** The lanes of an analysis; parts that were not analysed are left out, and nothing comes of nothing. */
export function analysisLanes(data: Analysis, durationSec: number): string {
  const { picture, loudness, dynamics, stereo, structure, tonal, rhythm } = data;
  const spots = [
    ...spotMarks(
      dynamics?.clippedSpots ?? [],
      durationSec,
      'clip',
      ({ sampleCount }) => `${sampleCount} clipped samples`,
    ),
    ...spotMarks(
      dynamics?.overSpots ?? [],
      durationSec,
      'over',
      ({ truePeakDbtp }) => `true peak ${signed(truePeakDbtp, 2, true)} dBTP`,
    ),
  ];
  const lanes = [
    spanLane('Parts', (structure?.sections ?? []).map(sectionSpan), durationSec),
    picture === undefined ? '' : waveLane('Wave', picture, durationSec, spots, rhythm?.downbeatsSec ?? []),
    loudness?.history === undefined
      ? ''
      : loudnessLane(
          {
            curves: [
              { name: 'short-term', hopSec: loudness.history.hopSec, values: loudness.history.shortTermLufs },
            ],
            integratedLufs: loudness.integratedLufs,
            rangeLu: loudness.loudnessRangeLu,
            target: { lufs: -14, name: 'streaming' },
          },
          durationSec,
        ),
    spectrogramLane('Hz', picture?.spectrogram, durationSec),
    ...imageLanes(stereo?.history, durationSec),
    spanLane('Keys', tonal?.keys ?? [], durationSec),
    spanLane('Chords', tonal?.chords ?? [], durationSec, shortChord),
    tempoLane(rhythm?.tempoCurve ?? [], durationSec),
  ];
  return laneStack(lanes, durationSec);
}

/** Lanes with the axis, the position and its slider; empty where no lane is. */
export function laneStack(lanes: readonly string[], durationSec: number): string {
  if (!(durationSec > 0) || lanes.every((lane) => lane === '')) return '';
  const marks = [0, 0.25, 0.5, 0.75, 1]
    .map((at) => `<i style="left:${percent(at)}">${clock(at * durationSec)}</i>`)
    .join('');
  return `<div class="lanes" data-duration="${round(durationSec, 1000)}">${lanes.join('')}
<div class="lane foot"><div></div><div class="below" aria-hidden="true">${marks}</div></div>
<div class="lane slide"><div></div><input type="range" min="0" max="${round(durationSec, 100)}" step="0.1" value="0" aria-label="Position in the recording, in seconds"></div>
<div class="cursor" hidden></div></div>
<p class="readout"></p>`;
}

/** Peaks with the level inside of them, spots above, bars below. */
export function waveLane(
  name: string,
  picture: Picture,
  durationSec: number,
  spots: readonly string[] = [],
  downbeatsSec: readonly number[] = [],
): string {
  const lows = signedBytes(picture.lows);
  const highs = signedBytes(picture.highs);
  const levels = Buffer.from(picture.levels, 'base64');
  const count = Math.min(highs.length, MOST_COLUMNS);
  const scale = (highs.length * picture.columnSec) / durationSec / count;
  const upper: string[] = [];
  const lower: string[] = [];
  const inner: string[] = [];
  const innerLower: string[] = [];
  for (let point = 0; point < count; point++) {
    const from = Math.floor((point * highs.length) / count);
    const to = Math.max(from + 1, Math.floor(((point + 1) * highs.length) / count));
    let [low, high, squares] = [0, 0, 0];
    for (let i = from; i < to; i++) {
      low = Math.min(low, lows[i]!);
      high = Math.max(high, highs[i]!);
      squares += levels[i]! ** 2;
    }
    const level = (Math.sqrt(squares / (to - from)) * 127) / 255;
    const x = round((point + 0.5) * scale * PLOT_WIDTH);
    upper.push(`${x} ${round(50 - (50 * high) / 127)}`);
    lower.push(`${x} ${round(50 - (50 * low) / 127)}`);
    inner.push(`${x} ${round(50 - (50 * level) / 127)}`);
    innerLower.push(`${x} ${round(50 + (50 * level) / 127)}`);
  }
  const area = (top: readonly string[], bottom: readonly string[]): string =>
    count === 0 ? '' : `M${top.join('L')}L${[...bottom].reverse().join('L')}Z`;
  const shapes = `<path class="wave" d="${area(upper, lower)}"/><path class="level" d="${area(inner, innerLower)}"/>${barTicks(downbeatsSec, durationSec)}`;
  const label = `${name} of ${clock(durationSec)}${downbeatsSec.length > 0 ? `, ${downbeatsSec.length} bars` : ''}${spots.length > 0 ? `, ${spots.length} marked spots` : ''}`;
  return plot({ kind: 'seek', name, label, body: plotSvg(shapes) + spots.join(''), heightRem: 5.5 });
}

/** Loudness over time against its mean, its range and a target. */
export function loudnessLane(
  what: {
    readonly curves: readonly {
      readonly name: string;
      readonly hopSec: number;
      readonly values: readonly (number | null)[];
    }[];
    readonly integratedLufs: number | null;
    readonly rangeLu: number | null;
    readonly target?: { readonly lufs: number; readonly name: string };
  },
  durationSec: number,
): string {
  const { curves, integratedLufs, rangeLu, target } = what;
  const known = curves.map(({ values }) => knownOf(values));
  if (known.every(({ length }) => length === 0)) return '';
  const extremes = known.map(extremesOf);
  const loudest = Math.max(target?.lufs ?? -70, ...extremes.map(([, largest]) => largest));
  const high = Math.ceil((loudest + 1) / 6) * 6;
  const quietest = Math.min(high, ...extremes.map(([smallest]) => smallest));
  // As much as the music needs; what is far below it is silence.
  const low = high - (LOUDNESS_SPANS_LU.find((span) => high - span < quietest) ?? LOUDNESS_SPANS_LU.at(-1)!);
  const lines = steps(low + 1, high - 1, high - low > 24 ? 12 : 6);
  const bounds = rangeLu === null ? undefined : rangeBounds(known.at(-1)!);
  const shapes = [
    bounds === undefined
      ? ''
      : `<rect class="range-band" y="${heightOf(bounds[1], low, high)}" width="${PLOT_WIDTH}" height="${round(heightOf(bounds[0], low, high) - heightOf(bounds[1], low, high))}"/>`,
    gridLines(lines, low, high),
    target === undefined ? '' : level('target', target.lufs, low, high),
    integratedLufs === null ? '' : level('mean', integratedLufs, low, high),
    ...curves.map(
      ({ values, hopSec }, index) =>
        `<path class="curve k${index}" d="${curvePath(values, low, high, Math.max, (values.length * hopSec) / durationSec)}"/>`,
    ),
  ];
  const names = [
    ...curves.map(({ name }, index) => `<span class="key k${index}">${escapeXml(name)}</span>`),
    integratedLufs === null ? '' : `<span class="key mean">I ${signed(integratedLufs, 1)} LUFS</span>`,
    rangeLu === null || bounds === undefined
      ? ''
      : `<span class="key range-band">LRA ${rangeLu.toFixed(1)} LU</span>`,
    target === undefined
      ? ''
      : `<span class="key target">${escapeXml(target.name)} ${signed(target.lufs)}</span>`,
  ];
  const label = `Loudness over time, ${signed(quietest, 1)} to ${signed(loudest, 1)} LUFS${integratedLufs === null ? '' : `, integrated ${signed(integratedLufs, 1)} LUFS`}`;
  const body = `${plotSvg(shapes.join(''))}<span class="keys">${names.join('')}</span>`;
  return plot({ kind: 'seek', name: 'LUFS', label, body, heightRem: 7, left: marksAt(lines, low, high) });
}

function level(kind: string, lufs: number, low: number, high: number): string {
  const y = heightOf(lufs, low, high);
  return `<line class="${kind}" x2="${PLOT_WIDTH}" y1="${y}" y2="${y}"/>`;
}

// What follows goes over hours of values: kept in bytes of their own, and by index, for what iterators and callbacks are
// handed is garbage by the megabyte.

/** The values that there are. */
function knownOf(values: readonly (number | null)[]): Float64Array {
  const known = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== null) known[count++] = values[i]!;
  return known.subarray(0, count);
}

/** The smallest and the largest value; ±infinity where there is none. */
function extremesOf(values: Float64Array): readonly [number, number] {
  let [smallest, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < smallest) smallest = values[i]!;
    if (values[i]! > largest) largest = values[i]!;
  }
  return [smallest, largest];
}

/** 10th and 95th percentile of what the loudness range is read from. @source EBU Tech 3342, 2023 */
function rangeBounds(values: Float64Array): readonly [number, number] | undefined {
  let [power, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! <= -70) continue;
    power += 10 ** (values[i]! / 10);
    count++;
  }
  if (count === 0) return undefined;
  const gateLufs = Math.max(-70, 10 * Math.log10(power / count) - 20);
  const sorted = values.slice().sort();
  const gated = sorted.subarray(sorted.findIndex((lufs) => lufs > gateLufs));
  const at = (share: number): number => gated[Math.round(share * (gated.length - 1))]!;
  return [at(0.1), at(0.95)];
}

/** The spectrum over time; empty where there is none. `name` stands at its left. */
export function spectrogramLane(
  name: string,
  spectrogram: Picture['spectrogram'],
  durationSec: number,
): string {
  if (spectrogram === undefined) return '';
  const { columnSec, rowCount, bytes } = spectrogram;
  const levels = Buffer.from(bytes, 'base64');
  const width = levels.length / rowCount;
  if (width === 0) return '';
  const top = levels.reduce((a, b) => Math.max(a, b), 0);
  const floor = top - 2 * SPECTROGRAM_DB;
  const pixels = new Uint8Array(width * rowCount);
  for (let column = 0; column < width; column++) {
    for (let row = 0; row < rowCount; row++) {
      const share = Math.max(0, levels[column * rowCount + row]! - floor) / Math.max(1, top - floor);
      // Sixty-four steps are as many as an eye tells apart, and half the bytes.
      pixels[(rowCount - 1 - row) * width + column] = Math.round(share * 63) * 4;
    }
  }
  const share = Math.min(1, (width * columnSec) / durationSec);
  const body = `<img alt="" style="width:${percent(share)}" src="${pngDataUri(pixels, width, rowCount)}">`;
  const isNamed = name !== 'Hz';
  // A name takes the place of the highest mark.
  const left = (isNamed ? [100, 1000] : [100, 1000, 10_000]).map(
    (hz): Mark => ({ at: 1 - Math.log10(hz / 20) / 3, text: hz < 1000 ? `${hz}` : `${hz / 1000}k` }),
  );
  const of = isNamed ? ` of ${name}` : '';
  const label = `Spectrogram${of}, 20 Hz to 20 kHz; every figure of it stands in the tables`;
  return plot({ kind: 'seek picture', name, label, body, heightRem: isNamed ? 4.5 : 7, left });
}

function imageLanes(history: NonNullable<Analysis['stereo']>['history'], durationSec: number): string[] {
  if (history === undefined) return [];
  const share = Math.min(1, (history.correlation.length * history.hopSec) / durationSec);
  const worst = history.correlation.reduce<number | null>(
    (low, value) => (value === null ? low : Math.min(low ?? 1, value)),
    null,
  );
  const correlation = plot({
    kind: 'seek',
    name: 'Corr.',
    label: `Correlation of left and right over time${worst === null ? '' : `, lowest ${signed(worst, 2)}`}`,
    body: plotSvg(
      `<rect class="bad-band" y="50" width="${PLOT_WIDTH}" height="50"/>${gridLines([-1, 0, 1], -1.2, 1.2)}<path class="curve" d="${curvePath(history.correlation, -1.2, 1.2, Math.min, share)}"/>`,
    ),
    heightRem: 4,
    left: marksAt([1, 0, -1], -1.2, 1.2, (value) => signed(value, 0, true)),
  });
  const width = plot({
    kind: 'seek',
    name: 'Side dB',
    label: 'Level of the sides against the middle over time, in dB',
    body: plotSvg(
      `${gridLines([-24, -12, 0], -36, 6)}<path class="curve" d="${curvePath(history.sideToMidDb, -36, 6, Math.max, share)}"/>`,
    ),
    heightRem: 4,
    left: marksAt([-12, -24], -36, 6),
  });
  return [correlation, width];
}

function sectionSpan(section: NonNullable<Analysis['structure']>['sections'][number]): Span {
  const { hint, label, energyDb } = section;
  return {
    ...section,
    label: hint === null ? label : `${label} ${hint}`,
    title: `${signed(energyDb, 1, true)} dB`,
  };
}

/** Equal labels have equal colours, in the order in which they first come. */
function spanLane(
  name: string,
  spans: readonly Span[],
  durationSec: number,
  textOf: (label: string) => string = (label) => label,
): string {
  if (spans.length === 0) return '';
  const colours = new Map<string, number>();
  const parts = spans.map(({ startSec, endSec, label, title }) => {
    const colour = colours.get(label) ?? colours.size % COLOURS;
    colours.set(label, colour);
    const share = (Math.min(endSec, durationSec) - startSec) / durationSec;
    if (share < NARROWEST) return '';
    const tip = `${label}, ${clock(startSec)} to ${clock(endSec)}${title === undefined ? '' : `, ${title}`}`;
    const text = share < NARROWEST_NAMED ? '' : escapeXml(textOf(label));
    return `<span class="span c${colour}" style="left:${percent(startSec / durationSec)};width:${percent(share)}" title="${escapeXml(tip)}">${text}</span>`;
  });
  const told = spans.slice(0, 40).map(({ startSec, label }) => `${label} from ${clock(startSec)}`);
  const label = `${name}: ${told.join(', ')}${spans.length > told.length ? ' and so on' : ''}`;
  return plot({ kind: 'seek spans', name, label, body: parts.join(''), heightRem: 1.5 });
}

/** `C:maj` as C, `A:min7/3` as Am7/3: as musicians write them, where there is little room. */
function shortChord(label: string): string {
  return label
    .replace(':maj7', 'maj7')
    .replace(/:maj\b/, '')
    .replace(':min', 'm')
    .replace(':', '');
}

function spotMarks<Spot extends { readonly startSec: number; readonly endSec: number }>(
  spots: readonly Spot[],
  durationSec: number,
  kind: 'clip' | 'over',
  textOf: (spot: Spot) => string,
): string[] {
  return spots.map((spot) => {
    const place = `left:${percent(spot.startSec / durationSec)};width:${percent((spot.endSec - spot.startSec) / durationSec)}`;
    return `<i class="spot ${kind}" data-region="${kind === 'clip' ? 'clipping' : 'overs'}" style="${place}" title="${escapeXml(`${clock(spot.startSec)}: ${textOf(spot)}`)}"></i>`;
  });
}

/** A tick for every bar, or for every second, fourth … where they would run into each other; every fourth is taller. */
function barTicks(downbeatsSec: readonly number[], durationSec: number): string {
  const every = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, downbeatsSec.length) / 160)));
  let path = '';
  for (let k = 0; k < downbeatsSec.length; k += every) {
    path += `M${round((downbeatsSec[k]! / durationSec) * PLOT_WIDTH)} ${k % (4 * every) === 0 ? 86 : 93}V100`;
  }
  return path === '' ? '' : `<path class="tick" d="${path}"/>`;
}

function tempoLane(
  curve: readonly { readonly timeSec: number; readonly tempoBpm: number }[],
  durationSec: number,
): string {
  if (curve.length < 2) return '';
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { tempoBpm } of curve) {
    low = Math.min(low, tempoBpm);
    high = Math.max(high, tempoBpm);
  }
  // A steady tempo is a straight line, not noise blown up.
  const middle = (low + high) / 2;
  const half = Math.max(((high - low) / 2) * 1.2, 0.02 * middle);
  const step = Math.max(1, Math.ceil(curve.length / 500));
  const points = curve
    .filter((_, k) => k % step === 0)
    .map(
      ({ timeSec, tempoBpm }) =>
        `${round((timeSec / durationSec) * PLOT_WIDTH)} ${heightOf(tempoBpm, middle - half, middle + half)}`,
    );
  return plot({
    kind: 'seek',
    name: 'BPM',
    label: `Tempo over time, ${low.toFixed(1)} to ${high.toFixed(1)} BPM`,
    body: plotSvg(
      `${gridLines([middle], middle - half, middle + half)}<path class="curve" d="M${points.join('L')}"/>`,
    ),
    heightRem: 3,
    left: [{ at: 0.5, text: middle.toFixed(1) }],
  });
}

function signedBytes(base64: string): Int8Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
