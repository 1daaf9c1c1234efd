// Keys over time and the key of the whole piece.
// Method: chroma of a stretch correlated with the profiles of the 24 keys, and the likelihood of its chords among the
// chords of songs in each key, which tells relative keys apart; a hidden Markov model over beats lets the key change
// rarely.
import { PITCH_NAMES } from './chord-names.js';

/** How often each degree sounds in music in major and minor: see the source. */
const MAJOR = [0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.08, 0.008, 0.081];
const MINOR = [0.22, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052];

/**
 * Share of the time that songs in major and in minor spend on the major and on the minor chord of each degree: means over
 * the chord annotations of 606 songs of POP909 (MIT licence) that no test uses.
 */
const CHORDS_IN_MAJOR = {
  major: [0.243, 0.008, 0.02, 0.003, 0.011, 0.146, 0.004, 0.208, 0.01, 0.02, 0.011, 0.002],
  minor: [0.001, 0.001, 0.076, 0.002, 0.082, 0.011, 0.005, 0.003, 0.001, 0.125, 0.003, 0.003],
};
const CHORDS_IN_MINOR = {
  major: [0.052, 0.004, 0.002, 0.112, 0.002, 0.027, 0.001, 0.061, 0.122, 0.002, 0.147, 0.003],
  minor: [0.26, 0.004, 0.008, 0.001, 0.002, 0.093, 0.001, 0.084, 0.003, 0.005, 0.001, 0.001],
};

/** Weights, chosen on renderings and annotations of songs that no test uses. */
export const KEY_MODEL = {
  profileWeight: 0.5,
  chordWeight: 0.4,
  /** Share of any chord in any key, so that none is impossible. */
  strangeChord: 0.01,
  sharpness: 7,
  changeNats: 9,
};

/** A stretch of one key; key 0 … 11 major from C on, 12 … 23 minor. */
export interface KeySpan {
  readonly firstSegment: number;
  readonly endSegment: number;
  readonly key: number;
}

/** Name such as `Eb major`. */
export function keyName(key: number): string {
  return `${PITCH_NAMES[key % 12]} ${key < 12 ? 'major' : 'minor'}`;
}

/** What a segment tells of keys: its chroma, its chord's root and third, and its length in seconds. */
export interface KeySegment {
  readonly chroma: Float64Array;
  readonly root: number | null;
  readonly isMinor: boolean;
  readonly durationSec: number;
}

/**
 * The likeliest key of all segments together and its share of the probability among the 24, null for silence.
 * @source profiles: Albrecht & Shanahan 2013 (The use of large corpora to train a new type of key-finding algorithm)
 */
export function findKey(segments: readonly KeySegment[]): { key: number; confidence: number } | null {
  const scores = scoreKeys(segments);
  if (scores === null) return null;
  const best = scores.indexOf(Math.max(...scores));
  const all = scores.reduce(
    (total, score) => total + Math.exp(KEY_MODEL.sharpness * (score - scores[best]!)),
    0,
  );
  return { key: best, confidence: 1 / all };
}

/** Keys over time: stretches of at least some bars, in order; empty for silence. */
export function findKeySpans(segments: readonly KeySegment[], segmentsPerBlock: number): KeySpan[] {
  const blocks: { first: number; end: number; scores: number[] }[] = [];
  for (let first = 0; first < segments.length; first += segmentsPerBlock) {
    const end = Math.min(segments.length, first + segmentsPerBlock);
    const context = segments.slice(Math.max(0, first - segmentsPerBlock), end + segmentsPerBlock);
    const scores = scoreKeys(context);
    if (scores !== null) blocks.push({ first, end, scores });
  }
  if (blocks.length === 0) return [];
  let totals = new Array<number>(24).fill(0);
  const from: number[][] = [];
  for (const block of blocks) {
    const top = totals.indexOf(Math.max(...totals));
    const change = totals[top]! - KEY_MODEL.changeNats;
    from.push(totals.map((total, key) => (total >= change ? key : top)));
    totals = totals.map((total, key) => Math.max(total, change) + KEY_MODEL.sharpness * block.scores[key]!);
  }
  let key = totals.indexOf(Math.max(...totals));
  const spans: KeySpan[] = [];
  for (let k = blocks.length - 1; k >= 0; k--) {
    const block = blocks[k]!;
    const last = spans[0];
    if (last !== undefined && last.key === key) spans[0] = { ...last, firstSegment: block.first };
    else spans.unshift({ firstSegment: block.first, endSegment: last?.firstSegment ?? segments.length, key });
    key = from[k]![key]!;
  }
  return spans;
}

/** Scores of the 24 keys, larger is likelier; null without any sound. */
function scoreKeys(segments: readonly KeySegment[]): number[] | null {
  const mean = new Float64Array(12);
  const majorChords = new Float64Array(12);
  const minorChords = new Float64Array(12);
  let seconds = 0;
  for (const { chroma, root, isMinor, durationSec } of segments) {
    const whole = sum(chroma);
    if (whole === 0) continue;
    for (let pc = 0; pc < 12; pc++) mean[pc] = mean[pc]! + (durationSec * chroma[pc]!) / whole;
    if (root !== null) {
      const chords = isMinor ? minorChords : majorChords;
      chords[root] = chords[root]! + durationSec;
    }
    seconds += durationSec;
  }
  if (seconds === 0) return null;
  const chordSeconds = sum(majorChords) + sum(minorChords);
  const scores: number[] = [];
  for (let key = 0; key < 24; key++) {
    const tonic = key % 12;
    const profile = key < 12 ? MAJOR : MINOR;
    const usual = key < 12 ? CHORDS_IN_MAJOR : CHORDS_IN_MINOR;
    // Mean log-probability of a second of the chords in this key.
    let nats = 0;
    for (let degree = 0; degree < 12; degree++) {
      const root = (tonic + degree) % 12;
      nats +=
        majorChords[root]! * Math.log(usual.major[degree]! + KEY_MODEL.strangeChord) +
        minorChords[root]! * Math.log(usual.minor[degree]! + KEY_MODEL.strangeChord);
    }
    scores.push(
      KEY_MODEL.profileWeight * correlate(mean, profile, tonic) +
        (chordSeconds === 0 ? 0 : (KEY_MODEL.chordWeight * nats) / chordSeconds),
    );
  }
  return scores;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Pearson correlation of chroma with a profile whose tonic is moved to `tonic`. */
function correlate(chroma: Float64Array, profile: readonly number[], tonic: number): number {
  let meanChroma = 0;
  let meanProfile = 0;
  for (let pc = 0; pc < 12; pc++) {
    meanChroma += chroma[pc]! / 12;
    meanProfile += profile[pc]! / 12;
  }
  let both = 0;
  let chromas = 0;
  let profiles = 0;
  for (let pc = 0; pc < 12; pc++) {
    const a = chroma[(pc + tonic) % 12]! - meanChroma;
    const b = profile[pc]! - meanProfile;
    both += a * b;
    chromas += a * a;
    profiles += b * b;
  }
  return chromas === 0 ? 0 : both / Math.sqrt(chromas * profiles);
}
