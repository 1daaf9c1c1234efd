// Figures of a programme over time out of its levels and its timeline: where it clips, where the waveform between the
// samples passes full scale, silence at head and tail, and the stereo image every half second.
import { gainToDb } from '../../units.js';
import { correlationOf, ratioDb } from './figures.js';
import type { Levels } from './level-meter.js';
import type { TimelinePart } from './timeline-meter.js';

/** A stretch of time; times in seconds from the start. */
export interface Spot {
  readonly startSec: number;
  readonly endSec: number;
}

export interface ClippedSpot extends Spot {
  readonly sampleCount: number;
}

export interface OverSpot extends Spot {
  readonly truePeakDbtp: number;
}

export interface TimelineFigures {
  /** The worst hundred, in order of time; neighbouring tenths of a second are one spot. */
  readonly clippedSpots: readonly ClippedSpot[];
  /** Tenths of a second in which the true peak passes 0 dBTP. */
  readonly overCount: number;
  readonly overSpots: readonly OverSpot[];
  /** null where all is silence. */
  readonly headSilenceSec: number | null;
  readonly tailSilenceSec: number | null;
}

export interface ImageHistory {
  readonly hopSec: number;
  readonly correlation: readonly (number | null)[];
  readonly sideToMidDb: readonly (number | null)[];
  readonly balanceDb: readonly (number | null)[];
}

const HOP_SEC = 0.1;
const HOPS_PER_VALUE = 5;
const MOST_SPOTS = 100;

/** Spots and edges of a programme. */
export function timelineFigures(
  { clippedHops }: Levels,
  timeline: TimelinePart,
  sampleRateHz: number,
): TimelineFigures {
  const { overs, firstSound, lastSound, frameCount } = timeline;
  const isSilent = firstSound < 0;
  return {
    clippedSpots: joinHops(clippedHops, (a, b) => a + b).map(({ value, ...spot }) => ({
      ...spot,
      sampleCount: value,
    })),
    overCount: overs.length / 2,
    overSpots: joinHops(overs, Math.max).map(({ value, ...spot }) => ({
      ...spot,
      truePeakDbtp: gainToDb(value),
    })),
    headSilenceSec: isSilent ? null : firstSound / sampleRateHz,
    tailSilenceSec: isSilent ? null : (frameCount - 1 - lastSound) / sampleRateHz,
  };
}

/** Runs of neighbouring hops as spots with one value each; the largest MOST_SPOTS of them. */
function joinHops(
  hops: Uint32Array | Float32Array,
  join: (a: number, b: number) => number,
): (Spot & { readonly value: number })[] {
  const spots: { first: number; last: number; value: number }[] = [];
  for (let i = 0; i < hops.length; i += 2) {
    const [hop, value] = [hops[i]!, hops[i + 1]!];
    const open = spots.at(-1);
    if (open !== undefined && hop <= open.last + 1) {
      open.last = hop;
      open.value = join(open.value, value);
    } else spots.push({ first: hop, last: hop, value });
  }
  return spots
    .sort((a, b) => b.value - a.value || a.first - b.first)
    .slice(0, MOST_SPOTS)
    .sort((a, b) => a.first - b.first)
    .map(({ first, last, value }) => ({ startSec: first * HOP_SEC, endSec: (last + 1) * HOP_SEC, value }));
}

/** The image of the first two channels every half second; null where a window is silent. */
export function imageHistory({ hopPairs }: Levels): ImageHistory {
  const correlation: (number | null)[] = [];
  const sideToMidDb: (number | null)[] = [];
  const balanceDb: (number | null)[] = [];
  const step = 3 * HOPS_PER_VALUE;
  for (let from = 0; from < hopPairs.length; from += step) {
    let [left, right, product] = [0, 0, 0];
    for (let i = from; i < Math.min(from + step, hopPairs.length); i += 3) {
      left += hopPairs[i]!;
      right += hopPairs[i + 1]!;
      product += hopPairs[i + 2]!;
    }
    const isSilent = left + right === 0;
    correlation.push(correlationOf(left, right, product));
    sideToMidDb.push(isSilent ? null : ratioDb(left + right - 2 * product, left + right + 2 * product));
    balanceDb.push(isSilent ? null : ratioDb(right, left));
  }
  return { hopSec: HOPS_PER_VALUE * HOP_SEC, correlation, sideToMidDb, balanceDb };
}
