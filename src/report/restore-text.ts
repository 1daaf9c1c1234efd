// What restoration found, as text: one line for all of it, and the places one by one where it only looked.
import type { Json } from '../pipeline/stage.js';
import { figureText } from './figures.js';

type JsonObject = Readonly<Record<string, Json | undefined>>;

interface Region {
  readonly repair: string;
  readonly channel: number | null;
  readonly startSec: number;
  readonly endSec: number;
  readonly severityDb: number;
}

/** Places that are printed; all that were listed stand in the JSON. */
const PRINTED_PLACES = 40;

const COUNTED = [
  ['clippedPeakCount', 'clipped peak'],
  ['clickCount', 'click'],
  ['plosiveCount', 'plosive'],
  ['breathCount', 'breath'],
  ['sibilantCount', 'loud sibilant'],
] as const;

/** What was found, and where the band ends. */
export function restoreLine(data: JsonObject): string {
  const found = COUNTED.flatMap(([key, word]) => {
    const count = Number(data[key] ?? 0);
    return count > 0 ? [`${count} ${word}${count === 1 ? '' : 's'}`] : [];
  });
  const regions = regionsOf(data);
  const isFound = (repair: string) => regions.some((region) => region.repair === repair);
  const { hum, voice, bandLimitHz } = data;
  if (isFound('dc')) found.push(`offset of ${Number(data.dcOffset).toFixed(4).replace('-', '−')}`);
  if (isFound('rumble')) found.push(`rumble at ${figureText(data.rumbleDbfs, 'dBFS')}`);
  if (isObject(hum)) {
    const [low, high] = [figureText(hum.minHz), figureText(hum.maxHz, 'Hz')];
    found.push(`hum of ${low} to ${high} at ${figureText(hum.levelDbfs, 'dBFS')}`);
  }
  if (isFound('shimmer')) found.push('shimmer');
  const lines = Array.isArray(data.combLinesHz) ? data.combLinesHz.length : 0;
  if (lines > 0) found.push(`${lines} still line${lines === 1 ? '' : 's'} above 4 kHz`);
  if (typeof bandLimitHz === 'number') found.push(`band ends at ${figureText(bandLimitHz, 'Hz')}`);
  if (isObject(voice) && voice.roomDbfs !== null)
    found.push(`room between phrases ${figureText(voice.roomDbfs, 'dBFS')}`);
  return found.join(', ') || 'nothing found';
}

/** The places in order of time, a line each: when, in which channel, what, and how far it stands out. */
export function restorePlaces(data: JsonObject): string[] {
  const regions = regionsOf(data);
  const lines = regions.slice(0, PRINTED_PLACES).map(({ repair, channel, startSec, endSec, severityDb }) => {
    const where = channel === null ? '' : ` of channel ${channel + 1}`;
    return `${startSec.toFixed(3)}–${endSec.toFixed(3)} s  ${repair}${where}, severity ${severityDb.toFixed(1)} dB`;
  });
  const more = regions.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more (--json lists them)`] : lines;
}

function regionsOf(data: JsonObject): readonly Region[] {
  return (data.regions ?? []) as unknown as readonly Region[];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
