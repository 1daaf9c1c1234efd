// Sections of a piece: where its bars change, and which stretches come again.
// Method: novelty of every bar line (bars on each side alike, across it unlike: a checkerboard kernel), boundaries by
// dynamic programming that prefers sections of whole groups of four bars, labels by similarity bar against bar.
import type { Bar } from './bars.js';

/** Bars on each side of a line that its novelty looks at. */
const KERNEL_BARS = 8;
const SHORTEST_BARS = 4;
/** Novelty that a boundary must have, as a share of the piece's largest, and at least. */
const BOUNDARY_SHARE = 0.3;
const LEAST_NOVELTY = 0.05;
/** Further costs of lengths that are no multiple of four, or odd, as shares of the largest novelty. */
const UNEVEN_SHARE = 0.1;
const ODD_SHARE = 0.2;
/** Similarity, between that of chance (0) and of a repetition (1), from which a section takes an earlier one's letter. */
const REPEAT_SHARE = 0.55;

/** A run of bars [firstBar, endBar) and the number of its label: equal numbers sound alike. */
export interface BarSection {
  readonly firstBar: number;
  readonly endBar: number;
  readonly label: number;
}

/** Similarity of two bars, 0 … 1: half harmony, half timbre. */
export function barSimilarity(a: Bar, b: Bar): number {
  let harmony = 0;
  for (let pc = 0; pc < 12; pc++) harmony += a.chroma[pc]! * b.chroma[pc]!;
  let distance = 0;
  for (let k = 0; k < a.timbre.length; k++) distance += (a.timbre[k]! - b.timbre[k]!) ** 2;
  return 0.5 * harmony + 0.5 * Math.exp(-distance / a.timbre.length);
}

/**
 * Novelty of each bar line (value k is the line before bar k), ≥ 0; 0 at both ends.
 * @source Foote 2000 (Automatic audio segmentation using a measure of audio novelty)
 */
export function noveltyOfBars(bars: readonly Bar[]): Float64Array {
  const novelty = new Float64Array(bars.length + 1);
  for (let line = 1; line < bars.length; line++) {
    const reach = Math.min(KERNEL_BARS, line, bars.length - line);
    let same = 0;
    let sameWeight = 0;
    let across = 0;
    let acrossWeight = 0;
    for (let i = -reach; i < reach; i++) {
      for (let j = i + 1; j < reach; j++) {
        const weight = taper(i) * taper(j);
        const similarity = weight * barSimilarity(bars[line + i]!, bars[line + j]!);
        if (i < 0 === j < 0) {
          same += similarity;
          sameWeight += weight;
        } else {
          across += similarity;
          acrossWeight += weight;
        }
      }
    }
    if (sameWeight > 0 && acrossWeight > 0) {
      novelty[line] = Math.max(0, same / sameWeight - across / acrossWeight) * Math.min(1, reach / 4);
    }
  }
  return novelty;
}

function taper(offset: number): number {
  const distance = (offset + 0.5) / KERNEL_BARS;
  return Math.exp(-2 * distance * distance);
}

/** Sections that cover all bars, in order, labelled in the order in which they first come. */
export function findSections(bars: readonly Bar[]): BarSection[] {
  if (bars.length === 0) return [];
  const cuts = chooseCuts(noveltyOfBars(bars));
  const spans = cuts.slice(1).map((endBar, k) => ({ firstBar: cuts[k]!, endBar }));
  const chance = meanSimilarity(bars);
  const labels: number[] = [];
  let next = 0;
  for (const [k, span] of spans.entries()) {
    let best = -1;
    let bestShare = REPEAT_SHARE;
    for (let earlier = 0; earlier < k; earlier++) {
      const share = (spanSimilarity(bars, spans[earlier]!, span) - chance) / (1 - chance + 1e-9);
      if (share > bestShare) {
        best = labels[earlier]!;
        bestShare = share;
      }
    }
    labels.push(best >= 0 ? best : next++);
  }
  return spans.map((span, k) => ({ ...span, label: labels[k]! }));
}

/** The bar lines, first and last included, whose novelties less their costs sum to the most. */
function chooseCuts(novelty: Float64Array): number[] {
  const last = novelty.length - 1;
  const largest = Math.max(...novelty);
  const boundaryCost = Math.max(LEAST_NOVELTY, BOUNDARY_SHARE * largest);
  const total = new Float64Array(last + 1).fill(Number.NEGATIVE_INFINITY);
  const from = new Int32Array(last + 1);
  total[0] = 0;
  for (let line = 1; line <= last; line++) {
    const gain = line === last ? 0 : novelty[line]! - boundaryCost;
    for (let start = 0; start < line; start++) {
      const length = line - start;
      // The ends of a piece may be cut anywhere.
      const isEnd = start === 0 || line === last;
      if (length < SHORTEST_BARS && !isEnd) continue;
      const share = isEnd || length % 4 === 0 ? 0 : length % 2 === 0 ? UNEVEN_SHARE : ODD_SHARE;
      const value = total[start]! + gain - share * largest;
      if (value > total[line]!) {
        total[line] = value;
        from[line] = start;
      }
    }
  }
  const cuts = [last];
  for (let line = last; line > 0; ) {
    line = from[line]!;
    cuts.unshift(line);
  }
  return cuts;
}

interface Span {
  readonly firstBar: number;
  readonly endBar: number;
}

/** Mean similarity bar against bar at the best of a few shifts, over the shorter of the two spans. */
function spanSimilarity(bars: readonly Bar[], a: Span, b: Span): number {
  const length = Math.min(a.endBar - a.firstBar, b.endBar - b.firstBar);
  const longer = Math.max(a.endBar - a.firstBar, b.endBar - b.firstBar);
  if (length * 2 < longer) return 0;
  const isFirstLonger = a.endBar - a.firstBar === longer;
  let best = 0;
  for (let shift = 0; shift <= longer - length; shift++) {
    let sum = 0;
    for (let k = 0; k < length; k++) {
      const first = bars[a.firstBar + k + (isFirstLonger ? shift : 0)]!;
      const second = bars[b.firstBar + k + (isFirstLonger ? 0 : shift)]!;
      sum += barSimilarity(first, second);
    }
    best = Math.max(best, sum / length);
  }
  return best;
}

/** Similarity of bars a few bars apart, over the piece: what chance gives. */
function meanSimilarity(bars: readonly Bar[]): number {
  let sum = 0;
  let count = 0;
  for (let k = 0; k < bars.length; k++) {
    for (const gap of [5, 9, 14, 23]) {
      if (k + gap >= bars.length) continue;
      sum += barSimilarity(bars[k]!, bars[k + gap]!);
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}
